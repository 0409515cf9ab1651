"""A write whose outcome nobody knows: found out, never doubled, never lost."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from integrations import clock
from integrations.errors import Uncertain
from integrations.models import Batch, OutboxItem
from integrations.provider import Export
from integrations.providers.xero.provider import PROVIDER
from integrations.sync import claim, exporting, outbox
from integrations.sync.exporting import work_off_batch
from tests.integrations.sync.desk import Calls, Desk, numbers_of

PUT_INVOICES = {"method": "PUT", "path": "*/Invoices"}
WINDOW = 5 * 60


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have the provider declare its export of invoices otherwise, as vendors with less to offer do."""

    def change(**changes: Any) -> None:
        exports = tuple(dataclasses.replace(export, **changes) if export.kind == "invoice" else export for export in PROVIDER.exports)
        changed = dataclasses.replace(PROVIDER, exports=exports)
        monkeypatch.setattr("integrations.models.integration.Integration.declaration", property(lambda integration: changed))

    return change


def uncertain(desk: Desk, count: int = 1, fault: str = "lost_answer", **more: Any) -> list[Any]:
    """Invoices whose request the vendor answered in no way that can be understood."""
    desk.export("company")
    invoices = desk.invoices(count)
    desk.start()
    desk.misbehave({"kind": fault, **PUT_INVOICES, **more})
    desk.turn()
    assert desk.states() == {"uncertain": count}
    return invoices


def test_inside_the_vendors_window_the_same_body_goes_again_with_the_same_key(desk: Desk, calls: Calls) -> None:
    invoices = uncertain(desk, 3)
    desk.wait()
    desk.work_now()
    first, second = calls.writes()
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert desk.numbers() == {invoice.number: 1 for invoice in invoices}
    assert desk.states() == {"succeeded": 3}
    assert not calls.reads()


@pytest.mark.parametrize(
    "fault", ["lost_answer", "truncated", "not_json", "wrong_type"], ids=["no answer", "half an answer", "no JSON", "another type"]
)
@pytest.mark.parametrize("seconds", [0, WINDOW + 1], ids=["within the window", "after the window"])
def test_an_answer_that_cannot_be_read_after_the_vendor_committed_never_doubles(desk: Desk, fault: str, seconds: int) -> None:
    invoices = uncertain(desk, 2, fault)
    desk.later(seconds)
    desk.wait()
    desk.work_now()
    assert desk.states() == {"succeeded": 2}
    assert desk.numbers() == {invoice.number: 1 for invoice in invoices}
    assert {desk.link(invoice).remote_id for invoice in invoices} == {document.id for document in desk.documents()}


def test_a_server_error_after_the_vendor_committed_never_doubles(desk: Desk) -> None:
    (invoice,) = uncertain(desk, fault="status", status=500, after_commit=True)
    desk.wait()
    desk.work_now()
    assert desk.numbers() == {invoice.number: 1}


def test_after_the_window_the_records_are_looked_up_and_not_created(desk: Desk, calls: Calls) -> None:
    (invoice,) = uncertain(desk)
    calls.clear()
    desk.later(WINDOW + 1)
    desk.work_now()
    assert not calls.writes()
    assert len(calls.reads()) == 1
    assert desk.link(invoice).remote_id == desk.documents()[0].id
    assert desk.item(invoice).state == "succeeded"


def test_what_is_proven_absent_is_created_again_with_a_new_key(desk: Desk, calls: Calls) -> None:
    (invoice,) = uncertain(desk, fault="timeout", seconds=0)
    assert not desk.documents()
    desk.later(WINDOW + 1)
    desk.work_now()
    first, second = calls.writes()
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]
    assert desk.numbers() == {invoice.number: 1}


def test_of_a_request_that_was_done_in_part_only_the_absent_records_are_created(desk: Desk, calls: Calls) -> None:
    desk.export("company")
    invoices = desk.invoices(3)
    desk.start()
    desk.misbehave({"kind": "half_failed", **PUT_INVOICES}, {"kind": "lost_answer", **PUT_INVOICES})
    desk.turn()
    assert set(desk.numbers()) == {invoices[0].number, invoices[2].number}
    desk.later(WINDOW + 1)
    desk.work_now()
    assert [numbers_of(request) for request in calls.writes()][1:] == [[invoices[1].number]]
    assert desk.numbers() == {invoice.number: 1 for invoice in invoices}


