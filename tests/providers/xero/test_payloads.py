"""Records to Xero's documents: every setting changes what it says it changes, and what is missing is said in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings

from integrations.errors import ConfigProblem, Rejected
from integrations.http.client import encode
from integrations.provider import Copy
from integrations.providers.xero import payloads
from integrations.providers.xero.client import Document, Payment
from integrations.providers.xero.models import InvoiceStatus, Reference, XeroIntegration
from integrations.records.models import Company, ContactEntry, Invoice, LineItem, ServiceType, TaxRate
from integrations.sandbox.exchange import Exchange, Reply, Request
from tests.conftest import World
from tests.contract.house import House
from tests.contract.specs import assert_conforms
from tests.providers.xero.descriptions import ACCOUNTING

CONTACT = "e8b1f2c0-0000-4000-a000-000000000001"
COPY = "https://patchbay.example/records/invoice/1/"
Build = Callable[..., tuple[dict[str, Any], dict[str, Decimal]]]
PLURALS: dict[Build, str] = {
    payloads.build_invoice: "Invoices",
    payloads.build_credit_note: "CreditNotes",
    payloads.build_contact: "Contacts",
}


@pytest.fixture
def house(scoped: World) -> House:
    return House(scoped.organization)


@pytest.fixture
def xero(house: House) -> XeroIntegration:
    """An integration with everything that is required."""
    integration: XeroIntegration = XeroIntegration.everywhere.create(
        organization=house.organization,
        provider="xero",
        name="Xero",
        account_code="200",
        tax_rate_mapping={str(house.tax_rate.pk): "OUTPUT"},
        xero_invoice_status_id=InvoiceStatus.APPROVED,
    )
    return integration


@pytest.fixture
def invoice(house: House) -> Invoice:
    sample: Invoice = house.sample("invoice")
    return sample


@pytest.fixture
def credit_note(house: House) -> Invoice:
    sample: Invoice = house.sample("credit_note")
    return sample


@pytest.fixture
def company(house: House) -> Company:
    sample: Company = house.sample("company")
    return sample


def copy_for(integration: XeroIntegration, *, remote_id: str = "", **choices: str) -> Copy:
    return Copy(
        integration=integration,
        reference="tag-invoice-1-1",
        address=COPY,
        choices=choices,
        linked=lambda kind, record_id: CONTACT,
        remote_id=remote_id,
    )


def payload(build: Build, integration: XeroIntegration, record: Any, *, remote_id: str = "", **choices: str) -> dict[str, Any]:
    """What would be sent, held against Xero's own description where that is there."""
    built, _expected = build(copy_for(integration, remote_id=remote_id, **choices), record)
    folder: Path | None = settings.SPECS_DIR
    if folder is not None and folder.is_dir():
        headers = {"xero-tenant-id": "t", "content-type": "application/json"}
        request = Request("PUT", f"/api.xro/2.0/{PLURALS[build]}", "summarizeErrors=false", headers, encode({PLURALS[build]: [built]}))
        assert_conforms(Exchange(request, Reply(429)), ACCOUNTING.load(folder))
    return built


def only_line(invoice: Invoice, **values: Any) -> LineItem:
    """Leave the invoice one line, with these values."""
    first, *others = invoice.line_items.all()
    for other in others:
        other.delete()
    for name, value in values.items():
        setattr(first, name, value)
    first.save()
    return first


# Invoices


def test_an_invoice_says_who_when_what_and_how_much(xero: XeroIntegration, invoice: Invoice) -> None:
    built = payload(payloads.build_invoice, xero, invoice)
    assert {name: built[name] for name in built if name != "LineItems"} == {
        "Type": "ACCREC",
        "Contact": {"ContactID": CONTACT},
        "Date": "2026-09-02",
        "DueDate": "2026-09-16",
        "Status": "AUTHORISED",
        "CurrencyCode": "EUR",
        "Reference": "Work of period 1",
        "Url": f"{COPY}?copy=tag-invoice-1-1",
        "LineAmountTypes": "Exclusive",
    }
    assert built["LineItems"][0] == {
        "Description": "Design, part 1 of 1",
        "Quantity": Decimal("2.00"),
        "UnitAmount": Decimal("100.10"),
        "AccountCode": "200",
        "TaxType": "OUTPUT",
    }


