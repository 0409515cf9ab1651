"""The same request twice: what an Idempotency-Key promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.contract.sandboxes import Witness
from tests.providers.xero.app import App, invoice, line

Later = Callable[[float], None]


def put(app: App, key: str, *, method: str = "PUT", **changes: Any) -> httpx2.Response:
    body = {"Invoices": [invoice(**changes)]}
    return app.call(method, "Invoices", body, params={"summarizeErrors": "false"}, Idempotency_Key=key)


def test_the_same_key_and_body_get_the_same_answer_and_do_nothing_more(app: App) -> None:
    first, second = put(app, "k-1"), put(app, "k-1")
    assert first.content == second.content
    assert len(app.get("Invoices")) == 1
    assert second.headers["x-minlimit-remaining"] < first.headers["x-minlimit-remaining"]
    assert first.headers["xero-correlation-id"] != second.headers["xero-correlation-id"]


@pytest.mark.parametrize("change", [{"Reference": "other"}, {"method": "POST"}])
def test_the_same_key_with_another_request_is_refused(app: App, change: dict[str, Any]) -> None:
    put(app, "k-1")
    answer = put(app, "k-1", **change)
    assert answer.status_code == 400
    assert answer.json()["Message"] == "Idempotency Key: k-1 is used with a different request."
    assert len(app.get("Invoices")) == 1


def test_a_key_holds_for_six_minutes(app: App, later: Later) -> None:
    put(app, "k-1", InvoiceNumber="X-1")
    later(350)
    assert put(app, "k-1", InvoiceNumber="X-1").json()["Invoices"][0]["StatusAttributeString"] == "OK"
    later(15)
    (row,) = put(app, "k-1", InvoiceNumber="X-1").json()["Invoices"]
    assert row["ValidationErrors"] == [{"Message": "Invoice # must be unique."}]


def test_how_long_a_key_holds_can_be_set(app: App, later: Later) -> None:
    app.control("reset", {"keep_connections": True, "idempotency_seconds": 10})
    put(app, "k-1")
    later(11)
    assert put(app, "k-1").json()["Invoices"][0]["InvoiceNumber"] == "INV-0002"


def test_a_refusal_is_replayed_as_well(app: App) -> None:
    bad = {"LineItems": [line(AccountCode="999")]}
    assert put(app, "k-1", **bad).content == put(app, "k-1", **bad).content
    body = {"Invoices": [invoice(**bad)]}
    refusals = [app.call("PUT", "Invoices", body, Idempotency_Key="k-2") for _ in range(2)]
    assert [answer.status_code for answer in refusals] == [400, 400]


def test_a_key_belongs_to_its_app_and_its_organisation_to_the_request(app: App) -> None:
    put(app, "k-1")
    other = App(app.url, app.http, client_id="app-2")
    other.allow()
    assert put(other, "k-1").json()["Invoices"][0]["InvoiceNumber"] == "INV-0002"
    other.tenant = other.connections()[1]["tenantId"]
    assert put(other, "k-1").status_code == 400


def test_a_key_has_128_characters_at_most(app: App) -> None:
    assert put(app, "k" * 128).status_code == 200
    answer = put(app, "k" * 129)
    assert (answer.status_code, answer.json()["Type"]) == (400, "ValidationException")


def test_a_key_does_nothing_when_reading(app: App, witness: Witness) -> None:
    app.call("GET", "Invoices", Idempotency_Key="k-1")
    put(app, "k-2")
    assert len(app.call("GET", "Invoices", Idempotency_Key="k-1").json()["Invoices"]) == 1


def test_every_address_that_writes_knows_keys(app: App) -> None:
    (due,) = put(app, "k-0").json()["Invoices"]
    payment = {"Invoice": {"InvoiceID": due["InvoiceID"]}, "Account": {"Code": "090"}, "Amount": 1}
    note = {"Type": "ACCRECCREDIT", "Contact": {"Name": "Acme GmbH"}}
    calls = [
        ("PUT", "Contacts", {"Contacts": [{"Name": "New"}]}),
        ("POST", "Contacts", {"Contacts": [{"Name": "Newer"}]}),
        ("POST", f"Invoices/{due['InvoiceID']}", {"Invoices": [{"Reference": "x"}]}),
        ("PUT", "CreditNotes", {"CreditNotes": [note]}),
        ("POST", "CreditNotes", {"CreditNotes": [note]}),
        ("PUT", "Payments", {"Payments": [payment]}),
        ("POST", "Payments", {"Payments": [payment]}),
    ]
    for number, (method, path, body) in enumerate(calls):
        one, two = (app.call(method, path, body, Idempotency_Key=f"k-{number + 1}") for _ in range(2))
        assert one.status_code == 200, one.text
        assert one.content == two.content
    counts = app.control("state")["counts"]
    assert (counts["credit_notes"], counts["payments"]) == (2, 2)


def test_an_answer_that_was_lost_can_be_asked_for_again(app: App) -> None:
    app.control("faults", {"kind": "lost_answer", "times": 1})
    with pytest.raises(httpx2.RemoteProtocolError):
        put(app, "k-1")
    (row,) = put(app, "k-1").json()["Invoices"]
    assert row["InvoiceNumber"] == "INV-0001"
    assert len(app.get("Invoices")) == 1


def test_an_answer_that_was_spoilt_is_whole_the_second_time(app: App) -> None:
    app.control("faults", {"kind": "not_json", "times": 1})
    assert put(app, "k-1").text.startswith("<!DOCTYPE html>")
    assert put(app, "k-1").json()["Invoices"][0]["InvoiceNumber"] == "INV-0001"
