"""Who may call the simulated Xero, and how often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx2
import pytest

from tests.contract.sandboxes import Witness
from tests.providers.xero.app import App, invoice, offered

Later = Callable[[float], None]


def limits(answer: httpx2.Response) -> tuple[str | None, ...]:
    return tuple(answer.headers.get(f"x-{name}limit-remaining") for name in ("min", "day", "appmin"))


def test_a_call_without_a_token_is_refused(app: App, witness: Witness) -> None:
    with witness.deliberately_wrong():
        answer = app.call("GET", "Organisation", Authorization="")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer error=invalid_token"
    body = answer.json()
    assert (body.pop("Instance") != "", body) == (
        True,
        {"Type": None, "Title": "Unauthorized", "Status": 401, "Detail": "AuthenticationUnsuccessful", "Extensions": {}},
    )
    assert app.call("GET", "Organisation", Authorization="Bearer made-up").status_code == 401


@pytest.mark.parametrize("tenant", ["", "8c6ba8e6-0000-4000-8000-22ad43a4c9ea", "foreign"])
def test_an_organisation_that_was_not_granted_is_refused(app: App, witness: Witness, tenant: str) -> None:
    foreign = offered(app.consent())[2] if tenant == "foreign" else tenant
    with witness.deliberately_wrong():
        answer = app.call("GET", "Organisation", xero_tenant_id=foreign)
    assert answer.status_code == 403
    assert (answer.json()["Title"], answer.json()["Detail"]) == ("Forbidden", "AuthenticationUnsuccessful")


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("accounting.settings.read", "GET", "Accounts", 200),
        ("accounting.settings", "GET", "Accounts", 200),
        ("accounting.contacts", "GET", "Accounts", 401),
        ("accounting.contacts.read", "GET", "Contacts", 200),
        ("accounting.contacts.read", "PUT", "Contacts", 401),
        ("accounting.invoices", "PUT", "Invoices", 200),
        ("accounting.invoices", "GET", "Payments", 401),
        ("accounting.transactions", "GET", "Payments", 200),
    ],
)
def test_a_scope_opens_its_part_of_the_api_only(stranger_app: App, scope: str, method: str, path: str, status: int) -> None:
    stranger_app.allow(scope=f"offline_access {scope}")
    answer = stranger_app.call(method, path, {path: [invoice()]} if path == "Invoices" else {path: []} if method == "PUT" else None)
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["Detail"] == "AuthorizationUnsuccessful"
        assert answer.headers["www-authenticate"] == "insufficient_scope"


def test_answers_tell_what_is_left_of_the_limits(app: App) -> None:
    assert limits(app.call("GET", "Organisation")) == ("59", "4999", "9998")
    assert limits(app.call("GET", "Accounts")) == ("58", "4998", "9997")
    connections = app.http.get(f"{app.url}/connections", headers=app.headers())
    assert limits(connections) == (None, None, "9996")


def test_the_sixty_first_call_of_a_minute_is_told_when_to_come_again(app: App, later: Later) -> None:
    for _ in range(30):
        app.call("GET", "Organisation")
    later(20)
    for _ in range(30):
        assert app.call("GET", "Organisation").status_code == 200
    refused = app.call("GET", "Organisation")
    assert refused.status_code == 429
    assert refused.headers["x-rate-limit-problem"] == "minute"
    assert refused.headers["x-minlimit-remaining"] == "0"
    assert 38 <= int(refused.headers["retry-after"]) <= 40
    later(int(refused.headers["retry-after"]))
    assert app.call("GET", "Organisation").status_code == 200
    assert app.control("state")["limits"]["calls"][1]["refused"] == {"minute": 1}


def test_the_limit_is_that_of_one_app_at_one_organisation(app: App) -> None:
    app.control("reset", {"keep_connections": True, "limits": {"minute": 2}})
    other = App(app.url, app.http, client_id="app-2")
    other.allow(app.tenant)
    assert [app.call("GET", "Organisation").status_code for _ in range(3)] == [200, 200, 429]
    assert other.call("GET", "Organisation").status_code == 200
    app.allow()
    app.tenant = offered(app.consent())[1]
    assert app.call("GET", "Organisation").status_code == 200


def test_the_day_is_limited_too(app: App, later: Later) -> None:
    app.control("reset", {"keep_connections": True, "limits": {"day": 3}})
    statuses = [app.call("GET", "Organisation").status_code for _ in range(3)]
    later(120)
    refused = app.call("GET", "Organisation")
    assert [*statuses, refused.status_code] == [200, 200, 200, 429]
    assert refused.headers["x-rate-limit-problem"] == "day"
    assert 86_200 < int(refused.headers["retry-after"]) <= 86_280
    later(86_400)
    app.tokens = app.refresh().json()
    assert app.call("GET", "Organisation").status_code == 200


def test_the_minute_of_all_organisations_is_limited_too(app: App) -> None:
    app.control("reset", {"keep_connections": True, "limits": {"app_minute": 2}})
    answers = [app.call("GET", "Organisation") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["x-rate-limit-problem"] == "appminute"


def test_a_sixth_call_at_once_is_refused_without_a_time_to_wait(app: App) -> None:
    app.control("faults", {"kind": "latency", "seconds": 0.5})
    answers: list[httpx2.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(app.call("GET", "Organisation"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (refused,) = [answer for answer in answers if answer.status_code == 429]
    assert refused.headers["x-rate-limit-problem"] == "concurrent"
    assert "retry-after" not in refused.headers
    assert app.control("state")["limits"]["calls"][1]["most_running"] == 5


def test_a_caller_that_hangs_up_gives_its_place_free(app: App) -> None:
    app.control("faults", {"kind": "timeout", "times": 5})
    for _ in range(5):
        with pytest.raises(httpx2.ReadTimeout):
            app.http.get(f"{app.url}/api.xro/2.0/Organisation", headers=app.headers(), timeout=0.05)
    deadline = time.monotonic() + 5
    while app.call("GET", "Organisation").status_code != 200:
        assert time.monotonic() < deadline


def test_limits_run_on_the_scaled_clock(app: App, settings) -> None:
    settings.CLOCK_EPOCH, settings.CLOCK_SCALE = time.time(), 600
    for _ in range(60):
        app.call("GET", "Organisation")
    time.sleep(0.12)
    assert app.call("GET", "Organisation").status_code == 200


def test_an_address_that_is_not_there_answers_with_text(app: App, witness: Witness) -> None:
    with witness.deliberately_wrong():
        answers = [app.call("GET", path) for path in ("Nonsense", "Invoices/INV-404", "Contacts/none", "Payments/none")]
    for answer in answers:
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.text == "The resource you're looking for cannot be found"


def test_whoever_does_not_ask_for_json_gets_xml(app: App, witness: Witness) -> None:
    app.put("Invoices", invoice())
    answer = app.call("GET", "Invoices", Accept="*/*")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert "<Invoices><Invoice><Type>ACCREC</Type>" in answer.text
    with witness.deliberately_wrong():
        refused = app.call("PUT", "Invoices", b"{", Accept="*/*")
    assert "<ApiException><ErrorNumber>14</ErrorNumber>" in refused.text


def test_every_answer_has_an_id_to_ask_about(app: App) -> None:
    one, two = app.call("GET", "Organisation"), app.call("GET", "Organisation")
    assert one.headers["xero-correlation-id"] != two.headers["xero-correlation-id"]
