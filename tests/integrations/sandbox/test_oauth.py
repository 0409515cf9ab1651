"""The authorization server that the sandboxes share, with the rules that differ between vendors."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import Refusal, Reply, Request
from integrations.sandbox.oauth import AuthorizationServer, BearerRefused, Client, Grant, Lifetimes, signed_token

REDIRECT_URI = "https://app.example/callback?from=vendor"
ASKED = {"response_type": "code", "client_id": "app", "redirect_uri": REDIRECT_URI, "scope": "read write", "state": "s p&ace"}
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B


def server(**rules: Any) -> AuthorizationServer:
    return AuthorizationServer(Chance(), **{"lifetimes": Lifetimes(grace=0), **rules})


def parameters(reply: Reply) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["Location"]).query).items()}


def code_of(vendor: AuthorizationServer, **changes: str) -> str:
    _grant, reply = vendor.grant(vendor.authorization(ASKED | changes), ("thing",))
    return parameters(reply)["code"]


def ask(vendor: AuthorizationServer, basic: str | None = "app:secret", **fields: str) -> tuple[int, dict[str, Any]]:
    headers = {} if basic is None else {"authorization": f"Basic {base64.b64encode(basic.encode()).decode()}"}
    reply = vendor.token(Request("POST", "/token", headers=headers, body=urlencode(fields).encode()))
    return reply.status, json.loads(reply.body)


def exchange(vendor: AuthorizationServer, code: str, basic: str | None = "app:secret", **fields: str) -> tuple[int, dict[str, Any]]:
    return ask(vendor, basic, **{"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, **fields})


def refresh(vendor: AuthorizationServer, token: str) -> tuple[int, dict[str, Any]]:
    return ask(vendor, grant_type="refresh_token", refresh_token=token)


def calling(token: str) -> Request:
    return Request("GET", "/", headers={"authorization": f"Bearer {token}"})


def test_a_code_becomes_tokens_that_say_who_calls() -> None:
    vendor = server()
    grant, reply = vendor.grant(vendor.authorization(ASKED), ("thing",))
    assert parameters(reply) == {"from": "vendor", "code": parameters(reply)["code"], "scope": "read write", "state": "s p&ace"}
    status, tokens = exchange(vendor, parameters(reply)["code"])
    assert (status, tokens["token_type"], tokens["expires_in"], tokens["scope"]) == (200, "Bearer", 3600, "read write")
    assert vendor.bearer(calling(tokens["access_token"])) is grant
    assert grant.things == ("thing",)


def test_a_code_works_once_in_time_and_for_its_app_and_address_only(later: Callable[[float], None]) -> None:
    vendor = server()
    code = code_of(vendor)
    assert exchange(vendor, code)[0] == 200
    assert exchange(vendor, code) == (400, {"error": "invalid_grant"})
    assert exchange(vendor, code_of(vendor), redirect_uri="https://app.example/callback")[1] == {"error": "invalid_grant"}
    assert exchange(vendor, code_of(vendor), "other:secret")[1] == {"error": "invalid_grant"}
    code = code_of(vendor)
    later(301)
    assert exchange(vendor, code)[1] == {"error": "invalid_grant"}


def test_a_challenge_has_to_be_met() -> None:
    vendor = server()
    challenged = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    assert exchange(vendor, code_of(vendor, **challenged))[1] == {"error": "invalid_grant"}
    assert exchange(vendor, code_of(vendor, **challenged), code_verifier=VERIFIER[:-1])[1] == {"error": "invalid_grant"}
    assert exchange(vendor, code_of(vendor, **challenged), code_verifier=VERIFIER)[0] == 200
    assert exchange(vendor, code_of(vendor), code_verifier=VERIFIER)[1] == {"error": "invalid_grant"}


def test_an_app_without_a_secret_needs_a_challenge() -> None:
    vendor = server()
    assert exchange(vendor, code_of(vendor), None, client_id="app")[1] == {"error": "invalid_grant"}
    code = code_of(vendor, code_challenge=CHALLENGE, code_challenge_method="S256")
    assert exchange(vendor, code, None, client_id="app", code_verifier=VERIFIER)[0] == 200


def test_an_app_keeps_the_secret_it_came_with_first() -> None:
    vendor = server()
    assert exchange(vendor, code_of(vendor))[0] == 200
    assert exchange(vendor, code_of(vendor), "app:another") == (401, {"error": "invalid_client"})
    assert exchange(vendor, code_of(vendor), None, client_id="app", client_secret="secret")[0] == 200
    assert exchange(vendor, code_of(vendor), None, client_id="app")[1] == {"error": "invalid_client"}
    assert ask(vendor, None, grant_type="refresh_token")[1] == {"error": "invalid_client"}
    broken = Request("POST", "/token", headers={"authorization": "Basic ???"})
    assert vendor.token(broken).status == 401


def test_registered_apps_are_the_only_ones() -> None:
    vendor = server(clients={"app": Client(secret="secret", redirect_uris=[REDIRECT_URI])})
    assert exchange(vendor, code_of(vendor))[0] == 200
    assert ask(vendor, "other:secret", grant_type="refresh_token")[1] == {"error": "invalid_client"}
    for wrong in ({"client_id": "other"}, {"redirect_uri": "https://app.example/else"}):
        with pytest.raises(Refusal) as refused:
            vendor.authorization(ASKED | wrong)
        assert refused.value.reply.status == 400
        assert "Location" not in refused.value.reply.headers


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": ""},
        {"redirect_uri": ""},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "/here"},
        {"redirect_uri": "http://["},
        {"redirect_uri": "http://a/\r\nSet-Cookie: a=b"},
    ],
)
def test_nobody_is_sent_to_an_address_that_cannot_be_trusted(wrong: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        server().authorization(ASKED | wrong)
    assert refused.value.reply.status == 400
    assert b"Sorry, something went wrong" in refused.value.reply.body


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "read rule-the-world"}, "invalid_scope"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_a_wrong_question_goes_back_to_the_app(wrong: dict[str, str], error: str) -> None:
    with pytest.raises(Refusal) as refused:
        server(scopes=frozenset({"read", "write"})).authorization(ASKED | wrong)
    assert parameters(refused.value.reply)["error"] == error
    assert parameters(refused.value.reply)["state"] == ASKED["state"]


def test_refresh_tokens_rotate_and_work_once(later: Callable[[float], None]) -> None:
    vendor = server()
    first = exchange(vendor, code_of(vendor))[1]["refresh_token"]
    second = refresh(vendor, first)[1]["refresh_token"]
    assert second != first
    assert refresh(vendor, first) == (400, {"error": "invalid_grant"})
    assert refresh(vendor, second)[0] == 200


def test_a_used_refresh_token_works_through_its_grace(later: Callable[[float], None]) -> None:
    vendor = server(lifetimes=Lifetimes(grace=1800))
    first = exchange(vendor, code_of(vendor))[1]["refresh_token"]
    refresh(vendor, first)
    later(1790)
    again = refresh(vendor, first)
    assert again[0] == 200
    later(20)
    assert refresh(vendor, first)[1] == {"error": "invalid_grant"}
    assert refresh(vendor, again[1]["refresh_token"])[0] == 200


def test_a_refresh_token_dies_of_not_being_used(later: Callable[[float], None]) -> None:
    vendor = server()
    token = exchange(vendor, code_of(vendor))[1]["refresh_token"]
    for _ in range(3):
        later(59 * 86_400)
        token = refresh(vendor, token)[1]["refresh_token"]
    later(61 * 86_400)
    assert refresh(vendor, token)[1] == {"error": "invalid_grant"}


def test_an_access_token_ends_and_says_when(later: Callable[[float], None]) -> None:
    vendor = server(lifetimes=Lifetimes(access=60))
    token = exchange(vendor, code_of(vendor))[1]["access_token"]
    later(61)
    with pytest.raises(BearerRefused) as refused:
        vendor.bearer(calling(token))
    assert refused.value.reason == "expired"
    assert refused.value.expired_at > 0
    for request, reason in ((calling("made-up"), "unknown"), (Request("GET", "/"), "missing"), (calling(""), "missing")):
        with pytest.raises(BearerRefused, match=reason):
            vendor.bearer(request)


def test_a_revoked_grant_is_over() -> None:
    vendor, ended = server(), list[Grant]()
    tokens = exchange(vendor, code_of(vendor))[1]

    def revoke(token: str, client: str = "app:secret") -> int:
        headers = {"authorization": f"Basic {base64.b64encode(client.encode()).decode()}"}
        return vendor.revoke(Request("POST", "/revoke", headers=headers, body=urlencode({"token": token}).encode()), ended.append).status

    assert revoke("made-up") == 200
    assert revoke("") == 400
    assert revoke(tokens["refresh_token"], "app:wrong") == 401
    assert revoke(tokens["refresh_token"], "other:secret") == 200
    assert vendor.bearer(calling(tokens["access_token"]))
    assert revoke(tokens["refresh_token"]) == 200
    assert [grant.client_id for grant in ended] == ["app"]
    with pytest.raises(BearerRefused, match="unknown"):
        vendor.bearer(calling(tokens["access_token"]))
    assert refresh(vendor, tokens["refresh_token"])[1] == {"error": "invalid_grant"}


def test_all_grants_end_when_people_take_them_back() -> None:
    vendor = server()
    tokens, code = exchange(vendor, code_of(vendor))[1], code_of(vendor)
    vendor.end_grants()
    with pytest.raises(BearerRefused, match="unknown"):
        vendor.bearer(calling(tokens["access_token"]))
    assert refresh(vendor, tokens["refresh_token"])[1] == {"error": "invalid_grant"}
    assert exchange(vendor, code)[1] == {"error": "invalid_grant"}
    assert exchange(vendor, code_of(vendor))[0] == 200


def test_without_the_offline_scope_there_is_no_refresh_token() -> None:
    vendor = server(offline_scope="write")
    assert "refresh_token" in exchange(vendor, code_of(vendor))[1]
    assert "refresh_token" not in exchange(vendor, code_of(vendor, scope="read"))[1]


def test_other_grants_are_not_supported() -> None:
    assert ask(server(), grant_type="password") == (400, {"error": "unsupported_grant_type"})
    assert ask(server()) == (400, {"error": "invalid_request"})


def test_cancelling_goes_back_with_access_denied() -> None:
    vendor = server()
    assert parameters(vendor.refuse(vendor.authorization(ASKED)))["error"] == "access_denied"


def test_a_signed_token_is_a_jwt() -> None:
    head, claims, signature = signed_token({"sub": "me"}, b"key").split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == {"sub": "me"}
    assert signature == signed_token({"sub": "me"}, b"key").split(".")[2] != signed_token({"sub": "me"}, b"other").split(".")[2]
