"""Pages in: once, in order, from where the last one ended; and what is paid of an invoice follows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.utils.timezone import now

from integrations import clock
from integrations.errors import Transient
from integrations.models import Action, Entry, Link, Run, Stream
from integrations.providers.xero import client as xero_client
from integrations.records.models import Invoice, Payment
from integrations.sync import connections, runs, schedule
from integrations.sync.calling import open_client
from integrations.sync.importing import stream_of
from integrations.sync.turns import take_turn
from tests.integrations.sync.desk import Calls, Desk, at_once

GET_PAYMENTS = {"method": "GET", "path": "*/Payments"}


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two records a page, so that few records make many pages."""
    monkeypatch.setattr(xero_client, "PAGE_SIZE", 2)


def copied(desk: Desk, count: int = 1, **options: Any) -> list[Invoice]:
    invoices = desk.invoices(count, **options)
    desk.export(invoices[0].kind)
    return invoices


def paid(invoice: Invoice) -> tuple[str, str, date | None]:
    invoice.refresh_from_db()
    return f"{invoice.amount_paid:.2f}", f"{invoice.amount_unpaid:.2f}", invoice.paid_on


def test_a_payment_comes_back_once(desk: Desk) -> None:
    (invoice,) = copied(desk)
    entered = desk.pay(invoice, "119.00", day=date(2026, 10, 2), reference="Bank transfer")
    run = desk.bring()
    assert (run.state, run.succeeded, run.total) == ("succeeded", 1, 1)
    payment = Payment.objects.get()
    assert (payment.invoice, payment.amount, payment.paid_on, payment.currency) == (invoice, Decimal("119.00"), date(2026, 10, 2), "EUR")
    assert (payment.origin, payment.changed_by, payment.note) == ("import", f"integration:{desk.integration.pk}", "Bank transfer")
    assert Link.objects.get(kind="payment").remote_id == entered.id
    assert desk.bring().succeeded == 0
    assert Payment.objects.count() == 1


def test_parts_of_an_invoice_are_paid_one_after_the_other(desk: Desk) -> None:
    (invoice,) = copied(desk)
    desk.pay(invoice, "19.00", day=date(2026, 10, 2))
    desk.bring()
    assert paid(invoice) == ("19.00", "100.00", None)
    desk.pay(invoice, "100.00", day=date(2026, 10, 9))
    desk.bring()
    assert paid(invoice) == ("119.00", "0.00", date(2026, 10, 9))
    assert Payment.objects.count() == 2


def test_a_payment_that_was_corrected_there_is_corrected_here(desk: Desk) -> None:
    (invoice,) = copied(desk)
    payment = desk.pay(invoice, "50.00")
    desk.bring()
    desk.later(60)
    desk.xero.bookkeeper.repay(desk.there, payment, "60.00")
    desk.bring()
    assert paid(invoice)[:2] == ("60.00", "59.00")
    assert Payment.objects.filter(remote_deleted_at=None).count() == 1


def test_a_payment_that_was_deleted_there_counts_no_more(desk: Desk) -> None:
    (invoice,) = copied(desk)
    payment = desk.pay(invoice, "119.00", day=date(2026, 10, 2))
    desk.bring()
    desk.later(60)
    desk.xero.bookkeeper.delete_payment(payment)
    run = desk.bring()
    assert [entry.action for entry in run.entries.all()] == ["deleted"]
    assert Payment.objects.get().remote_deleted_at is not None
    assert paid(invoice) == ("0.00", "119.00", None)
    assert desk.bring().succeeded == 0


def test_a_payment_changes_what_is_paid_and_nothing_that_a_copy_shows(desk: Desk, calls: Calls) -> None:
    (invoice,) = copied(desk)
    desk.pay(invoice, "119.00")
    desk.bring()
    invoice.refresh_from_db()
    assert invoice.revision == 1
    calls.clear()
    assert desk.export().unchanged == 1
    assert not calls.writes()


def test_a_refund_of_a_credit_note_comes_back_to_it(desk: Desk) -> None:
    (note,) = copied(desk, kind=2)
    desk.pay(note, "119.00", day=date(2026, 10, 2))
    desk.bring()
    assert Payment.objects.get().invoice_id == note.pk
    assert paid(note) == ("119.00", "0.00", date(2026, 10, 2))


