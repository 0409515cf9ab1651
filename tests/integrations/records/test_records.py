"""What the records say of themselves, and that their attributes are Productive's."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from accounts.tenancy import within
from integrations.records.base import Record, content_fields
from integrations.records.choices import InvoiceState, StageType
from integrations.records.kinds import Kind, UnknownKind, all_kinds, get_kind, kinds_of
from integrations.records.loading.shapes import RENAMED
from integrations.records.models import Company, ContactEntry, Deal, Invoice, LineItem, Person, Salary, TaxRate, TimeEntry
from tests.conftest import World

MODELS = [model for model in apps.get_app_config("records").get_models() if issubclass(model, Record)]

BEYOND_THE_SCHEMA = {
    "remote_deleted_at": "ours: when Productive deleted it",
    "Person.user": "ours: who the person is here",
    "Service.currency": "its deal's currency, without which its amounts mean nothing",
    "ExpenseLineItem.currency": "its expense's currency, without which its price means nothing",
    **dict.fromkeys(
        [
            "Subsidiary.invoice_number_format", "Subsidiary.invoice_number_scope", "Subsidiary.archived_at",
            "Subsidiary.show_delivery_date",
            "Subsidiary.einvoice_payment_means_type_id", "Subsidiary.einvoice_download_format_id", "Subsidiary.peppol_id",
            "Subsidiary.export_integration_type_id", "Subsidiary.invoice_logo_url", "Subsidiary.facility_costs",
            "Subsidiary.integration_id", "Subsidiary.custom_domain_id", "Subsidiary.default_bank_account_id", "Subsidiary.bill_from",
            "Subsidiary.default_tax_rate", "Subsidiary.default_document_type", "Invoice.pay_on_relative", "Invoice.payment_terms_days",
            "Invoice.payment_terms_type", "Invoice.company_reference_id", "Invoice.note_interpolated", "Invoice.bank_account_details",
            "Invoice.email_key", "Invoice.exported_at", "Invoice.export_integration_type_id", "Invoice.export_id",
            "Invoice.export_invoice_url", "Expense.company_reference_id", "Expense.external_payment_id", "Expense.exported",
            "Expense.exported_at", "Expense.export_integration_type_id", "Expense.export_id", "Expense.export_url",
        ],
        "known from other clients of the API; the schema keeps to what Productive's own tool uses",
    ),
    "Attachment.digest": "ours: the file that Patchbay keeps itself",
    "Attachment.document_type": "the other end of a document type's attachments",
}  # fmt: skip
WITHOUT_SCHEMA = {"project_templates": "Productive wraps templates of all sorts; ours are those of projects"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_attributes_are_named_as_productives_schema_names_them(model: type[Record], specs: Path) -> None:
    resources = json.loads((specs / "productive" / "schema.json").read_text())["resources"]
    if model.productive_type in WITHOUT_SCHEMA:
        assert model.productive_type not in resources
        return
    fields = resources[model.productive_type]["fields"].values()
    known = {field["attribute"] for field in fields if "attribute" in field}
    known |= {name for field in fields if "relationship" in field for name in (field["relationship"], f"{field['relationship']}_id")}
    for field in content_fields(model):
        name = RENAMED.get((model, field.name), field.name)
        named = {name, field.attname} & known
        assert named or field.name in BEYOND_THE_SCHEMA or f"{model.__name__}.{field.name}" in BEYOND_THE_SCHEMA, f"{model.__name__}.{name}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_enumerations_have_productives_values(model: type[Record], specs: Path) -> None:
    schema = json.loads((specs / "productive" / "schema.json").read_text())
    fields = schema["resources"].get(model.productive_type, {"fields": {}})["fields"].values()
    enumerations = {field["attribute"]: field["type"] for field in fields if field.get("typeCategory") == "enum" and "attribute" in field}
    for field in content_fields(model):
        if field.choices and field.name in enumerations:
            assert {str(value) for value, _label in field.flatchoices} == set(schema["enums"][enumerations[field.name]]["values"]), field


NOT_KEPT = {
    "expense_line_items": "write-only: lines are records of their own",
    "days_since_last_activity": "changes every day, and nobody exports it",
    "days_in_current_stage": "changes every day, and nobody exports it",
    "days_since_created": "changes every day, and nobody exports it",
}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_all_of_productives_attributes_are_kept(model: type[Record], specs: Path) -> None:
    resources = json.loads((specs / "productive" / "schema.json").read_text())["resources"]
    fields = resources.get(model.productive_type, {"fields": {}})["fields"].values()
    ours = {RENAMED.get((model, field.name), field.name) for field in content_fields(model)} | {f.attname for f in content_fields(model)}
    assert {field["attribute"] for field in fields if "attribute" in field} - ours - set(NOT_KEPT) == set()


def test_kinds_are_called_as_their_models_are() -> None:
    names = [kind.name for kind in all_kinds()]
    assert len(names) == len(set(names)) == len(MODELS) + 2
    assert {"invoice", "credit_note", "deal", "budget", "company", "person", "purchase_order", "expense_line_item", "tax_rate"} <= set(
        names
    )
    assert {kind.model for kind in all_kinds()} == set(MODELS)
    assert [kind.name for kind in kinds_of(Invoice)] == ["invoice", "credit_note"]


def test_unknown_kinds_are_told_with_the_valid_ones() -> None:
    with pytest.raises(UnknownKind, match=r"'invoices' is no kind of record. The kinds are: .*invoice, credit_note"):
        get_kind("invoices")


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)
def test_a_kind_knows_its_columns_and_loads_in_a_fixed_number_of_queries(
    kind: Kind, scoped: World, django_assert_max_num_queries: Any
) -> None:
    for column in (kind.date, kind.number):
        assert column is None or kind.model._meta.get_field(column)
    records = [kind.model.objects.create(**kind.filter) for _ in range(3)]
    assert {record.kind for record in records} == {kind.name}
    with django_assert_max_num_queries(1):
        assert kind.load([records[2].pk, records[0].pk]) == [records[2], records[0]]
    assert str(records[0])
    assert str(kind.label)
    assert str(kind.label_plural)


def test_invoices_load_with_what_an_export_reads_and_without_what_was_deleted(scoped: World, django_assert_num_queries: Any) -> None:
    rate = TaxRate.objects.create(primary_component_value=19)
    for number in range(5):
        company = Company.objects.create(name=f"Client {number}")
        ContactEntry.objects.create(company=company, type="bill_to")
        entry = ContactEntry.objects.create(type="bill_to", city="Zagreb")
        invoice = Invoice.objects.create(number=str(number), company=company, bill_to=entry)
        for position in range(3):
            LineItem.objects.create(invoice=invoice, position=2 - position, tax_rate=rate)
        LineItem.objects.create(invoice=invoice, remote_deleted_at="2024-05-31T10:00:00Z")
        ContactEntry.objects.create(company=company, type="address", remote_deleted_at="2024-05-31T10:00:00Z")
    ids = list(Invoice.objects.order_by("-number").values_list("pk", flat=True))
    with django_assert_num_queries(6):
        invoices = get_kind("invoice").load(ids, ("company__contact_entries", "bill_to", "line_items__tax_rate"))
        read = [
            (
                [entry.type for entry in invoice.company.contact_entries.all()],
                invoice.bill_to.city,
                [(line.position, line.tax_rate) for line in lines],
            )  # type: ignore[union-attr,attr-defined]
            for invoice in invoices
            for lines in [invoice.line_items.all()]  # type: ignore[attr-defined]
        ]
    assert [invoice.pk for invoice in invoices] == ids
    assert read == [(["bill_to"], "Zagreb", [(0, rate), (1, rate), (2, rate)])] * 5


def test_kinds_show_the_current_organization_and_their_own_rows_only(scoped: World, stranger: World) -> None:
    invoice, note = Invoice.objects.create(), Invoice.objects.create(invoice_type_id=2)
    with within(stranger.organization):
        foreign = Invoice.objects.create()
    assert list(get_kind("invoice").queryset()) == [invoice]
    assert list(get_kind("credit_note").queryset()) == [note]
    assert set(get_kind("invoice").everywhere()) == {invoice, foreign}
    assert get_kind("invoice").load([foreign.pk, note.pk, invoice.pk, 10**12]) == [invoice]


def test_a_tax_rate_adds_its_second_component() -> None:
    assert TaxRate(primary_component_value=Decimal("5"), secondary_component_value=Decimal("9.975")).effective_rate == Decimal("14.975")
    assert TaxRate(primary_component_value=Decimal("19")).effective_rate == 19
    assert TaxRate().effective_rate == 0


def test_a_deal_is_told_from_a_budget() -> None:
    assert (Deal(stage_type=2).budget, Deal(stage_type=1).budget) == (True, False)
    assert (Deal(budget=True).stage_type, Deal().stage_type) == (StageType.BUDGET, StageType.DEAL)
    assert (Deal(budget=True).kind, Deal().kind) == ("budget", "deal")


def test_an_invoice_is_a_draft_until_finalized() -> None:
    assert Invoice().invoice_state == InvoiceState.DRAFT
    assert Invoice(finalized_on=date(2024, 5, 31)).is_finalized


def test_records_are_called_as_people_know_them() -> None:
    assert str(Invoice(number="2024-17")) == "Invoice 2024-17"
    assert str(Invoice(number="7", invoice_type_id=2)) == "Credit note 7"
    assert str(Person(first_name="Ana", last_name="Horvat")) == "Ana Horvat"
    assert str(Person(email="ana@acme.example")) == "ana@acme.example"
    assert str(TimeEntry(date=date(2024, 5, 31), time=95, person=Person(first_name="Ana"))) == "31 May 2024, 1:35 h, Ana"
    assert str(Company(pk=7)) == "Company 7"
    assert str(ContactEntry(address="Ilica 1\nHall", city="Zagreb")) == "Ilica 1, Hall, Zagreb"


def test_pay_has_a_permission_of_its_own() -> None:
    assert Salary._meta.default_permissions == ()
    assert [name for name, _label in Salary._meta.permissions] == ["view_pay"]
