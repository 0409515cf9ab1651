"""Invoices that go by themselves: with the change that makes them ready, in its transaction, and never back to who changed them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from integrations.models import OutboxItem
from integrations.providers.xero.models import InvoiceStatus
from integrations.records.changes import announce
from integrations.records.models import Invoice
from tests.integrations.sync.desk import Desk


@pytest.fixture
def going(desk: Desk) -> Desk:
    desk.set(copies_by_itself=True)
    return desk


def save(invoice: Any, changed_by: str = "user:1", **values: Any) -> None:
    invoice.refresh_from_db()
    for name, value in values.items():
        setattr(invoice, name, value)
    invoice.changed_by = changed_by
    invoice.save()


def test_an_invoice_goes_when_it_is_finalised_and_follows_what_changes_later(going: Desk) -> None:
    (invoice,) = going.invoices(1)
    save(invoice, finalized_on=None)
    assert not going.items()
    save(invoice, finalized_on=date(2026, 9, 2))
    going.work_now()
    assert going.document(invoice).row["Reference"] == invoice.subject
    save(invoice, subject="Changed after it was copied")
    going.work_now()
    assert going.document(invoice).row["Reference"] == "Changed after it was copied"
    assert len(going.documents()) == 1


def test_a_change_that_is_undone_leaves_nothing_in_the_outbox(going: Desk) -> None:
    (invoice,) = going.invoices(1)
    with transaction.atomic():
        save(invoice, subject="Not meant")
        assert len(going.items()) == 1
        transaction.set_rollback(True)
    assert not going.items()


def test_what_the_integration_itself_changed_is_not_sent_back(going: Desk) -> None:
    (invoice,) = going.invoices(1)
    save(invoice, f"integration:{going.integration.pk}", subject="From there")
    assert not going.items()
    save(invoice, "integration:0", subject="From elsewhere")
    assert len(going.items()) == 1


def test_nothing_goes_by_itself_unless_it_is_switched_on(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    save(invoice, subject="Nobody asked")
    assert not desk.items()


def test_a_bulk_load_is_enqueued_with_few_queries(going: Desk, django_assert_max_num_queries: Any) -> None:
    invoices = going.invoices(500)
    with django_assert_max_num_queries(60):
        announce(Invoice, [invoice.pk for invoice in invoices], "file", going.organization.pk)
    assert OutboxItem.everywhere.filter(kind="invoice").count() == 500


def test_it_is_impossible_where_something_is_asked_for_each_copy(desk: Desk) -> None:
    desk.integration.copies_by_itself, desk.integration.xero_invoice_status_id = True, InvoiceStatus.MANUAL
    with pytest.raises(ValidationError) as refused:
        desk.integration.full_clean()
    assert "Set it, or switch this off." in refused.value.message_dict["copies_by_itself"][0]


def test_our_pdf_and_theirs_exclude_each_other(desk: Desk) -> None:
    desk.integration.export_attachment = desk.integration.import_attachment = True
    with pytest.raises(ValidationError) as refused:
        desk.integration.full_clean()
    assert "Switch one of the two off." in refused.value.message_dict["import_attachment"][0]
