"""What is gone at the vendor is gone here after a complete full import, and not without asking when it is much."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management.base import CommandError

from integrations.errors import Transient
from integrations.models import Action, Incident, Link
from integrations.providers.xero import client as xero_client
from integrations.records.models import Invoice, Payment
from integrations.sync import runs
from integrations.sync.calling import open_client
from tests.integrations.sync.desk import Calls, Desk, run_command

VANISHED = "Xero does not show 5 of 10 payments any more. None of them was marked as deleted."


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xero_client, "PAGE_SIZE", 3)


def paid(desk: Desk, count: int) -> list[Any]:
    """As many payments, brought here."""
    (invoice,) = desk.invoices(1)
    desk.export("invoice")
    payments = []
    for _number in range(count):
        desk.later(2)
        payments.append(desk.pay(invoice, "1.00"))
    assert desk.bring().succeeded == count
    return payments


def forget(desk: Desk, payments: list[Any]) -> None:
    """They are gone there, and nothing tells of it."""
    for payment in payments:
        del desk.there.payments[payment.id]


def alive() -> int:
    return Payment.objects.filter(remote_deleted_at=None).count()


def stop(desk: Desk) -> Any:
    """A full import that the guard stopped."""
    forget(desk, paid(desk, 10)[:5])
    run = desk.bring(full=True)
    assert (run.state, run.message) == ("partial", VANISHED)
    return run


def test_what_is_gone_there_is_marked_as_deleted_and_keeps_its_link(desk: Desk) -> None:
    payments = paid(desk, 10)
    forget(desk, payments[3:5])
    run = desk.bring(full=True)
    assert (run.state, run.succeeded, alive()) == ("succeeded", 2, 8)
    assert {entry.remote_id: entry.action for entry in run.entries.all()} == {payment.id: "deleted" for payment in payments[3:5]}
    assert Link.objects.filter(kind="payment", archived_at=None).count() == 10
    invoice = Invoice.objects.get()
    assert invoice.amount_paid == 8
    assert desk.bring(full=True).succeeded == 0


def test_what_was_gone_and_is_there_again_is_the_same_record(desk: Desk) -> None:
    payments = paid(desk, 10)
    forget(desk, payments[:1])
    desk.bring(full=True)
    desk.there.payments[payments[0].id] = payments[0]
    run = desk.bring(full=True)
    assert (run.succeeded, alive(), Payment.objects.count()) == (1, 10, 10)


def test_only_a_full_import_tells_what_is_gone(desk: Desk) -> None:
    forget(desk, paid(desk, 10)[:1])
    desk.later(3600)
    assert desk.bring().succeeded == 0
    assert alive() == 10


def test_a_full_import_that_did_not_come_to_its_end_marks_nothing(desk: Desk) -> None:
    forget(desk, paid(desk, 10)[:1])
    run = runs.start(desk.integration, Action.IMPORT, "payment", full=True)
    claimed = runs.claim(desk.integration.pk)
    assert claimed == run
    desk.misbehave({"kind": "status", "status": 503, "method": "GET", "path": "*/Payments", "skip": 2, "times": 1})
    with pytest.raises(Transient):
        runs.work_off(claimed, desk.integration, lambda: open_client(desk.integration))
    assert alive() == 10
    assert desk.work(run).succeeded == 1
    assert alive() == 9


@pytest.mark.parametrize("moment", [0, 1, 2, 3, 4, 5])
def test_a_worker_that_dies_anywhere_on_the_way_is_followed_by_one_that_marks_the_same(
    desk: Desk, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first one saw stays seen: the second begins at the cursor and would miss it."""
    monkeypatch.setattr("integrations.sync.sweeping.CHUNK", 1)
    forget(desk, paid(desk, 10)[2:4])
    run = runs.start(desk.integration, Action.IMPORT, "payment", full=True)
    asked = iter(range(100))

    class Killed(BaseException):
        pass

    def killed() -> bool:
        if next(asked) == moment:
            raise Killed
        return False

    claimed = runs.claim(desk.integration.pk)
    assert claimed is not None
    with pytest.raises(Killed):
        runs.work_off(claimed, desk.integration, lambda: open_client(desk.integration), killed)
    run = desk.work(run)
    assert (run.state, run.succeeded, run.entries.count(), alive()) == ("succeeded", 2, 2, 8)