def test_records_that_are_not_ours_are_ignored(desk: Desk) -> None:
    desk.xero.bookkeeper.insert(desk.there, "Invoices")
    desk.xero.bookkeeper.pay(desk.there, desk.documents()[-1], "1.00")
    run = desk.bring()
    assert (run.state, run.total, run.succeeded, run.unchanged) == ("succeeded", 1, 0, 1)
    assert not Payment.objects.exists()
    assert not Entry.objects.exists()


def test_payments_of_invoices_of_another_integration_are_not_ours(desk: Desk) -> None:
    (invoice,) = copied(desk)
    desk.pay(invoice, "10.00")
    Link.objects.filter(kind="invoice").update(archived_at=now())
    desk.bring()
    assert not Payment.objects.exists()


@pytest.mark.usefixtures("small_pages")
def test_a_dry_run_writes_nothing_and_says_what_it_would(desk: Desk) -> None:
    invoices = copied(desk, 3)
    for invoice in invoices:
        desk.pay(invoice, "10.00")
    run = desk.bring(dry=True)
    assert (run.state, run.succeeded) == ("succeeded", 3)
    assert [entry.action for entry in run.entries.all()] == ["created"] * 3
    assert not Payment.objects.exists()
    assert not Link.objects.filter(kind="payment").exists()
    assert stream_of(desk.integration, "payment").cursor == {}
    invoices[0].refresh_from_db()
    assert invoices[0].amount_paid is None
    assert desk.bring().succeeded == 3


# Where the next one begins


def test_the_next_import_asks_for_what_changed_since_with_some_overlap(desk: Desk, calls: Calls) -> None:
    (invoice,) = copied(desk)
    desk.pay(invoice, "10.00")
    began = clock.now()
    desk.bring()
    assert not any("if-modified-since" in request.headers for request in calls.reads("/Payments"))
    calls.clear()
    desk.later(3600)
    run = desk.bring()
    assert (run.total, run.unchanged) == (1, 1)
    (request,) = calls.reads("/Payments")
    since = request.headers["if-modified-since"]
    expected = began - timedelta(minutes=5)
    assert expected - timedelta(seconds=2) <= msgspec.convert(f"{since}Z", type(began)) <= expected + timedelta(seconds=10)
    desk.later(3600)
    assert desk.bring().total == 0


def test_a_full_import_reads_everything_again_and_changes_nothing(desk: Desk, calls: Calls) -> None:
    (invoice,) = copied(desk)
    desk.pay(invoice, "10.00")
    desk.bring()
    desk.later(3600)
    calls.clear()
    run = desk.bring(full=True)
    assert (run.total, run.succeeded, run.unchanged) == (1, 0, 1)
    assert not any("if-modified-since" in request.headers for request in calls.reads("/Payments"))


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("full", [False, True])
def test_a_worker_that_dies_between_two_pages_is_followed_by_one_that_goes_on_there(desk: Desk, calls: Calls, full: bool) -> None:
    for number, invoice in enumerate(copied(desk, 6)):
        desk.later(2)
        desk.pay(invoice, f"{number + 1}.00")
    run = runs.start(desk.integration, Action.IMPORT, "payment", full=full)
    claimed = runs.claim(desk.integration.pk)
    assert claimed == run

    class Killed(BaseException):
        pass

    def killed() -> bool:
        if len(calls.reads("/Payments")) == 3:
            raise Killed
        return False

    calls.clear()
    with pytest.raises(Killed):
        runs.work_off(claimed, desk.integration, lambda: open_client(desk.integration), killed)
    kept = Payment.objects.count()
    assert 0 < kept < 6
    run.refresh_from_db()
    assert (run.state, run.succeeded) == ("running", kept)
    assert not desk.turn()
    calls.clear()
    desk.work(run)
    assert (run.state, run.succeeded, run.entries.count()) == ("succeeded", 6, 6)
    assert "if-modified-since" in calls.reads("/Payments")[0].headers
    assert Payment.objects.count() == 6


