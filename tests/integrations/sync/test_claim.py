"""Who works on what: order, leases and fences, on one thread and on several."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from accounts.tenancy import within
from integrations import clock
from integrations.models import Batch, OutboxItem
from integrations.sync import claim
from integrations.sync.exporting import _build_and_send, work_off_batch
from integrations.sync.turns import take_turn
from tests.integrations.sync.desk import Calls, Desk, at_once


def claimed(desk: Desk) -> tuple[Batch, list[OutboxItem]]:
    found = claim.claim_next(desk.integration)
    assert found is not None
    return found


def test_what_others_need_is_claimed_first(desk: Desk) -> None:
    exports = claim.in_order(desk.integration.declaration.exports)
    mains = [export.kind for export in exports if not export.step]
    assert mains == ["company", "invoice", "credit_note", "purchase_order", "expense"]
    assert all(export.step for export in exports[len(mains) :])
    assert claim.in_order(reversed(exports))[0].kind == "company"


def test_invoices_are_not_claimed_before_their_customers_are_there(desk: Desk) -> None:
    desk.invoices(3)
    desk.start()
    assert claimed(desk)[0].kind == "company"
    assert claim.claim_next(desk.integration) is None


def test_a_batch_takes_as_many_as_the_vendor_wants_at_once(desk: Desk) -> None:
    desk.export("company")
    desk.invoices(60)
    desk.start()
    assert [len(claimed(desk)[1]) for _ in range(2)] == [50, 10]


def test_new_copies_and_updates_are_never_in_one_request(desk: Desk, calls: Calls) -> None:
    old = desk.invoices(2)
    desk.export()
    for invoice in old:
        invoice.subject = "Changed"
        invoice.save()
    desk.invoices(2, first=10)
    desk.start()
    batches = [claimed(desk), claimed(desk)]
    assert sorted((batch.updates, len(items)) for batch, items in batches) == [(False, 2), (True, 2)]
    assert claim.claim_next(desk.integration) is None


def test_what_goes_alone_is_claimed_alone(desk: Desk) -> None:
    desk.export("company")
    desk.invoices(4)
    desk.start()
    alone = desk.items()[1]
    OutboxItem.objects.filter(pk=alone.pk).update(alone=True)
    sizes = sorted(len(claimed(desk)[1]) for _ in range(2))
    assert sizes == [1, 3]


def test_items_that_are_not_due_yet_are_left(desk: Desk) -> None:
    desk.export("company")
    desk.invoices(1)
    desk.start()
    OutboxItem.objects.update(due_at=clock.now() + timedelta(minutes=1))
    assert claim.claim_next(desk.integration) is None
    desk.later(61)
    assert claim.claim_next(desk.integration) is not None


def test_a_batch_that_was_never_sent_is_given_back_when_its_lease_is_over(desk: Desk) -> None:
    desk.export("company")
    (invoice,) = desk.invoices(1)
    run = desk.start()
    claimed(desk)
    assert claim.take_over(desk.integration) is None
    desk.later(3)
    assert desk.work(run).succeeded == 1
    assert desk.numbers() == {invoice.number: 1}
    assert desk.item(invoice).tries == 0


def test_a_batch_is_taken_over_once(desk: Desk) -> None:
    desk.export("company")
    desk.invoices(1)
    desk.start()
    batch, _items = claimed(desk)
    desk.later(3)
    taken = claim.take_over(desk.integration)
    assert taken is not None
    assert (taken.pk, taken.fence) == (batch.pk, 2)
    assert claim.take_over(desk.integration) is None


@pytest.mark.parametrize("write", ["begin_sending", "settle", "check_fence"])
def test_who_lost_the_batch_writes_nothing_any_more(desk: Desk, write: str) -> None:
    desk.export("company")
    desk.invoices(1)
    desk.start()
    batch, _items = claimed(desk)
    desk.later(3)
    assert claim.take_over(desk.integration)
    with pytest.raises(claim.StaleFence):
        getattr(claim, write)(batch, *(["[]"] if write == "begin_sending" else []))
    with pytest.raises(claim.StaleFence):
        claim.keep_uncertain(batch, clock.now(), "Late.")
    assert desk.states() == {"sending": 1}


def test_nothing_is_sent_after_the_lease_is_over(desk: Desk, calls: Calls) -> None:
    desk.export("company")
    desk.invoices(1)
    desk.start()
    batch, items = claimed(desk)
    desk.later(3)
    calls.clear()
    with pytest.raises(claim.StaleFence):
        _build_and_send(batch, items, desk.integration.declaration.export("invoice"), desk.client())
    assert not calls.writes()


def test_a_batch_that_is_given_back_onto_a_newer_item_leaves_that_one_alone(desk: Desk) -> None:
    desk.export("company")
    (invoice,) = desk.invoices(1)
    first = desk.start(records=[invoice])
    claimed(desk)
    invoice.subject = "Changed meanwhile"
    invoice.save()
    second = desk.start(records=[invoice])
    desk.later(3)
    desk.work(second)
    older, newer = desk.items()
    assert (older.state, older.replaced_by, newer.state) == ("skipped", newer, "succeeded")
    first.refresh_from_db()
    assert (first.state, first.skipped) == ("succeeded", 1)
    assert desk.documents()[0].row["Reference"] == "Changed meanwhile"


def test_invoices_wait_for_the_newer_item_when_their_customers_is_given_back_onto_it(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    run = desk.start(records=[invoice])
    claimed(desk)
    desk.start("company", records=[invoice.company])
    desk.later(3)
    assert desk.work(run).succeeded == 1


# Several at once


@pytest.mark.django_db(transaction=True)
def test_no_two_workers_ever_claim_the_same_item(desk: Desk) -> None:
    desk.export("company")
    desk.invoices(400)
    desk.start()
    claims: list[int] = []

    def work() -> None:
        while found := claim.claim_next(desk.integration):
            claims.extend(item.pk for item in found[1])

    at_once(*[work] * 4)
    assert len(claims) == len(set(claims)) == 400
    assert desk.states() == {"sending": 400}


@pytest.mark.django_db(transaction=True)
def test_an_abandoned_batch_falls_to_one_of_many_workers(desk: Desk) -> None:
    desk.export("company")
    desk.invoices(1)
    desk.start()
    claimed(desk)
    desk.later(3)
    taken: list[Batch] = []
    at_once(*[lambda: taken.extend(filter(None, [claim.take_over(desk.integration)]))] * 4)
    assert len(taken) == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_everything_once_and_end_the_run(desk: Desk) -> None:
    desk.invoices(220)
    run = desk.start()

    def work() -> None:
        while desk.open():
            if not take_turn(desk.integration.pk):
                clock.sleep(0.05)

    at_once(*[work] * 4)
    run.refresh_from_db()
    assert (run.state, run.succeeded) == ("succeeded", 220)
    assert set(desk.numbers().values()) == {1}
    assert len(desk.documents()) == 220
    assert {len(batch.items.all()) for batch in desk.batches(kind="invoice")} >= {50}


@pytest.mark.django_db(transaction=True)
def test_people_who_enqueue_the_same_record_at_once_do_not_double_it(desk: Desk) -> None:
    desk.export("company")
    invoices = desk.invoices(20)
    at_once(*[lambda: desk.start(records=invoices)] * 4)
    assert desk.states() == {"waiting": 20}


@pytest.mark.django_db(transaction=True)
def test_enqueuing_and_working_at_once_loses_no_change(desk: Desk) -> None:
    """Records change and are enqueued while workers send: in the end every copy shows the last change."""
    desk.export("company")
    invoices = desk.invoices(6)
    still_changing = threading.Event()

    def change() -> None:
        try:
            for number in range(5):
                for invoice in invoices:
                    invoice.refresh_from_db()
                    invoice.subject = f"Change {number}"
                    invoice.save()
                desk.start(records=invoices)
        finally:
            still_changing.set()

    def work() -> None:
        while not still_changing.is_set() or desk.open():
            if not take_turn(desk.integration.pk):
                clock.sleep(0.02)

    at_once(change, work, work)
    assert {document.row["Reference"] for document in desk.documents()} == {"Change 4"}
    assert set(desk.numbers().values()) == {1}
    assert desk.row().work_due_at is None


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_was_paused_while_it_sent_writes_nothing_and_doubles_nothing(desk: Desk, calls: Calls) -> None:
    """The vendor has the first request already when the second worker takes over; the answer to the first comes last."""
    desk.export("company")
    (invoice,) = desk.invoices(1)
    run = desk.start()
    seen = Counter()

    def take_over(exchange) -> None:
        if exchange.request.path.endswith("/Invoices") and exchange.request.method == "PUT":
            seen["writes"] += 1
            if seen["writes"] == 1:
                desk.later(3)
                with within(desk.organization):
                    assert work_off_batch(desk.integration, desk.client())
                run.refresh_from_db()
                seen["finished by the second worker"] += run.is_finished
                connection.close()

    desk.xero.watchers.append(take_over)
    assert work_off_batch(desk.integration, desk.client())
    assert seen == {"writes": 2, "finished by the second worker": 1}
    first, second = calls.writes()
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert desk.numbers() == {invoice.number: 1}
    assert len(desk.links()) == 1
    assert desk.batches(kind="invoice")[0].fence == 2
