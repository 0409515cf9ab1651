from __future__ import annotations

from datetime import datetime

import pytest

from accounts.models import Organization
from accounts.tenancy import within
from integrations import clock
from integrations.demo.story import Demo, tell


@pytest.fixture
def demo(db: None) -> Demo:
    """The demo as a fresh local installation has it."""
    return tell()


@pytest.fixture
def northwind(demo: Demo):
    """Run the test inside the demo's main organization."""
    organization = Organization.objects.get(slug="northwind-studio")
    with within(organization):
        yield organization


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch):
    """Let it be another time: `set_clock("2027-03-01T12:00:00+00:00")`."""
    return lambda text: monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat(text))