def test_the_totals_that_are_expected_are_our_own(xero: XeroIntegration, invoice: Invoice) -> None:
    _built, expected = payloads.build_invoice(copy_for(xero), invoice)
    assert expected == {"net": Decimal("300.30"), "tax": Decimal("57.06"), "total": Decimal("357.36")}


@pytest.mark.parametrize(
    ("status", "sent"),
    [(InvoiceStatus.DRAFT, "DRAFT"), (InvoiceStatus.SUBMITTED, "SUBMITTED"), (InvoiceStatus.APPROVED, "AUTHORISED")],
)
def test_the_status_of_a_new_invoice_is_the_one_that_is_set(
    xero: XeroIntegration, invoice: Invoice, status: InvoiceStatus, sent: str
) -> None:
    xero.xero_invoice_status_id = status
    assert payload(payloads.build_invoice, xero, invoice)["Status"] == sent


def test_a_chosen_status_wins_over_the_one_that_is_set(xero: XeroIntegration, invoice: Invoice) -> None:
    for status in (InvoiceStatus.APPROVED, InvoiceStatus.MANUAL):
        xero.xero_invoice_status_id = status
        assert payload(payloads.build_invoice, xero, invoice, status="SUBMITTED")["Status"] == "SUBMITTED"


def test_an_update_leaves_the_status_to_the_people_in_xero(xero: XeroIntegration, invoice: Invoice) -> None:
    built = payload(payloads.build_invoice, xero, invoice, remote_id=CONTACT)
    assert built["InvoiceID"] == CONTACT
    assert "Status" not in built
    assert payload(payloads.build_invoice, xero, invoice, remote_id=CONTACT, status="AUTHORISED")["Status"] == "AUTHORISED"


def test_the_number_is_ours_only_when_it_is_to_be_sent(xero: XeroIntegration, invoice: Invoice) -> None:
    assert "InvoiceNumber" not in payload(payloads.build_invoice, xero, invoice)
    xero.export_number = True
    assert payload(payloads.build_invoice, xero, invoice)["InvoiceNumber"] == invoice.number


def test_the_reference_is_the_subject_or_the_purchase_order_number(xero: XeroIntegration, invoice: Invoice) -> None:
    invoice.purchase_order_number = "PO-77"
    assert payload(payloads.build_invoice, xero, invoice)["Reference"] == "Work of period 1"
    xero.xero_reference = Reference.PURCHASE_ORDER_NUMBER
    assert payload(payloads.build_invoice, xero, invoice)["Reference"] == "PO-77"
    invoice.purchase_order_number = ""
    assert "Reference" not in payload(payloads.build_invoice, xero, invoice)


def test_a_subject_longer_than_xero_takes_is_cut(xero: XeroIntegration, invoice: Invoice) -> None:
    invoice.subject = "long " * 100
    assert len(payload(payloads.build_invoice, xero, invoice)["Reference"]) == 255


def test_a_service_type_has_its_own_account_or_the_default(xero: XeroIntegration, invoice: Invoice, house: House) -> None:
    other = ServiceType.everywhere.create(organization=house.organization, name="Development")
    LineItem.everywhere.filter(invoice=invoice, position=1).update(service_type=other)
    xero.account_code_mapping = {str(other.pk): "215"}
    lines = payload(payloads.build_invoice, xero, invoice)["LineItems"]
    assert [line["AccountCode"] for line in lines] == ["200", "215"]


def test_a_line_without_a_service_type_takes_the_default_account(xero: XeroIntegration, invoice: Invoice) -> None:
    only_line(invoice, service_type=None)
    assert payload(payloads.build_invoice, xero, invoice)["LineItems"][0]["AccountCode"] == "200"


def test_each_line_has_the_tax_type_of_its_own_rate(xero: XeroIntegration, invoice: Invoice, house: House) -> None:
    reduced = TaxRate.everywhere.create(organization=house.organization, name="VAT 7 %", primary_component_value=Decimal(7))
    LineItem.everywhere.filter(invoice=invoice, position=1).update(tax_rate=reduced)
    xero.tax_rate_mapping |= {str(reduced.pk): "TAX001"}
    lines = payload(payloads.build_invoice, xero, invoice)["LineItems"]
    assert [line["TaxType"] for line in lines] == ["OUTPUT", "TAX001"]