def test_what_a_younger_import_has_seen_meanwhile_is_left_to_the_next_full_one(desk: Desk) -> None:
    """The full import waits for the vendor in its middle; the younger one is done before it goes on."""
    paid(desk, 10)
    full = runs.start(desk.integration, Action.IMPORT, "payment", full=True)
    desk.misbehave({"kind": "status", "status": 503, "method": "GET", "path": "*/Payments", "skip": 2, "times": 1})
    desk.turn()
    fresh = desk.pay(Invoice.objects.get(), "1.00")
    later = desk.bring(full=False)
    assert (later.pk > full.pk, later.succeeded) == (True, 1)
    forget(desk, [fresh])
    full = desk.work(full)
    assert (full.state, alive()) == ("succeeded", 11)
    assert desk.bring(full=True).succeeded == 1
    assert alive() == 10


def test_a_dry_run_shows_what_would_be_marked_and_marks_nothing(desk: Desk) -> None:
    forget(desk, paid(desk, 10)[:5])
    run = desk.bring(full=True, dry=True)
    assert (run.state, [entry.action for entry in run.entries.all()]) == ("succeeded", ["deleted"] * 5)
    assert alive() == 10
    assert not Incident.objects.exists()


# The guard


@pytest.mark.parametrize(("gone", "state"), [(2, "succeeded"), (3, "partial")])
def test_a_fifth_may_vanish_and_no_more(desk: Desk, gone: int, state: str) -> None:
    forget(desk, paid(desk, 10)[:gone])
    assert desk.bring(full=True).state == state
    assert alive() == (10 - gone if state == "succeeded" else 10)


def test_when_much_would_vanish_nothing_is_marked_and_a_person_is_asked(desk: Desk) -> None:
    run = stop(desk)
    assert alive() == 10
    assert "say that they may be marked as deleted" in run.advice
    incident = Incident.objects.get(closed_at=None)
    assert (incident.cause, incident.title, incident.message) == ("vanished:payment", "Many payments are gone at Xero.", VANISHED)
    assert desk.row().sync == "partial"
    desk.bring(full=True)
    incident.refresh_from_db()
    assert incident.seen == 2


def test_what_is_new_arrives_although_the_guard_stops(desk: Desk) -> None:
    forget(desk, paid(desk, 10)[:5])
    desk.pay(Invoice.objects.get(), "1.00")
    run = desk.bring(full=True)
    assert (run.state, run.succeeded, Payment.objects.count()) == ("partial", 1, 11)


def test_a_person_who_has_looked_lets_them_vanish(desk: Desk) -> None:
    stop(desk)
    run = desk.bring(full=True, unguarded=True)
    assert (run.state, run.succeeded, alive()) == ("succeeded", 5, 5)
    assert not Incident.objects.filter(closed_at=None).exists()


def test_the_word_of_a_person_holds_for_one_run(desk: Desk) -> None:
    stop(desk)
    desk.bring(full=True, unguarded=True)
    forget(desk, list(desk.there.payments.values())[:3])
    assert desk.bring(full=True).state == "partial"


def test_a_list_that_is_whole_again_closes_the_incident(desk: Desk) -> None:
    """The vendor had hidden them, as after a change of rights."""
    payments = paid(desk, 10)[:5]
    forget(desk, payments)
    assert desk.bring(full=True).state == "partial"
    desk.there.payments.update({payment.id: payment for payment in payments})
    run = desk.bring(full=True)
    assert (run.state, run.succeeded, alive()) == ("succeeded", 0, 10)
    assert not Incident.objects.filter(closed_at=None).exists()


def test_the_command_says_how_to_go_on_and_goes_on(desk: Desk) -> None:
    forget(desk, paid(desk, 10)[:5])
    with pytest.raises(CommandError, match=rf"5 of 10.*manage.py import {desk.integration.pk} payment --full --accept-deletions"):
        run_command("import", desk.integration.pk, "payment", full=True, wait=True)
    assert alive() == 10
    run_command("import", desk.integration.pk, "payment", full=True, wait=True, accept_deletions=True)
    assert alive() == 5


def test_accepting_deletions_needs_a_full_import(desk: Desk) -> None:
    with pytest.raises(CommandError, match="goes with --full"):
        run_command("import", desk.integration.pk, "payment", accept_deletions=True)


def test_an_import_that_only_adds_to_our_copies_deletes_none_of_them(desk: Desk, calls: Calls) -> None:
    desk.set(import_number=True)
    desk.invoices(3)
    desk.export("invoice")
    calls.clear()
    desk.there.documents["Invoice"].clear()
    run = desk.bring("invoice", full=True, unguarded=True)
    assert (run.state, run.succeeded) == ("succeeded", 0)
    assert calls.reads()
    assert Invoice.objects.filter(remote_deleted_at=None).count() == 3


def test_a_vendor_whose_lists_leave_something_out_is_not_believed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.provider.Import.sweeps", property(lambda declared: False))
    forget(desk, paid(desk, 10)[:1])
    assert desk.bring(full=True).succeeded == 0
    assert alive() == 10
