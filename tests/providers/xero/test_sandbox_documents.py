"""Invoices, bills and credit notes of the simulated Xero: creating, computing, refusing, changing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.providers.xero.sandbox import XeroSandbox
from tests.contract.sandboxes import Witness
from tests.providers.xero.app import App, errors, invoice, line

NO_ID = "00000000-0000-0000-0000-000000000000"


def credit_note(**changes: Any) -> dict[str, Any]:
    whole = {"Type": "ACCRECCREDIT", "Contact": {"Name": "Acme GmbH"}, "Date": "2026-11-01", "Status": "AUTHORISED"}
    return {**whole, "LineItems": [line()], **changes}


def refused(app: App, *, plural: str = "Invoices", **changes: Any) -> list[str]:
    """What is said about an invoice with these changes, alone."""
    (row,) = app.put(plural, invoice(**changes) if plural == "Invoices" else credit_note(**changes))
    assert row["StatusAttributeString"] == "ERROR"
    assert row["HasErrors"] is True
    return errors(row)


def created(app: App, **changes: Any) -> dict[str, Any]:
    (row,) = app.put("Invoices", invoice(**changes))
    assert row["StatusAttributeString"] == "OK", errors(row)
    return row


# Creating --------------------------------------------------------------------------------------------------------------


def test_an_approved_invoice_is_numbered_computed_and_dated(app: App) -> None:
    row = created(app, Reference="PO 77", Url="https://app.example/i/1")
    assert {key: row[key] for key in ("InvoiceNumber", "Status", "SubTotal", "TotalTax", "Total", "AmountDue", "AmountPaid")} == {
        "InvoiceNumber": "INV-0001",
        "Status": "AUTHORISED",
        "SubTotal": 955.0,
        "TotalTax": 181.45,
        "Total": 1136.45,
        "AmountDue": 1136.45,
        "AmountPaid": 0,
    }
    assert (row["Date"], row["DateString"]) == ("/Date(1793491200000+0000)/", "2026-11-01T00:00:00")
    assert (row["DueDate"], row["DueDateString"]) == ("/Date(1796083200000+0000)/", "2026-12-01T00:00:00")
    assert (row["CurrencyCode"], row["CurrencyRate"]) == ("EUR", 1)
    assert (row["Reference"], row["Url"]) == ("PO 77", "https://app.example/i/1")
    (stored,) = row["LineItems"]
    assert (stored["LineAmount"], stored["TaxAmount"], stored["AccountCode"]) == (955.0, 181.45, "200")


def test_money_is_written_with_its_cents(app: App) -> None:
    answer = app.call("PUT", "Invoices", {"Invoices": [invoice()]})
    assert '"Total":1136.45' in answer.text
    assert '"SubTotal":955.00' in answer.text


def test_numbers_go_up_and_step_over_those_that_are_taken(app: App) -> None:
    rows = app.put("Invoices", invoice(), invoice(InvoiceNumber="INV-0003"), invoice(), invoice())
    assert [row["InvoiceNumber"] for row in rows] == ["INV-0001", "INV-0003", "INV-0002", "INV-0004"]
    assert [row["CreditNoteNumber"] for row in app.put("CreditNotes", credit_note(), credit_note())] == ["CN-0001", "CN-0002"]


def test_a_draft_needs_a_contact_and_nothing_else(app: App) -> None:
    (row,) = app.put("Invoices", {"Type": "ACCREC", "Contact": {"Name": "Acme GmbH"}})
    assert (row["StatusAttributeString"], row["Status"], row["Total"], row["LineItems"]) == ("OK", "DRAFT", 0, [])
    (row,) = app.put("Invoices", {"Type": "ACCREC", "Contact": {"Name": "Acme GmbH"}, "LineItems": [{"Quantity": 1}]})
    assert row["StatusAttributeString"] == "OK"


def test_one_bare_object_is_taken_as_well(app: App, witness: Witness) -> None:
    with witness.deliberately_wrong():
        answer = app.call("PUT", "Invoices", invoice())
    assert answer.json()["Invoices"][0]["InvoiceNumber"] == "INV-0001"


def test_a_contact_is_found_by_id_number_or_name_and_made_when_it_is_new(app: App) -> None:
    (known,) = app.put("Contacts", {"Name": "Known Ltd", "ContactNumber": "C-1"})
    by = [{"ContactID": known["ContactID"]}, {"ContactNumber": "C-1"}, {"Name": "known ltd"}, {"Name": "New Ltd"}, {"Name": "New Ltd"}]
    rows = app.put("Invoices", *(invoice(Contact=contact) for contact in by))
    ids = [row["Contact"]["ContactID"] for row in rows]
    assert ids[:3] == [known["ContactID"]] * 3
    assert ids[3] == ids[4] != ids[0]
    assert rows[3]["Contact"]["IsCustomer"] is True
    assert len(app.get("Contacts", where='Name=="New Ltd"')) == 1


def test_what_is_sent_along_with_a_contact_changes_it(app: App) -> None:
    (known,) = app.put("Contacts", {"Name": "Known Ltd"})
    created(app, Contact={"ContactID": known["ContactID"], "EmailAddress": "new@known.example"})
    assert app.get(f"Contacts/{known['ContactID']}")[0]["EmailAddress"] == "new@known.example"
    assert refused(app, Contact={"ContactID": known["ContactID"], "EmailAddress": "nonsense"}) == ["Email address must be valid."]


def test_a_bill_has_the_supplier_s_number_which_need_not_be_unique(app: App) -> None:
    bill = invoice(Type="ACCPAY", InvoiceNumber="4711", LineItems=[line(AccountCode="310", TaxType="INPUT")])
    rows = app.put("Invoices", bill, bill)
    assert [row["StatusAttributeString"] for row in rows] == ["OK", "OK"]
    assert rows[0]["Contact"]["IsSupplier"] is True


def test_a_credit_note_has_credit_to_give(app: App) -> None:
    (row,) = app.put("CreditNotes", credit_note(CreditNoteNumber="CN-9"))
    assert (row["CreditNoteNumber"], row["Total"], row["RemainingCredit"]) == ("CN-9", 1136.45, 1136.45)
    assert app.get("CreditNotes/CN-9")[0]["CreditNoteID"] == row["CreditNoteID"]
    assert refused(app, plural="CreditNotes", CreditNoteNumber="cn-9") == ["Credit Note # must be unique."]


# Computing -------------------------------------------------------------------------------------------------------------


def test_tax_is_rounded_line_by_line(app: App) -> None:
    lines = [line(Quantity=1, UnitAmount=amount) for amount in (25.06, 25.61, 25.63)]  # the example of Xero's page on rounding, with 19 %
    row = created(app, LineItems=lines)
    assert [stored["TaxAmount"] for stored in row["LineItems"]] == [4.76, 4.87, 4.87]
    assert (row["SubTotal"], row["TotalTax"], row["Total"]) == (76.3, 14.5, 90.8)


@pytest.mark.parametrize(
    ("amounts", "net", "tax", "total"), [("Exclusive", 100.0, 19.0, 119.0), ("Inclusive", 84.03, 15.97, 100.0), ("NoTax", 100.0, 0, 100.0)]
)
def test_amounts_are_with_without_or_free_of_tax(app: App, amounts: str, net: float, tax: float, total: float) -> None:
    row = created(app, LineAmountTypes=amounts, LineItems=[line(Quantity=1, UnitAmount=100)])
    assert (row["SubTotal"], row["TotalTax"], row["Total"], row["LineAmountTypes"]) == (net, tax, total, amounts)


def test_halves_are_rounded_up(app: App) -> None:
    row = created(app, LineItems=[line(Quantity=1, UnitAmount=0.5), line(Quantity=0.5, UnitAmount=0.01)])
    assert [(stored["LineAmount"], stored["TaxAmount"]) for stored in row["LineItems"]] == [(0.5, 0.1), (0.01, 0)]


def test_a_discount_is_taken_off_the_line(app: App) -> None:
    row = created(app, LineItems=[line(Quantity=1, UnitAmount=100, DiscountRate=12.5), line(Quantity=1, UnitAmount=100, DiscountAmount=30)])
    assert [stored["LineAmount"] for stored in row["LineItems"]] == [87.5, 70.0]
    assert (row["TotalDiscount"], row["IsDiscounted"]) == (42.5, True)
    assert "Discount must not be greater than the line total." in refused(app, LineItems=[line(DiscountRate=101)])[0]
    assert refused(app, plural="CreditNotes", LineItems=[line(DiscountRate=10)]) == [
        "Discounts can only be given on invoices of type ACCREC"
    ]


def test_unit_amounts_have_two_decimals_unless_four_are_asked_for(app: App) -> None:
    fine = {"Invoices": [invoice(LineItems=[line(Quantity=1000, UnitAmount=0.1234)])]}
    rounded = app.call("PUT", "Invoices", fine).json()["Invoices"][0]
    assert (rounded["LineItems"][0]["UnitAmount"], rounded["SubTotal"]) == (0.12, 120.0)
    exact = app.call("PUT", "Invoices", fine, params={"unitdp": 4}).json()["Invoices"][0]
    assert (exact["LineItems"][0]["UnitAmount"], exact["SubTotal"]) == (0.1234, 123.4)
    address = f"Invoices/{exact['InvoiceID']}"
    assert app.get(address)[0]["LineItems"][0]["UnitAmount"] == 0.12
    assert app.get(address, unitdp=4)[0]["LineItems"][0]["UnitAmount"] == 0.1234
    assert app.get("Invoices", page=1, unitdp=4)[1]["LineItems"][0]["UnitAmount"] == 0.1234


def test_a_tax_amount_that_is_sent_wins(app: App) -> None:
    assert created(app, LineItems=[line(TaxAmount=180.01)])["TotalTax"] == 180.01


def test_an_account_brings_its_tax_type(app: App) -> None:
    plain = {"Description": "Work", "UnitAmount": 100, "AccountCode": "200"}
    assert created(app, LineItems=[plain])["LineItems"][0]["TaxType"] == "OUTPUT"
    assert created(app, LineItems=[plain], LineAmountTypes="NoTax")["LineItems"][0]["TaxType"] == "NONE"


def test_numbers_may_come_as_text(app: App, witness: Witness) -> None:
    with witness.deliberately_wrong():
        assert created(app, LineItems=[line(Quantity="2", UnitAmount="10.50")])["SubTotal"] == 21.0


def test_a_foreign_currency_has_a_rate(app: App) -> None:
    assert created(app, CurrencyCode="USD", CurrencyRate=1.1)["CurrencyRate"] == 1.1
    assert created(app, CurrencyCode="USD")["CurrencyRate"] == 1.09
    assert refused(app, CurrencyCode="SEK") == ["Organisation is not subscribed to currency SEK"]


def test_a_rate_for_the_base_currency_is_a_warning(app: App) -> None:
    (row,) = app.put("Invoices", invoice(CurrencyRate=1.2))
    assert (row["StatusAttributeString"], row["CurrencyRate"]) == ("WARNING", 1)
    assert "was ignored" in row["Warnings"][0]["Message"]


def test_tracking_is_filled_in(app: App) -> None:
    (tracked,) = created(app, LineItems=[line(Tracking=[{"Name": "Department", "Option": "Design"}])])["LineItems"][0]["Tracking"]
    category = app.get("TrackingCategories")[0]
    assert tracked["TrackingCategoryID"] == category["TrackingCategoryID"]
    assert tracked["TrackingOptionID"] == category["Options"][0]["TrackingOptionID"]
    assert refused(app, LineItems=[line(Tracking=[{"Name": "Department", "Option": "Cooking"}])]) == [
        "The TrackingCategory 'Department' with option 'Cooking' does not exist"
    ]


# Refusing --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Contact": None}, "A Contact must be specified for this type of transaction"),
        (
            {"Contact": {}},
            "The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, ContactNumber",
        ),
        ({"Contact": {"ContactID": NO_ID}}, f"The contact with ContactID '{NO_ID}' could not be found"),
        ({"DueDate": None}, "The document DueDate field must be specified."),
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"LineItems": [line(Description="")]}, "The line item Description field must be specified."),
        ({"LineItems": [line(AccountCode=None)]}, "Account code must be specified"),
        ({"LineItems": [line(AccountCode="999")]}, "Account code '999' is not a valid code for this document."),
        ({"LineItems": [line(AccountCode="090")]}, "Account code '090' is not a valid code for this document."),
        ({"LineItems": [line(AccountCode="610")]}, "Account code '610' is not a valid code for this document."),
        (
            {"LineItems": [line(AccountCode="240")]},
            "Account code '240' has been archived, or has been deleted. Each line item must reference a valid account.",
        ),
        ({"LineItems": [line(TaxType="INPUT")]}, "The TaxType code INPUT does not exist or cannot be used for this type of transaction."),
        ({"LineItems": [line(TaxType="TAX004")]}, "The TaxType code TAX004 does not exist or cannot be used for this type of transaction."),
        ({"LineItems": [line(AccountCode="400")]}, "The TaxType code 'OUTPUT' cannot be used with account code '400'."),
        ({"LineItems": [line(LineAmount=900)]}, "The line total 900 does not match the expected line total 955.00"),
        ({"LineItems": [line(ItemCode="CONS")]}, "Item code 'CONS' is not valid"),
        ({"LineItems": [line(UnitAmount=-1)]}, "The document total cannot be less than zero."),
        ({"Status": "PAID"}, "Invoice not of valid status for creation"),
        ({"Url": "somewhere"}, "Url must be valid."),
        ({"Url": "http://["}, "Url must be valid."),
        ({"BrandingThemeID": NO_ID}, "The BrandingThemeID specified does not exist."),
        ({"Reference": "x" * 256}, "The Reference field has more than 255 characters."),
        ({"CurrencyCode": "USD", "CurrencyRate": 0}, "The CurrencyRate has to be greater than 0."),
    ],
)
def test_xero_says_what_is_wrong(app: App, witness: Witness, changes: dict[str, Any], words: str) -> None:
    with witness.deliberately_wrong():
        assert words in refused(app, **changes)
    assert app.get("Invoices") == []


def test_a_refused_element_comes_back_without_an_id(app: App) -> None:
    (row,) = app.put("Invoices", invoice(InvoiceNumber="X-1", LineItems=[line(AccountCode="999")]))
    assert (row["InvoiceID"], row["InvoiceNumber"], row["Date"]) == (NO_ID, "X-1", "/Date(1793491200000+0000)/")


def test_a_number_is_unique_among_living_invoices(app: App) -> None:
    first = created(app, InvoiceNumber="X-1")
    assert refused(app, InvoiceNumber="x-1") == ["Invoice # must be unique."]
    two = app.put("Invoices", invoice(InvoiceNumber="X-2"), invoice(InvoiceNumber="X-2"))
    assert [errors(row) for row in two] == [[], ["Invoice # must be unique."]]
    app.post("Invoices", {"InvoiceID": first["InvoiceID"], "Status": "VOIDED"})
    assert created(app, InvoiceNumber="X-1")["InvoiceID"] != first["InvoiceID"]
    assert app.get("Invoices/X-1")[0]["Status"] == "AUTHORISED"


def test_a_locked_period_takes_no_approved_documents(app: App) -> None:
    app.control("reset", {"keep_connections": True, "period_lock_date": "2026-10-31", "end_of_year_lock_date": "2025-12-31"})
    assert refused(app, Date="2026-10-31") == ["The document date cannot be before the period lock date, currently set at 31-Oct-2026"]
    assert len(refused(app, Date="2025-12-31")) == 2
    created(app, Date="2026-10-31", Status="DRAFT")
    created(app, Date="2026-11-01")
    assert app.get("Organisation")[0]["PeriodLockDate"] == "/Date(1793404800000+0000)/"


def test_an_archived_contact_gets_no_more_documents(app: App) -> None:
    (contact,) = app.put("Contacts", {"Name": "Old Ltd"})
    app.post("Contacts", {"ContactID": contact["ContactID"], "ContactStatus": "ARCHIVED"})
    (words,) = refused(app, Contact={"ContactID": contact["ContactID"]})
    assert words.startswith("The specified contact details matched an archived contact.")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "JSON request body could not be read"),
        (b"[]", "an object was expected"),
        (b'{"Invoices": 7}', "Invoices is not a list of objects"),
        (b'{"Invoices": [{"Type": "ACCSOMETHING"}]}', "Error converting value \"ACCSOMETHING\" to type 'InvoiceType'"),
        (b'{"Invoices": [{"Type": "ACCREC", "Status": "GREAT"}]}', "Error converting value"),
        (b'{"Invoices": [{"Type": "ACCREC", "Date": "yesterday"}]}', "Could not convert string to DateTime: yesterday. Path 'Date'"),
        (b'{"Invoices": [{"Type": "ACCREC", "Date": 7}]}', "Could not convert string to DateTime"),
        (b'{"Invoices": [{"Type": "ACCREC", "LineItems": "none"}]}', "LineItems is not a list"),
        (b'{"Invoices": [{"Type": "ACCREC", "LineItems": ["none"]}]}', "a line item is not an object"),
        (
            b'{"Invoices": [{"Type": "ACCREC", "LineItems": [{"Quantity": "many"}]}]}',
            "Could not convert the value of Quantity to decimal: many",
        ),
        (b'{"Invoices": [{"Type": "ACCREC", "LineItems": [{"Quantity": 1e400}]}]}', "Could not convert the value of Quantity to decimal"),
        (b'{"Invoices": [{"Type": "ACCREC", "LineItems": [{"Quantity": "NaN"}]}]}', "Could not convert the value of Quantity to decimal"),
        (b'{"Invoices": [{"Type": "ACCREC", "LineItems": [{"Tracking": 1}]}]}', "Tracking is not a list of objects"),
        (b'{"Invoices": [{"Type": "ACCREC", "LineAmountTypes": "Both"}]}', "Error converting value"),
        (b'{"Invoices": [{"Type": "ACCREC", "Reference": []}]}', "Could not convert the value of Reference to string"),
        (b'{"Invoices": [{"Type": "ACCREC", "SentToContact": "maybe"}]}', "Could not convert the value of SentToContact to boolean"),
        (b'{"a":' * 2000, "JSON request body could not be read"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_whole(app: App, witness: Witness, body: bytes, words: str) -> None:
    with witness.deliberately_wrong():
        answer = app.call("PUT", "Invoices", body, params={"summarizeErrors": "false"})
    assert answer.status_code == 400
    assert (answer.json()["ErrorNumber"], answer.json()["Type"]) == (14, "PostDataInvalidException")
    assert words in answer.json()["Message"]


def test_a_type_has_to_be_given(app: App) -> None:
    (row,) = app.put("Invoices", {"Contact": {"Name": "Acme GmbH"}})
    assert errors(row) == ["Invoice type must be specified"]


def test_a_body_of_more_than_three_and_a_half_megabytes_is_too_much(app: App, witness: Witness) -> None:
    with witness.deliberately_wrong():
        assert app.call("PUT", "Invoices", b" " * 3_500_001).status_code == 413


# Several at once -------------------------------------------------------------------------------------------------------


def test_each_is_answered_for_itself_in_order(app: App) -> None:
    bad = invoice(LineItems=[line(AccountCode="999")])
    rows = app.put("Invoices", invoice(Reference="a"), bad, invoice(Reference="b"))
    assert [(row["StatusAttributeString"], row.get("Reference")) for row in rows] == [("OK", "a"), ("ERROR", None), ("OK", "b")]
    assert len(app.get("Invoices")) == 2


def test_without_summarize_errors_false_one_bad_element_refuses_all(app: App) -> None:
    bad = invoice(InvoiceNumber="BAD", LineItems=[line(AccountCode="999")])
    answer = app.call("PUT", "Invoices", {"Invoices": [invoice(), bad]})
    assert answer.status_code == 400
    body = answer.json()
    assert (body["ErrorNumber"], body["Type"], body["Message"]) == (10, "ValidationException", "A validation exception occurred")
    (element,) = body["Elements"]
    assert (element["InvoiceNumber"], errors(element)) == ("BAD", ["Account code '999' is not a valid code for this document."])
    assert app.get("Invoices") == []
    assert app.get("Contacts", where='Name=="Acme GmbH"') == []


def test_a_batch_of_fifty_is_fine(app: App) -> None:
    rows = app.put("Invoices", *(invoice(InvoiceNumber=f"B-{number}") for number in range(50)))
    assert [row["InvoiceNumber"] for row in rows] == [f"B-{number}" for number in range(50)]


# Changing --------------------------------------------------------------------------------------------------------------


def change(app: App, row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    (answer,) = app.post("Invoices", {"InvoiceID": row["InvoiceID"], **changes})
    return answer


def test_post_creates_when_there_is_nothing_to_update(app: App) -> None:
    (row,) = app.post("Invoices", invoice(InvoiceNumber="X-1"))
    assert row["StatusAttributeString"] == "OK"


def test_post_updates_by_id_and_by_number(app: App) -> None:
    first = created(app, InvoiceNumber="X-1")
    assert change(app, first, Reference="new")["Reference"] == "new"
    (row,) = app.post("Invoices", invoice(InvoiceNumber="X-1", LineItems=[line(Quantity=1)]))
    assert (row["InvoiceID"], row["SubTotal"], row["Reference"]) == (first["InvoiceID"], 95.5, "new")
    (row,) = app.call("POST", f"Invoices/{first['InvoiceID']}", {"Invoices": [{"Reference": "again"}]}).json()["Invoices"]
    assert (row["InvoiceID"], row["Reference"], row["SubTotal"]) == (first["InvoiceID"], "again", 95.5)
    assert len(app.get("Invoices")) == 1


def test_an_id_that_does_not_exist_is_refused(app: App) -> None:
    assert errors(change(app, {"InvoiceID": NO_ID}, Reference="new")) == [
        "An existing Invoice with the specified InvoiceID could not be found"
    ]
    assert app.call("POST", f"Invoices/{NO_ID}", {"Invoices": [{"Reference": "new"}]}).status_code == 404


def test_a_line_keeps_its_id_when_it_is_sent_along(app: App) -> None:
    first = created(app, LineItems=[line(), line()])
    kept = first["LineItems"][0]["LineItemID"]
    after = change(app, first, LineItems=[line(LineItemID=kept), line(), line(LineItemID=NO_ID)])["LineItems"]
    assert after[0]["LineItemID"] == kept
    assert len({stored["LineItemID"] for stored in [*first["LineItems"], *after]}) == 4


def test_a_number_may_change_and_the_old_one_becomes_free(app: App) -> None:
    first = created(app, InvoiceNumber="X-1")
    assert change(app, first, InvoiceNumber="X-2")["InvoiceNumber"] == "X-2"
    assert app.call("GET", "Invoices/X-1").status_code == 404
    second = created(app, InvoiceNumber="X-1")
    assert errors(change(app, second, InvoiceNumber="X-2")) == ["Invoice # must be unique."]


def test_a_draft_is_approved_when_it_is_complete(app: App) -> None:
    (draft,) = app.put(
        "Invoices", {"Type": "ACCREC", "Contact": {"Name": "Acme GmbH"}, "LineItems": [{"Description": "Work", "UnitAmount": 100}]}
    )
    assert errors(change(app, draft, Status="AUTHORISED")) == [
        "The document DueDate field must be specified.",
        "Account code must be specified",
    ]
    assert change(app, draft, LineItems=[line()], DueDate="2026-12-01")["Status"] == "DRAFT"
    approved = change(app, draft, Status="AUTHORISED")
    assert (approved["Status"], approved["Total"]) == ("AUTHORISED", 1136.45)


def test_what_was_overridden_survives_an_update_of_something_else(app: App) -> None:
    first = created(app, LineItems=[line(TaxAmount=180.01)])
    assert change(app, first, Reference="new", Status="AUTHORISED")["TotalTax"] == 180.01


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("DRAFT", "SUBMITTED", True),
        ("DRAFT", "DELETED", True),
        ("DRAFT", "VOIDED", False),
        ("SUBMITTED", "AUTHORISED", True),
        ("SUBMITTED", "DRAFT", True),
        ("AUTHORISED", "VOIDED", True),
        ("AUTHORISED", "DELETED", False),
        ("AUTHORISED", "DRAFT", False),
        ("AUTHORISED", "PAID", False),
    ],
)
def test_a_status_leads_to_some_others_only(app: App, before: str, after: str, allowed: bool) -> None:
    row = change(app, created(app, Status=before), Status=after)
    assert errors(row) == ([] if allowed else ["Invoice not of valid status for modification"])
    assert app.get(f"Invoices/{row['InvoiceID']}")[0]["Status"] == (after if allowed else before)


def test_voided_and_deleted_documents_are_read_only(app: App) -> None:
    for before, after in (("AUTHORISED", "VOIDED"), ("DRAFT", "DELETED")):
        row = created(app, Status=before)
        assert change(app, row, Status=after)["AmountDue"] == 0
        assert errors(change(app, row, Reference="new")) == ["Invoice not of valid status for modification"]
        assert errors(app.post("Invoices", invoice(InvoiceNumber=row["InvoiceNumber"]))[0]) == [
            "Invoice not of valid status for modification"
        ]


def test_a_partly_paid_invoice_changes_in_few_fields(app: App, xero: XeroSandbox) -> None:
    row = created(app)
    books = xero.books[app.tenant]
    xero.bookkeeper.pay(books, books.documents["Invoice"][row["InvoiceID"]], "100")
    assert change(app, row, Reference="new", DueDate="2027-01-01")["Reference"] == "new"
    paid = "This document cannot be edited as it has a payment or credit note allocated to it."
    assert errors(change(app, row, LineItems=[line()])) == [paid]
    assert errors(change(app, row, Status="VOIDED")) == [
        "The status VOIDED cannot be applied to the invoice because it has payments or credit notes allocated to it."
    ]
    xero.bookkeeper.pay(books, books.documents["Invoice"][row["InvoiceID"]], "1036.45")
    assert errors(change(app, row, LineItems=[line()])) == ["Invoice not of valid status for modification", paid]
    assert change(app, row, Url="https://app.example/paid")["Status"] == "PAID"


def test_every_change_is_dated(app: App, later) -> None:
    row = created(app)
    later(60)
    after = change(app, row, Reference="new")
    assert after["UpdatedDateUTC"] > row["UpdatedDateUTC"]
    assert after["UpdatedDateUTCString"] > row["UpdatedDateUTCString"]


def test_credit_notes_are_changed_alike(app: App) -> None:
    (row,) = app.put("CreditNotes", credit_note(Status="DRAFT", CreditNoteNumber="CN-7"))
    (after,) = app.post("CreditNotes", {"CreditNoteID": row["CreditNoteID"], "Status": "AUTHORISED", "LineItems": [line(Quantity=1)]})
    assert (after["Status"], after["RemainingCredit"]) == ("AUTHORISED", 113.65)
    (after,) = app.post("CreditNotes", credit_note(CreditNoteNumber="CN-7", Reference="by number"))
    assert after["CreditNoteID"] == row["CreditNoteID"]
    (gone,) = app.post("CreditNotes", {"CreditNoteID": NO_ID, "Reference": "x"})
    assert errors(gone) == ["An existing Credit Note with the specified CreditNoteID could not be found"]


def test_organisations_do_not_see_each_other(app: App) -> None:
    row = created(app, InvoiceNumber="X-1")
    app.allow()
    app.tenant = app.connections()[1]["tenantId"]
    assert app.call("GET", f"Invoices/{row['InvoiceID']}").status_code == 404
    pounds = {**line(AccountCode="4000", TaxType="OUTPUT2")}
    (other,) = app.put("Invoices", invoice(InvoiceNumber="X-1", LineItems=[pounds]))
    assert (other["StatusAttributeString"], other["CurrencyCode"], other["TotalTax"]) == ("OK", "GBP", 191.0)


def test_several_tax_components_make_one_rate(app: App) -> None:
    app.allow()
    app.tenant = app.connections()[2]["tenantId"]
    (row,) = app.put("Invoices", invoice(LineItems=[line(AccountCode="400", UnitAmount=100, Quantity=1)]))
    assert (row["CurrencyCode"], row["TotalTax"]) == ("USD", 8.38)
    rate = next(rate for rate in app.get("TaxRates") if rate["TaxType"] == "OUTPUT")
    assert (rate["EffectiveRate"], [part["Rate"] for part in rate["TaxComponents"]]) == (8.375, [4.375, 4])


def test_the_state_shows_what_came_in(app: App) -> None:
    created(app, InvoiceNumber="X-1")
    app.put("CreditNotes", credit_note())
    state = app.control("state")
    assert (state["counts"]["invoices"], state["counts"]["credit_notes"]) == (1, 1)
    (row,) = state["records"]["invoices"]
    assert (row["tenantId"], row["InvoiceNumber"], row["Total"]) == (app.tenant, "X-1", 1136.45)
    assert state["requests"]["by_call"]["PUT /api.xro/2.0/Invoices"] == 1
    assert json.loads(state["requests"]["last"][-2]["body"])["Invoices"][0]["InvoiceNumber"] == "X-1"
