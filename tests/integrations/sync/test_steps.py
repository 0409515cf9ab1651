"""What follows an invoice: each a step of its own, once, and never a reason to send the invoice again."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from integrations.models import ItemState, Link, OutboxItem
from integrations.provider import Copy
from integrations.providers.xero.buying import KEY_WINDOW
from integrations.providers.xero.models import InvoiceStatus
from integrations.providers.xero.sandbox.books import Document
from integrations.providers.xero.steps import build_pdf
from integrations.records import files
from integrations.records.choices import CustomFieldType
from integrations.records.models import Attachment, CustomField, CustomFieldOption, DocumentType, Invoice
from integrations.sync.options import fetch_options
from integrations.sync.outbox import retry
from tests.integrations.sync.desk import Calls, Desk


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def step(desk: Desk, record: Any, name: str) -> OutboxItem:
    """The latest item of a step."""
    items = OutboxItem.everywhere.filter(integration=desk.integration, kind=record.kind, record_id=record.pk, step=name)
    found = items.order_by("-pk").first()
    assert found is not None, f"The step {name} was never put into the outbox."
    return found


def change(record: Any, **values: Any) -> None:
    record.refresh_from_db()
    for name, value in values.items():
        setattr(record, name, value)
    record.changed_by = "user:1"
    record.save()


def notes(document: Document) -> list[str]:
    return [row["Details"] for row in document.noted if row["Changes"] == "Note"]


# Our PDF


def test_our_pdf_follows_the_invoice_and_customers_see_it(desk: Desk, calls: Calls) -> None:
    desk.set(export_attachment=True)
    (invoice,) = desk.invoices(1)
    desk.export(records=[invoice])
    ((row, content),) = desk.document(invoice).files.values()
    assert (row["FileName"], row["IncludeOnline"]) == (f"Invoice-{invoice.number}.pdf", True)
    assert content.startswith(b"%PDF-")
    calls.clear()
    desk.export(records=[invoice])
    assert not [request for request in calls.requests if request.method != "GET" and "/api.xro/" in request.path]


def test_the_pdf_is_in_the_language_of_the_installation_whoever_asks(desk: Desk) -> None:
    desk.set(export_attachment=True)
    (invoice,) = desk.invoices(1)
    copy = Copy(integration=desk.integration, reference="r", address="a", choices={}, linked=lambda kind, pk: "", main_id="there")
    english = build_pdf(copy, invoice)
    with translation.override("de"):
        assert build_pdf(copy, invoice) == english


def test_a_changed_invoice_gets_its_pdf_anew_in_the_same_place(desk: Desk) -> None:
    desk.set(export_attachment=True)
    (invoice,) = desk.invoices(1)
    desk.export(records=[invoice])
    before = dict(desk.document(invoice).files)
    change(invoice, subject="Quite another subject")
    desk.export(records=[invoice])
    after = desk.document(invoice).files
    assert after.keys() == before.keys()
    assert next(iter(after.values())) != next(iter(before.values()))


def test_productive_s_own_pdf_is_sent_where_its_file_is_here(desk: Desk) -> None:
    desk.set(export_attachment=True)
    (invoice,) = desk.invoices(1)
    digest = files.keep(desk.organization.pk, b"%PDF-1.4 from Productive")
    change(invoice, attachment=Attachment.everywhere.create(organization=desk.organization, name="their.pdf", digest=digest))
    desk.export(records=[invoice])
    ((_row, content),) = desk.document(invoice).files.values()
    assert content == b"%PDF-1.4 from Productive"


def test_an_upload_whose_answer_is_lost_is_found_and_not_repeated(desk: Desk, calls: Calls) -> None:
    desk.set(export_attachment=True)
    (invoice,) = desk.invoices(1)
    desk.misbehave({"kind": "lost_answer", "method": "PUT", "path": "*/Attachments/*"})
    desk.export(records=[invoice])
    assert step(desk, invoice, "pdf").state == ItemState.SUCCEEDED
    assert len(desk.document(invoice).files) == len(desk.documents()) == 1


def test_a_refused_pdf_fails_alone_and_is_retried_alone(desk: Desk, calls: Calls) -> None:
    desk.set(export_attachment=True)
    (invoice,) = desk.invoices(1)
    desk.misbehave({"kind": "status", "status": 400, "message": "No space left.", "method": "PUT", "path": "*/Attachments/*"})
    run = desk.export(records=[invoice])
    assert (run.succeeded, step(desk, invoice, "pdf").state) == (1, ItemState.REJECTED)
    calls.clear()
    retry(OutboxItem.everywhere.filter(pk=step(desk, invoice, "pdf").pk))
    desk.work_now()
    assert step(desk, invoice, "pdf").state == ItemState.SUCCEEDED
    assert not calls.writes("/Invoices")


def test_another_copy_gets_a_pdf_of_its_own(desk: Desk) -> None:
    desk.set(export_attachment=True, export_number=False)
    (invoice,) = desk.invoices(1)
    desk.export(records=[invoice])
    desk.export(records=[invoice], create_new=True)
    assert [len(document.files) for document in desk.documents()] == [1, 1]
    assert Link.everywhere.filter(record_id=invoice.pk, step="pdf", archived_at=None).count() == 1


# Their PDF


def test_xero_s_pdf_becomes_the_invoice_s_document_and_is_not_sent_back(desk: Desk, calls: Calls) -> None:
    desk.set(import_attachment=True)
    (invoice,) = desk.invoices(1)
    desk.export(records=[invoice])
    invoice.refresh_from_db()
    assert files.read(desk.organization.pk, invoice.attachment.digest).startswith(b"%PDF-")
    assert desk.link(invoice).revision == invoice.revision
    calls.clear()
    assert desk.export().unchanged == 1
    assert not calls.api()


# The note


def test_the_value_of_a_custom_field_is_noted_once_for_each_value(desk: Desk) -> None:
    own = {"organization": desk.organization}
    centre = CustomField.everywhere.create(
        **own, productive_id="77", name="Cost centre", customizable_type="invoices", data_type_id=CustomFieldType.SELECT
    )
    for option, name in (("1", "Design"), ("2", "Technology")):
        CustomFieldOption.everywhere.create(**own, productive_id=option, name=name, custom_field=centre)
    desk.set(xero_internal_note_cf=centre)
    first, without = desk.invoices(2)
    change(first, custom_fields={"77": "1"})
    desk.export()
    desk.export(records=[first, without])
    assert (notes(desk.document(first)), notes(desk.document(without))) == (["Design"], [])
    change(first, custom_fields={"77": "2"})
    desk.misbehave({"kind": "lost_answer", "method": "PUT", "path": "*/History"})
    desk.export()
    assert notes(desk.document(first)) == ["Design", "Technology"]


# The allocation


@pytest.fixture
def credited(desk: Desk) -> tuple[Invoice, Invoice]:
    """An invoice and the credit note that belongs to it."""
    (invoice,) = desk.invoices(1)
    (note,) = desk.invoices(1, kind=2, first=1)
    change(note, parent_invoice=invoice)
    return invoice, note


def test_a_credit_note_is_allocated_to_its_invoice_once(desk: Desk, credited: tuple[Invoice, Invoice]) -> None:
    invoice, note = credited
    desk.export(records=[invoice])
    desk.pay(invoice, "19.00")
    desk.export("credit_note", records=[note])
    assert step(desk, note, "allocation").state == ItemState.SUCCEEDED
    there = desk.document(invoice)
    assert (there.status, there.row["AmountCredited"]) == ("PAID", Decimal("100.00"))
    assert desk.document(note).row["RemainingCredit"] == Decimal("19.00")


def test_an_allocation_waits_for_nothing_and_says_what_is_missing(desk: Desk, credited: tuple[Invoice, Invoice]) -> None:
    invoice, note = credited
    desk.export("credit_note", records=[note])
    refused = step(desk, note, "allocation")
    assert (refused.state, refused.field) == (ItemState.REJECTED, "parent_invoice")
    desk.export(records=[invoice], choices={"status": "DRAFT"})
    retry(OutboxItem.everywhere.filter(pk=refused.pk))
    desk.work_now()
    assert "DRAFT" in step(desk, note, "allocation").message
    desk.xero.bookkeeper.approve(desk.document(invoice))
    retry(OutboxItem.everywhere.filter(pk=refused.pk))
    desk.work_now()
    assert step(desk, note, "allocation").state == ItemState.SUCCEEDED
    assert desk.document(invoice).row["AmountDue"] == 0


# Sent


def test_sent_invoices_are_marked_as_sent_once_they_are_approved(desk: Desk) -> None:
    desk.set(update_invoice_sent_status=True, xero_invoice_status_id=InvoiceStatus.DRAFT)
    sent, unsent = desk.invoices(2)
    change(sent, sent_on=date(2026, 9, 9))
    desk.export()
    refused = step(desk, sent, "sent")
    assert (refused.state, "DRAFT" in refused.message) == (ItemState.REJECTED, True)
    desk.xero.bookkeeper.approve(desk.document(sent))
    retry(OutboxItem.everywhere.filter(pk=refused.pk))
    desk.work_now()
    assert [desk.document(invoice).row["SentToContact"] for invoice in (sent, unsent)] == [True, False]


def test_what_was_sent_from_xero_counts_as_sent_here_and_keeps_its_day(desk: Desk) -> None:
    desk.set(update_invoice_sent_status=True)
    (invoice,) = desk.invoices(1)
    desk.export()
    document = desk.document(invoice)
    document.row["SentToContact"] = True
    document.settle()
    desk.bring("invoice")
    invoice.refresh_from_db()
    number, day = invoice.number, invoice.sent_on
    assert day is not None
    desk.later(3 * 86400)
    document.settle()
    desk.bring("invoice")
    invoice.refresh_from_db()
    assert (invoice.number, invoice.sent_on) == (number, day)


# When an answer was lost for longer than the vendor keeps our key


def uncertain(desk: Desk, record: Any, name: str, method: str, path: str) -> None:
    """The step's write arrives, its answer does not, and the vendor has forgotten the key when we are back."""
    desk.misbehave({"kind": "lost_answer", "method": method, "path": path})
    desk.start(record.kind, [record])
    while not OutboxItem.everywhere.filter(step=name, state=ItemState.UNCERTAIN).exists():
        assert desk.turn(), f"The step {name} was never sent."
    desk.later(KEY_WINDOW.total_seconds() + 1)