@pytest.mark.usefixtures("small_pages")
def test_a_worker_that_has_to_stop_leaves_the_run_to_another(desk: Desk) -> None:
    for invoice in copied(desk, 5):
        desk.later(2)
        desk.pay(invoice, "1.00")
    run = runs.start(desk.integration, Action.IMPORT, "payment")
    pages = iter([False, False, True])
    take_turn(desk.integration.pk, lambda: next(pages))
    run.refresh_from_db()
    assert run.state == "queued"
    assert 0 < Payment.objects.count() < 5
    assert desk.work(run).succeeded == 5


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("change", ["insert", "delete"])
def test_pages_that_change_while_they_are_read_lose_and_double_nothing(desk: Desk, change: str) -> None:
    invoices = copied(desk, 5)
    for invoice in invoices:
        desk.later(2)
        desk.pay(invoice, "5.00")
    desk.misbehave({"kind": "changed_page", "change": change, "times": 2, **GET_PAYMENTS})
    desk.bring()
    desk.misbehave()
    desk.later(60)
    desk.bring()
    alive = {payment.id for payment in desk.there.payments.values() if payment.row["Status"] == "AUTHORISED"}
    linked = set(Link.objects.filter(kind="payment").values_list("remote_id", flat=True))
    deleted = set(Payment.objects.exclude(remote_deleted_at=None).values_list("external_id", flat=True))
    ours = {payment.id for payment in desk.there.payments.values() if payment.document.id in {link.remote_id for link in desk.links()}}
    assert linked - deleted == alive & ours
    assert Payment.objects.count() == len(linked)


# Leases


def test_a_run_belongs_to_one_worker(desk: Desk) -> None:
    runs.start(desk.integration, Action.IMPORT, "payment")
    assert runs.claim() is not None
    assert runs.claim() is None


def test_a_second_run_of_the_same_import_waits_for_the_first(desk: Desk) -> None:
    runs.start(desk.integration, Action.IMPORT, "payment")
    first = runs.claim()
    second = runs.start(desk.integration, Action.IMPORT, "payment")
    assert second != first
    assert runs.claim() is None
    desk.later(3)
    assert runs.claim() == first


def test_who_lost_the_run_writes_nothing_any_more(desk: Desk) -> None:
    (invoice,) = copied(desk)
    desk.pay(invoice, "10.00")
    run = runs.start(desk.integration, Action.IMPORT, "payment")
    slow = runs.claim()
    assert slow is not None
    desk.later(3)
    assert desk.work(run).succeeded == 1
    Payment.objects.all().delete()
    runs.work_off(slow, desk.integration, lambda: open_client(desk.integration))
    run.refresh_from_db()
    assert (run.state, run.fence, run.succeeded) == ("succeeded", 2, 1)
    assert not Payment.objects.exists()


def test_a_run_that_was_cancelled_ends_before_its_next_page_and_stays_cancelled(desk: Desk) -> None:
    (invoice,) = copied(desk)
    desk.pay(invoice, "10.00")
    run = runs.start(desk.integration, Action.IMPORT, "payment")
    claimed = runs.claim()
    assert claimed is not None
    runs.cancel(run)
    runs.work_off(claimed, desk.integration, lambda: open_client(desk.integration))
    run.refresh_from_db()
    assert (run.state, Payment.objects.count()) == ("cancelled", 0)


def test_starting_twice_is_one_run(desk: Desk) -> None:
    first = runs.start(desk.integration, Action.IMPORT, "payment")
    assert runs.start(desk.integration, Action.IMPORT, "payment") == first
    assert runs.start(desk.integration, Action.IMPORT, "payment", full=True) != first
    assert Run.objects.count() == 2


def test_a_dry_run_that_waits_does_not_stand_for_a_real_one(desk: Desk) -> None:
    dry = runs.start(desk.integration, Action.IMPORT, "payment", dry=True)
    full = runs.start(desk.integration, Action.IMPORT, "payment", full=True)
    assert runs.start(desk.integration, Action.IMPORT, "payment") == full != dry


# Trouble


