"""Loading as it should go: every shape of document, references in every order, money, idempotence."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import models

from accounts.tenancy import within
from integrations.records.changes import records_changed
from integrations.records.models import (
    Company,
    ContactEntry,
    CustomField,
    CustomFieldOption,
    Deal,
    Expense,
    ExpenseLineItem,
    Invoice,
    LineItem,
    Load,
    Payment,
    PendingReference,
    Person,
    Project,
    Service,
    Task,
)
from tests.conftest import World
from tests.integrations.records.conftest import document, resource

Loader = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("scoped")

LINE = {"description": "Design", "quantity": "10.0", "unit_id": 1, "unit_price": "10000", "amount": "100000", "currency": "EUR"}
INVOICE = {
    "number": "2024-17",
    "invoice_type_id": 1,
    "invoiced_on": "2024-05-31",
    "finalized_on": None,
    "created_at": "2024-05-31T10:00:00.000+02:00",
    "currency": "EUR",
    "currency_default": "EUR",
    "amount": "100000",
    "amount_default": "100000",
    "amount_tax": 19000,
    "payment_terms": "30",
    "discount": "2.5",
    "tag_list": ["retainer"],
    "custom_fields": {"77": "Blue", "78": 12.5},
    "exported": False,
    "note": None,
}


@pytest.fixture
def heard() -> Iterator[list[tuple[str, int, str]]]:
    heard: list[tuple[str, int, str]] = []

    def listen(sender: Any, kind: str, ids: list[int], changed_by: str, **_: Any) -> None:
        heard.append((kind, len(ids), changed_by))

    records_changed.connect(listen)
    yield heard
    records_changed.disconnect(listen)


def test_an_invoice_is_stored_as_productive_answers_it(load: Loader, world: World) -> None:
    invoice = resource("invoices", 17, INVOICE, company=("companies", 3), organization=("organizations", 1), bill_to=None)
    invoice["relationships"]["creator"] = {"meta": {"included": False}}
    report = load(document(invoice, included=[resource("companies", 3, {"name": "Acme"})]))
    assert (report["created"], report["failed"], report["unresolved"], report["errors"]) == (2, 0, 0, [])
    assert report["by_kind"]["invoice"] == {"created": 1, "updated": 0, "unchanged": 0, "failed": 0}
    assert report["unknown_attributes"] == {"invoice": {"currency_default": 1, "amount_default": 1}}
    stored = Invoice.objects.get()
    assert (stored.productive_id, stored.origin, stored.changed_by, stored.revision) == ("17", "file", "file", 1)
    assert (stored.organization, stored.company) == (world.organization, Company.objects.get(name="Acme"))
    assert (stored.number, stored.invoiced_on, stored.finalized_on, stored.note) == ("2024-17", date(2024, 5, 31), None, "")
    assert stored.created_at == datetime(2024, 5, 31, 8, tzinfo=UTC)
    assert (stored.amount, stored.amount_tax, stored.amount_with_tax) == (Decimal("1000"), Decimal("190"), None)
    assert (stored.payment_terms, stored.discount) == (30, Decimal("2.5"))
    assert (stored.tag_list, stored.custom_fields) == (["retainer"], {"77": "Blue", "78": 12.5})


def test_a_document_may_hold_one_record_or_none(load: Loader) -> None:
    assert load({"data": resource("companies", 1, {"name": "Acme"})})["created"] == 1
    assert load({"data": None})["created"] == load({"data": []})["created"] == 0


def test_one_file_may_hold_several_documents_and_every_kind(load: Loader) -> None:
    pages = [document(resource("companies", 1, {"name": "A"})), document(resource("people", 1, {"first_name": "Ana"}))]
    report = load(**{"pages__jsonl": "\n".join(json.dumps(page) for page in pages)})
    assert report["by_kind"]["company"]["created"] == report["by_kind"]["person"]["created"] == 1


def test_a_file_may_be_compressed_and_begin_with_a_byte_order_mark(load: Loader) -> None:
    text = json.dumps(document(resource("companies", 1, {"name": "Ačme"})))
    assert load(**{"a__json__gz": gzip.compress(text.encode())})["created"] == 1
    assert load(**{"a__json": b"\xef\xbb\xbf" + text.encode()})["unchanged"] == 1
    assert load(**{"companies__csv": b"\xef\xbb\xbfid,name\r\n1,A\xc4\x8dme\r\n"})["unchanged"] == 1


def test_loading_again_changes_nothing(load: Loader, heard: list[tuple[str, int, str]]) -> None:
    everything = document(
        resource("invoices", 17, INVOICE, company=("companies", 99), line_items=[("line_items", 1)]),
        included=[resource("line_items", 1, LINE), resource("deals", 4, {"name": "Site", "budget": True, "probability": "33.333333333"})],
    )
    first = load(everything)
    before = list(Invoice.objects.values()) + list(LineItem.objects.values()) + list(Deal.objects.values())
    heard.clear()
    second = load(everything)
    assert (first["created"], second["created"], second["updated"], second["unchanged"]) == (3, 0, 0, 3)
    assert list(Invoice.objects.values()) + list(LineItem.objects.values()) + list(Deal.objects.values()) == before
    assert heard == []
    assert first["unresolved_references"] == second["unresolved_references"] != []


def test_a_change_raises_the_revision_once_and_is_announced_once(load: Loader, heard: list[tuple[str, int, str]]) -> None:
    everything = document(resource("invoices", 17, INVOICE), resource("line_items", 1, LINE, invoice=("invoices", 17)))
    load(everything)
    assert sorted(heard) == [("invoice", 1, "file"), ("line_item", 1, "file")]
    assert Invoice.objects.get().revision == 1
    heard.clear()
    everything["data"][0]["attributes"] = {**INVOICE, "subject": "May"}
    everything["data"][1]["attributes"] = {**LINE, "description": "Print"}
    report = load(everything)
    assert report["updated"] == 2
    assert (Invoice.objects.get().revision, LineItem.objects.get().revision) == (2, 2)
    assert sorted(heard) == [("invoice", 1, "file"), ("line_item", 1, "file")]


def test_a_changed_line_raises_the_revision_of_its_invoice(load: Loader, heard: list[tuple[str, int, str]]) -> None:
    load(document(resource("invoices", 17, INVOICE), resource("line_items", 1, LINE, invoice=("invoices", 17))))
    Invoice.objects.update(changed_by="integration:12")
    heard.clear()
    report = load(document(resource("line_items", 1, {"description": "Print"})))
    assert (report["updated"], report["by_kind"]) == (1, {"line_item": {"created": 0, "updated": 1, "unchanged": 0, "failed": 0}})
    assert (Invoice.objects.get().revision, Invoice.objects.get().changed_by) == (2, "file")
    assert sorted(heard) == [("invoice", 1, "file"), ("line_item", 1, "file")]


def test_what_a_row_does_not_name_stays(load: Loader) -> None:
    load(document(resource("companies", 1, {"name": "Acme", "vat": "DE1"})))
    load(document(resource("companies", 1, {"vat": None})))
    assert (Company.objects.get().name, Company.objects.get().vat) == ("Acme", "")


def test_a_credit_note_is_an_invoice_of_type_two_and_a_budget_a_deal(load: Loader) -> None:
    report = load(
        document(
            resource("invoices", 1, {"invoice_type_id": 2}, parent_invoice=("invoices", 2)),
            resource("invoices", 2, {"invoice_type_id": "1"}),
            resource("deals", 1, {"budget": True}),
            resource("deals", 2, {"stage_type": 2}),
            resource("deals", 3, {}),
        )
    )
    assert {kind: counts["created"] for kind, counts in report["by_kind"].items()} == {
        "invoice": 1,
        "credit_note": 1,
        "budget": 2,
        "deal": 1,
    }
    assert Invoice.objects.get(productive_id="1").parent_invoice == Invoice.objects.get(productive_id="2")


def test_lines_find_their_invoice_from_either_side_and_in_either_order(load: Loader) -> None:
    by_child = resource("line_items", 1, LINE, invoice=("invoices", 17))
    by_parent = resource("line_items", 2, LINE)
    by_parent["relationships"]["invoice"] = {"meta": {"included": False}}
    invoice = resource("invoices", 17, INVOICE, line_items=[("line_items", 1), ("line_items", 2), ("line_items", 3)])
    load(document(by_child, by_parent))
    report = load(document(invoice))
    assert list(Invoice.objects.get().line_items.values_list("productive_id", flat=True)) == ["1", "2"]  # type: ignore[attr-defined]
    assert [(one["kind"], one["id"], one["missing"]) for one in report["unresolved_references"]] == [("line_item", "3", "line_item 3")]
    assert load(document(resource("line_items", 3, LINE)))["unresolved"] == 0
    assert LineItem.objects.get(productive_id="3").invoice == Invoice.objects.get()


def test_options_tasks_and_attachments_come_with_their_owners(load: Loader) -> None:
    load(
        document(
            resource("custom_fields", 7, {"name": "Colour", "global": True, "data_type_id": 3}, options=[("custom_field_options", 8)]),
            resource("expenses", 5, {"name": "Flight", "currency": "EUR"}, expense_line_items=[("expense_line_items", 6)]),
            included=[
                resource("custom_field_options", 8, {"name": "Blue"}),
                resource("expense_line_items", 6, {"unit_price": {"amount": "100.00", "currency": "EUR"}}),
            ],
        )
    )
    assert CustomField.objects.get().is_global
    assert CustomFieldOption.objects.get().custom_field == CustomField.objects.get()
    assert ExpenseLineItem.objects.get().expense == Expense.objects.get()
    assert ExpenseLineItem.objects.get().unit_price == Decimal("100")


def test_ids_of_what_is_no_record_here_are_kept_as_they_are(load: Loader) -> None:
    load(
        document(
            resource("tasks", 1, {"title": "Draw", "subscriber_ids": ["4", "5"]}, workflow_status=("workflow_statuses", 31)),
            resource("people", 1, {}, teams=[("teams", 2), ("teams", 3)], custom_role=None),
            resource("deals", 1, {}, lost_reason=("lost_reasons", 9)),
        )
    )
    assert (Task.objects.get().workflow_status_id, Task.objects.get().subscriber_ids) == ("31", ["4", "5"])
    assert (Person.objects.get().teams, Person.objects.get().custom_role_id) == (["2", "3"], "")
    assert Deal.objects.get().lost_reason_id == "9"


def test_an_attribute_may_name_a_record_by_its_id(load: Loader) -> None:
    load(document(resource("companies", 1, {"name": "Child", "parent_company_id": "2"}), resource("companies", 2, {"name": "Parent"})))
    assert Company.objects.get(name="Child").parent_company == Company.objects.get(name="Parent")
    load(document(resource("companies", 1, {"parent_company_id": None})))
    assert Company.objects.get(name="Child").parent_company is None


def test_a_reference_waits_for_a_later_load_and_raises_the_revision_when_it_is_set(load: Loader) -> None:
    report = load(document(resource("invoices", 17, INVOICE, company=("companies", 3))))
    assert report["unresolved"] == 1
    expected = {"kind": "invoice", "id": "17", "field": "company", "target_kind": "company", "target_id": "3", "missing": "company 3"}
    assert report["unresolved_references"] == [expected]
    assert load(document(resource("companies", 4, {"name": "Other"})))["unresolved"] == 1
    assert load(document(resource("companies", 3, {"name": "Acme"})))["unresolved"] == 0
    invoice = Invoice.objects.get()
    assert (invoice.company, invoice.revision) == (Company.objects.get(name="Acme"), 2)
    assert not PendingReference.objects.exists()


def test_a_reference_that_changed_its_mind_forgets_what_it_waited_for(load: Loader) -> None:
    load(document(resource("invoices", 17, INVOICE, company=("companies", 3))))
    load(document(resource("invoices", 17, {}, company=("companies", 4))), document(resource("companies", 3, {"name": "Old"})))
    assert Invoice.objects.get().company is None
    load(document(resource("companies", 4, {"name": "New"})))
    assert str(Invoice.objects.get().company) == "New"
    load(document(resource("invoices", 17, {}, company=("companies", 5))))
    load(document(resource("invoices", 17, {}, company=None)))
    assert (Invoice.objects.get().company, PendingReference.objects.count()) == (None, 0)


def test_a_reference_set_by_somebody_else_meanwhile_is_left_alone(load: Loader) -> None:
    load(document(resource("invoices", 17, INVOICE, company=("companies", 3))))
    invoice = Invoice.objects.get()
    invoice.company = Company.objects.create(name="Chosen")
    invoice.save()
    load(document(resource("companies", 3, {"name": "Acme"})))
    assert str(Invoice.objects.get().company) == "Chosen"
    assert not PendingReference.objects.exists()


@pytest.mark.parametrize(("currency", "amount"), [("EUR", "123.45"), ("JPY", "12345"), ("KWD", "12.345"), ("eur", "123.45")])
def test_amounts_come_in_minor_units_of_the_rows_currency(load: Loader, currency: str, amount: str) -> None:
    load(document(resource("payments", 1, {"currency": currency, "amount": "12345"})))
    assert (Payment.objects.get().amount, Payment.objects.get().currency) == (Decimal(amount), currency.upper())


@pytest.mark.parametrize("deal_first", [True, False])
@pytest.mark.parametrize("linked_by", ["child", "parent"])
def test_amounts_without_a_currency_are_in_that_of_the_record_they_belong_to(load: Loader, deal_first: bool, linked_by: str) -> None:
    deal = resource("deals", 1, {"currency": "JPY"}, **({"services": [("services", 2)]} if linked_by == "parent" else {}))
    service = resource("services", 2, {"price": "12345"}, **({"deal": ("deals", 1)} if linked_by == "child" else {}))
    load(document(*([deal, service] if deal_first else [service, deal])))
    assert (Service.objects.get().currency, Service.objects.get().price) == ("JPY", Decimal("12345"))
    assert load(document(service, deal))["unchanged"] == 2


def test_amounts_whose_currency_is_not_known_yet_are_put_right_by_a_later_load(load: Loader) -> None:
    service = resource("services", 2, {"price": "12345", "revenue": None}, deal=("deals", 1))
    load(document(service))
    assert (Service.objects.get().currency, Service.objects.get().price) == ("XXX", Decimal("123.45"))
    assert load(document(service))["unchanged"] == 1
    load(document(resource("deals", 1, {"currency": "KWD"})))
    assert (Service.objects.get().currency, Service.objects.get().price) == ("KWD", Decimal("12.345"))
    assert load(document(service))["unchanged"] == 1


def test_a_table_gives_amounts_in_units_and_references_by_id(load: Loader) -> None:
    report = load(
        **{
            "companies.csv": 'id,name,tag_list,custom_fields\n3,Acme,"a, b","{""77"": ""Blue""}"\n',
            "credit_notes-2024.csv": "id;number;currency;amount;invoiced_on;company_id;exported\n1;G-1;EUR;1234.50;2024-05-31;3;true\n",
            "budget.csv": "id\tname\n1\tSite\n",
            "rest.csv": "type,id,name,title\ncompanies,4,Bolt,\nperson,1,,Cook\n",
        }
    )
    assert (report["created"], report["errors"]) == (5, [])
    note = Invoice.objects.get()
    assert (note.kind, note.amount, note.invoiced_on, note.exported) == ("credit_note", Decimal("1234.5"), date(2024, 5, 31), True)
    assert note.company == Company.objects.get(name="Acme")
    assert (note.company.tag_list, note.company.custom_fields) == (["a", "b"], {"77": "Blue"})
    assert Deal.objects.get().kind == "budget"
    assert Person.objects.get().title == "Cook"


def test_an_empty_cell_empties_the_value_and_a_missing_column_leaves_it(load: Loader) -> None:
    load(**{"companies.csv": "id,name,vat\n1,Acme,DE1\n"})
    load(**{"companies.csv": "id,name\n1,\n"})
    assert (Company.objects.get().name, Company.objects.get().vat) == ("", "DE1")


def test_a_contact_entrys_type_is_told_in_a_table_of_its_own(load: Loader) -> None:
    load(**{"contact_entries.csv": 'id,type,address\n1,bill_to,"Ilica 1\nZagreb"\n'})
    assert (ContactEntry.objects.get().type, ContactEntry.objects.get().address) == ("bill_to", "Ilica 1\nZagreb")


def test_the_same_record_on_two_pages_is_stored_once(load: Loader) -> None:
    company = resource("companies", 3, {"name": "Acme"})
    more = resource("companies", 3, {"name": "Acme", "vat": "DE1"})
    report = load(document(resource("invoices", 1, INVOICE), included=[company]), document(included=[company, more]))
    assert (report["created"], report["unchanged"], report["updated"], report["failed"]) == (2, 1, 1, 0)
    assert (Company.objects.get().vat, Company.objects.get().revision) == ("DE1", 1)


def test_a_dry_run_tells_the_same_and_writes_nothing(load: Loader, heard: list[tuple[str, int, str]]) -> None:
    Company.objects.create(productive_id="3", name="Old")
    heard.clear()
    everything = document(
        resource("invoices", 17, INVOICE, company=("companies", 3), creator=("people", 9)),
        resource("companies", 3, {"name": "Acme"}),
        resource("companies", 4, {"due_days": "soon"}),
    )
    dry = load(everything, dry_run=True)
    assert (Invoice.objects.count(), Company.objects.get().name, PendingReference.objects.count(), Load.objects.count()) == (0, "Old", 0, 0)
    assert heard == []
    real = load(everything)
    assert dry == real
    assert (real["created"], real["updated"], real["failed"], real["unresolved"]) == (1, 1, 1, 1)


def test_an_interrupted_loads_changes_are_announced_by_the_next_one(
    load: Loader, heard: list[tuple[str, int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("integrations.records.loading.writing.Writer.resolve", fail)
        with pytest.raises(KeyboardInterrupt):
            load(document(resource("companies", 1, {"name": "Acme"})))
    assert (Company.objects.count(), heard, Load.objects.count()) == (1, [], 1)
    report = load(document(resource("companies", 1, {"name": "Acme"})))
    assert (report["unchanged"], heard, Load.objects.count()) == (1, [("company", 1, "file")], 0)


def test_records_of_another_organization_are_never_touched(load: Loader, stranger: World) -> None:
    everything = document(
        resource("companies", 3, {"name": "Acme"}),
        resource("invoices", 17, INVOICE, company=("companies", 5), line_items=[("line_items", 6)]),
    )
    with within(stranger.organization):
        theirs = Company.objects.create(productive_id="3", name="Canary")
        Company.objects.create(productive_id="5", name="Canary")
        LineItem.objects.create(productive_id="6")
        PendingReference.objects.create(
            organization=stranger.organization, holder_model="invoice", holder_id="17", field="company", target_id="3"
        )
    report = load(everything)
    assert (report["created"], report["unresolved"]) == (2, 2)
    assert Invoice.objects.get().company is None
    theirs.refresh_from_db()
    assert (theirs.name, theirs.revision) == ("Canary", 1)
    with within(stranger.organization):
        assert (LineItem.objects.get().invoice, PendingReference.objects.count()) == (None, 1)
    report = load(everything, organization=stranger.organization)
    assert report["unresolved"] == 0
    assert Company.everywhere.filter(productive_id="3").count() == 2
    assert Project.everywhere.count() == 0


def test_batches_do_not_show(load: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.records.loading.writing.BATCH", 7)
    invoices = [
        resource(
            "invoices",
            number,
            INVOICE,
            company=("companies", number % 3),
            line_items=[("line_items", number * 2), ("line_items", 1 + number * 2)],
        )
        for number in range(1, 40)
    ]
    lines = [resource("line_items", number, LINE) for number in range(2, 80)]
    companies = [resource("companies", number, {"name": str(number)}) for number in range(3)]
    report = load(document(*invoices, included=[*lines, *companies]))
    assert (report["created"], report["unresolved"], report["failed"]) == (39 + 78 + 3, 0, 0)
    assert set(Invoice.objects.values_list("revision", flat=True)) == {1}
    assert not Invoice.objects.filter(company=None).exists()
    counts = Invoice.objects.annotate(lines=models.Count("line_items")).values_list("lines", flat=True)
    assert set(counts) == {2}
    again = load(document(*invoices, included=[*lines, *companies]))
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 120)
