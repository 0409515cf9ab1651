"""The page on which an integration is connected, where there are two ways to do so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from django.test import Client
from django.urls import reverse

from accounts.tenancy import within
from integrations.models import Connection
from integrations.providers.bamboohr.models import BamboohrIntegration
from integrations.providers.bamboohr.provider import SIGNING_IN
from integrations.providers.bamboohr.sandbox import BamboohrSandbox
from integrations.sandbox.server import SandboxServer, installed_sandboxes, running_sandbox
from integrations.sync import connections
from tests.conftest import World


@pytest.fixture(scope="module")
def vendor() -> Iterator[SandboxServer]:
    with running_sandbox(sandboxes=installed_sandboxes("bamboohr")) as server:
        yield server


@pytest.fixture
def bamboo(vendor: SandboxServer) -> BamboohrSandbox:
    sandbox = vendor.sandboxes["bamboohr"]
    assert isinstance(sandbox, BamboohrSandbox)
    return sandbox


@pytest.fixture
def integration(world: World, vendor: SandboxServer, settings: Any) -> Iterator[BamboohrIntegration]:
    """Not connected yet."""
    settings.SANDBOX_URL = vendor.url
    with within(world.organization):
        yield BamboohrIntegration.everywhere.create(organization=world.organization, provider="bamboohr", name="People")


@pytest.fixture
def at_the_vendor(settings: Any, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No sandbox stands in; the operator has registered an app."""
    settings.SANDBOX_URL = ""
    monkeypatch.setenv("BAMBOOHR_CLIENT_ID", "our-app")
    monkeypatch.setenv("BAMBOOHR_CLIENT_SECRET", "our-secret")
    return monkeypatch


def url(integration: BamboohrIntegration, way: str = "") -> str:
    return reverse("connect", args=[integration.pk]) + (f"?with={way}" if way else "")


def asked(admin: Client, integration: BamboohrIntegration, way: str = "") -> tuple[str, list[str]]:
    """The way that is chosen on the page, and what it asks for."""
    page = admin.get(url(integration, way))
    return page.context["way"].kind, list(page.context["form"].fields)


def arrive(admin: Client, integration: BamboohrIntegration, subdomain: str = "northwind") -> None:
    """Sign in there and allow access."""
    there = admin.post(url(integration, "oauth2"), {"subdomain": subdomain})["Location"]
    fields = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    back = httpx2.post(there, data={**fields, "decision": "allow"}).headers["location"]
    assert admin.get(back.partition("127.0.0.1:8000")[2]).status_code == 302
    integration.refresh_from_db()


def test_both_ways_are_offered_and_the_first_is_chosen(admin: Client, integration: BamboohrIntegration) -> None:
    page = admin.get(url(integration)).content.decode()
    assert page.count("?with=") == 2
    assert page.count('?with=token" aria-current="true"') == 1
    assert page.count('?with=oauth2" aria-current') == 0
    assert asked(admin, integration) == ("token", ["subdomain", "api_key"])
    assert asked(admin, integration, "oauth2") == ("oauth2", ["subdomain"])


def test_signing_in_is_offered_only_where_the_operator_has_an_app(
    admin: Client, integration: BamboohrIntegration, at_the_vendor: pytest.MonkeyPatch
) -> None:
    assert "?with=" in admin.get(url(integration)).content.decode()
    at_the_vendor.delenv("BAMBOOHR_CLIENT_SECRET")
    assert "?with=" not in admin.get(url(integration)).content.decode()
    assert asked(admin, integration)[0] == "token"
    assert admin.get(url(integration, "oauth2")).status_code == 404
    assert admin.post(url(integration, "oauth2"), {"subdomain": "northwind"}).status_code == 404


def test_a_way_that_there_is_not_is_no_page(admin: Client, integration: BamboohrIntegration) -> None:
    for way in ("agreement", "nothing", "%00"):
        assert admin.get(url(integration, way)).status_code == 404


def test_the_page_may_lead_to_the_vendor_of_any_company_and_to_nobody_else(
    admin: Client, integration: BamboohrIntegration, at_the_vendor: pytest.MonkeyPatch
) -> None:
    page = admin.get(url(integration, "oauth2"))
    assert "form-action 'self' https://*.bamboohr.com;" in page["Content-Security-Policy"] + ";"
    assert "You go to bamboohr.com" in page.content.decode()
    assert "bamboohr.com" not in admin.get(url(integration, "token"))["Content-Security-Policy"]
    there = admin.post(url(integration, "oauth2"), {"subdomain": "northwind"})["Location"]
    assert there.startswith("https://northwind.bamboohr.com/authorize.php?")


def test_an_answer_that_cannot_be_right_is_said_at_its_field(admin: Client, integration: BamboohrIntegration) -> None:
    for way in ("token", "oauth2"):
        page = admin.post(url(integration, way), {"subdomain": "evil.example/", "api_key": "x"})
        assert page.status_code == 200
        assert page.context["form"].errors["subdomain"] == ["Subdomain does not look right: check that it was copied completely."]


def test_what_was_chosen_is_remembered_shown_and_can_be_changed(
    admin: Client, integration: BamboohrIntegration, bamboo: BamboohrSandbox
) -> None:
    arrive(admin, integration)
    assert (integration.connection, integration.auth.kind) == (Connection.CONNECTED, "oauth2")
    assert asked(admin, integration) == ("oauth2", ["subdomain"])
    page = admin.get(url(integration)).content.decode()
    assert page.count("used so far") == 1
    assert 'value="northwind"' in page
    assert "Login at BambooHR" in admin.get(reverse("admin:integration", args=[integration.pk])).content.decode()

    admin.post(url(integration, "token"), {"subdomain": "northwind", "api_key": bamboo.company.key()})
    integration.refresh_from_db()
    assert (integration.connection, integration.auth.kind) == (Connection.CONNECTED, "token")
    assert asked(admin, integration) == ("token", ["subdomain", "api_key"])
    assert all(step.passed for step in connections.check_connection(integration))


def test_setting_out_and_turning_back_leaves_the_connection_as_it_was(
    admin: Client, integration: BamboohrIntegration, bamboo: BamboohrSandbox
) -> None:
    admin.post(url(integration, "token"), {"subdomain": "northwind", "api_key": bamboo.company.key()})
    admin.post(url(integration, "oauth2"), {"subdomain": "southwind"})
    integration.refresh_from_db()
    assert (integration.options["subdomain"], integration.auth.kind) == ("northwind", "token")


def test_another_company_asks_which_account_is_meant(admin: Client, integration: BamboohrIntegration) -> None:
    arrive(admin, integration)
    arrive(admin, integration, "southwind")
    assert integration.connection == Connection.NEEDS_RECONNECT
    assert integration.options["subdomain"] == "southwind"


def test_where_no_way_can_be_gone_it_is_said_what_is_missing(
    admin: Client, integration: BamboohrIntegration, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SANDBOX_URL = ""
    alone = replace(integration.declaration, auth=SIGNING_IN, other_ways=())
    monkeypatch.setattr("integrations.registry.get", lambda slug: alone)
    page = admin.get(url(integration), follow=True)
    assert "BAMBOOHR_CLIENT_ID is not set." in page.content.decode()