def test_an_import_is_tried_again_by_itself_after_trouble(desk: Desk) -> None:
    (invoice,) = copied(desk)
    desk.pay(invoice, "10.00")
    run = runs.start(desk.integration, Action.IMPORT, "payment")
    desk.misbehave({"kind": "status", "status": 502, "times": 3, **GET_PAYMENTS})
    desk.turn()
    run.refresh_from_db()
    assert (run.state, run.result["tries"]) == ("queued", 1)
    assert "502" in run.message
    assert desk.work(run).succeeded == 1
    assert run.message == ""


def test_an_import_that_always_fails_ends_after_twelve_tries_and_shows_on_the_integration(desk: Desk) -> None:
    run = runs.start(desk.integration, Action.IMPORT, "payment")

    class Down:
        def payments_changed(self, since: Any) -> Any:
            raise Transient("Nobody is there.")

    for _attempt in range(12):
        desk.later(3601)
        claimed = runs.claim()
        assert claimed is not None
        with pytest.raises(Transient):
            runs.work_off(claimed, desk.integration, Down)
    run.refresh_from_db()
    assert (run.state, run.message, desk.row().sync) == ("failed", "Nobody is there.", "failed")
    assert runs.claim() is None
    assert desk.bring().state == "succeeded"
    assert desk.row().sync == "succeeded"


def test_an_import_whose_connection_is_lost_goes_on_after_reconnecting(desk: Desk) -> None:
    (invoice,) = copied(desk)
    desk.pay(invoice, "10.00")
    run = runs.start(desk.integration, Action.IMPORT, "payment")
    desk.xero.end_grants()
    desk.turn()
    run.refresh_from_db()
    assert (run.state, desk.row().connection) == ("queued", "needs_reconnect")
    assert not desk.turn()
    desk.connect(desk.integration)
    assert desk.work(run).succeeded == 1


def test_a_failure_of_ours_ends_the_run_and_says_so(desk: Desk) -> None:
    runs.start(desk.integration, Action.IMPORT, "payment")
    claimed = runs.claim()
    assert claimed is not None
    runs.work_off(claimed, desk.integration, object)
    claimed.refresh_from_db()
    assert (claimed.state, claimed.message) == ("failed", "Patchbay failed at this. The details are in its log.")


def test_a_record_that_cannot_be_kept_is_rejected_and_the_others_are_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = copied(desk, 2)
    desk.pay(one, "10.00")
    desk.pay(two, "20.00", reference="x")
    monkeypatch.setattr(Payment, "clean_fields", _refuse_twenty)
    run = desk.bring()
    assert (run.state, run.succeeded, run.rejected) == ("partial", 1, 1)
    rejected = run.entries.get(state="rejected")
    assert (rejected.message, rejected.record_id) == ("Twenty is too much.", None)
    assert Payment.objects.get().amount == 10


def _refuse_twenty(self: Payment, exclude: Any = None) -> None:
    if self.amount == 20:
        raise ValueError("Twenty is too much.")


# Numbers


def renumber(desk: Desk, invoice: Invoice, number: str) -> None:
    """Somebody gives the copy another number there."""
    document = desk.document(invoice)
    old = document.number
    document.row[document.kind.number_key] = number
    desk.there.index(document, old)
    desk.later(1)
    document.settle()


def test_a_number_that_changed_there_comes_back_and_is_not_sent_again(desk: Desk, calls: Calls) -> None:
    desk.set(export_number=False, import_number=True)
    (invoice,) = copied(desk)
    renumber(desk, invoice, "NEW-1")
    assert desk.bring("invoice").succeeded == 1
    invoice.refresh_from_db()
    assert (invoice.number, desk.link(invoice).number) == ("NEW-1", "NEW-1")
    calls.clear()
    assert desk.export().unchanged == 1
    assert not calls.api()


def test_a_number_that_comes_back_does_not_swallow_a_change_that_was_to_be_sent(desk: Desk) -> None:
    desk.set(export_number=False, import_number=True)
    (invoice,) = copied(desk)
    renumber(desk, invoice, "NEW-1")
    invoice.refresh_from_db()
    invoice.subject = "Changed before the import"
    invoice.save()
    desk.bring("invoice")
    invoice.refresh_from_db()
    assert (invoice.number, invoice.subject) == ("NEW-1", "Changed before the import")
    assert desk.export().succeeded == 1
    assert desk.document(invoice).row["Reference"] == "Changed before the import"


# Whose totals they are


