"""Into the outbox: once for each record, with what it needs, and never a stranger's."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from accounts.tenancy import within
from integrations.models import ItemState, Link, OutboxItem, Route, Run
from integrations.provider import Export
from integrations.records.models import Company, Invoice, Subsidiary
from integrations.sync import claim, connections, outbox
from integrations.sync.exporting import _build_and_send
from integrations.sync.routes import write_routes
from integrations.sync.runs import start_export
from tests.books import make_books, make_invoices, make_xero
from tests.conftest import World
from tests.integrations.sync.desk import Calls, Desk

WAITING, SENDING, SUCCEEDED, REJECTED, SKIPPED = "waiting", "sending", "succeeded", "rejected", "skipped"


def export_of(desk: Desk, kind: str = "invoice") -> Export:
    return desk.integration.declaration.export(kind)


def touch(invoice: Invoice, subject: str) -> None:
    invoice.subject, invoice.changed_by = subject, "user:1"
    invoice.save()


def test_a_first_export_brings_everything_there(desk: Desk) -> None:
    invoices = desk.invoices(5)
    run = desk.export()
    assert (run.state, run.succeeded, run.total) == ("succeeded", 5, 5)
    assert desk.numbers() == {invoice.number: 1 for invoice in invoices}


# While it waits, and while it is on its way


def test_a_record_that_waits_is_updated_and_not_doubled(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    desk.start(records=[invoice])
    touch(invoice, "A better subject")
    desk.start(records=[invoice], choices={"status": "DRAFT"})
    (item,) = desk.items()
    assert (item.state, item.revision, item.choices) == (WAITING, 2, {"status": "DRAFT"})
    desk.work_now()
    (document,) = desk.documents()
    assert (document.row["Reference"], document.status) == ("A better subject", "DRAFT")


def test_a_record_that_is_on_its_way_is_joined_by_a_second_item_that_waits(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    desk.export("company")
    desk.start(records=[invoice])
    assert claim.claim_next(desk.integration)
    touch(invoice, "Changed while it is sent")
    desk.start(records=[invoice])
    assert [(item.state, item.revision) for item in desk.items()] == [(SENDING, 1), (WAITING, 2)]
    assert claim.claim_next(desk.integration) is None


def test_the_second_item_becomes_an_update_when_the_first_succeeds(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    desk.export("company")
    desk.start(records=[invoice])
    desk.misbehave({"kind": "lost_answer", "method": "PUT", "path": "*/Invoices"})
    desk.turn()
    touch(invoice, "Changed while it was sent")
    second = desk.start(records=[invoice])
    assert [item.state for item in desk.items()] == ["uncertain", WAITING]
    desk.work(second)
    assert [item.state for item in desk.items()] == [SUCCEEDED, SUCCEEDED]
    (document,) = desk.documents()
    assert document.row["Reference"] == "Changed while it was sent"
    assert desk.link(invoice).revision == 2


def test_the_second_item_takes_the_place_of_the_first_when_that_is_rejected(desk: Desk) -> None:
    (invoice,) = desk.invoices(1, tax_rate=desk.books.unmapped_tax_rate)
    desk.export("company")
    first = desk.start(records=[invoice])
    claimed = claim.claim_next(desk.integration)
    assert claimed
    second = desk.start(records=[invoice])
    _build_and_send(*claimed, export_of(desk), desk.client())
    one, two = desk.items()
    assert (one.state, one.replaced_by, two.state) == (REJECTED, two, WAITING)
    first.refresh_from_db()
    assert first.state == "failed"
    desk.set(tax_rate_mapping={**desk.integration.tax_rate_mapping, str(desk.books.unmapped_tax_rate.pk): "TAX001"})
    assert desk.work(second).succeeded == 1
    assert desk.row().failed_count == 0


def test_a_failed_item_is_replaced_when_the_record_is_exported_anew(desk: Desk) -> None:
    (invoice,) = desk.invoices(1, tax_rate=desk.books.unmapped_tax_rate)
    desk.export(records=[invoice])
    assert desk.row().failed_count == 1
    desk.set(tax_rate_mapping={**desk.integration.tax_rate_mapping, str(desk.books.unmapped_tax_rate.pk): "TAX001"})
    desk.export(records=[invoice])
    old, new = desk.items()
    assert (old.state, old.replaced_by, new.state) == (REJECTED, new, SUCCEEDED)
    assert desk.row().failed_count == 0
    assert outbox.retry(OutboxItem.objects.filter(pk=old.pk)) == 0


# What is up to date


def test_unchanged_records_are_counted_and_not_sent(desk: Desk, calls: Calls) -> None:
    invoices = desk.invoices(3)
    desk.export()
    touch(invoices[0], "Another subject")
    calls.clear()
    run = desk.export()
    assert (run.total, run.succeeded, run.unchanged) == (3, 1, 2)
    assert len(calls.writes()) == 1


def test_a_change_that_no_copy_shows_is_sent_nowhere(desk: Desk, calls: Calls) -> None:
    (invoice,) = desk.invoices(1)
    desk.export()
    invoice.note = "An inner note"
    invoice.save()
    calls.clear()
    run = desk.export()
    assert (run.succeeded, run.state) == (1, "succeeded")
    assert not calls.writes()
    assert desk.link(invoice).revision == invoice.revision == 2
    assert desk.export().unchanged == 1


def test_more_records_than_one_statement_takes_go_in_chunks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.invoices(1100)
    run = desk.start()
    assert run.total == OutboxItem.objects.filter(kind="invoice", state=WAITING, run=run).count() == 1100
    assert desk.row().waiting_count == 1100 + 3
    assert desk.items("company")[0].waited_for_by.count() == 366


def test_enqueuing_asks_the_database_nothing_record_by_record(desk: Desk, django_assert_max_num_queries) -> None:
    desk.export("company")
    desk.invoices(600)
    with django_assert_max_num_queries(60):
        desk.start()


# What a record needs before it


def test_the_customer_of_many_invoices_goes_before_them_and_once(desk: Desk, calls: Calls) -> None:
    desk.invoices(7)
    run = desk.start()
    assert [item.kind for item in run.items.filter(waits_for=None)] == ["company"] * 3
    desk.work(run)
    assert run.succeeded == 7
    assert len(calls.writes("/Contacts")) == len(calls.writes()) == 1
    contact_ids = {link.remote_id for link in desk.links("company")}
    assert {document.contact.id for document in desk.documents()} == contact_ids
    assert len(contact_ids) == 3


def test_what_is_linked_already_is_waited_for_by_nobody(desk: Desk) -> None:
    desk.export("company")
    desk.invoices(2)
    run = desk.start()
    assert not run.items.filter(kind="company").exists()
    assert not run.items.exclude(waits_for=None).exists()


def test_a_customer_that_waits_already_is_waited_for_by_later_invoices_too(desk: Desk) -> None:
    first, second = desk.invoices(2, first=0)
    second.company = first.company
    second.save()
    desk.start(records=[first])
    desk.start(records=[second])
    (company,) = desk.items("company")
    assert [item.waits_for for item in desk.items()] == [company, company]


def nameless(desk: Desk) -> Company:
    company = desk.books.companies[1]
    company.name = ""
    company.save()
    return company


def test_a_rejected_customer_rejects_its_invoices_in_words(desk: Desk) -> None:
    company = nameless(desk)
    invoices = desk.invoices(3)
    run = desk.export()
    assert (run.state, run.succeeded, run.rejected) == ("partial", 2, 1)
    item = desk.item(next(invoice for invoice in invoices if invoice.company_id == company.pk))
    assert item.error == "needs"
    assert "which could not be copied: The company has no name." in item.message
    assert str(company) in item.message
    assert item.advice == "Give it a name in Productive."


def test_the_retry_of_a_customer_brings_its_invoices_back(desk: Desk) -> None:
    company = nameless(desk)
    desk.invoices(6)
    run = desk.export()
    company.name = "Named at last"
    company.save()
    assert outbox.retry(OutboxItem.objects.filter(kind="company", state=REJECTED)) == 1
    desk.work(run)
    run.refresh_from_db()
    assert (run.state, run.succeeded, run.rejected) == ("succeeded", 6, 0)
    assert desk.states() == {SUCCEEDED: 6}


def test_the_retry_of_an_invoice_takes_its_rejected_customer_along(desk: Desk) -> None:
    company = nameless(desk)
    desk.invoices(3)
    run = desk.export()
    company.name = "Named at last"
    company.save()
    assert outbox.retry(OutboxItem.objects.filter(kind="invoice", state=REJECTED)) == 1
    assert desk.work(run).succeeded == 3


def test_a_rejected_customer_ends_every_run_whose_invoices_wait_for_it(desk: Desk) -> None:
    nameless(desk)
    one, two = desk.invoices(2, first=1)
    two.company = one.company
    two.save()
    first, second = desk.start(records=[one]), desk.start(records=[two])
    desk.work_now()
    for run in (first, second):
        run.refresh_from_db()
        assert (run.state, run.rejected) == ("failed", 1)


def test_a_skipped_customer_rejects_its_invoices_with_the_reason(desk: Desk) -> None:
    desk.invoices(1)
    run = desk.start()
    outbox.skip(OutboxItem.objects.filter(kind="company"), "We do not work for them any more.")
    (item,) = desk.items()
    assert (item.state, item.error) == (REJECTED, "needs")
    assert "We do not work for them any more." in item.message
    run.refresh_from_db()
    assert run.state == "failed"
    assert desk.row().work_due_at is None


def test_what_is_refused_falls_through_all_that_waits_behind_it(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    run = desk.start(records=[invoice])
    company, item = desk.items("company")[0], desk.items()[0]
    behind = OutboxItem.objects.create(
        integration=desk.integration, run=run, kind="invoice", step="", record_id=invoice.pk + 1000, revision=1, waits_for=item
    )
    outbox.skip(OutboxItem.objects.filter(pk=company.pk), "Gone.")
    behind.refresh_from_db()
    assert (behind.state, behind.error) == (REJECTED, "needs")


def test_an_invoice_whose_customer_is_not_linked_any_more_waits_for_it_again(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    desk.export("company")
    run = desk.start(records=[invoice])
    assert desk.item(invoice).waits_for is None
    Link.objects.filter(kind="company", record_id=invoice.company_id).delete()
    assert desk.work(run).succeeded == 1
    assert len(desk.documents()) == 1


# Choices


def test_a_chosen_customer_is_linked_and_not_searched_for(desk: Desk, calls: Calls) -> None:
    (invoice,) = desk.invoices(1)
    contact = next(iter(desk.there.contacts.values()))
    calls.clear()
    run = desk.export(records=[invoice], choices={"contact": contact.id})
    assert run.succeeded == 1
    assert desk.link(invoice.company).remote_id == contact.id
    assert not calls.writes("/Contacts")
    assert not calls.reads("/Contacts")
    assert desk.documents()[0].contact is contact


def test_another_chosen_customer_makes_the_earlier_link_history(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    desk.export(records=[invoice])
    before = desk.link(invoice.company)
    contact = next(iter(desk.there.contacts.values()))
    desk.export(records=[invoice], choices={"contact": contact.id})
    before.refresh_from_db()
    assert before.archived_at is not None
    assert desk.link(invoice.company).remote_id == contact.id


def test_choosing_the_customer_frees_every_invoice_that_its_refusal_held_up(desk: Desk) -> None:
    desk.set(use_companies_export=False)
    one, two = desk.invoices(2, first=0)
    two.company = one.company
    two.save()
    run = desk.export()
    assert run.rejected == 2
    contact = next(iter(desk.there.contacts.values()))
    desk.export(records=[one], choices={"contact": contact.id})
    desk.work(run)
    assert desk.item(two).state == SUCCEEDED
    assert desk.row().failed_count == 0
    assert contact.row["Name"] != one.company.name


def test_an_older_copy_stays_as_history_when_a_new_one_is_wanted(desk: Desk) -> None:
    desk.set(export_number=False)
    (invoice,) = desk.invoices(1)
    desk.export()
    first = desk.link(invoice)
    desk.export(records=[invoice], create_new=True)
    second = desk.link(invoice)
    first.refresh_from_db()
    assert (second.generation, first.archived_at is not None, second.remote_id != first.remote_id) == (2, True, True)
    references = {document.row["Url"].rpartition("copy=")[2] for document in desk.documents()}
    tag = desk.integration.tag
    assert references == {f"{tag}-invoice-{invoice.pk}-1", f"{tag}-invoice-{invoice.pk}-2"}


# Which records are meant


def test_records_of_another_organization_are_never_enqueued_by_id(desk: Desk, stranger: World) -> None:
    with within(stranger.organization):
        (foreign,) = make_invoices(make_books(stranger.organization), 1)
    run = desk.start(records=[foreign])
    assert not OutboxItem.everywhere.exists()
    assert (run.state, run.total) == ("succeeded", 0)


def test_records_of_another_kind_are_never_enqueued_by_id(desk: Desk) -> None:
    (note,) = desk.invoices(1, kind=2)
    desk.start("invoice", records=[note])
    assert not desk.items()


def test_drafts_are_left_out_and_refused_by_name(desk: Desk) -> None:
    draft, _ready = desk.invoices(2)
    draft.finalized_on = None
    draft.save()
    assert desk.start().total == 1
    desk.export(records=[draft])
    assert (desk.item(draft).state, desk.item(draft).message) == (REJECTED, "It is not finalised yet.")


def test_deleted_records_are_left_out_and_refused(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    Invoice.everywhere.filter(pk=invoice.pk).update(remote_deleted_at="2026-10-01T00:00Z")
    assert desk.start().total == 0
    desk.export(records=[invoice])
    assert desk.item(invoice).message == "The record does not exist any more."


def of_two_subsidiaries(desk: Desk) -> tuple[Invoice, Invoice]:
    here, there = desk.invoices(2)
    there.subsidiary = Subsidiary.everywhere.create(organization=desk.organization, name="Elsewhere Ltd")
    there.save()
    return here, there


def test_an_integration_of_a_subsidiary_exports_that_ones_records_alone(desk: Desk) -> None:
    here, there = of_two_subsidiaries(desk)
    desk.set(subsidiary=desk.books.subsidiary)
    desk.export()
    assert set(desk.numbers()) == {here.number}
    desk.export(records=[there])
    assert desk.item(there).message == "It belongs to another subsidiary than this connection."


def test_an_integration_of_all_leaves_subsidiaries_alone_that_have_their_own(desk: Desk) -> None:
    here, there = of_two_subsidiaries(desk)
    own = make_xero(desk.books, subsidiary=there.subsidiary)
    write_routes(own)
    desk.export()
    assert set(desk.numbers()) == {here.number}
    desk.export(records=[there])
    assert desk.item(there).message == "Another connection copies the records of this subsidiary."


@pytest.mark.parametrize("of_a_subsidiary", [False, True])
def test_two_integrations_never_export_the_same_records(desk: Desk, of_a_subsidiary: bool) -> None:
    first = desk.integration
    if of_a_subsidiary:
        desk.set(subsidiary=desk.books.subsidiary)
    assert not write_routes(first)
    (invoice,) = desk.invoices(1)
    second = make_xero(desk.books, subsidiary=first.subsidiary)
    assert [taken.by for taken in write_routes(second)] == [first.name] * 2
    desk.connect(second, tenant=0)
    assert desk.start().total == 0
    desk.export(records=[invoice])
    assert desk.item(invoice).message == "Another connection copies the records of this subsidiary."
    desk.integration = first
    assert desk.export().succeeded == 1


def test_connecting_takes_the_routes_and_disconnecting_gives_them_up(desk: Desk) -> None:
    assert set(Route.objects.values_list("kind", flat=True)) == {"invoice", "credit_note"}
    second = make_xero(desk.books)
    connections.disconnect(desk.integration)
    desk.connect(second)
    assert set(Route.objects.values_list("integration", flat=True)) == {second.pk}


# Runs


def test_a_double_click_is_one_run(desk: Desk) -> None:
    desk.invoices(3)
    first, second = desk.start(), desk.start()
    assert first == second
    assert Run.objects.count() == 1
    assert len(desk.items()) == 3


def test_a_double_click_while_it_is_sent_is_one_run_too(desk: Desk) -> None:
    desk.invoices(3)
    desk.export("company")
    first = desk.start()
    assert claim.claim_next(desk.integration)
    assert desk.start() == first
    assert len(desk.items()) == 3


def test_the_same_records_by_name_join_the_run_in_which_they_wait(desk: Desk) -> None:
    one, two = desk.invoices(2)
    first = desk.start(records=[one])
    both = desk.start(records=[one, two])
    assert both != first
    assert desk.start(records=[two]) == both


def test_what_waits_without_a_run_joins_the_first_that_asks_for_it(desk: Desk) -> None:
    invoices = desk.invoices(2)
    outbox.enqueue(desk.integration, export_of(desk), [invoice.pk for invoice in invoices])
    assert desk.export().succeeded == 2


def test_expected_totals_are_those_of_the_record(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    desk.export("company")
    desk.start()
    desk.misbehave({"kind": "lost_answer", "method": "PUT", "path": "*/Invoices"})
    desk.turn()
    (batch,) = desk.batches(kind="invoice")
    (draft,) = msgspec.json.decode(batch.body)
    assert Decimal(str(draft["expected"]["total"])) == invoice.amount_with_tax


def test_starting_an_export_of_what_the_provider_does_not_take_says_so(desk: Desk) -> None:
    with pytest.raises(KeyError):
        start_export(desk.integration, "task")
    assert ItemState.WAITING not in desk.states()
