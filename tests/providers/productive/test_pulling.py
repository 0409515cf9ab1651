"""What the contract suite cannot know: files, bundles, bins and counts, and lists that refuse to be narrowed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from integrations.models import Incident, Link
from integrations.providers.productive.listings import BUNDLES
from integrations.providers.productive.sandbox import desk
from integrations.providers.productive.sandbox.store import Resource
from integrations.records.changes import records_changed
from integrations.records.loading.load import load_files
from integrations.records.models import Company, Deal, Invoice, LineItem, TimeEntry
from integrations.sync.importing import stream_of
from tests.providers.productive.agency import Agency


def first(agency: Agency, path: str) -> Resource:
    return next(iter(agency.productive.store.of(path).values()))


def test_everything_comes_with_its_references_and_its_page_there(agency: Agency) -> None:
    agency.bring_all()
    invoice = Invoice.objects.order_by("pk")[0]
    assert (invoice.origin, invoice.subsidiary.name, invoice.bill_to.city) == ("productive", "Northwind GmbH", "Berlin")
    line = invoice.line_items.all()[0]
    assert (line.service_type.name, line.tax_rate.name, line.service.deal.company.name) == ("Design", "VAT 19 %", "Alpine Outdoor")
    assert Deal.objects.filter(budget=True).count() == 3
    link = Link.everywhere.get(kind="invoice", record_id=invoice.pk)
    assert link.url == f"{agency.server.url}/productive/4711/invoices/{invoice.productive_id}"


def test_records_loaded_from_files_are_recognised_and_kept(agency: Agency, tmp_path: Path) -> None:
    theirs = first(agency, "companies")
    document = {"data": [{"type": "companies", "id": theirs.id, "attributes": {"name": "Old name", "vat": "AT1"}}]}
    (tmp_path / "companies.json").write_text(json.dumps(document))
    load_files(tmp_path / "companies.json", agency.organization)
    loaded = Company.objects.get()
    agency.bring("company")
    loaded.refresh_from_db()
    assert (loaded.name, loaded.origin, Company.objects.filter(productive_id=theirs.id).count()) == ("Northwind Studio", "file", 1)


def test_what_changed_costs_two_calls_a_kind(agency: Agency) -> None:
    agency.productive.reset({"time_entries": 250})
    agency.later(3600)
    agency.bring_all()
    agency.later(3600)
    for number, entry in enumerate(list(agency.productive.store.of("time_entries").values())[:10]):
        agency.productive.store.change(entry, time=1000 + number)
    for kind, bundle in BUNDLES.items():
        since = len(agency.exchanges)
        agency.bring(kind)
        assert len(agency.exchanges) - since <= 2 * len(bundle), kind
    assert TimeEntry.objects.filter(time__gte=1000).count() == 10


def test_a_list_that_cannot_be_narrowed_is_read_as_a_whole(agency: Agency) -> None:
    agency.productive.reset({"by_change": False})
    agency.bring("company")
    agency.later(3600)
    agency.productive.store.change(first(agency, "companies"), name="Northwind Studios")
    run = agency.bring("company")
    assert (run.state, run.succeeded) == ("succeeded", 1)
    assert stream_of(agency.integration, "company").cursor["whole"] == ["companies", "contact_entries"]
    since = len(agency.exchanges)
    assert agency.bring("company").state == "succeeded"
    assert not [exchange for exchange in agency.exchanges[since:] if exchange.reply.status == 400]


def test_a_line_that_is_gone_is_missed_and_its_invoice_told(agency: Agency) -> None:
    agency.bring_all()
    agency.later(3600)
    gone = first(agency, "line_items")
    desk.delete(agency.productive.store, gone)
    run = agency.bring("invoice")
    assert (run.state, run.succeeded) == ("succeeded", 1)
    line = LineItem.objects.get(productive_id=gone.id)
    assert line.remote_deleted_at is not None
    assert line.invoice.revision > 1


def test_what_was_taken_out_of_the_bin_is_there_again(agency: Agency) -> None:
    agency.bring_all()
    invoice = first(agency, "invoices")
    agency.later(3600)
    desk.delete(agency.productive.store, invoice)
    agency.bring("invoice")
    record = Invoice.objects.get(productive_id=invoice.id)
    assert record.remote_deleted_at is not None
    agency.productive.store.restore(first(agency, "deleted_items"), invoice)
    agency.bring("invoice")
    record.refresh_from_db()
    assert record.remote_deleted_at is None


def test_an_invoice_is_announced_when_its_lines_are_there(agency: Agency) -> None:
    seen: Counter[int] = Counter()

    def look(kind: str, ids: list[int], **_signal: Any) -> None:
        if kind == "invoice":
            seen.update({pk: LineItem.objects.filter(invoice=pk).count() for pk in ids})

    records_changed.connect(look)
    try:
        agency.bring("invoice")
    finally:
        records_changed.disconnect(look)
    assert sorted(seen.values()) == [2, 2, 2]


def test_a_pull_that_stops_in_the_middle_goes_on_there(agency: Agency) -> None:
    agency.productive.reset({"time_entries": 450})
    agency.productive.faults.replace({"kind": "status", "status": 503, "skip": 2, "times": 1, "path": "/api/v2/time_entries"})
    run = agency.bring("time_entry")
    assert (run.state, run.succeeded, TimeEntry.objects.count()) == ("succeeded", 453, 453)
    asked = [exchange.request.query.get("page[after]") for exchange in agency.exchanges if exchange.request.path.endswith("time_entries")]
    assert len(asked) == len(set(asked)) + 1


@pytest.mark.parametrize("missing", [1, 2])
def test_many_that_are_gone_are_a_question(agency: Agency, missing: int) -> None:
    agency.bring("payment")
    for invoice in agency.productive.store.of("invoices").values():
        agency.productive.store.add("payments", {"amount": 100, "currency": "EUR", "paid_on": "2026-10-01"}, invoice=invoice)
    agency.bring("payment")
    agency.later(3600)
    for payment in list(agency.productive.store.of("payments").values())[:missing]:
        desk.delete(agency.productive.store, payment)
    assert agency.bring("payment").state == "partial"
    assert Incident.everywhere.get(closed_at=None).cause == "vanished:payment"
