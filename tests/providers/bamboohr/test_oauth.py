"""BambooHR connected by signing in there: what is asked for, what is kept, and what it is worth."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import yaml
from django.conf import settings as configured

from integrations import clock
from integrations.auth.oauth2 import OAuth2, TokenSet
from integrations.errors import AuthLost, ConfigProblem
from integrations.models import Connection, Credential, Incident, Link
from integrations.providers.bamboohr.provider import PROVIDER, SIGNING_IN
from integrations.providers.bamboohr.sandbox.connecting import NEEDED, SCOPES, TIME_OFF
from integrations.records.models import Booking, Person, Salary
from integrations.sync import connections, upkeep
from tests.providers.bamboohr.office import REDIRECT_URI, SUBDOMAIN, Office, consent

PAY = "employee:compensation"


@pytest.fixture
def company_office(office: Office) -> Office:
    """Ada, who is the admin there, and Grace. Nobody is connected."""
    office.company.hire("Ada Lovelace", email="ada@northwind.example")
    office.company.hire("Grace Hopper", email="grace@northwind.example")
    connections.disconnect(office.integration)
    return office


def tokens(office: Office) -> TokenSet:
    return TokenSet.of(Credential.everywhere.get(integration=office.integration).payload)


def address(office: Office, **given: str) -> Any:
    return urlsplit(connections.begin(office.integration, REDIRECT_URI, "some-state", {**SUBDOMAIN, **given})[0])


def incidents() -> list[str]:
    return list(Incident.objects.filter(closed_at=None).values_list("title", flat=True))


def look(office: Office) -> None:
    upkeep.plan(office.integration)
    while upkeep.take_turn(office.integration.pk):
        pass


# What is asked for -----------------------------------------------------------------------------------------------------


def test_the_company_is_part_of_the_address_that_is_signed_in_at(office: Office, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SANDBOX_URL = ""
    monkeypatch.setenv("BAMBOOHR_CLIENT_ID", "our-app")
    monkeypatch.setenv("BAMBOOHR_CLIENT_SECRET", "our-secret")
    there = address(office)
    assert (there.scheme, there.netloc, there.path) == ("https", "northwind.bamboohr.com", "/authorize.php")
    asked = {name: values[0] for name, values in parse_qs(there.query).items()}
    assert asked.pop("scope").split() == list(SIGNING_IN.scopes)
    assert asked == {
        "request": "authorize",
        "response_type": "code",
        "client_id": "our-app",
        "redirect_uri": REDIRECT_URI,
        "state": "some-state",
    }
    assert connections.leads_to(office.integration) == "https://*.bamboohr.com"


def test_what_cannot_be_a_company_s_name_goes_nowhere(office: Office) -> None:
    for subdomain in ("", "northwind.bamboohr.com", "evil/", "a b", "north@wind", "Northwind"):
        with pytest.raises(ConfigProblem) as refused:
            address(office, subdomain=subdomain)
        assert refused.value.field == "subdomain"


def test_pay_is_asked_for_only_when_it_is_brought(office: Office) -> None:
    assert PAY not in parse_qs(address(office).query)["scope"][0].split()
    office.set(bamboo_enable_cost_rates=True)
    assert PAY in parse_qs(address(office).query)["scope"][0].split()


def test_the_operator_may_have_other_scopes_asked_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.set(bamboo_enable_cost_rates=True)
    monkeypatch.setenv("BAMBOOHR_SCOPES", "offline_access,employee")
    assert parse_qs(address(office).query)["scope"] == ["offline_access employee"]


def test_the_app_s_secret_goes_in_the_body(company_office: Office) -> None:
    company_office.exchanges.clear()
    company_office.sign_in()
    (exchange,) = [one for one in company_office.exchanges if one.request.path == "/token.php"]
    assert exchange.request.form_value("client_secret") == "sandbox"
    assert exchange.request.query == {"request": "token"}
    assert "authorization" not in exchange.request.headers


@pytest.mark.skipif(configured.SPECS_DIR is None, reason="SPECS_DIR names no folder with the vendors' descriptions")
def test_scopes_and_addresses_are_those_of_the_description() -> None:
    document = yaml.safe_load((Path(configured.SPECS_DIR) / "bamboohr/bamboohr-public-openapi.yaml").read_text(encoding="utf-8"))
    flow = document["components"]["securitySchemes"]["oauth"]["flows"]["authorizationCode"]
    assert (flow["authorizationUrl"], flow["tokenUrl"]) == ("/authorize.php", "/token.php")
    assert flow["scopes"].keys() >= SCOPES.union(SIGNING_IN.scopes, *SIGNING_IN.scopes_of.values())
    for template, scopes in {**NEEDED, "/api/v1/meta/time_off/types": TIME_OFF, "/api/v1/time_off/requests": TIME_OFF}.items():
        theirs = template.replace("all/tables", "{id}/tables").replace("datasets/employee", "datasets/{datasetName}")
        operations = [operation for method, operation in document["paths"][theirs].items() if method in {"get", "post"}]
        allowed = {scope for operation in operations for way in operation["security"] for scope in way.get("oauth", ())}
        assert allowed.issuperset(scopes), template


# What is kept, and how it lives ------------------------------------------------------------------------------------------


def test_it_is_connected_to_the_company_that_was_named(company_office: Office) -> None:
    company_office.sign_in()
    assert (company_office.integration.realm_id, company_office.integration.connection) == ("northwind", Connection.CONNECTED)
    assert isinstance(company_office.integration.auth, OAuth2)
    assert company_office.bring("person").succeeded == 2


def test_whoever_sets_out_and_does_not_arrive_changes_nothing(office: Office) -> None:
    connections.begin(office.integration, REDIRECT_URI, "state", {"subdomain": "southwind"})
    office.integration.refresh_from_db()
    assert office.integration.options["subdomain"] == "northwind"
    assert office.integration.auth == PROVIDER.auth
    assert all(step.passed for step in connections.check_connection(office.integration))


def test_whoever_does_not_allow_it_comes_back_with_the_reason(office: Office) -> None:
    there = connections.begin(office.integration, REDIRECT_URI, "state", SUBDOMAIN)[0]
    answered = consent(there, decision="cancel")
    assert (answered["error"], answered["state"]) == ("access_denied", "state")
    assert "code" not in answered


@pytest.mark.parametrize("rotates", [False, True])
def test_a_refresh_token_is_kept_unless_another_one_comes(company_office: Office, rotates: bool) -> None:
    company_office.sandbox.authorization.rotates = rotates
    company_office.sign_in()
    first = tokens(company_office)
    company_office.later(timedelta(hours=2).total_seconds())
    assert all(step.passed for step in connections.check_connection(company_office.integration))
    second = tokens(company_office)
    assert second.access_token != first.access_token
    assert (second.refresh_token != first.refresh_token) == rotates
    assert second.refresh_token


def test_a_token_that_expires_in_the_middle_of_an_import_loses_nothing(company_office: Office) -> None:
    company_office.sign_in()
    company_office.sandbox.faults.replace([{"kind": "expired_token", "times": 1}])
    assert company_office.bring("person").succeeded == 2
    asked = [one.request for one in company_office.exchanges if one.request.path == "/token.php"]
    assert [request.form_value("grant_type") for request in asked] == ["authorization_code", "refresh_token"]


def test_access_that_was_taken_back_there_asks_to_connect_again_and_a_key_will_do(company_office: Office) -> None:
    company_office.sign_in()
    company_office.bring("person")
    company_office.sandbox.end_grants()
    look(company_office)
    company_office.integration.refresh_from_db()
    assert company_office.integration.connection == Connection.NEEDS_RECONNECT
    assert incidents() == ["BambooHR needs to be reconnected."]
    company_office.connect()
    assert incidents() == []
    assert company_office.integration.auth == PROVIDER.auth
    company_office.bring("person")
    assert Link.objects.filter(kind="person", archived_at=None).count() == 2


def test_disconnecting_forgets_the_tokens(company_office: Office) -> None:
    company_office.sign_in()
    assert connections.disconnect(company_office.integration) == ""
    assert not Credential.everywhere.filter(integration=company_office.integration).exists()
    with pytest.raises(AuthLost):
        company_office.client().head_count()


# What it is worth --------------------------------------------------------------------------------------------------------


def test_the_test_of_the_connection_says_whose_login_it_is_and_that_it_is_no_admin_s(company_office: Office) -> None:
    company_office.sign_in(list(company_office.company.employees)[1])
    first, second = connections.check_connection(company_office.integration)
    assert (first.passed, first.text) == (True, "Grace Hopper")
    assert not second.passed
    assert "no admin" in second.text
    look(company_office)
    assert incidents() == ["BambooHR shows one person only."]


def test_a_login_that_is_no_admin_s_brings_only_the_own_time_off(company_office: Office) -> None:
    company_office.person(email="grace@northwind.example")
    company_office.set(bamboo_enable_time_offs=True)
    company_office.sign_in(list(company_office.company.employees)[1])
    vacation = company_office.company.add_type("Vacation")
    first = (clock.now() + timedelta(days=30)).date().isoformat()
    for employee in company_office.company.employees:
        company_office.company.ask(employee, vacation["id"], {first: 1})
    company_office.bring("person", "event", "booking")
    assert Person.objects.count() == Booking.objects.count() == 1


def test_pay_that_was_switched_on_later_is_told_until_it_was_allowed(company_office: Office) -> None:
    employee = next(iter(company_office.company.employees))
    company_office.company.set_pay(employee, "4000.00", "2026-01-01")
    company_office.sign_in()
    look(company_office)
    assert incidents() == []
    company_office.set(bamboo_enable_cost_rates=True)
    look(company_office)
    assert incidents() == ["BambooHR was not allowed all that is switched on."]
    company_office.bring("person", "salary")
    assert Salary.objects.count() == 0
    company_office.sign_in()
    look(company_office)
    assert incidents() == []
    company_office.bring("salary", full=True)
    assert Salary.objects.count() == 1


# The simulated vendor ----------------------------------------------------------------------------------------------------


def test_a_token_opens_only_what_its_scopes_allow(company_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAMBOOHR_SCOPES", "employee time_off")
    company_office.sign_in()
    headers = {"authorization": f"Bearer {tokens(company_office).access_token}", "accept": "application/json"}
    root = f"{configured.SANDBOX_URL}/bamboohr/api/v1"
    assert httpx2.get(f"{root}/meta/fields", headers=headers).status_code == 200
    assert httpx2.get(f"{root}/meta/time_off/types", headers=headers).status_code == 200
    assert httpx2.get(f"{root}/meta/lists", headers=headers).status_code == 403
    assert httpx2.get(f"{root}/meta/lists", headers={**headers, "authorization": "Bearer made-up"}).status_code == 401
    assert tokens(company_office).refresh_token == ""  # it was not asked for offline_access


def test_the_consent_page_says_who_asks_for_what_and_is_at_one_address(company_office: Office) -> None:
    page = httpx2.get(connections.begin(company_office.integration, REDIRECT_URI, "state", SUBDOMAIN)[0]).text
    assert "127.0.0.1:8000 wants access to BambooHR" in page
    assert "Grace Hopper" in page
    assert "offline_access" in page
    root = f"{configured.SANDBOX_URL}/bamboohr"
    for query in ("", "?request=else"):
        assert httpx2.get(f"{root}/authorize.php{query}").status_code == 404
        assert httpx2.post(f"{root}/token.php{query}").status_code == 404
