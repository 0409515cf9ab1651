"""No secret gets out: not in messages, not in what is chained to them, not in tracebacks, not in logs, not in what is kept."""

from __future__ import annotations

import base64
import json
import logging
import traceback

import httpx2
import pytest
import structlog
from structlog.testing import capture_logs

from integrations.errors import AuthLost, ProviderError, RateLimited, Rejected, Transient, Uncertain
from integrations.http.client import Exchange, Http, Response

TOKEN = "k4nari-token-4711abcdef"
KEY = "k4nari-key-0815abcdef"
PASSWORD = "k4nari-password-1234"
REFRESH = "k4nari-refresh-998877"
IN_QUERY = "k4nari-query-556677"
BASIC = base64.b64encode(f"k4nari-user:{PASSWORD}".encode()).decode()
SECRETS = [TOKEN, KEY, PASSWORD, REFRESH, IN_QUERY, BASIC, "k4nari"]
ECHO = json.dumps(
    {
        "message": f"Bearer {TOKEN} and key {KEY} of k4nari-user:{PASSWORD} ({BASIC}) are refused, so is {REFRESH} and {IN_QUERY}",
        "access_token": "k4nari-answered-1",
        "errors": [{"detail": f"{KEY}"}],
    }
).encode()


def answer(status: int, content_type: str = "application/json") -> httpx2.Response:
    return httpx2.Response(
        status, content=ECHO, headers={"content-type": content_type, "set-cookie": "s=k4nari-cookie", "x-echo": f"{KEY}"}
    )


FAILURES = {
    "rejected": (answer(400), None, Rejected),
    "rejected as text": (answer(422, "text/plain"), None, Rejected),
    "rejected as html": (answer(422, "text/html"), None, Rejected),
    "auth lost": (answer(401), None, AuthLost),
    "limited": (answer(429), None, RateLimited),
    "server error": (answer(500), None, Uncertain),
    "redirect": (httpx2.Response(302, headers={"location": f"https://x.example/?access_token={TOKEN}"}), None, Uncertain),
    "by the provider": (answer(400), lambda response: Rejected(response.text, advice=response.text), Rejected),
    "unreadable": (answer(200, "text/html"), lambda response: response.decode(dict) and None, Uncertain),
    "timeout": (httpx2.ReadTimeout(f"Bearer {TOKEN}"), None, Uncertain),
    "connection": (httpx2.ConnectError(f"{KEY}"), None, Transient),
    "protocol": (httpx2.LocalProtocolError(f"Illegal header value {KEY}"), None, Uncertain),
}


@pytest.fixture
def loud():
    """Everything that is logged at debug, as structlog and the standard library render it."""
    logger = logging.getLogger("integrations.http.client")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    with capture_logs() as lines:
        yield lines
    logger.setLevel(level)


@pytest.mark.parametrize("name", FAILURES)
def test_no_error_shows_a_secret_anywhere(name, loud, caplog):
    caplog.set_level(logging.DEBUG)
    vendor, read_error, expected = FAILURES[name]
    kept: list[Exchange] = []

    def play(request: httpx2.Request) -> httpx2.Response:
        if isinstance(vendor, Exception):
            raise vendor
        return vendor

    headers = {"Authorization": f"Bearer {TOKEN}", "X-Api-Key": KEY, "Proxy-Authorization": f"Basic {BASIC}"}
    http = Http(
        "https://api.vendor.example",
        headers=lambda: headers,
        read_error=read_error,
        on_exchange=kept.append,
        transport=httpx2.MockTransport(play),
    )
    try:
        http.send("POST", "/things", json={"refresh_token": REFRESH}, params={"access_token": IN_QUERY})
    except ProviderError as error:
        caught = error
    assert type(caught) is expected
    structlog.get_logger("integrations.http.client").error("failed", exc_info=caught)

    exchange = kept[0]
    shown = {
        "message": str(caught),
        "repr": repr(caught),
        "attributes": repr(vars(caught)),
        "traceback": "".join(traceback.format_exception(caught)),
        "http": repr(http),
        "log": repr(loud),
        "records": caplog.text + repr([record.__dict__ for record in caplog.records]),
        "exchange": repr(exchange) + exchange.url + exchange.place + exchange.failure,
        "request": repr(exchange.request_headers) + exchange.request_body,
        "response": repr(exchange.response_headers) + exchange.response_body,
    }
    assert [(where, secret) for where, text in shown.items() for secret in SECRETS if secret in text] == []
    assert caught.__context__ is None
    assert caught.__cause__ is None


@pytest.mark.parametrize("start", range(460, 505, 4))
def test_no_part_of_a_secret_is_left_where_a_message_is_cut(start):
    body = {"message": "x" * start + f" {KEY} " + "y" * 100}
    http = Http(
        "https://api.vendor.example",
        headers={"x-api-key": KEY},
        transport=httpx2.MockTransport(lambda request: httpx2.Response(400, json=body)),
    )

    with pytest.raises(Rejected) as caught:
        http.get("/")

    assert "k4nari" not in caught.value.message


def test_a_success_is_logged_in_one_line_without_bodies_and_in_full_only_for_debugging(loud):
    http = Http(
        "https://api.vendor.example",
        headers={"authorization": f"Bearer {TOKEN}"},
        transport=httpx2.MockTransport(lambda request: httpx2.Response(200, json={"name": "Acme", "access_token": "k4nari-answered-1"})),
    )
    http.send("POST", "/things", json={"password": PASSWORD, "name": "Bolt"}, params={"page": 1})

    brief, full = (line for line in loud if line["event"] != "calling")
    assert brief["log_level"] == "info"
    assert (brief["method"], brief["address"], brief["status"]) == ("POST", "https://api.vendor.example/things", 200)
    assert "Acme" not in repr(brief)
    assert "Bolt" not in repr(brief)
    assert full["log_level"] == "debug"
    assert "Bolt" in full["request_body"]
    assert "Acme" in full["response_body"]
    assert "k4nari" not in repr(loud)


def test_nothing_is_logged_when_nobody_listens():
    logging.getLogger("integrations.http.client").setLevel(logging.WARNING)
    with capture_logs() as lines:
        Http("https://api.vendor.example", transport=httpx2.MockTransport(lambda request: httpx2.Response(200))).get("/")

    assert lines == []


def test_answers_and_http_hide_what_they_hold():
    response = Response(200, {"x-api-key": KEY}, ECHO, 0.1)

    assert "k4nari" not in repr(response)
    assert "k4nari" not in repr(Http("https://api.vendor.example", headers={"x-api-key": KEY}))
