from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from integrations.sandbox.server import SandboxServer, running_sandbox
from tests.integrations.sandbox.vendor import ThingVendor


@pytest.fixture
def vendor() -> ThingVendor:
    return ThingVendor()


@pytest.fixture
def server(vendor: ThingVendor) -> Iterator[SandboxServer]:
    with running_sandbox(sandboxes={"things": vendor}) as running:
        yield running


@pytest.fixture
def things(server: SandboxServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{server.url}/things", timeout=10, verify=False) as client:
        yield client
