"""How the simulated Xero looks when it misbehaves."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from integrations.providers.xero.sandbox import XeroSandbox
from tests.providers.xero.app import App, errors, invoice


def test_a_limit_that_is_not_reached_can_be_claimed(app: App) -> None:
    app.control("faults", {"kind": "status", "status": 429, "retry_after": 17, "times": 1})
    refused = app.call("GET", "Organisation")
    assert (refused.status_code, refused.headers["retry-after"], refused.headers["x-rate-limit-problem"]) == (429, "17", "minute")
    app.control("faults", {"kind": "status", "status": 429, "message": "concurrent"})
    refused = app.call("GET", "Organisation")
    assert refused.headers["x-rate-limit-problem"] == "concurrent"
    assert "retry-after" not in refused.headers


@pytest.mark.parametrize("status", [400, 500, 503])
def test_an_error_comes_in_xero_s_form_and_nothing_is_written(app: App, status: int) -> None:
    app.control("faults", {"kind": "status", "status": status, "retry_after": 5, "method": "PUT", "path": "/api.xro/2.0/invoices"})
    refused = app.call("PUT", "Invoices", {"Invoices": [invoice()]})
    assert (refused.status_code, refused.headers["retry-after"]) == (status, "5")
    assert app.get("Invoices") == []


def test_a_token_expires_in_the_middle_and_a_refresh_mends_it(app: App) -> None:
    app.control("faults", {"kind": "expired_token", "skip": 1, "times": 1})
    assert app.call("GET", "Organisation").status_code == 200
    expired = app.call("GET", "Organisation")
    assert expired.status_code == 401
    assert expired.json()["Detail"].startswith("TokenExpired: ")
    assert app.call("GET", "Organisation").status_code == 401
    app.tokens = app.refresh().json()
    assert app.call("GET", "Organisation").status_code == 200


def test_half_a_batch_fails(app: App) -> None:
    app.control("faults", {"kind": "half_failed", "message": "Not today.", "times": 2})
    rows = app.put("Invoices", *[invoice()] * 4)
    assert [errors(row) for row in rows] == [[], ["Not today."], [], ["Not today."]]
    answer = app.call("PUT", "Contacts", {"Contacts": [{"Name": "One"}, {"Name": "Two"}]})
    assert errors(answer.json()["Elements"][0]) == ["Not today."]
    assert app.get("Contacts", where='Name=="One"') == []


def test_the_identity_server_misbehaves_too(app: App) -> None:
    app.control("faults", {"kind": "lost_answer", "path": "/connect/token", "times": 1})
    with pytest.raises(httpx2.RemoteProtocolError):
        app.refresh()
    assert app.refresh().status_code == 200
    app.control("faults", {"kind": "status", "status": 503, "path": "/connect/*"})
    assert app.refresh().status_code == 503
    assert len(app.connections()) == 1


def pages(app: App, plural: str, fault: dict[str, Any], **params: Any) -> list[list[str]]:
    """The ids on two pages of two, with the fault striking after the first."""
    id_key = plural.removesuffix("s") + "ID"
    app.control("faults", {"path": f"/api.xro/2.0/{plural}", "method": "GET", "times": 1, **fault})
    return [[row[id_key] for row in app.get(plural, page=page, pageSize=2, **params)] for page in (1, 2)]


def test_a_payment_that_is_deleted_between_two_pages_moves_to_the_end(app: App, xero: XeroSandbox) -> None:
    (due,) = app.put("Invoices", invoice())
    books = xero.books[app.tenant]
    ids = [xero.bookkeeper.pay(books, books.documents["Invoice"][due["InvoiceID"]], "1").id for _ in range(4)]
    first, second = pages(app, "Payments", {"kind": "changed_page", "change": "delete"}, order="UpdatedDateUTC ASC")
    assert (first, second) == (ids[:2], [ids[3], ids[0]])


def test_records_appear_and_disappear_between_two_pages(app: App) -> None:
    app.put("Invoices", *[invoice()] * 4)
    before = app.control("state")["counts"]
    pages(app, "Invoices", {"kind": "changed_page"})
    pages(app, "Contacts", {"kind": "changed_page"})
    pages(app, "Payments", {"kind": "changed_page"})
    after = app.control("state")["counts"]
    assert {kind: after[kind] - before[kind] for kind in ("invoices", "contacts", "payments")} == {
        "invoices": 1,
        "contacts": 2,
        "payments": 1,
    }
    first, second = pages(app, "Contacts", {"kind": "changed_page", "change": "delete"}, order="Name")
    assert not set(first) & set(second)
    pages(app, "Invoices", {"kind": "changed_page", "change": "delete"})
    assert "VOIDED" in {row["Status"] for row in app.get("Invoices")}