def test_an_upload_is_looked_up_by_its_name(desk: Desk, calls: Calls) -> None:
    desk.set(export_attachment=True)
    (invoice,) = desk.invoices(1)
    uncertain(desk, invoice, "pdf", "PUT", "*/Attachments/*")
    calls.clear()
    desk.work_now()
    assert step(desk, invoice, "pdf").state == ItemState.SUCCEEDED
    assert not [request for request in calls.requests if request.method in {"PUT", "POST"}]
    assert len(desk.document(invoice).files) == 1


def test_a_note_is_looked_up_by_its_text(desk: Desk, calls: Calls) -> None:
    field = CustomField.everywhere.create(
        organization=desk.organization, productive_id="77", name="Memo", customizable_type="invoices", data_type_id=CustomFieldType.TEXT
    )
    desk.set(xero_internal_note_cf=field)
    (invoice,) = desk.invoices(1)
    change(invoice, custom_fields={"77": "Ask Ana first"})
    uncertain(desk, invoice, "note", "PUT", "*/History")
    desk.work_now()
    assert step(desk, invoice, "note").state == ItemState.SUCCEEDED
    assert notes(desk.document(invoice)) == ["Ask Ana first"]


def test_an_allocation_is_looked_up_at_its_credit_note(desk: Desk, calls: Calls, credited: tuple[Invoice, Invoice]) -> None:
    invoice, note = credited
    desk.export(records=[invoice])
    uncertain(desk, note, "allocation", "PUT", "*/Allocations")
    desk.work_now()
    assert step(desk, note, "allocation").state == ItemState.SUCCEEDED
    assert [allocation["Amount"] for allocation in desk.document(note).row["Allocations"]] == [note.amount_with_tax]


# How the copy looks


def test_branding_theme_and_tracking_follow_their_mappings(desk: Desk) -> None:
    fetch_options(desk.integration, desk.client())
    theme = desk.there.themes[1]["BrandingThemeID"]
    department, region = desk.there.tracking
    offered = [(category, option) for category in (department, region) for option in category["Options"]]
    designs = [f"{category['TrackingCategoryID']}/{option['TrackingOptionID']}" for category, option in offered]
    kind = DocumentType.everywhere.create(organization=desk.organization, name="Retainer")
    desk.set(
        xero_branding_theme_mapping={str(kind.pk): theme},
        xero_service_type_tracking_mapping={str(desk.books.service_type.pk): designs[1]},
        xero_subsidiary_tracking_mapping={str(desk.books.subsidiary.pk): designs[3]},
    )
    (invoice,) = desk.invoices(1)
    change(invoice, document_type=kind)
    desk.export()
    row = desk.document(invoice).row
    assert row["BrandingThemeID"] == theme
    tracked = {(part["Name"], part["Option"]) for part in row["LineItems"][0]["Tracking"]}
    assert tracked == {("Department", "Development"), ("Region", "North")}