@pytest.mark.parametrize(
    ("of_line", "of_invoice", "rate"),
    [(None, None, None), ("0", "0", None), ("10", None, "10.00"), (None, "5", "5.00"), ("10", "5", "14.50"), ("33.333", None, "33.333")],
)
def test_discounts_of_line_and_invoice_are_one_rate(
    xero: XeroIntegration, invoice: Invoice, of_line: str | None, of_invoice: str | None, rate: str | None
) -> None:
    only_line(invoice, discount=None if of_line is None else Decimal(of_line))
    invoice.discount = None if of_invoice is None else Decimal(of_invoice)
    line = payload(payloads.build_invoice, xero, invoice)["LineItems"][0]
    assert line.get("DiscountRate") == (None if rate is None else Decimal(rate))
    assert line["UnitAmount"] == Decimal("100.10")


@pytest.mark.parametrize(("quantity", "sent"), [("1", "1.00"), ("7.50000000", "7.50"), ("0.33330000", "0.3333"), ("-1", "-1.00")])
def test_quantities_are_sent_exactly(xero: XeroIntegration, invoice: Invoice, quantity: str, sent: str) -> None:
    only_line(invoice, quantity=Decimal(quantity))
    line = payload(payloads.build_invoice, xero, invoice)["LineItems"][0]
    assert str(line["Quantity"]) == sent


def test_unit_prices_keep_their_four_places(xero: XeroIntegration, invoice: Invoice) -> None:
    only_line(invoice, unit_price=Decimal("95.1234"))
    built = payload(payloads.build_invoice, xero, invoice)
    assert b'"UnitAmount":95.1234' in encode(built)


def test_a_line_that_says_nothing_is_called_services(xero: XeroIntegration, invoice: Invoice) -> None:
    only_line(invoice, description="", quantity=None, unit_price=None)
    line = payload(payloads.build_invoice, xero, invoice)["LineItems"][0]
    assert (line["Description"], line["Quantity"], line["UnitAmount"]) == ("Services", Decimal("1.00"), Decimal("0.00"))


def test_a_description_longer_than_xero_takes_is_cut(xero: XeroIntegration, invoice: Invoice) -> None:
    only_line(invoice, description="word " * 1000)
    assert len(payload(payloads.build_invoice, xero, invoice)["LineItems"][0]["Description"]) == 4000


def test_quotes_and_line_breaks_survive(xero: XeroIntegration, invoice: Invoice) -> None:
    text = 'Sketch "A\\B"\nand 100 % of <it> – für Ö'
    only_line(invoice, description=text)
    sent = msgspec.json.decode(encode(payload(payloads.build_invoice, xero, invoice)))
    assert sent["LineItems"][0]["Description"] == text


def test_lines_that_were_deleted_are_left_out(xero: XeroIntegration, invoice: Invoice) -> None:
    LineItem.everywhere.filter(invoice=invoice, position=0).update(remote_deleted_at="2026-01-01T00:00Z")
    assert len(payload(payloads.build_invoice, xero, invoice)["LineItems"]) == 1


def test_a_draft_may_go_without_a_due_date_and_an_approved_invoice_may_not(xero: XeroIntegration, invoice: Invoice) -> None:
    invoice.pay_on = None
    with pytest.raises(Rejected, match="no due date") as refused:
        payloads.build_invoice(copy_for(xero), invoice)
    assert refused.value.field == "pay_on"
    xero.xero_invoice_status_id = InvoiceStatus.DRAFT
    assert "DueDate" not in payload(payloads.build_invoice, xero, invoice)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("company", None, "no company"), ("invoiced_on", None, "no date"), ("number", "", "no number to send")],
)
def test_what_an_invoice_lacks_is_named_with_the_cure(
    xero: XeroIntegration, invoice: Invoice, field: str, value: object, words: str
) -> None:
    xero.export_number = True
    setattr(invoice, field, value)
    with pytest.raises(Rejected, match=words) as refused:
        payloads.build_invoice(copy_for(xero), invoice)
    assert refused.value.field == field
    assert refused.value.advice


def test_an_invoice_without_lines_is_refused(xero: XeroIntegration, invoice: Invoice) -> None:
    invoice.line_items.all().delete()
    with pytest.raises(Rejected, match="no lines"):
        payloads.build_invoice(copy_for(xero), invoice)


