from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.tenancy import within
from integrations.sandbox.server import installed_sandboxes, running_sandbox
from tests.conftest import World
from tests.contract.sandboxes import Witness
from tests.providers.productive.agency import Agency


@pytest.fixture
def agency(world: World, settings: Any, later: Callable[[float], None]) -> Iterator[Agency]:
    """Productive and Xero at once; what goes over the wire is held against their descriptions."""
    with running_sandbox(sandboxes=installed_sandboxes("productive", "xero")) as server:
        settings.SANDBOX_URL = server.url
        witness = Witness(server)
        witness.watch()
        with within(world.organization):
            yield Agency(world.organization, server, later)
    if settings.SPECS_DIR is not None and settings.SPECS_DIR.is_dir():
        witness.check(settings.SPECS_DIR)
