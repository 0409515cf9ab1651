"""`manage.py connect` where a provider can be connected in two ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management.base import CommandError

from accounts.tenancy import within
from integrations.models import Integration
from integrations.providers.bamboohr.models import BamboohrIntegration
from integrations.providers.bamboohr.sandbox import BamboohrSandbox
from integrations.sandbox.server import installed_sandboxes, running_sandbox
from tests.conftest import World
from tests.integrations.sync.desk import run_command


@pytest.fixture
def bamboo(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[BamboohrIntegration]:
    """Not connected yet; what the command would ask for stands in the environment."""
    with running_sandbox(sandboxes=installed_sandboxes("bamboohr")) as server, within(world.organization):
        settings.SANDBOX_URL = server.url
        sandbox = server.sandboxes["bamboohr"]
        assert isinstance(sandbox, BamboohrSandbox)
        monkeypatch.setenv("BAMBOOHR_SUBDOMAIN", "northwind")
        monkeypatch.setenv("BAMBOOHR_API_KEY", sandbox.company.key())
        yield BamboohrIntegration.everywhere.create(organization=world.organization, provider="bamboohr", name="BambooHR")


def way() -> str:
    return Integration.everywhere.get().auth.kind


def test_the_first_way_is_gone_until_another_one_is_named_which_is_then_remembered(bamboo: BamboohrIntegration) -> None:
    assert "is connected to northwind.bamboohr.com" in run_command("connect", bamboo.pk)
    assert way() == "token"
    assert "is connected to northwind.bamboohr.com" in run_command("connect", bamboo.pk, "--with", "oauth2")
    assert way() == "oauth2"
    run_command("connect", bamboo.pk)
    assert way() == "oauth2"
    run_command("connect", bamboo.pk, "--with", "token")
    assert way() == "token"


def test_a_way_that_it_does_not_have_is_named_with_those_that_it_has(bamboo: BamboohrIntegration) -> None:
    with pytest.raises(CommandError, match="BambooHR is connected with token or oauth2, not 'agreement'"):
        run_command("connect", bamboo.pk, "--with", "agreement")


def test_signing_in_at_the_vendor_itself_needs_this_installation_s_app_and_a_browser(
    bamboo: BamboohrIntegration, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_command("connect", bamboo.pk, "--with", "oauth2")
    settings.SANDBOX_URL = ""
    with pytest.raises(CommandError, match="BAMBOOHR_CLIENT_ID is not set"):
        run_command("connect", bamboo.pk, "--with", "oauth2")
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"BAMBOOHR_{name}", "set")
    assert f"/connect/{bamboo.pk}/?with=oauth2 in a browser" in run_command("connect", bamboo.pk)