def test_an_unmapped_tax_rate_is_named_with_its_row(xero: XeroIntegration, invoice: Invoice, house: House) -> None:
    xero.tax_rate_mapping = {}
    with pytest.raises(ConfigProblem, match="“VAT 19 %” has no tax rate in Xero") as refused:
        payloads.build_invoice(copy_for(xero), invoice)
    assert (refused.value.field, refused.value.value) == ("tax_rate_mapping", str(house.tax_rate.pk))
    assert refused.value.advice == "Map it."


def test_an_unmapped_service_type_without_a_default_is_named_with_its_row(xero: XeroIntegration, invoice: Invoice, house: House) -> None:
    xero.account_code = ""
    with pytest.raises(ConfigProblem, match="“Design” has no account in Xero") as refused:
        payloads.build_invoice(copy_for(xero), invoice)
    assert (refused.value.field, refused.value.value) == ("account_code_mapping", str(house.service_type.pk))
    assert refused.value.advice == "Map it or set a default."


def test_a_line_without_a_tax_rate_is_refused_and_not_guessed(xero: XeroIntegration, invoice: Invoice) -> None:
    only_line(invoice, tax_rate=None)
    with pytest.raises(ConfigProblem) as refused:
        payloads.build_invoice(copy_for(xero), invoice)
    assert refused.value.field == "tax_rate_mapping"


# Credit notes


def test_a_credit_note_has_positive_amounts_and_no_discount_rate(xero: XeroIntegration, credit_note: Invoice) -> None:
    only_line(credit_note, unit_price=Decimal("-100.00"), discount=Decimal(10))
    credit_note.discount = Decimal(5)
    credit_note.amount = Decimal("-85.50")
    built, expected = payloads.build_credit_note(copy_for(xero), credit_note)
    line = payload(payloads.build_credit_note, xero, credit_note)["LineItems"][0]
    assert (line["UnitAmount"], "DiscountRate" in line) == (Decimal("85.50"), False)
    assert built["Type"] == "ACCRECCREDIT"
    assert not {"DueDate", "Url"} & built.keys()
    assert expected["net"] == Decimal("85.50")


@pytest.mark.parametrize(
    ("lines", "sent"),
    [
        ([("1", "100"), ("1", "-20")], [("1.00", "100.00"), ("1.00", "-20.00")]),
        ([("1", "-100"), ("1", "20")], [("1.00", "100.00"), ("1.00", "-20.00")]),
        ([("-1", "100"), ("1", "20")], [("-1.00", "-100.00"), ("1.00", "-20.00")]),
    ],
)
def test_a_credit_note_keeps_what_its_lines_take_from_each_other(
    xero: XeroIntegration, credit_note: Invoice, lines: list[tuple[str, str]], sent: list[tuple[str, str]]
) -> None:
    for line, (quantity, unit_price) in zip(credit_note.line_items.all(), lines, strict=True):
        line.quantity, line.unit_price = Decimal(quantity), Decimal(unit_price)
        line.save()
    built = payload(payloads.build_credit_note, xero, credit_note)["LineItems"]
    assert [(str(line["Quantity"]), str(line["UnitAmount"])) for line in built] == sent


def test_a_credit_note_sends_its_number_and_the_id_of_its_copy(xero: XeroIntegration, credit_note: Invoice) -> None:
    xero.export_number = True
    built = payload(payloads.build_credit_note, xero, credit_note, remote_id=CONTACT)
    assert (built["CreditNoteNumber"], built["CreditNoteID"]) == (credit_note.number, CONTACT)


# Contacts


def test_a_customer_is_sent_with_all_that_is_known(xero: XeroIntegration, company: Company) -> None:
    assert payload(payloads.build_contact, xero, company) == {
        "Name": "Customer 1",
        "ContactNumber": "7001",
        "EmailAddress": "office@customer-1.example",
        "TaxNumber": "DE000000001",
        "DefaultCurrency": "EUR",
        "Addresses": [
            {"AddressType": "POBOX", "AddressLine1": "High Street 2", "City": "Berlin", "PostalCode": "10115", "Country": "Germany"}
        ],
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "+49 30 1234567"}],
    }


