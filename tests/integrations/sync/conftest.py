from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.tenancy import within
from integrations.sandbox.server import SandboxServer, installed_sandboxes, running_sandbox
from tests.conftest import World
from tests.integrations.sync.desk import Calls, Desk


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
