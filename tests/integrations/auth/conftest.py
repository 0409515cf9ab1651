"""An installation without anything of the operator's environment in it."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, settings):
    settings.SANDBOX_URL = ""
    for name in [name for name in os.environ if name.startswith("ACME_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def registered(monkeypatch):
    """The operator has registered this installation at the vendor."""
    monkeypatch.setenv("ACME_CLIENT_ID", "our-client-id")
    monkeypatch.setenv("ACME_CLIENT_SECRET", "k4nari-client-secret")
