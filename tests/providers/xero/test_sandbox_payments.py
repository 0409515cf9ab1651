"""Payments of the simulated Xero, through the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.contract.sandboxes import Witness
from tests.providers.xero.app import App, errors, invoice, line


@pytest.fixture
def due(app: App) -> dict[str, Any]:
    """An approved invoice of 1,136.45."""
    (row,) = app.put("Invoices", invoice(InvoiceNumber="X-1"))
    return row


def payment(due: dict[str, Any], amount: float = 100, **changes: Any) -> dict[str, Any]:
    whole = {"Invoice": {"InvoiceID": due["InvoiceID"]}, "Account": {"Code": "090"}, "Date": "2026-11-05", "Amount": amount}
    return {**whole, "Reference": "REF-1", **changes}


def read(app: App, due: dict[str, Any]) -> dict[str, Any]:
    return app.get(f"Invoices/{due['InvoiceID']}")[0]


def test_a_part_is_paid_and_then_the_rest(app: App, due: dict[str, Any]) -> None:
    (row,) = app.put("Payments", payment(due))
    assert {key: row[key] for key in ("Amount", "BankAmount", "PaymentType", "Status", "Date", "Reference")} == {
        "Amount": 100,
        "BankAmount": 100,
        "PaymentType": "ACCRECPAYMENT",
        "Status": "AUTHORISED",
        "Date": "/Date(1793836800000+0000)/",
        "Reference": "REF-1",
    }
    assert (row["Invoice"]["AmountDue"], row["Invoice"]["AmountPaid"]) == (1036.45, 100)
    partly = read(app, due)
    assert (partly["Status"], partly["AmountDue"], partly["AmountPaid"]) == ("AUTHORISED", 1036.45, 100)
    assert [paid["PaymentID"] for paid in partly["Payments"]] == [row["PaymentID"]]
    app.post("Payments", payment(due, 1036.45, Date="2026-11-09"))
    whole = read(app, due)
    assert (whole["Status"], whole["AmountDue"], whole["FullyPaidOnDate"]) == ("PAID", 0, "/Date(1794182400000+0000)/")


def test_a_payment_touches_its_invoice(app: App, due: dict[str, Any], later) -> None:
    later(60)
    (row,) = app.put("Payments", payment(due))
    assert read(app, due)["UpdatedDateUTC"] >= row["UpdatedDateUTC"] > due["UpdatedDateUTC"]


def test_a_deleted_payment_stays_in_the_list_and_opens_the_invoice_again(app: App, due: dict[str, Any], later) -> None:
    (row,) = app.put("Payments", payment(due, 1136.45))
    assert read(app, due)["Status"] == "PAID"
    later(60)
    answer = app.call("POST", f"Payments/{row['PaymentID']}", {"Payments": [{"Status": "DELETED"}]})
    assert answer.status_code == 200
    assert answer.json()["Payments"][0]["Status"] == "DELETED"
    opened = read(app, due)
    assert (opened["Status"], opened["AmountDue"], opened["Payments"]) == ("AUTHORISED", 1136.45, [])
    assert "FullyPaidOnDate" not in opened
    (listed,) = app.get("Payments")
    assert (listed["Status"], listed["Amount"]) == ("DELETED", 1136.45)
    assert listed["UpdatedDateUTC"] > row["UpdatedDateUTC"]
    again = app.call("POST", f"Payments/{row['PaymentID']}", {"Status": "DELETED"})
    assert errors(again.json()["Elements"][0]) == ["This payment has already been deleted."]


def test_a_payment_cannot_be_changed(app: App, due: dict[str, Any], witness: Witness) -> None:
    (row,) = app.put("Payments", payment(due))
    with witness.deliberately_wrong():
        answer = app.call("POST", f"Payments/{row['PaymentID']}", {"Amount": 50})
    assert errors(answer.json()["Elements"][0]) == ["Payments cannot be changed, only deleted: the Status has to be DELETED."]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Amount": 1136.46}, "Payment amount exceeds the amount outstanding on this document"),
        ({"Amount": 0}, "The payment Amount has to be greater than 0."),
        ({"Amount": None}, "The payment Amount has to be greater than 0."),
        ({"Account": {"Code": "999"}}, "Account could not be found."),
        ({"Account": None}, "Account could not be found."),
        ({"Account": {"Code": "200"}}, "The account has to be a bank account, or one that payments to are enabled for."),
        ({"Invoice": {"InvoiceNumber": "X-404"}}, "The Invoice or Credit Note that is paid could not be found."),
        ({"Reference": "x" * 256}, "The Reference field has more than 255 characters."),
    ],
)
def test_xero_says_what_is_wrong(app: App, due: dict[str, Any], witness: Witness, changes: dict[str, Any], words: str) -> None:
    with witness.deliberately_wrong():
        (row,) = app.put("Payments", {**payment(due), **changes})
    assert errors(row) == [words]
    assert app.get("Payments") == []


def test_only_approved_documents_are_paid(app: App) -> None:
    (draft,) = app.put("Invoices", invoice(Status="DRAFT"))
    assert errors(app.put("Payments", payment(draft))[0]) == ["Payments can only be made against Authorised documents"]


def test_payments_of_one_request_add_up(app: App, due: dict[str, Any]) -> None:
    rows = app.put("Payments", payment(due, 1000), payment(due, 136.46), payment(due, 0.01))
    assert [row.get("StatusAttributeString") for row in rows] == ["OK", "ERROR", "ERROR"]


@pytest.mark.parametrize("account", [{"Code": "880"}, {"Name": "Card Payments Clearing"}])
def test_an_account_is_found_by_code_or_id(app: App, due: dict[str, Any], account: dict[str, str]) -> None:
    key, value = next(iter(account.items()))
    (row,) = app.get("Accounts", where=f'{key}=="{value}"')
    assert ("Code" in row) == (key == "Code")
    (paid,) = app.put("Payments", payment(due, Account={"AccountID": row["AccountID"]}))
    assert paid["Account"]["AccountID"] == row["AccountID"]


def test_an_invoice_is_found_by_number_and_a_credit_note_too(app: App, due: dict[str, Any]) -> None:
    (row,) = app.put("Payments", payment(due, Invoice={"InvoiceNumber": "X-1"}))
    assert row["Invoice"]["InvoiceID"] == due["InvoiceID"]
    note = {"Type": "ACCRECCREDIT", "Contact": {"Name": "Acme GmbH"}, "Date": "2026-11-01", "Status": "AUTHORISED", "LineItems": [line()]}
    (credit,) = app.put("CreditNotes", note)
    refund = {"CreditNote": {"CreditNoteNumber": credit["CreditNoteNumber"]}, "Account": {"Code": "090"}, "Amount": 1136.45}
    (row,) = app.put("Payments", refund)
    assert (row["PaymentType"], row["Invoice"]["Type"]) == ("ARCREDITPAYMENT", "ACCRECCREDIT")
    (after,) = app.get(f"CreditNotes/{credit['CreditNoteID']}")
    assert (after["Status"], after["RemainingCredit"], after["AppliedAmount"]) == ("PAID", 0, 1136.45)


def test_a_bill_is_paid_alike(app: App) -> None:
    (bill,) = app.put("Invoices", invoice(Type="ACCPAY", LineItems=[line(AccountCode="310", TaxType="INPUT")]))
    assert app.put("Payments", payment(bill))[0]["PaymentType"] == "ACCPAYPAYMENT"


def test_a_locked_period_takes_no_payments(app: App) -> None:
    app.control("reset", {"keep_connections": True, "period_lock_date": "2026-10-31"})
    (due,) = app.put("Invoices", invoice())
    (row,) = app.put("Payments", payment(due, Date="2026-10-31"))
    assert errors(row) == ["The document date cannot be before the period lock date, currently set at 31-Oct-2026"]


def test_what_changed_since_is_listed_in_order_and_in_pages(app: App, due: dict[str, Any], later) -> None:
    old = app.put("Payments", *(payment(due, 1 + number) for number in range(3)))
    later(600)
    answer = app.call("GET", "Organisation")
    stamp = int(answer.json()["DateTimeUTC"][6:-2]) / 1000
    since = datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    later(2)
    new = app.put("Payments", payment(due, 50), payment(due, 60))
    later(2)
    app.call("POST", f"Payments/{old[0]['PaymentID']}", {"Payments": [{"Status": "DELETED"}]})
    params = {"page": 1, "pageSize": 2, "order": "UpdatedDateUTC ASC"}
    first = app.call("GET", "Payments", params=params, If_Modified_Since=since).json()
    second = app.call("GET", "Payments", params={**params, "page": 2}, If_Modified_Since=since).json()
    assert first["pagination"] == {"page": 1, "pageSize": 2, "pageCount": 2, "itemCount": 3}
    assert [row["PaymentID"] for row in first["Payments"] + second["Payments"]] == [*(row["PaymentID"] for row in new), old[0]["PaymentID"]]
    assert [row["Status"] for row in second["Payments"]] == ["DELETED"]
    (one,) = app.get(f"Payments/{new[0]['PaymentID']}")
    assert (one["Amount"], one["Invoice"]["InvoiceNumber"]) == (50, "X-1")
