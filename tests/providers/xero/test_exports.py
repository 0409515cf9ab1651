"""What Xero says to our drafts, and how a copy is recognised that Xero may have already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations import clock
from integrations.errors import Rejected
from integrations.provider import Done, Draft
from integrations.providers.xero import exports
from integrations.providers.xero.client import XeroClient
from integrations.providers.xero.sandbox import XeroSandbox
from integrations.providers.xero.sandbox.books import INVOICE, Books
from integrations.registry import get
from tests.contract.harness import Harness, harnessed

WANTED = {"ContactNumber": "7001", "TaxNumber": "DE000000001", "EmailAddress": "office@acme.example", "Name": "Acme GmbH"}


@pytest.fixture
def harness(db: None, settings: Any, later: Callable[[float], None]) -> Iterator[Harness]:
    with harnessed(get("xero"), settings, later) as connectable:
        connectable.connect()
        yield connectable


@pytest.fixture
def sandbox(harness: Harness) -> XeroSandbox:
    assert isinstance(harness.sandbox, XeroSandbox)
    return harness.sandbox


@pytest.fixture
def books(sandbox: XeroSandbox) -> Books:
    return next(iter(sandbox.books.values()))


@pytest.fixture
def client(harness: Harness) -> XeroClient:
    found = harness.client()
    assert isinstance(found, XeroClient)
    return found


@pytest.fixture
def there(sandbox: XeroSandbox, books: Books) -> Callable[..., str]:
    """Somebody enters a contact in Xero; its id."""

    def enter(**fields: str) -> str:
        raw = {"Name": f"Contact {len(books.contacts)}", **fields}
        row = sandbox.contacts.commit(books, sandbox.contacts.stage(books, raw, None, set())).row
        return str(row["ContactID"])

    return enter


def draft(payload: dict[str, Any], item: int = 1, reference: str = "tag-x-1-1", **expected: Decimal) -> Draft:
    return Draft(item=item, record=item, revision=1, reference=reference, payload=payload, expected=expected)


def invoice(contact: str, reference: str = "tag-invoice-1-1", **changes: Any) -> Draft:
    line = {"Description": "Design", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200", "TaxType": "OUTPUT"}
    payload = {"Type": "ACCREC", "Contact": {"ContactID": contact}, "Date": "2026-11-01", "DueDate": "2026-12-01", "LineItems": [line]}
    address = f"https://patchbay.example/records/invoice/1/?copy={reference}"
    return draft({**payload, "Url": address, **changes}, reference=reference)


def credit_note(contact: str, item: int = 1, **changes: Any) -> Draft:
    line = {"Description": "Design", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200", "TaxType": "OUTPUT"}
    payload = {"Type": "ACCRECCREDIT", "Contact": {"ContactID": contact}, "Date": "2026-11-01", "Reference": "Refund", "LineItems": [line]}
    return draft({**payload, **changes}, item=item, total=Decimal("119.00"))


def adopted(client: XeroClient, **payload: str) -> str | None:
    found = exports.adopt_contacts(client, [draft({"Name": "Nobody", **(payload or WANTED)})])
    return found[1].remote_id if found else None


def long_ago() -> Any:
    return clock.now() - timedelta(days=1)


# Contacts that Xero has already


@pytest.mark.parametrize("left", [4, 3, 2, 1])
def test_a_contact_is_known_by_number_then_tax_number_then_e_mail_then_name(
    client: XeroClient, there: Callable[..., str], left: int
) -> None:
    names = list(WANTED)[4 - left :]
    ids = [there(**{name: WANTED[name]}) for name in names]
    assert adopted(client) == ids[0]


def test_what_fits_several_contacts_is_not_taken_and_the_next_criterion_decides(client: XeroClient, there: Callable[..., str]) -> None:
    for _ in range(2):
        there(EmailAddress=WANTED["EmailAddress"])
    assert adopted(client) is None
    named = there(Name=WANTED["Name"])
    assert adopted(client) == named


def test_a_name_is_the_same_in_whatever_case(client: XeroClient, there: Callable[..., str]) -> None:
    named = there(Name="ACME gmbh")
    assert adopted(client, Name="Acme GmbH") == named


def test_a_name_that_only_begins_the_same_is_another_contact(client: XeroClient, there: Callable[..., str]) -> None:
    there(Name="Acme GmbH & Co. KG")
    assert adopted(client, Name="Acme GmbH") is None


def test_archived_contacts_are_not_taken(client: XeroClient, there: Callable[..., str], sandbox: XeroSandbox, books: Books) -> None:
    contact = books.contacts[there(Name=WANTED["Name"])]
    sandbox.contacts.commit(books, sandbox.contacts.stage(books, {"ContactStatus": "ARCHIVED"}, contact, set()))
    assert adopted(client, Name=WANTED["Name"]) is None


@pytest.mark.parametrize("name", ['Say "Cheese" Ltd', "Back\\slash AG", "Ampersand & Söhne", "100 % + more", "Comma, OR Name==x", "O'Hara"])
def test_names_with_signs_in_them_are_found(client: XeroClient, there: Callable[..., str], name: str) -> None:
    named = there(Name=name)
    assert adopted(client, Name=name) == named


def test_many_contacts_are_looked_up_in_few_calls(harness: Harness, client: XeroClient, there: Callable[..., str]) -> None:
    ids = [there(Name=f"Customer {number}") for number in range(25)]
    drafts = [draft({"Name": f"Customer {number}", "ContactNumber": str(number)}, item=number) for number in range(25)]
    since = len(harness.exchanges)
    found = exports.adopt_contacts(client, drafts)
    assert [found[number].remote_id for number in range(25)] == ids
    assert len(harness.exchanges) - since == 3


def test_a_customer_that_is_known_to_xero_is_not_created(harness: Harness, there: Callable[..., str]) -> None:
    harness.set_up()
    company = harness.house.sample("company")
    known = there(Name="Something else", TaxNumber=company.vat)
    before = harness.held()
    assert harness.export("company", company).succeeded == 1
    assert harness.link("company", company).remote_id == known
    assert harness.held() == before


def test_a_customer_that_nobody_may_create_is_only_looked_up(harness: Harness, there: Callable[..., str]) -> None:
    harness.set_up()
    harness.integration.use_companies_export = False
    harness.integration.save()
    known, unknown = harness.house.sample("invoice"), harness.house.sample("invoice")
    unknown.company = harness.house.sample("company")
    unknown.save()
    contact, before = there(Name=known.company.name), harness.held()["contacts"]
    run = harness.export("invoice", known, unknown)
    assert (run.succeeded, run.rejected) == (1, 1)
    assert harness.link("company", known.company).remote_id == contact
    assert harness.held()["contacts"] == before
    assert "Xero does not know this company" in harness.item("invoice", unknown).message


# Verdicts


def test_each_draft_gets_its_own_verdict_in_order(client: XeroClient, there: Callable[..., str]) -> None:
    contact = there(Name="Acme GmbH")
    wrong = {"LineItems": [{"Description": "Design", "Quantity": 1, "UnitAmount": 100, "AccountCode": "999", "TaxType": "OUTPUT"}]}
    drafts = [invoice(contact), invoice(contact, **wrong), invoice(contact)]
    first, second, third = exports.create_invoices(client, drafts, "key-1")
    assert isinstance(first, Done)
    assert isinstance(third, Done)
    assert first.remote_id != third.remote_id
    assert isinstance(second, Rejected)
    assert "Account code '999' is not a valid code" in second.message
    assert "map the service type to another one" in second.advice


def test_an_answer_brings_number_link_and_totals(client: XeroClient, there: Callable[..., str], books: Books) -> None:
    (done,) = exports.create_invoices(client, [invoice(there(Name="Acme GmbH"))], "key-1")
    assert isinstance(done, Done)
    assert done.number == "INV-0001"
    assert done.totals == {"net": Decimal("100.00"), "tax": Decimal("19.00"), "total": Decimal("119.00")}
    assert done.url.endswith(f"redirecturl=%2FAccountsReceivable%2FView.aspx%3FInvoiceID%3D{done.remote_id}")


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("Invoice # must be unique.", "Link the two, or give this one a new number."),
        ("The document date cannot be before the period lock date, currently set at 31-Dec-2026", "open the period"),
        ("Invoice not of valid status for modification", "paid, voided or locked"),
        ("The TaxType code OUTPUT9 does not exist or cannot be used for this type of transaction.", "Map the tax rate"),
        ("Account code '999' is not a valid code for this document.", "Refresh the list of accounts"),
        ("The contact name Acme is already assigned to another contact.", "Choose that contact"),
        ("Organisation is not subscribed to currency CHF", "Add the currency in Xero"),
        ("Something that nobody has seen before", ""),
    ],
)
def test_what_xero_says_comes_with_what_to_do(message: str, advice: str) -> None:
    assert advice in exports.advice_for(message)
    assert bool(exports.advice_for(message)) == bool(advice)


def test_a_refusal_without_a_reason_says_that_there_was_none() -> None:
    assert "gave no reason" in exports.refusal([]).message


# Copies that nobody answered for


def test_an_invoice_is_found_by_the_reference_in_its_address(client: XeroClient, there: Callable[..., str]) -> None:
    contact = there(Name="Acme GmbH")
    ours, other = invoice(contact, "tag-invoice-1-1"), invoice(contact, "tag-invoice-2-1")
    (written, _other) = exports.create_invoices(client, [ours, other], "key-1")
    found = exports.find_invoices(client, [ours], long_ago())
    assert isinstance(written, Done)
    assert {item: done.remote_id for item, done in found.items()} == {1: written.remote_id}
    assert exports.find_invoices(client, [invoice(contact, "tag-invoice-1-2")], long_ago()) == {}


def test_an_invoice_that_was_deleted_since_is_not_found(
    client: XeroClient, there: Callable[..., str], sandbox: XeroSandbox, books: Books
) -> None:
    ours = invoice(there(Name="Acme GmbH"))
    (written,) = exports.create_invoices(client, [ours], "key-1")
    assert isinstance(written, Done)
    sandbox.bookkeeper.void(books.documents[INVOICE.name][written.remote_id])
    assert exports.find_invoices(client, [ours], long_ago()) == {}


def test_a_credit_note_is_found_by_its_number(client: XeroClient, there: Callable[..., str]) -> None:
    contact = there(Name="Acme GmbH")
    ours = credit_note(contact, CreditNoteNumber="G-7")
    (written,) = exports.create_credit_notes(client, [ours], "key-1")
    assert isinstance(written, Done)
    assert exports.find_credit_notes(client, [ours], long_ago())[1].remote_id == written.remote_id
    assert exports.find_credit_notes(client, [credit_note(contact, CreditNoteNumber="G-8")], long_ago()) == {}


def test_a_credit_note_without_a_number_is_found_by_its_content_and_given_out_once(client: XeroClient, there: Callable[..., str]) -> None:
    contact = there(Name="Acme GmbH")
    twins = [credit_note(contact, item=1), credit_note(contact, item=2)]
    written = exports.create_credit_notes(client, twins, "key-1")
    found = exports.find_credit_notes(client, twins, long_ago())
    assert {done.remote_id for done in found.values()} == {done.remote_id for done in written if isinstance(done, Done)}
    assert len(found) == 2
    for change in ({"Reference": "Another"}, {"Date": "2026-11-02"}, {"Contact": {"ContactID": there(Name="Other")}}):
        assert exports.find_credit_notes(client, [credit_note(contact, **change)], long_ago()) == {}