def test_a_credit_note_is_found_again_without_a_reference_of_ours(desk: Desk, calls: Calls) -> None:
    desk.export("company")
    (note,) = desk.invoices(1, kind=2)
    desk.start("credit_note")
    desk.misbehave({"kind": "lost_answer", "method": "PUT", "path": "*/CreditNotes"})
    desk.turn()
    desk.later(WINDOW + 1)
    desk.work_now()
    assert desk.numbers("credit_note") == {note.number: 1}
    assert desk.link(note).remote_id == desk.documents("credit_note")[0].id


def test_lists_are_not_trusted_before_they_have_settled(desk: Desk, calls: Calls, declare: Callable[..., None]) -> None:
    declare(key_window=None)
    (invoice,) = uncertain(desk)
    calls.clear()
    desk.later(5)
    desk.work_now()
    assert not calls.api()
    assert desk.item(invoice).state == "uncertain"
    desk.later(30)
    desk.work_now()
    assert len(calls.reads()) == 1
    assert desk.item(invoice).state == "succeeded"


def test_a_vendor_with_neither_key_nor_lookup_parks_the_record_with_advice(desk: Desk, calls: Calls, declare: Callable[..., None]) -> None:
    declare(key_window=None, find_existing=None)
    (invoice,) = uncertain(desk)
    desk.wait()
    desk.work_now()
    item = desk.item(invoice)
    assert (item.state, item.error) == ("parked", "Uncertain")
    assert "cannot be asked whether it has the record" in item.message
    assert "Skip this one if it exists, or retry" in item.advice
    assert len(calls.writes()) == 1


def parked(desk: Desk, declare: Callable[..., None]) -> Any:
    declare(key_window=None, find_existing=None)
    (invoice,) = uncertain(desk)
    desk.wait()
    desk.work_now()
    assert desk.item(invoice).state == "parked"
    return invoice


def test_exporting_everything_leaves_alone_what_a_person_has_found_there(desk: Desk, calls: Calls, declare: Callable[..., None]) -> None:
    """It was skipped because the vendor has it; whoever names it copies it again all the same, and then it follows its changes."""
    desk.set(export_number=False)
    invoice = parked(desk, declare)
    outbox.skip(OutboxItem.objects.filter(state="parked"), "It is there.")
    desk.export()
    assert len(desk.documents()) == len(calls.writes()) == 1
    assert desk.export(records=[invoice]).succeeded == 1
    invoice.subject = "Changed"
    invoice.save()
    assert desk.export().succeeded == 1


def test_exporting_everything_leaves_alone_what_a_person_has_to_find_out(desk: Desk, calls: Calls, declare: Callable[..., None]) -> None:
    invoice = parked(desk, declare)
    desk.export()
    assert len(calls.writes()) == 1
    assert [item.state for item in desk.items()] == ["parked"]
    assert outbox.retry(OutboxItem.objects.filter(state="parked")) == 1
    desk.set(export_number=False)
    desk.work_now()
    assert len(calls.writes()) == 2
    assert desk.item(invoice).state == "succeeded"


def test_a_change_that_waits_behind_a_doubtful_record_is_not_sent_in_its_place(
    desk: Desk, calls: Calls, declare: Callable[..., None]
) -> None:
    declare(key_window=None, find_existing=None)
    (invoice,) = uncertain(desk)
    invoice.subject = "Changed"
    invoice.save()
    second = desk.start(records=[invoice])
    desk.wait()
    desk.work(second)
    first, later = desk.items()
    assert (first.state, later.state, later.replaced_by) == ("parked", "skipped", first)
    assert len(calls.writes()) == 1
    outbox.retry(OutboxItem.objects.filter(pk=first.pk))
    assert desk.items()[0].revision == 2


