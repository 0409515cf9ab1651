"""Both sides of what is written to Productive, and whose each change is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from integrations.models import Entry, Incident, OutboxItem
from integrations.records.models import Invoice, Payment
from integrations.sync import runs
from tests.providers.productive.agency import Agency


@pytest.fixture
def invoice(agency: Agency) -> Any:
    """Brought, copied to some accounting system, and marked in Productive."""
    agency.bring_all()
    record = Invoice.objects.order_by("pk")[0]
    copied(record, "first")
    agency.write()
    assert agency.there("invoices", record.productive_id)["export_id"] == "first"
    return record


def copied(record: Any, export_id: str) -> None:
    record.refresh_from_db()
    record.exported, record.export_id, record.changed_by = True, export_id, "integration:0"
    record.export_invoice_url = f"https://books.example/{export_id}"
    record.save()


def in_productive(agency: Agency, record: Any, **attributes: Any) -> None:
    agency.productive.store.change(agency.productive.store.of("invoices")[record.productive_id], **attributes)


def test_what_only_we_changed_is_written_and_no_pull_undoes_it(agency: Agency, invoice: Any) -> None:
    copied(invoice, "second")
    assert agency.bring("invoice").state == "succeeded"
    invoice.refresh_from_db()
    assert invoice.export_id == "second"
    agency.write()
    assert agency.there("invoices", invoice.productive_id)["export_id"] == "second"


def test_what_only_they_changed_is_taken(agency: Agency, invoice: Any) -> None:
    in_productive(agency, invoice, exported=False, export_id=None, export_invoice_url=None)
    agency.bring("invoice")
    invoice.refresh_from_db()
    assert (invoice.exported, invoice.export_id) == (False, "")


def test_what_both_sides_changed_is_shown_to_a_person_and_not_written_over(agency: Agency, invoice: Any) -> None:
    copied(invoice, "ours")
    in_productive(agency, invoice, export_id="theirs")
    agency.write()
    item = OutboxItem.everywhere.filter(record_id=invoice.pk, kind="invoice").order_by("-pk")[0]
    assert (item.state, item.field) == ("rejected", "export_id")
    assert "ours" in item.message
    assert "theirs" in item.message
    run = agency.bring("invoice")
    assert (run.state, run.rejected) == ("partial", 1)
    refused = Entry.everywhere.get(run=run, state="rejected")
    assert (refused.record_id, "theirs" in refused.message) == (invoice.pk, True)
    assert Incident.everywhere.get(closed_at=None).cause == f"conflict:invoice:{invoice.pk}"

    runs.start_export(agency.integration, "invoice", [invoice.pk], choices={"conflict": "ours"})
    agency.write()
    assert agency.there("invoices", invoice.productive_id)["export_id"] == "ours"
    assert agency.bring("invoice").state == "succeeded"
    assert not Incident.everywhere.filter(closed_at=None).exists()


def test_what_productive_owns_is_taken_beside_what_is_ours(agency: Agency, invoice: Any) -> None:
    copied(invoice, "second")
    in_productive(agency, invoice, subject="Another subject", amount_with_tax=100)
    agency.bring("invoice")
    invoice.refresh_from_db()
    assert (invoice.subject, invoice.amount_with_tax, invoice.export_id) == ("Another subject", Decimal("1.00"), "second")


def test_final_numbers_are_written_only_where_that_is_wanted(agency: Agency, invoice: Any) -> None:
    number = agency.there("invoices", invoice.productive_id)["number"]
    for wanted, final, expected in ((False, "INV-0006", number), (True, "INV-0007", "INV-0007")):
        agency.integration.writes_numbers = wanted
        agency.integration.save()
        invoice.refresh_from_db()
        invoice.number, invoice.changed_by = final, "integration:0"
        invoice.save()
        agency.write()
        assert agency.there("invoices", invoice.productive_id)["number"] == expected


def test_a_payment_whose_answer_was_lost_is_recognised_by_the_next_pull(agency: Agency, invoice: Any) -> None:
    agency.productive.faults.replace({"kind": "lost_answer", "method": "POST", "times": 1})
    payment = Payment.objects.create(invoice=invoice, origin="import", amount=Decimal("12.30"), currency="EUR", paid_on="2026-10-01")
    agency.write()
    assert len(agency.productive.store.of("payments")) == 1
    agency.bring("payment")
    assert Payment.objects.get().pk == payment.pk
    agency.later(600)
    agency.write()
    assert len(agency.productive.store.of("payments")) == 1
    assert set(OutboxItem.everywhere.filter(kind="payment").values_list("state", flat=True)) == {"succeeded"}


def test_a_payment_of_an_invoice_that_was_not_sent_waits_for_a_person(agency: Agency, invoice: Any) -> None:
    in_productive(agency, invoice, sent_on=None)
    Payment.objects.create(invoice=invoice, origin="import", amount=Decimal("12.30"), currency="EUR", paid_on="2026-10-01")
    agency.write()
    item = OutboxItem.everywhere.get(kind="payment")
    assert (item.state, item.advice) == ("rejected", "Mark the invoice as sent in Productive, then try again.")


def test_what_came_from_productive_is_not_written_back(agency: Agency, invoice: Any) -> None:
    theirs = {"amount": 500, "currency": "EUR", "paid_on": "2026-10-01"}
    agency.productive.store.add("payments", theirs, invoice=str(invoice.productive_id))
    since = len(agency.exchanges)
    agency.bring_all()
    agency.write()
    assert not [call for call in agency.calls(since) if not call.startswith("GET")]
