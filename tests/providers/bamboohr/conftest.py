"""An organization at its BambooHR."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.models import Organization
from accounts.tenancy import within
from integrations.providers.bamboohr.sandbox import BamboohrSandbox
from integrations.sandbox.server import installed_sandboxes, running_sandbox
from tests.contract.sandboxes import Witness
from tests.providers.bamboohr.office import Office


@pytest.fixture
def office(db: None, settings: Any, later: Callable[[float], None]) -> Iterator[Office]:
    """Connected with an admin's key. What goes over the wire is held against the official description in the end."""
    with running_sandbox(sandboxes=installed_sandboxes("bamboohr")) as server:
        settings.SANDBOX_URL = server.url
        witness = Witness(server)
        witness.watch()
        organization = Organization.objects.create(name="Northwind", slug="northwind", time_zone="Europe/Berlin")
        sandbox = server.sandboxes["bamboohr"]
        assert isinstance(sandbox, BamboohrSandbox)
        with within(organization):
            made = Office(organization, sandbox, later)
            made.connect()
            yield made
    if settings.SPECS_DIR is not None and settings.SPECS_DIR.is_dir():
        witness.check(settings.SPECS_DIR)
