from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.tenancy import within
from integrations.http import pool
from integrations.sandbox.server import SandboxServer, installed_sandboxes, running_sandbox
from tests.conftest import World
from tests.integrations.sync.desk import Calls, Desk
from tests.integrations.sync.wire import ALLOWED, URL, Hands, Wire


@pytest.fixture(scope="session")
def xero_server() -> Iterator[SandboxServer]:
    with running_sandbox(sandboxes=installed_sandboxes("xero")) as server:
        yield server


@pytest.fixture
def calls(xero_server: SandboxServer) -> Iterator[Calls]:
    seen = Calls()
    sandbox = xero_server.sandboxes["xero"]
    sandbox.watchers.append(lambda exchange: seen.requests.append(exchange.request))
    yield seen
    sandbox.watchers.clear()


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """The clock stands still but for what the test moves it."""
    held = Hands(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
    monkeypatch.setattr("integrations.clock.timestamp", lambda: held.at)
    monkeypatch.setattr("integrations.clock.sleep", held.later)
    return held


@pytest.fixture
def wire(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Xero without a network."""
    made = Wire(installed_sandboxes("xero"))
    settings.SANDBOX_URL = URL
    monkeypatch.setitem(pool._transports, ALLOWED, made)
    return made


@pytest.fixture
def wired(world: World, wire: Wire, hands: Hands) -> Iterator[Desk]:
    """A desk at the end of the wire, whose integration has still to be made."""
    with within(world.organization):
        yield Desk(world.organization, wire, hands.later)  # type: ignore[arg-type]


@pytest.fixture
def unconnected(world: World, xero_server: SandboxServer, settings: Any, later: Callable[[float], None]) -> Iterator[Desk]:
    """A desk whose integration has still to be made."""
    settings.SANDBOX_URL = xero_server.url
    xero_server.sandboxes["xero"].reset()
    with within(world.organization):
        yield Desk(world.organization, xero_server, later)


@pytest.fixture
def desk(unconnected: Desk) -> Desk:
    unconnected.connect()
    return unconnected
