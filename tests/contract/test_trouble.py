"""What goes wrong on the way out: nothing is lost, nothing is doubled, and the vendor is left alone when it asks for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations import clock
from integrations.models import ItemState, RunState
from integrations.provider import Export
from tests.contract.harness import Harness, claims, once_a_provider


def assert_once(harness: Harness, export: Export, fault: str, pause: timedelta = timedelta(), **more: object) -> None:
    """Strike the next write, and expect the record to be there exactly once in the end."""
    write = harness.learn(export)
    before, record = harness.held(), harness.house.sample(export.kind)
    run = harness.start_export(export.kind, record)
    harness.misbehave(write.fault(fault, **more))
    harness.turn()
    assert harness.sandbox.faults.faults[0].struck == 1
    harness.later(pause.total_seconds())
    harness.work(run)
    assert run.succeeded == 1, harness.item(export.kind, record).message
    assert harness.held() - before == write.growth
    assert harness.link(export.kind, record).remote_id


@once_a_provider
def test_a_call_that_never_arrived_is_made_again(ready: Harness, export: Export) -> None:
    assert_once(ready, export, "status", status=503)


@once_a_provider
def test_a_vendor_that_failed_before_it_wrote_is_written_to_again(ready: Harness, export: Export) -> None:
    assert_once(ready, export, "status", status=500)


@once_a_provider
def test_a_vendor_that_never_answered_is_written_to_again(ready: Harness, export: Export) -> None:
    assert_once(ready, export, "timeout", seconds=0)


@once_a_provider
@claims(lambda export: export.key_window or export.find_existing)
def test_an_answer_that_got_lost_doubles_nothing(ready: Harness, export: Export) -> None:
    assert_once(ready, export, "lost_answer")


@once_a_provider
@claims(lambda export: export.key_window or export.find_existing)
@pytest.mark.parametrize("fault", ["truncated", "not_json"])
def test_an_answer_that_cannot_be_read_doubles_nothing(ready: Harness, export: Export, fault: str) -> None:
    assert_once(ready, export, fault)


@once_a_provider
@claims(lambda export: export.key_window or export.find_existing)
def test_an_error_after_the_vendor_wrote_doubles_nothing(ready: Harness, export: Export) -> None:
    assert_once(ready, export, "status", status=500, after_commit=True)


@claims(lambda export: export.find_existing)
def test_what_was_written_is_found_when_no_key_helps_any_more(ready: Harness, export: Export) -> None:
    assert_once(ready, export, "lost_answer", (export.key_window or timedelta()) + export.settle_after + timedelta(minutes=10))


@once_a_provider
@claims(lambda export: export.find_existing)
def test_what_was_not_written_is_written_when_no_key_helps_any_more(ready: Harness, export: Export) -> None:
    pause = (export.key_window or timedelta()) + export.settle_after + timedelta(minutes=10)
    assert_once(ready, export, "status", pause, status=500)


@claims(lambda export: not export.key_window and not export.find_existing)
def test_what_nobody_can_look_up_waits_for_a_person(ready: Harness, export: Export) -> None:
    write = ready.learn(export)
    record = ready.house.sample(export.kind)
    ready.misbehave(write.fault("lost_answer"))
    assert ready.export(export.kind, record).rejected == 1
    item = ready.item(export.kind, record)
    assert (item.state, bool(item.message), bool(item.advice)) == (ItemState.PARKED, True, True)


def test_only_the_lost_ones_of_a_batch_are_written_again(ready: Harness, export: Export) -> None:
    """Records of the same content are told apart, or are interchangeable: there are as many copies as records, each with its link."""
    write = ready.learn(export)
    before, records = ready.held(), [ready.house.sample(export.kind) for _ in range(4)]
    ready.misbehave(write.fault("lost_answer"))
    run = ready.start_export(export.kind, *records)
    ready.turn()
    ready.later(3600)
    assert ready.work(run).succeeded == 4
    grown = ready.held() - before
    assert grown == {kind: count * 4 for kind, count in write.growth.items()}
    assert len({ready.link(export.kind, record).remote_id for record in records}) == 4


def test_a_lost_record_is_never_taken_for_another_one(ready: Harness, export: Export) -> None:
    """The vendor holds a copy of an earlier record when one is looked up that it never got."""
    write = ready.learn(export)
    first, second = ready.house.sample(export.kind), ready.house.sample(export.kind)
    ready.export(export.kind, first)
    run = ready.start_export(export.kind, second)
    ready.misbehave(write.fault("status", status=500))
    ready.turn()
    ready.later(3600)
    assert ready.work(run).succeeded == 1
    assert ready.link(export.kind, first).remote_id != ready.link(export.kind, second).remote_id


@claims(lambda export: export.update is not None)
def test_an_update_whose_answer_got_lost_is_sent_again_and_adds_nothing(ready: Harness, export: Export) -> None:
    record = ready.house.sample(export.kind)
    ready.export(export.kind)
    before = ready.held()
    ready.house.edit(record)
    run = ready.start_export(export.kind, record)
    ready.misbehave(*({"kind": "lost_answer", "method": method, "times": 1} for method in ("PUT", "POST", "PATCH")))
    ready.turn()
    ready.later(600)
    assert ready.work(run).succeeded == 1
    assert ready.held() == before


@once_a_provider
def test_a_vendor_that_is_asked_too_often_is_left_alone_for_as_long_as_it_says(ready: Harness, export: Export) -> None:
    write = ready.learn(export)
    before, record = ready.held(), ready.house.sample(export.kind)
    ready.misbehave(write.fault("status", status=429, retry_after=90))
    run = ready.start_export(export.kind, record)
    ready.turn()
    refused_at, since = clock.now(), len(ready.exchanges)
    for seconds in (0, 30, 55):
        ready.later(seconds)
        ready.turn()
    assert len(ready.exchanges) == since
    item = ready.item(export.kind, record)
    assert (item.state, item.tries) == (ItemState.WAITING, 0)
    assert ready.work(run).succeeded == 1
    assert (clock.now() - refused_at).total_seconds() >= 90
    assert ready.held() - before == write.growth


@once_a_provider
def test_a_vendor_that_is_down_for_an_hour_costs_no_try_and_loses_nothing(ready: Harness, export: Export) -> None:
    before, records = ready.held(), [ready.house.sample(export.kind) for _ in range(3)]
    ready.misbehave({"kind": "status", "status": 503, "until": clock.timestamp() + 3600})
    run = ready.start_export(export.kind, *records)
    since = len(ready.exchanges)
    while clock.timestamp() < ready.sandbox.faults.faults[0].until:
        if not ready.turn():
            ready.wait(run)
    assert len(ready.exchanges) - since <= 70
    assert set(run.items.values_list("tries", flat=True)) == {0}
    assert ready.work(run).state == RunState.SUCCEEDED
    assert sum((ready.held() - before).values()) >= 3


@claims(lambda export: export.batch_size > 1)
def test_some_of_a_batch_may_be_refused_and_the_rest_is_kept(ready: Harness, export: Export) -> None:
    write = ready.learn(export)
    before, records = ready.held(), [ready.house.sample(export.kind) for _ in range(4)]
    ready.misbehave(write.fault("half_failed", message="Not today."))
    run = ready.export(export.kind, *records)
    assert (run.state, run.succeeded, run.rejected) == (RunState.PARTIAL, 2, 2)
    refused = [ready.item(export.kind, record) for record in records if ready.item(export.kind, record).state == ItemState.REJECTED]
    assert {item.message for item in refused} == {"Not today."}
    assert ready.held() - before == {kind: count * 2 for kind, count in write.growth.items()}


def test_fields_that_are_new_to_us_are_ignored(ready: Harness, export: Export) -> None:
    ready.misbehave({"kind": "new_fields"})
    assert ready.export(export.kind, ready.house.sample(export.kind)).succeeded == 1
