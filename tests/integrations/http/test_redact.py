"""What is shown of a call has no secrets in it, whatever form they came in."""

from __future__ import annotations

import json
import time
from urllib.parse import parse_qsl, urlencode

import pytest

from integrations.http import redact

CANARY = "canary-5eCr3t-0123456789"
SECRET_NAMES = [
    "access_token",
    "refresh_token",
    "accessToken",
    "AccessToken",
    "id_token",
    "client_secret",
    "clientSecret",
    "code_verifier",
    "password",
    "Password",
    "api_key",
    "apiKey",
    "api-key",
    "X-Api-Key",
    "x-appsecrettoken",
    "X-AgreementGrantToken",
    "authorization",
    "Authorization",
    "Proxy-Authorization",
    "cookie",
    "Set-Cookie",
    "client_assertion",
    "private_key",
    "webhookKey",
    "session_id",
    "x-vendor-signature",
    "credentials",
]
SHOWN_NAMES = [
    "account_code",
    "AccountCode",
    "name",
    "idempotency-key",
    "token_type",
    "SyncToken",
    "nextPageToken",
    "pageToken",
    "keyword",
    "tenant-id",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_values_of_secret_names_are_hidden_in_every_form(name):
    forms = [
        json.dumps(redact.headers({name: CANARY})),
        redact.url(f"https://api.example.com/x?{urlencode({name: CANARY, 'page': 1})}"),
        redact.form(urlencode({name: CANARY})),
        redact.body(json.dumps({"deep": [{name: CANARY}]}).encode(), "application/json"),
        redact.body(json.dumps({"deep": {name: {"value": CANARY}}}).encode(), "application/vnd.api+json"),
        redact.body(json.dumps({name: [CANARY]}).encode(), ""),
        redact.body(urlencode({name: CANARY}).encode(), "application/x-www-form-urlencoded; charset=utf-8"),
        redact.body(f'{{"cut off": 1, "{name}": "{CANARY}'.encode(), "application/json"),
        redact.body(f"<Envelope><t:{name} a='1'>{CANARY}</t:{name}></Envelope>".encode(), "text/xml"),
        redact.body(f"{name}={CANARY}&page=1".encode(), "text/plain"),
        redact.body(f"{name}: {CANARY}\n".encode(), "text/plain"),
    ]

    assert [form for form in forms if CANARY in form] == []
    assert all(redact.HIDDEN in form for form in forms)


@pytest.mark.parametrize("name", SHOWN_NAMES)
def test_values_of_other_names_stay(name):
    assert redact.headers({name: "value-1"}) == {name: "value-1"}
    assert json.loads(redact.body(json.dumps({name: "value-1"}).encode(), "application/json")) == {name: "value-1"}
    assert parse_qsl(redact.form(urlencode({name: "value-1"}))) == [(name, "value-1")]


@pytest.mark.parametrize("name", ["code", "state"])
def test_codes_are_secrets_in_forms_and_beside_a_grant_and_plain_words_elsewhere(name):
    assert CANARY not in redact.form(urlencode({name: CANARY}))
    assert CANARY not in redact.url(f"https://here.example/callback?{name}={CANARY}")
    assert CANARY not in redact.body(json.dumps({"grant_type": "authorization_code", name: CANARY}).encode(), "application/json")
    assert json.loads(redact.body(json.dumps({name: "200"}).encode(), "application/json")) == {name: "200"}


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"the token Bearer {CANARY} is no good",
        f"basic {CANARY}=",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.canary-5eCr3t-0123456789",
    ],
)
def test_credentials_are_found_in_the_middle_of_a_text(text):
    shown = [
        redact.text(text),
        redact.headers({"x-note": text})["x-note"],
        redact.body(json.dumps({"note": text}).encode(), "application/json"),
    ]

    assert not [form for form in shown if CANARY in form]


def test_an_address_loses_its_password_and_fragment_and_keeps_the_rest():
    assert (
        redact.url(f"https://user:{CANARY}@api.example.com:8443/a%2Fb?page=2#access_token={CANARY}")
        == "https://api.example.com:8443/a%2Fb?page=2"
    )


def test_numbers_keep_their_digits():
    assert redact.body(b'{"Total": 1234567890123456.10, "n": 7}', "application/json") == '{"Total":1234567890123456.10,"n":7}'


def test_what_is_no_text_is_only_named():
    assert redact.body(b"%PDF-1.7 \x00\xff", "application/pdf") == "[application/pdf, 11 bytes]"
    assert redact.body(b"\x89PNG", "") == "[bytes, 4 bytes]"
    assert redact.body(b"", "application/json") == ""