def pay_here(invoice: Invoice, amount: str, origin: str = "import", **values: Any) -> Payment:
    return Payment.objects.create(invoice=invoice, amount=Decimal(amount), paid_on=date(2026, 10, 1), origin=origin, **values)


def test_totals_that_productive_sends_are_left_alone(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    Invoice.objects.update(amount_paid=Decimal("70"), amount_unpaid=Decimal("49"))
    pay_here(invoice, "70", origin="productive")
    assert paid(invoice) == ("70.00", "49.00", None)
    pay_here(invoice, "49")
    assert paid(invoice) == ("70.00", "49.00", None)


def test_what_is_written_off_is_not_paid(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    Invoice.objects.update(amount_written_off=Decimal("9"))
    pay_here(invoice, "9", written_off_on=date(2026, 10, 2))
    pay_here(invoice, "110")
    assert paid(invoice) == ("110.00", "0.00", date(2026, 10, 1))


def test_a_payment_that_moves_to_another_invoice_counts_there_alone(desk: Desk) -> None:
    one, two = desk.invoices(2)
    payment = pay_here(one, "119")
    payment.invoice = two
    payment.save()
    assert (paid(one)[0], paid(two)[0]) == ("0.00", "119.00")
    payment.delete()
    assert paid(two) == ("0.00", "119.00", None)


def test_the_refund_of_a_negative_credit_note_settles_it(desk: Desk) -> None:
    (note,) = desk.invoices(1, kind=2)
    Invoice.objects.update(amount_with_tax=Decimal("-119"))
    pay_here(note, "119")
    assert paid(note) == ("-119.00", "0.00", date(2026, 10, 1))


def test_an_invoice_without_total_has_no_unpaid_amount(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    Invoice.objects.update(amount_with_tax=None)
    pay_here(invoice, "5")
    invoice.refresh_from_db()
    assert (invoice.amount_paid, invoice.amount_unpaid, invoice.paid_on) == (5, None, None)


# Rhythm


def due(desk: Desk, kind: str) -> Stream:
    return Stream.objects.get(integration=desk.integration, kind=kind, realm_id=desk.integration.realm_id)


def plan_now(desk: Desk) -> None:
    Stream.objects.filter(integration=desk.integration).update(next_run_at=clock.now())


def test_imports_begin_by_themselves_in_their_rhythm_with_jitter(desk: Desk) -> None:
    pauses = set()
    for _time in range(6):
        plan_now(desk)
        Stream.objects.exclude(kind="payment").update(next_run_at=clock.now() + timedelta(days=9))
        assert schedule.start_due() == 1
        pauses.add((due(desk, "payment").next_run_at - clock.now()).total_seconds())
        desk.work_now()
    assert all(14 * 60 < pause <= 15 * 60 for pause in pauses)
    assert len(pauses) > 1


def test_what_is_switched_off_does_not_begin_and_begins_once_it_is_switched_on(desk: Desk) -> None:
    desk.set(payments_import=False)
    plan_now(desk)
    schedule.start_due()
    assert not Run.objects.filter(kind="payment").exists()
    assert due(desk, "payment").next_run_at > clock.now() + timedelta(hours=20)
    desk.set(payments_import=True)
    schedule.plan(desk.integration)
    schedule.start_due()
    assert Run.objects.filter(kind="payment").count() == 1


def test_lists_are_refreshed_every_day(desk: Desk) -> None:
    plan_now(desk)
    schedule.start_due()
    assert Run.objects.filter(action=Action.OPTIONS).count() == 1
    pause = due(desk, schedule.OPTIONS).next_run_at - clock.now()
    assert timedelta(hours=22) < pause <= timedelta(days=1)


def test_nothing_begins_by_itself_while_it_is_paused(desk: Desk) -> None:
    plan_now(desk)
    connections.pause(desk.integration)
    assert schedule.start_due() == 0


@pytest.mark.django_db(transaction=True)
def test_workers_that_look_at_the_same_time_start_one_run(desk: Desk) -> None:
    plan_now(desk)
    at_once(*[schedule.start_due] * 4)
    assert Run.objects.filter(kind="payment").count() == 1
    assert Run.objects.filter(action=Action.OPTIONS).count() == 1
