"""Xero's own pages, as a newcomer uses them: without script, form by form."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from integrations.providers.xero.sandbox import XeroSandbox
from integrations.providers.xero.sandbox.pages import FAULTS
from integrations.providers.xero.webhooks import verify
from tests.providers.xero.app import App, errors, invoice, line

FORM = re.compile(r'<form method="post" action="([^"]+)".*?</form>', re.DOTALL)
FIELD = re.compile(r'<input[^>]*? name="([^"]+)"(?:[^>]*? value="([^"]*)")?')


def origin(app: App) -> str:
    return app.url.removesuffix("/xero")


def open_page(app: App, address: str = "/xero/") -> httpx2.Response:
    page = app.http.get(origin(app) + address)
    assert page.status_code == 200, page.text
    assert not re.search(r"<script|<style| style=| on\w+=", page.text)
    return page


def press(app: App, page: httpx2.Response, action: str, **changes: str) -> httpx2.Response:
    """Send the first form that leads to `action`, with its fields as they stand and these changes; and follow where it leads."""
    for form in FORM.finditer(page.text):
        if form[1].endswith(action):
            fields = dict(FIELD.findall(form[0]))
            answer = app.http.post(origin(app) + form[1], data={**fields, **changes})
            return open_page(app, answer.headers["location"]) if answer.status_code == 303 else answer
    raise AssertionError(f"no form leads to {action}")


@pytest.fixture
def due(app: App) -> dict[str, Any]:
    (row,) = app.put("Invoices", invoice(InvoiceNumber="X-1", Reference="PO 7"))
    return row


def invoice_page(app: App, row: dict[str, Any]) -> httpx2.Response:
    return open_page(app, f"/xero/AccountsReceivable/View.aspx?InvoiceID={row['InvoiceID']}")


def read(app: App, row: dict[str, Any]) -> dict[str, Any]:
    return app.get(f"Invoices/{row['InvoiceID']}")[0]


def test_the_front_page_shows_what_arrived(app: App, due: dict[str, Any]) -> None:
    text = open_page(app).text
    for words in ("Demo Company (Global)", "1 document received", "X-1", "Acme GmbH", "1136.45", "AUTHORISED", "EUR"):
        assert words in text
    assert "X-1" not in open_page(app, f"/xero/?org={app.control('state')['records']['organisations'][1]['OrganisationID']}").text


def test_an_empty_book_says_what_to_do(app: App) -> None:
    assert "Nothing has arrived yet" in open_page(app).text
    assert "No payment was entered yet" in open_page(app, "/xero/?tab=payments").text


@pytest.mark.parametrize(
    ("tab", "words"), [("contacts", "Adler Werkzeuge GmbH"), ("accounts", "Chart of accounts"), ("faults", "Begin anew")]
)
def test_every_part_of_the_books_has_a_page(app: App, tab: str, words: str) -> None:
    assert words in open_page(app, f"/xero/?tab={tab}").text


def test_long_lists_have_pages(app: App) -> None:
    app.control("reset", {"keep_connections": True, "contacts": 120})
    page = open_page(app, "/xero/?tab=contacts&page=2")
    assert "page=1" in page.text
    assert "page=3" in page.text
    assert open_page(app, "/xero/?tab=contacts&page=nonsense")


def test_a_deep_link_arrives_at_the_document(app: App, due: dict[str, Any], xero: XeroSandbox) -> None:
    target = f"/AccountsReceivable/View.aspx?InvoiceID={due['InvoiceID']}"
    link = app.http.get(f"{app.url}/organisationlogin/default.aspx", params={"shortcode": "!demo1", "redirecturl": target})
    assert link.headers["location"] == f"/xero{target}"
    assert "PO 7" in open_page(app, link.headers["location"]).text
    away = app.http.get(f"{app.url}/organisationlogin/default.aspx", params={"redirecturl": "https://elsewhere.example/"})
    assert away.headers["location"] == "/xero/"
    document = xero.books[app.tenant].documents["Invoice"][due["InvoiceID"]]
    assert document.page == target
    assert app.http.get(f"{app.url}/AccountsReceivable/View.aspx?InvoiceID=none").status_code == 404


def test_a_credit_note_has_a_page(app: App) -> None:
    note = {"Type": "ACCRECCREDIT", "Contact": {"Name": "Acme GmbH"}, "Status": "AUTHORISED", "LineItems": [line()]}
    (row,) = app.put("CreditNotes", note)
    page = open_page(app, f"/xero/AccountsReceivable/ViewCreditNote.aspx?creditNoteID={row['CreditNoteID']}")
    assert "Credit Note CN-0001" in page.text
    assert "The payment was entered." in press(app, page, "/pages/pay").text
    assert app.get(f"CreditNotes/{row['CreditNoteID']}")[0]["Status"] == "PAID"


def test_a_contact_has_a_page_with_its_documents(app: App, due: dict[str, Any]) -> None:
    page = open_page(app, f"/xero/Contacts/View/{due['Contact']['ContactID']}")
    assert "Acme GmbH" in page.text
    assert "X-1" in page.text
    assert app.http.get(f"{app.url}/Contacts/View/none").status_code == 404


def test_a_part_of_an_invoice_is_paid(app: App, due: dict[str, Any]) -> None:
    after = press(app, invoice_page(app, due), "/pages/pay", amount="100,50", day="2026-11-20", reference="Bank 1")
    assert "The payment was entered." in after.text
    assert (read(app, due)["AmountDue"], read(app, due)["Status"]) == (1035.95, "AUTHORISED")
    (payment,) = app.get("Payments")
    assert (payment["Amount"], payment["Date"], payment["Reference"]) == (100.5, "/Date(1795132800000+0000)/", "Bank 1")
    press(app, after, "/pages/pay")
    assert read(app, due)["Status"] == "PAID"


def test_another_amount_is_a_deletion_and_a_new_payment(app: App, due: dict[str, Any]) -> None:
    page = press(app, invoice_page(app, due), "/pages/pay", amount="100")
    after = press(app, page, "/pages/repay", amount="250")
    assert "deleted and entered again" in after.text
    assert [(row["Status"], row["Amount"]) for row in app.get("Payments")] == [("DELETED", 100), ("AUTHORISED", 250)]
    assert read(app, due)["AmountPaid"] == 250


def test_a_payment_is_deleted(app: App, due: dict[str, Any]) -> None:
    page = press(app, invoice_page(app, due), "/pages/pay")
    assert read(app, due)["Status"] == "PAID"
    assert "The payment was deleted." in press(app, page, "/pages/unpay").text
    assert read(app, due)["Status"] == "AUTHORISED"
    again = press(app, page, "/pages/unpay")
    assert again.status_code == 422
    assert "This payment has been deleted before." in again.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": "2000"}, "2000.00 is more than the 1136.45 that are due: enter that or less."),
        ({"amount": "0"}, "0 is no amount to pay: enter a number greater than 0."),
        ({"amount": "much"}, "&#x27;much&#x27; is no amount: enter a number such as 120.50."),
        ({"amount": "NaN"}, "NaN is no amount to pay"),
        ({"amount": "1e99"}, "1e99 is no amount to pay"),
        ({"day": "soon"}, "soon is no date: enter one such as 2026-11-30."),
        ({"account": "none"}, "This account is not there any more: choose another one."),
    ],
)
def test_a_wrong_entry_is_explained_and_nothing_happens(app: App, due: dict[str, Any], changes: dict[str, str], words: str) -> None:
    answer = press(app, invoice_page(app, due), "/pages/pay", **changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert app.get("Payments") == []


def test_a_payment_cannot_grow_beyond_what_is_due(app: App, due: dict[str, Any]) -> None:
    page = press(app, invoice_page(app, due), "/pages/pay", amount="100")
    assert "more than the 1136.45 that would be due" in press(app, page, "/pages/repay", amount="1136.46").text
    assert [row["Status"] for row in app.get("Payments")] == ["AUTHORISED"]


def test_a_draft_is_approved_or_deleted_and_an_approved_invoice_voided(app: App) -> None:
    draft, bare = app.put("Invoices", invoice(Status="DRAFT"), {"Type": "ACCREC", "Contact": {"Name": "Acme GmbH"}})
    assert "The document was approved." in press(app, invoice_page(app, draft), "/pages/approve").text
    incomplete = press(app, invoice_page(app, bare), "/pages/approve")
    assert (incomplete.status_code, "The document DueDate field must be specified." in incomplete.text) == (422, True)
    press(app, invoice_page(app, bare), "/pages/void")
    press(app, invoice_page(app, draft), "/pages/void")
    assert [row["Status"] for row in app.get("Invoices")] == ["VOIDED", "DELETED"]


def test_an_account_is_archived_and_brought_back(app: App) -> None:
    (sales,) = app.get("Accounts", where='Code=="200"')
    page = open_page(app, "/xero/?tab=accounts")
    press(app, page, "/pages/account", account=sales["AccountID"])
    assert errors(app.put("Invoices", invoice())[0])[0].startswith("Account code '200' has been archived")
    press(app, page, "/pages/account", account=sales["AccountID"])
    assert errors(app.put("Invoices", invoice())[0]) == []
    assert press(app, page, "/pages/account", account="none").status_code == 422


def test_the_next_calls_misbehave_and_then_behave_again(app: App) -> None:
    page = press(app, open_page(app, "/xero/?tab=faults"), "/pages/faults", fault="429", times="3")
    assert "The next calls will misbehave." in page.text
    assert [app.call("GET", "Organisation").status_code for _ in range(4)] == [429, 429, 429, 200]
    page = press(app, open_page(app, "/xero/?tab=faults"), "/pages/faults", fault="500", times="1000")
    assert app.call("GET", "Organisation").status_code == 500
    press(app, page, "/pages/behave")
    assert app.call("GET", "Organisation").status_code == 200


@pytest.mark.parametrize("fault", FAULTS)
def test_every_misbehaviour_on_offer_is_one_the_sandbox_knows(app: App, fault: str) -> None:
    press(app, open_page(app, "/xero/?tab=faults"), "/pages/faults", fault=fault, times="1")
    assert len(app.control("faults")["faults"]) == 1


@pytest.mark.parametrize("changes", [{"times": "0"}, {"times": "often"}, {"times": "1001"}, {"fault": "nap"}])
def test_a_wrong_misbehaviour_is_explained(app: App, changes: dict[str, str]) -> None:
    answer = press(app, open_page(app, "/xero/?tab=faults"), "/pages/faults", **{"fault": "429", **changes})
    assert answer.status_code == 422
    assert app.control("faults") == {"faults": []}


def test_emptying_the_books_keeps_whoever_is_connected(app: App, due: dict[str, Any]) -> None:
    page = press(app, open_page(app, "/xero/?tab=faults"), "/pages/reset")
    assert "The books are new." in page.text
    assert app.get("Invoices") == []


def test_what_an_app_sends_cannot_break_the_pages(app: App) -> None:
    (row,) = app.put("Invoices", invoice(Contact={"Name": "<script>x</script>"}, Reference='"><img src=x>'))
    for address in ("/xero/", "/xero/?tab=contacts", f"/xero/AccountsReceivable/View.aspx?InvoiceID={row['InvoiceID']}"):
        text = open_page(app, address).text
        assert "<script" not in text
        assert "<img" not in text


def test_who_is_told_of_changes_is_told_of_a_payment_with_a_right_signature(app: App, xero: XeroSandbox, due: dict[str, Any]) -> None:
    with listener(200) as (address, calls):
        press(app, open_page(app, "/xero/?tab=webhooks"), "/pages/webhook", address=address, key="the-key")
        press(app, invoice_page(app, due), "/pages/pay", amount="10.00")
        xero.caller.finish()
        ((headers, body),) = calls
        (told,) = json.loads(body)["events"]
        assert (told["resourceId"], told["eventCategory"], told["tenantId"]) == (due["InvoiceID"], "INVOICE", app.tenant)
        assert verify(headers, body, "the-key")
        assert not verify(headers, body, "another")
        assert "INVOICE UPDATE X-1" in open_page(app, "/xero/?tab=webhooks").text


def test_intent_to_receive_calls_once_rightly_and_once_wrongly(app: App, xero: XeroSandbox) -> None:
    with listener(401) as (address, calls):
        press(app, open_page(app, "/xero/?tab=webhooks"), "/pages/webhook", address=address, key="the-key")
        press(app, open_page(app, "/xero/?tab=webhooks"), "/pages/intent")
        assert {verify(headers, body, "the-key") for headers, body in calls} == {True, False}
        assert {body_events for _headers, body in calls for body_events in [len(json.loads(body)["events"])]} == {0}


def test_an_app_that_is_not_there_does_not_disturb(app: App, xero: XeroSandbox, due: dict[str, Any]) -> None:
    assert app.http.post(f"{app.url}/__webhook__", json={"address": "http://127.0.0.1:1/", "key": "k"}).status_code == 200
    press(app, invoice_page(app, due), "/pages/pay", amount="10.00")
    xero.caller.finish()
    assert "INVOICE UPDATE" in xero.caller.told[0].what
    assert app.http.post(f"{app.url}/__webhook__", json={"address": "nowhere", "key": "k"}).status_code == 400


@contextmanager
def listener(status: int) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """An app that answers every call with `status`: its address, and what it was told."""
    calls: list[tuple[dict[str, str], bytes]] = []

    class Told(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Told)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/webhooks/xero/", calls
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
