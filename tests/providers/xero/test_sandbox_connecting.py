"""Signing in to the simulated Xero: consent, tokens, connections, revocation."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from integrations.providers.xero.sandbox import XeroSandbox
from tests.contract.sandboxes import Witness
from tests.providers.xero.app import CHALLENGE, REDIRECT_URI, SCOPES, VERIFIER, App, offered, returned

Later = Callable[[float], None]


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


def bought(app: App, **fields: str) -> httpx2.Response:
    """Tokens for a fresh code."""
    code = app.decide(app.consent())["code"]
    return app.token(**{"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, **fields})


# Consent ---------------------------------------------------------------------------------------------------------------


def test_the_consent_page_offers_three_organisations_of_different_currencies(stranger_app: App) -> None:
    page = stranger_app.consent()
    assert page.status_code == 200
    assert len(set(offered(page))) == 3
    for words in ("Demo Company (Global)", "Demo Company (UK)", "Demo Company (US)", "EUR", "GBP", "USD", "127.0.0.1:8000 wants access"):
        assert words in page.text


def test_the_consent_page_may_lead_back_to_the_app_and_nowhere_else(stranger_app: App) -> None:
    page = stranger_app.consent()
    assert page.headers["content-security-policy"].endswith("form-action 'self' http://127.0.0.1:8000")
    assert not re.search(r"<script|<style| style=| on\w+=", page.text)


def test_what_an_app_sends_cannot_break_the_page(stranger_app: App) -> None:
    page = stranger_app.consent(state='"><script>alert(1)</script>')
    assert "<script>" not in page.text


def test_allowing_brings_a_code_and_the_state_back(stranger_app: App) -> None:
    back = stranger_app.decide(stranger_app.consent())
    assert back["state"] == "xyz"
    assert set(back) == {"code", "scope", "state"}


def test_cancelling_brings_access_denied_back(stranger_app: App) -> None:
    back = stranger_app.decide(stranger_app.consent(), decision="cancel")
    assert (back["error"], back["state"]) == ("access_denied", "xyz")


def test_allowing_nothing_asks_again(stranger_app: App) -> None:
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', stranger_app.consent().text))
    again = stranger_app.http.post(f"{stranger_app.url}/identity/connect/authorize", data=fields | {"decision": "allow"})
    assert again.status_code == 400
    assert "Choose at least one organisation" in again.text
    assert len(offered(again)) == 3


def test_an_unknown_scope_goes_back_to_the_app(stranger_app: App) -> None:
    assert returned(stranger_app.consent(scope="openid accounting.everything"))["error"] == "invalid_scope"


def test_granular_scopes_are_known(stranger_app: App) -> None:
    stranger_app.allow(scope="offline_access accounting.invoices accounting.payments.read accounting.contacts accounting.settings.read")
    assert stranger_app.get("Invoices") == []
    assert stranger_app.get("Payments") == []


# Tokens ----------------------------------------------------------------------------------------------------------------


def test_tokens_are_those_of_xero(stranger_app: App) -> None:
    tokens = bought(stranger_app).json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 1800, SCOPES)
    access, identity = claims(tokens["access_token"]), claims(tokens["id_token"])
    assert access["exp"] - access["nbf"] == 1800
    assert access["scope"] == SCOPES.split()
    assert access["client_id"] == identity["aud"] == "app-1"
    assert identity["email"] == "sam.sandbox@example.com"
    stranger_app.tokens = tokens
    assert {row["authEventId"] for row in stranger_app.connections()} == {access["authentication_event_id"]}


def test_without_offline_access_there_is_no_refresh_token(stranger_app: App) -> None:
    stranger_app.allow(scope="accounting.settings")
    assert "refresh_token" not in stranger_app.tokens
    assert "id_token" not in stranger_app.tokens


@pytest.mark.parametrize(
    "fields",
    [{"code": "made-up"}, {"redirect_uri": f"{REDIRECT_URI}else"}, {"code_verifier": "not-asked-for"}, {"grant_type": "refresh_token"}],
)
def test_a_wrong_exchange_is_an_invalid_grant(stranger_app: App, fields: dict[str, str]) -> None:
    answer = bought(stranger_app, **fields)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def test_a_code_lives_five_minutes(stranger_app: App, later: Later) -> None:
    code = stranger_app.decide(stranger_app.consent())["code"]
    later(301)
    answer = stranger_app.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI)
    assert answer.json() == {"error": "invalid_grant"}


def test_a_challenge_has_to_be_met(stranger_app: App) -> None:
    page = stranger_app.consent(code_challenge=CHALLENGE, code_challenge_method="S256")
    code = stranger_app.decide(page)["code"]
    wrong = stranger_app.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI, code_verifier="wrong")
    assert wrong.json() == {"error": "invalid_grant"}
    code = stranger_app.decide(page)["code"]
    right = stranger_app.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI, code_verifier=VERIFIER)
    assert right.status_code == 200


def test_the_secret_has_to_stay_the_same(stranger_app: App) -> None:
    assert bought(stranger_app).status_code == 200
    stranger_app.secret = "another"
    answer = bought(stranger_app)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_client"})


def test_registered_apps_may_be_the_only_ones(stranger_app: App) -> None:
    clients = {"app-1": {"secret": "secret-1", "redirect_uris": [REDIRECT_URI]}}
    stranger_app.control("reset", {"clients": clients})
    stranger_app.allow()
    assert stranger_app.consent(redirect_uri="http://127.0.0.1:8000/else").status_code == 400
    stranger_app.client_id = "app-2"
    assert stranger_app.consent().status_code == 400


def test_a_refresh_token_rotates_and_the_old_one_has_half_an_hour_of_grace(app: App, later: Later) -> None:
    first = app.tokens["refresh_token"]
    second = app.refresh().json()
    assert second["refresh_token"] != first
    later(1790)
    third = app.refresh(first)
    assert third.status_code == 200
    assert third.json()["refresh_token"] not in (first, second["refresh_token"])
    later(20)
    too_late = app.refresh(first)
    assert (too_late.status_code, too_late.json()) == (400, {"error": "invalid_grant"})
    assert app.refresh(second["refresh_token"]).status_code == 200


def test_sixty_days_without_use_end_a_refresh_token(app: App, later: Later) -> None:
    later(59 * 86_400)
    app.tokens = app.refresh().json()
    later(61 * 86_400)
    assert app.refresh().json() == {"error": "invalid_grant"}


def test_an_access_token_ends_after_half_an_hour_and_a_refresh_helps(app: App, later: Later) -> None:
    later(1801)
    answer = app.call("GET", "Organisation")
    assert answer.status_code == 401
    assert re.fullmatch(r"TokenExpired: token expired at \d\d/\d\d/\d{4} \d\d:\d\d:\d\d", answer.json()["Detail"])
    app.tokens = app.refresh().json()
    assert app.call("GET", "Organisation").status_code == 200


# Connections -----------------------------------------------------------------------------------------------------------


def test_only_the_chosen_organisations_are_connected(stranger_app: App) -> None:
    chosen = offered(stranger_app.consent())[1:]
    stranger_app.allow(*chosen)
    assert [row["tenantId"] for row in stranger_app.connections()] == chosen
    assert {row["tenantType"] for row in stranger_app.connections()} == {"ORGANISATION"}
    assert [row["tenantName"] for row in stranger_app.connections()] == ["Demo Company (UK)", "Demo Company (US)"]


def test_connecting_again_keeps_the_connection_and_tells_the_events_apart(stranger_app: App, later: Later) -> None:
    one, two, _three = offered(stranger_app.consent())
    stranger_app.allow(one)
    before = stranger_app.connections()[0]
    later(60)
    stranger_app.allow(one, two)
    rows = {row["tenantId"]: row for row in stranger_app.connections()}
    assert rows[one]["id"] == before["id"]
    assert rows[one]["createdDateUtc"] == before["createdDateUtc"] < rows[one]["updatedDateUtc"]
    event = claims(stranger_app.tokens["access_token"])["authentication_event_id"]
    assert {row["tenantId"] for row in stranger_app.connections(authEventId=event)} == {one, two}
    assert stranger_app.connections(authEventId=before["authEventId"]) == []


def test_an_app_sees_its_own_connections_only(app: App) -> None:
    other = App(app.url, app.http, client_id="app-2")
    other.allow(offered(other.consent())[2])
    assert len(app.connections()) == len(other.connections()) == 1
    assert app.connections()[0]["tenantId"] != other.connections()[0]["tenantId"]


def test_a_connection_that_is_deleted_shuts_its_organisation(app: App) -> None:
    (row,) = app.connections()
    address = f"{app.url}/connections/{row['id']}"
    gone = app.http.delete(address, headers=app.headers())
    assert (gone.status_code, gone.content) == (204, b"")
    assert app.connections() == []
    assert app.call("GET", "Organisation").status_code == 403
    assert app.http.delete(address, headers=app.headers()).status_code == 404


def test_revoking_ends_every_connection_of_the_app(app: App, xero: XeroSandbox) -> None:
    other = App(app.url, app.http, client_id="app-2")
    other.allow()
    answer = app.http.post(f"{app.url}/connect/revocation", data={"token": app.tokens["refresh_token"]}, auth=("app-1", "secret-1"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert app.call("GET", "Organisation").status_code == 401
    assert app.refresh().json() == {"error": "invalid_grant"}
    assert {client for client, _tenant in xero.connections} == {"app-2"}


def test_organisations_keep_their_ids_and_connections_may_outlive_the_books(app: App, witness: Witness) -> None:
    app.put("Contacts", {"Name": "Somebody"})
    app.control("reset", {"keep_connections": True})
    assert app.get("Contacts", where='Name=="Somebody"') == []
    app.control("reset", {})
    assert app.call("GET", "Contacts").status_code == 401
    app.tenant = ""
    before = app.control("state")["records"]["organisations"]
    assert [row["OrganisationID"] for row in before] == [row["tenantId"] for row in before]
