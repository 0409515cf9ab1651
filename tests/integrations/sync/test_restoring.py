"""A backup that was restored: what was sent after it was made is found at the vendor, and nothing goes there twice.

The database goes back, the vendor does not: what is done between is rolled back here alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError

from integrations import clock
from integrations.models import Integration, OutboxItem, Stream
from integrations.records.choices import CustomFieldType
from integrations.records.models import CustomField, Invoice, Payment
from integrations.sync import outbox
from tests.books import make_invoices
from tests.integrations.sync.desk import Calls, Desk, numbers_of, run_command
from tests.integrations.sync.test_recovery import PUT_INVOICES, declare  # noqa: F401 (a fixture)
from tests.isolation.tables import undone

SETTLED = 31


@contextmanager
def after_the_backup(desk: Desk) -> Iterator[None]:
    """What is done in the block happened after the backup was made, which is restored when it ends."""
    with undone():
        yield
    desk.integration.refresh_from_db()
    run_command("restored")
    desk.later(SETTLED)


def test_what_waited_in_the_backup_and_was_sent_since_is_found_and_not_created(desk: Desk, calls: Calls) -> None:
    desk.export("company")
    invoices = desk.invoices(3)
    run = desk.start()
    with after_the_backup(desk):
        desk.work(run)
    calls.clear()
    desk.work(run)
    assert not calls.writes()
    assert desk.numbers() == {invoice.number: 1 for invoice in invoices}
    assert {desk.link(invoice).remote_id for invoice in invoices} == {document.id for document in desk.documents()}
    assert run.state == "succeeded"


def test_only_what_is_absent_is_created(desk: Desk, calls: Calls) -> None:
    desk.export("company")
    sent, unsent = desk.invoices(1), desk.invoices(1, first=2)
    with after_the_backup(desk):
        desk.export(records=sent)
    calls.clear()
    desk.export()
    assert [numbers_of(request) for request in calls.writes()] == [[unsent[0].number]]
    assert desk.numbers() == {invoice.number: 1 for invoice in [*sent, *unsent]}


def test_without_being_told_the_same_backup_would_send_twice(desk: Desk) -> None:
    """What the command is for: the tables alone cannot know."""
    desk.set(export_number=False)
    desk.export("company")
    desk.invoices(1)
    run = desk.start()
    with undone():
        desk.work(run)
    desk.work(run)
    assert len(desk.documents()) == 2


def test_copies_without_a_number_of_ours_are_recognised_by_the_reference_that_we_left(desk: Desk) -> None:
    desk.set(export_number=False)
    desk.export("company")
    desk.invoices(2)
    run = desk.start()
    with after_the_backup(desk):
        desk.work(run)
    desk.work(run)
    assert len(desk.documents()) == 2
    assert {link.remote_id for link in desk.links()} == {document.id for document in desk.documents()}


@pytest.mark.parametrize("numbered", [True, False], ids=["with a Productive id", "without one"])
def test_records_that_came_after_the_backup_are_never_taken_for_others(desk: Desk, numbered: bool) -> None:
    """Numbers of rows begin anew with the backup; what stands at the vendor under them belongs to others."""
    desk.set(export_number=False)
    desk.export("company")

    def load(productive_id: str) -> Invoice:
        (invoice,) = make_invoices(desk.books, 1)
        Invoice.everywhere.filter(pk=invoice.pk).update(productive_id=productive_id if numbered else None)
        return invoice

    with after_the_backup(desk):
        lost = load("501")
        desk.export(records=[lost])
    other = load("502")
    assert other.pk > lost.pk
    desk.export(records=[other])
    assert len(desk.documents()) == 2
    if numbered:
        loaded_anew = load("501")
        desk.export(records=[loaded_anew])
        assert len(desk.documents()) == 2
        assert desk.link(loaded_anew).remote_id != desk.link(other).remote_id


def test_a_request_that_was_under_way_is_looked_up_and_its_key_not_used_again(desk: Desk, calls: Calls) -> None:
    """The vendor never got it then; what it got is what was sent later, under another key."""
    desk.export("company")
    (invoice,) = desk.invoices(1)
    run = desk.start()
    desk.misbehave({"kind": "timeout", "seconds": 0, **PUT_INVOICES})
    desk.turn()
    assert desk.item(invoice).state == "uncertain"
    with after_the_backup(desk):
        desk.later(5 * 60 + 1)
        desk.work(run)
    assert desk.numbers() == {invoice.number: 1}
    calls.clear()
    desk.work(run)
    assert not calls.writes()
    assert desk.numbers() == {invoice.number: 1}


def test_the_vendors_lists_are_not_trusted_before_they_have_settled(desk: Desk, calls: Calls) -> None:
    desk.export("company")
    (invoice,) = desk.invoices(1)
    run = desk.start()
    with undone():
        desk.work(run)
    run_command("restored")
    calls.clear()
    desk.work_now()
    assert not calls.api()
    assert desk.item(invoice).state == "waiting"
    desk.work(run)
    assert not calls.writes()
    assert desk.link(invoice)


def test_what_was_found_says_so_and_goes_as_a_change_when_it_is_copied_again(desk: Desk, calls: Calls) -> None:
    """Nobody knows which version of the record the vendor has."""
    desk.export("company")
    (invoice,) = desk.invoices(1)
    run = desk.start()
    with after_the_backup(desk):
        desk.work(run)
    invoice.subject = "Changed before it was looked up"
    invoice.save()
    desk.work(run)
    assert "when a backup was restored" in desk.link(invoice).warnings[0]
    calls.clear()
    desk.export(records=[invoice])
    assert [request.method for request in calls.writes()] == ["POST"]
    assert desk.documents()[0].row["Reference"] == "Changed before it was looked up"


def test_another_copy_that_is_asked_for_is_made_and_not_taken_for_the_first(desk: Desk) -> None:
    desk.export("company")
    (note,) = desk.invoices(1, kind=2)
    with after_the_backup(desk):
        desk.export("credit_note")
    desk.export("credit_note")
    assert len(desk.documents("credit_note")) == 1
    desk.set(export_number=False)
    desk.export("credit_note", [note], create_new=True)
    assert len(desk.documents("credit_note")) == 2


def test_a_note_is_not_added_a_second_time(desk: Desk, calls: Calls) -> None:
    field = CustomField.everywhere.create(
        organization=desk.organization, productive_id="77", name="Memo", customizable_type="invoices", data_type_id=CustomFieldType.TEXT
    )
    desk.set(xero_internal_note_cf=field)
    (invoice,) = desk.invoices(1)
    Invoice.everywhere.filter(pk=invoice.pk).update(custom_fields={"77": "Mind the deadline"})
    run = desk.start()
    with after_the_backup(desk):
        desk.work(run)
    assert len(calls.writes("/History")) == 1
    calls.clear()
    desk.work(run)
    assert not calls.writes("/History")
    assert {item.state for item in desk.items()} == {"succeeded"}
    assert len(desk.items(step="note")) == 1
    assert desk.item(invoice).state == "succeeded"


def test_what_a_vendor_cannot_be_asked_for_waits_for_a_person(desk: Desk, calls: Calls, declare: Callable[..., None]) -> None:  # noqa: F811
    desk.export("company")
    (invoice,) = desk.invoices(1)
    run = desk.start()
    with after_the_backup(desk):
        desk.work(run)
    declare(find_existing=None)
    calls.clear()
    desk.work(run)
    item = desk.item(invoice)
    assert (item.state, item.error) == ("parked", "Uncertain")
    assert "cannot be asked whether it got the record since" in item.message
    assert not calls.writes()
    desk.set(export_number=False)
    outbox.retry(OutboxItem.objects.filter(pk=item.pk))
    desk.work_now()
    assert desk.item(invoice).state == "succeeded"
    assert len(calls.writes()) == 1


def test_what_came_in_for_copies_that_were_not_known_yet_comes_once_more(desk: Desk) -> None:
    desk.export("company")
    (invoice,) = desk.invoices(1)
    run = desk.start()
    with undone():
        desk.work(run)
        desk.pay(invoice, "119.00")
    run_command("restored")
    desk.bring()
    assert not Payment.everywhere.exists()
    assert Stream.everywhere.get(integration=desk.integration, kind="payment").cursor != {}
    desk.later(SETTLED)
    desk.work(run)
    assert Stream.everywhere.get(integration=desk.integration, kind="payment").cursor == {}
    desk.bring()
    assert Payment.everywhere.get().invoice == invoice


def test_when_it_is_finished_nothing_is_looked_up_any_more_and_imports_look_at_everything(desk: Desk, calls: Calls) -> None:
    desk.export("company")
    with after_the_backup(desk):
        pass
    desk.bring()
    assert "1 integrations" in run_command("restored", "--finish")
    assert Stream.everywhere.get(integration=desk.integration, kind="payment").cursor == {}
    desk.integration.refresh_from_db()
    desk.invoices(1)
    calls.clear()
    desk.export()
    assert len(calls.writes()) == 1
    assert not calls.reads()
    assert "0 integrations" in run_command("restored", "--finish")


def test_the_backup_is_as_old_as_its_last_sign_of_life_or_as_it_was_called(desk: Desk) -> None:
    desk.export("company")
    last = max(item.created_at for item in desk.items("company"))
    desk.later(3600)
    run_command("restored")
    assert last <= desk.row().backed_up_at < clock.now() - timedelta(minutes=59)
    run_command("restored", "--since", "2026-01-31")
    assert desk.row().backed_up_at.date().isoformat() == "2026-01-31"
    desk.work_now()
    run_command("restored")
    assert desk.row().backed_up_at.date().isoformat() == "2026-01-31", "what was sent after the older backup is not known yet"


def test_integrations_made_afterwards_have_nothing_to_look_up(desk: Desk) -> None:
    run_command("restored")
    other: Any = Integration.everywhere.non_polymorphic().exclude(pk=desk.integration.pk)
    assert not other.exists()
    desk.connect()
    assert desk.row().backed_up_at is None


def test_a_beginning_and_an_end_at_once_are_refused(desk: Desk) -> None:
    with pytest.raises(CommandError, match="for the beginning"):
        run_command("restored", "--since", "2026-01-31", "--finish")