def test_long_bodies_are_cut_after_their_secrets_are_hidden():
    body = json.dumps({"filler": "x" * (redact.BODY_CHARS - 30), "access_token": CANARY}).encode()

    shown = redact.body(body, "application/json")

    assert len(shown) == redact.BODY_CHARS
    assert "canary" not in shown
    broken = redact.body(body[:-3], "application/json")
    assert "canary" not in broken


@pytest.mark.parametrize(
    "hostile", ["x", "token", "eyJ-", "<token ", "token=", "Bearer ", "Bearer x", "token : ", "a.token-", "eyJaaaaaaaa."]
)
def test_no_body_keeps_us_busy(hostile):
    body = (hostile * 300_000)[:300_000]
    started = time.process_time()

    redact.body(body.encode(), "text/plain")
    redact.body(json.dumps({"message": body, "deep": [body]}).encode(), "application/json")
    redact.without(body, {"secret-value"})
    redact.headers({"x-note": body[:50_000]})

    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("start", range(redact.BODY_CHARS - 30, redact.BODY_CHARS + 2, 5))
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/xml"])
def test_no_part_of_a_secret_is_left_where_a_body_is_cut(start, content_type):
    text = "x" * (start - 2) + f" {CANARY}/{CANARY} " + "y" * 100
    body = json.dumps([text]).replace("/", "\\/") if "json" in content_type else text

    shown = redact.body(body.encode(), content_type, {f"{CANARY}/{CANARY}", CANARY})

    assert "canary" not in shown


def test_the_kind_of_a_token_is_no_secret_that_would_hide_the_names_of_others():
    revocation = b"token=k4nari-1234&token_type_hint=refresh_token"
    secrets = redact.Secrets({}, "https://x.example", revocation).values

    assert secrets == {"k4nari-1234"}
    assert "k4nari" not in redact.body(b'{"refresh_token": "k4nari-5678", "said": "k4nari-1234"}', "application/json", secrets)
    assert "k4nari" not in redact.body(b'{"refresh_token": "k4nari-5678"}', "application/json", {"refresh_token"})


def test_empty_secrets_are_shown_as_empty():
    assert json.loads(redact.body(b'{"refresh_token": "", "password": null}', "application/json")) == {
        "refresh_token": "",
        "password": None,
    }
    assert redact.form("password=") == "password="


def test_the_secrets_of_a_request_are_gathered_from_all_its_parts():
    found = redact.Secrets(
        {"authorization": "Basic dXNlcm5hbWU6cGFzc3dvcmQtMQ==", "x-api-key": "key-in-header", "accept": "application/json"},
        "https://api.example.com/x?access_token=token-in-query&page=page-number",
        b"client_secret=secret-in-form&grant_type=authorization_code&code=code-in-form",
    ).values

    assert {
        "username",
        "password-1",
        "dXNlcm5hbWU6cGFzc3dvcmQtMQ==",
        "key-in-header",
        "token-in-query",
        "secret-in-form",
        "code-in-form",
    } <= found
    assert not {"application/json", "page-number", "authorization_code"} & found
    body = json.dumps({"auth": {"credentials": {"user": "user-in-json"}}, "name": "Acme Corporation", "pin": "1"}).encode()
    assert redact.Secrets({}, "https://x.example", body).values == {"user-in-json"}


@pytest.mark.parametrize("header", ["Basic not base64!", "Basic", "Basic /w==", ""])
def test_a_header_that_is_not_well_formed_does_no_harm(header):
    assert "x" not in redact.Secrets({"authorization": header}, "https://x.example", b"{not json").values


def test_of_a_large_document_only_the_beginning_is_made_fit_to_be_shown():
    rows = [{"number": number, "access_token": "canary-secret-value", "note": "x" * 50} for number in range(5000)]
    shown = redact.body(
        json.dumps({"rows": rows, "echo": "canary-secret-value"}, separators=(",", ":")).encode(),
        "application/json",
        ["canary-secret-value"],
    )
    assert shown.startswith('{"rows":[{"number":0,"access_token":"[redacted]","note":"xxx')
    assert shown.endswith("…")
    assert "canary" not in shown
    assert 2000 < len(shown) <= redact.BODY_CHARS


def test_a_document_that_has_room_is_whole():
    document = {"rows": [{"number": number, "text": "ä"} for number in range(100)]}
    assert json.loads(redact.body(json.dumps(document, separators=(",", ":")).encode(), "application/json")) == document
