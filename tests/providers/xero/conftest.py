"""The simulated Xero, and an app that uses it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from integrations.providers.xero.sandbox import XeroSandbox
from tests.contract.sandboxes import Witness
from tests.providers.xero.app import App, offered


@pytest.fixture
def xero(witness: Witness) -> XeroSandbox:
    sandbox = witness.server.sandboxes["xero"]
    assert isinstance(sandbox, XeroSandbox)
    return sandbox


@pytest.fixture
def stranger_app(witness: Witness) -> Iterator[App]:
    """An app that was not allowed anything yet."""
    with httpx2.Client(timeout=10, verify=False) as http:
        yield App(f"{witness.server.url}/xero", http)


@pytest.fixture
def app(stranger_app: App) -> App:
    """An app that may use the first organisation, the one in euros."""
    stranger_app.allow(offered(stranger_app.consent())[0])
    return stranger_app