def test_invoices_are_refused_while_their_customer_is_in_doubt_and_return_with_it(
    desk: Desk, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = {"key_window": None, "find_existing": None, "adopt": None}
    exports = tuple(dataclasses.replace(export, **blind) if export.kind == "company" else export for export in PROVIDER.exports)
    changed = dataclasses.replace(PROVIDER, exports=exports)
    monkeypatch.setattr("integrations.models.integration.Integration.declaration", property(lambda integration: changed))
    (invoice,) = desk.invoices(1)
    desk.start("company", records=[invoice.company])
    desk.misbehave({"kind": "lost_answer", "method": "PUT", "path": "*/Contacts"})
    desk.turn()
    desk.wait()
    desk.work_now()
    run = desk.export(records=[invoice])
    assert (run.state, desk.item(invoice).error) == ("failed", "needs")
    assert len(calls.writes("/Contacts")) == 1
    invoice.company.name += " and Partners"
    invoice.company.vat = ""
    invoice.company.save()
    type(invoice.company).everywhere.filter(pk=invoice.company_id).update(productive_id="4711")
    outbox.retry(OutboxItem.objects.filter(kind="company"))
    desk.work_now()
    run.refresh_from_db()
    assert (desk.item(invoice).state, run.state) == ("succeeded", "succeeded")


def test_an_uncertain_update_is_simply_sent_again(desk: Desk, calls: Calls) -> None:
    (invoice,) = desk.invoices(1)
    desk.export()
    invoice.subject = "Changed"
    invoice.save()
    desk.start()
    desk.misbehave({"kind": "lost_answer", "method": "POST", "path": "*/Invoices"})
    desk.turn()
    assert desk.item(invoice).state == "uncertain"
    desk.wait()
    desk.work_now()
    assert len([request for request in calls.writes() if request.method == "POST"]) == 2
    assert desk.documents()[0].row["Reference"] == "Changed"
    assert desk.link(invoice).revision == 2


def test_what_the_vendor_stumbles_over_goes_alone_the_next_time_and_is_parked_in_the_end(desk: Desk, declare: Callable[..., None]) -> None:
    """One record makes the vendor fail; the others get there, and it does not go on for ever."""
    declare(key_window=None)
    desk.export("company")
    invoices = desk.invoices(3)
    poison = invoices[1]
    run = desk.start()
    stumble = desk.xero.handle

    def handle(request: Any) -> Any:
        if request.method == "PUT" and request.path.endswith("/Invoices") and poison.number.encode() in request.body:
            desk.xero.faults.replace([{"kind": "status", "status": 500, **PUT_INVOICES, "times": 1}])
        return stumble(request)

    desk.xero.handle = handle  # type: ignore[method-assign]
    try:
        desk.work(run)
    finally:
        del desk.xero.handle
    assert (run.succeeded, run.rejected) == (2, 1)
    item = desk.item(poison)
    assert (item.state, item.error, item.tries) == ("parked", "Transient", 11)
    assert item.message == "The vendor fails at this record again and again."
    assert set(desk.numbers()) == {invoice.number for invoice in invoices if invoice != poison}
    assert desk.item(invoices[0]).tries <= 2


def test_early_outcomes_of_a_batch_stay_as_they_are_when_the_rest_is_uncertain(desk: Desk, calls: Calls) -> None:
    """Two customers are known there already, the third is created, and the answer is lost."""
    known = desk.books.companies[:2]
    for company in known:
        stage = desk.xero.contacts.stage(desk.there, {"Name": company.name}, None, set())
        desk.xero.contacts.commit(desk.there, stage)
    run = desk.start("company")
    desk.misbehave({"kind": "lost_answer", "method": "PUT", "path": "*/Contacts"})
    desk.turn()
    assert desk.states(kind="company") == {"succeeded": 2, "uncertain": 1}
    assert desk.work(run).succeeded == 3
    names = [contact.row["Name"] for contact in desk.there.contacts.values()]
    assert all(names.count(company.name) == 1 for company in desk.books.companies)


def test_a_replayed_key_that_the_vendor_refuses_is_followed_by_a_look_up(desk: Desk, calls: Calls) -> None:
    (invoice,) = uncertain(desk)
    desk.misbehave({"kind": "status", "status": 400, "message": "The key was used for something else.", **PUT_INVOICES})
    desk.wait()
    desk.work_now()
    assert desk.item(invoice).state == "uncertain"
    calls.clear()
    desk.later(60)
    desk.work_now()
    assert not calls.writes()
    assert desk.item(invoice).state == "succeeded"
    assert desk.numbers() == {invoice.number: 1}


def test_a_look_up_that_fails_is_tried_again_until_the_vendor_answers(desk: Desk) -> None:
    (invoice,) = uncertain(desk)
    desk.later(WINDOW + 1)
    desk.misbehave({"kind": "status", "status": 503, "method": "GET", "path": "*/Invoices", "times": 3})
    desk.work_now()
    assert desk.item(invoice).state == "uncertain"
    for _attempt in range(6):
        desk.later(60)
        desk.work_now()
    assert desk.item(invoice).state == "succeeded"
    assert desk.numbers() == {invoice.number: 1}


def test_a_connection_lost_in_the_middle_of_finding_out_is_found_out_after_reconnecting(desk: Desk) -> None:
    (invoice,) = uncertain(desk)
    desk.xero.end_grants()
    desk.wait()
    desk.work_now()
    assert desk.row().connection == "needs_reconnect"
    desk.later(WINDOW + 1)
    desk.connect(desk.integration)
    desk.work_now()
    assert desk.item(invoice).state == "succeeded"
    assert desk.numbers() == {invoice.number: 1}


def test_what_was_on_its_way_to_another_account_waits_for_a_person(desk: Desk) -> None:
    (invoice,) = uncertain(desk)
    desk.connect(desk.integration, tenant=1)
    desk.wait()
    desk.work_now()
    item = desk.item(invoice)
    assert (item.state, item.message) == ("parked", "It was being copied to another account when the connection changed.")


def test_an_answer_for_fewer_records_than_were_sent_is_no_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    export = desk.integration.declaration.export("invoice")
    batch = Batch(updates=False, key="k")
    fewer: Export = dataclasses.replace(export, create=lambda client, drafts, key: [])
    with pytest.raises(Uncertain, match="answered for 0 records of 1"):
        exporting._write(batch, fewer, None, [object()])  # type: ignore[list-item]


def test_a_provider_that_stumbles_over_its_own_answer_leaves_the_write_uncertain(desk: Desk, declare: Callable[..., None]) -> None:
    """The vendor has the invoice; our code failed afterwards: it is looked up, not created again."""
    create = desk.integration.declaration.export("invoice").create

    def stumble(client: Any, drafts: Any, key: str) -> Any:
        create(client, drafts, key)
        raise KeyError("InvoiceID")

    declare(create=stumble, key_window=None)
    desk.export("company")
    (invoice,) = desk.invoices(1)
    desk.start()
    with pytest.raises(Uncertain):
        work_off_batch(desk.integration, desk.client())
    assert desk.item(invoice).state == "uncertain"
    desk.later(60)
    desk.work_now()
    assert desk.item(invoice).state == "succeeded"
    assert desk.numbers() == {invoice.number: 1}


def test_work_that_is_under_way_never_keeps_the_worker_from_resting(desk: Desk) -> None:
    """A second item waits behind an uncertain one: until that is found out there is nothing to do."""
    (invoice,) = uncertain(desk)
    desk.start(records=[invoice])
    desk.misbehave({"kind": "status", "status": 500, **PUT_INVOICES, "times": None})
    desk.later(1)
    desk.work_now()
    assert desk.row().work_due_at > clock.now()
    desk.misbehave()
    desk.later(WINDOW + 600)
    desk.work_now()
    assert desk.states() == {"succeeded": 2}


def test_a_batch_found_sending_is_taken_over_only_after_its_lease(desk: Desk) -> None:
    desk.export("company")
    desk.invoices(1)
    desk.start()
    batch, _items = claim.claim_next(desk.integration) or pytest.fail("nothing to claim")
    claim.begin_sending(batch, "[]")
    assert desk.row().work_due_at is not None
    assert claim.take_over(desk.integration) is None
    desk.later(3)
    assert claim.take_over(desk.integration) is not None