def test_the_billing_name_and_the_billing_address_win(xero: XeroIntegration, company: Company, house: House) -> None:
    company.billing_name = "Customer One Holding"
    ContactEntry.everywhere.create(
        organization=house.organization,
        company=company,
        billing_address=True,
        address="Tower\nFloor 3\nRoom 12\nDoor B\nMat",
        city="Hamburg",
        billing_email="billing@customer-1.example",
    )
    built = payload(payloads.build_contact, xero, company)
    assert (built["Name"], built["EmailAddress"]) == ("Customer One Holding", "billing@customer-1.example")
    (address,) = built["Addresses"]
    assert (address["City"], address["AddressLine4"], "AddressLine5" in address) == ("Hamburg", "Door B", False)


def test_a_customer_that_is_not_from_productive_is_known_by_our_reference(xero: XeroIntegration, company: Company) -> None:
    company.productive_id = None
    assert payload(payloads.build_contact, xero, company)["ContactNumber"] == "tag-invoice-1-1"


def test_a_bare_customer_has_a_name_and_a_number(xero: XeroIntegration, company: Company) -> None:
    company.contact_entries.all().delete()
    company.vat = company.default_currency = ""
    assert payload(payloads.build_contact, xero, company) == {"Name": "Customer 1", "ContactNumber": "7001"}


def test_an_update_of_a_customer_names_its_contact(xero: XeroIntegration, company: Company) -> None:
    assert payload(payloads.build_contact, xero, company, remote_id=CONTACT)["ContactID"] == CONTACT


def test_a_customer_without_a_name_is_refused(xero: XeroIntegration, company: Company) -> None:
    company.name = company.billing_name = "  "
    with pytest.raises(Rejected, match="no name") as refused:
        payloads.build_contact(copy_for(xero), company)
    assert refused.value.field == "name"


def test_texts_longer_than_xero_takes_are_cut(xero: XeroIntegration, company: Company) -> None:
    company.name, company.vat = "n" * 255 + "x", "v" * 60
    ContactEntry.everywhere.filter(company=company).update(phone="0" * 60, country="c" * 60)
    built = payload(payloads.build_contact, xero, company)
    assert [len(built["Name"]), len(built["TaxNumber"]), len(built["Phones"][0]["PhoneNumber"])] == [255, 50, 50]
    assert len(built["Addresses"][0]["Country"]) == 50


# What Xero answers


def payment(**changes: Any) -> Payment:
    row = {
        "PaymentID": "p-1",
        "Amount": 33.33,
        "Date": "/Date(1767139200000+0000)/",
        "Status": "AUTHORISED",
        "Reference": "Transfer",
        "Invoice": {"InvoiceID": "i-1", "Type": "ACCREC", "CurrencyCode": "EUR"},
    }
    return msgspec.json.decode(encode({**row, **changes}), type=Payment, strict=False)


def test_a_payment_is_read_to_the_cent_and_the_day() -> None:
    incoming = payloads.read_payment(payment())
    assert (incoming.remote_id, incoming.number, incoming.deleted) == ("p-1", "Transfer", False)
    assert incoming.values == {
        "amount": Decimal("33.33"),
        "paid_on": date(2025, 12, 31),
        "currency": "EUR",
        "external_id": "p-1",
        "note": "Transfer",
    }
    assert incoming.belongs_to == {"invoice": ("invoice", "i-1")}


def test_a_refund_belongs_to_its_credit_note_however_xero_shows_it() -> None:
    as_invoice = payment(Invoice={"InvoiceID": "c-1", "Type": "ACCRECCREDIT", "CurrencyCode": "EUR"})
    as_credit_note = payment(Invoice=None, CreditNote={"CreditNoteID": "c-1", "CurrencyCode": "EUR"})
    for shown in (as_invoice, as_credit_note):
        assert payloads.read_payment(shown).belongs_to == {"invoice": ("credit_note", "c-1")}


def test_a_deleted_payment_is_read_as_deleted() -> None:
    assert payloads.read_payment(payment(Status="DELETED")).deleted


def test_a_document_without_a_number_changes_none() -> None:
    assert payloads.read_number(Document(invoice_id="i-1")).values == {}
    assert payloads.read_number(Document(invoice_id="i-1", invoice_number="INV-9")).values == {"number": "INV-9"}


@pytest.mark.parametrize(("number", "plain"), [("95.5000", "95.50"), ("12.0000", "12.00"), ("0.3333", "0.3333"), ("1E+2", "100.00")])
def test_numbers_are_written_as_people_write_them(number: str, plain: str) -> None:
    assert str(payloads.plain(Decimal(number))) == plain
