"""What comes in: what is ours, whole, once, and the way it changed last."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.incoming import Import
from integrations.models import Action, Entry, Link, Run, RunState, Stream
from integrations.provider import Provider
from integrations.records.kinds import get_kind
from integrations.source import Source
from integrations.sync import runs, schedule
from integrations.sync.importing import stream_of
from tests.contract.harness import Harness, claims, once_a_provider
from tests.contract.scenario import Entered

creates = claims(lambda declared: declared.creates)
joins = claims(lambda declared: declared.creates and not isinstance(declared, Source))
"""What comes to records that we have: of a source, all is ours."""
adds = claims(lambda declared: not declared.creates)


def exported(harness: Harness, provider: Provider, declared: Import, *, everything: bool = False) -> dict[str, Link]:
    """Set up with this import switched on; a copy of one record of every kind that it can be about, or that is exported at all.

    A source needs none: what it brings is not about copies of ours.
    """
    harness.set_up(imports=(declared.kind, *declared.after))
    if declared.after:
        harness.scenario.enter_owners(declared.kind)
        for kind in declared.after:
            harness.bring(kind)
    links: dict[str, Link] = {}
    if isinstance(declared, Source):
        return links
    for export in provider.exports:
        if not export.step and (everything or declared.creates or export.kind == declared.kind):
            record = harness.house.sample(export.kind)
            assert harness.export(export.kind, record).succeeded == 1
            links[export.kind] = harness.link(export.kind, record)
    return links


def living(harness: Harness, kind: str) -> list[Any]:
    """What the integration brought of a kind and is still there."""
    ids = Link.everywhere.filter(integration=harness.integration, kind=kind, is_import=True).values("record_id")
    return list(get_kind(kind).everywhere().filter(pk__in=ids, remote_deleted_at=None))


def happen(harness: Harness, declared: Import, links: dict[str, Link]) -> Entered:
    """Something that this import has to bring."""
    return harness.scenario.enter(declared.kind, links) if declared.creates else harness.scenario.touch(declared.kind, links[declared.kind])


def assert_is(record: Any, entered: Entered) -> None:
    assert {name: getattr(record, name) for name in entered.values} == dict(entered.values)


@creates
def test_what_they_enter_arrives_here_to_the_cent_and_the_day_and_once(harness: Harness, provider: Provider, declared: Import) -> None:
    entered = harness.scenario.enter(declared.kind, exported(harness, provider, declared))
    run = harness.bring(declared.kind)
    assert (run.state, run.succeeded, run.rejected) == (RunState.SUCCEEDED, 1, 0)
    (record,) = living(harness, declared.kind)
    assert_is(record, entered)
    origin = "productive" if isinstance(declared, Source) else "import"
    assert (record.origin, record.changed_by) == (origin, f"integration:{harness.integration.pk}")
    link = Link.everywhere.get(integration=harness.integration, kind=declared.kind, is_import=True)
    assert (link.remote_id, link.record_id) == (entered.remote_id, record.pk)
    for full in (False, True):
        run = harness.bring(declared.kind, full=full)
        assert (run.succeeded, run.rejected) == (0, 0)
        assert not Entry.everywhere.filter(run=run).exists()
    (again,) = living(harness, declared.kind)
    assert (again.pk, again.revision) == (record.pk, record.revision)


@creates
def test_what_they_change_follows(harness: Harness, provider: Provider, declared: Import) -> None:
    entered = harness.scenario.enter(declared.kind, exported(harness, provider, declared))
    harness.bring(declared.kind)
    changed = harness.scenario.edit(declared.kind, entered)
    assert harness.bring(declared.kind).succeeded >= 1
    (record,) = living(harness, declared.kind)
    assert_is(record, changed)


@creates
def test_what_they_delete_is_marked_as_deleted(harness: Harness, provider: Provider, declared: Import) -> None:
    entered = harness.scenario.enter(declared.kind, exported(harness, provider, declared))
    harness.bring(declared.kind)
    harness.scenario.remove(declared.kind, entered)
    run = harness.bring(declared.kind, **({"unguarded": True} if declared.full else {}))
    gone = Entry.everywhere.get(run=run, action="deleted")
    assert gone.remote_id == entered.remote_id
    assert gone.record_id not in {record.pk for record in living(harness, declared.kind)}
    assert harness.bring(declared.kind, full=True).succeeded == 0


@joins
def test_what_belongs_to_nothing_of_ours_stays_there(harness: Harness, provider: Provider, declared: Import) -> None:
    if declared.kind in harness.scenario.stand_alone:
        pytest.skip(f"A {declared.kind} belongs to nothing: there are none that are not ours.")
    exported(harness, provider, declared)
    harness.scenario.enter_foreign(declared.kind)
    run = harness.bring(declared.kind)
    assert run.total >= 1
    assert (run.succeeded, run.rejected) == (0, 0)
    assert not living(harness, declared.kind)


@once_a_provider
@creates
def test_a_dry_run_shows_what_would_come_and_keeps_nothing(harness: Harness, provider: Provider, declared: Import) -> None:
    harness.scenario.enter(declared.kind, exported(harness, provider, declared))
    cursor = stream_of(harness.integration, declared.kind).cursor
    run = harness.work(runs.start(harness.integration, Action.IMPORT, declared.kind, dry=True))
    assert Entry.everywhere.get(run=run).action == "created"
    assert not living(harness, declared.kind)
    assert stream_of(harness.integration, declared.kind).cursor == cursor
    assert harness.bring(declared.kind).succeeded == 1


@adds
def test_what_they_change_in_our_copy_follows(harness: Harness, provider: Provider, declared: Import) -> None:
    link = exported(harness, provider, declared)[declared.kind]
    changed = harness.scenario.touch(declared.kind, link)
    assert harness.bring(declared.kind).succeeded >= 1
    record = get_kind(declared.kind).everywhere().get(pk=link.record_id)
    assert_is(record, changed)


@adds
def test_what_was_brought_is_not_sent_back(harness: Harness, provider: Provider, declared: Import) -> None:
    link = exported(harness, provider, declared)[declared.kind]
    harness.scenario.touch(declared.kind, link)
    harness.bring(declared.kind)
    since = len(harness.exchanges)
    run = harness.export(declared.kind)
    assert (run.succeeded, run.rejected) == (0, 0)
    assert not harness.asked(since)


@adds
def test_an_import_that_only_adds_creates_nothing(harness: Harness, provider: Provider, declared: Import) -> None:
    exported(harness, provider, declared, everything=True)
    before = get_kind(declared.kind).everywhere().count()
    harness.bring(declared.kind, full=True)
    assert get_kind(declared.kind).everywhere().count() == before


@claims(lambda declared: not declared.full)
def test_the_next_import_begins_where_the_last_one_ended(harness: Harness, provider: Provider, declared: Import) -> None:
    links = exported(harness, provider, declared)
    happen(harness, declared, links)
    assert harness.bring(declared.kind).total >= 1
    assert stream_of(harness.integration, declared.kind).cursor
    harness.later(3600)
    harness.bring(declared.kind)
    harness.later(3600)
    assert harness.bring(declared.kind).total == 0


@once_a_provider
def test_an_outage_in_the_middle_loses_nothing(harness: Harness, provider: Provider, declared: Import) -> None:
    links = exported(harness, provider, declared)
    entered = happen(harness, declared, links)
    harness.misbehave({"kind": "status", "status": 503, "times": 2})
    run = harness.bring(declared.kind)
    assert (run.state, run.message) == (RunState.SUCCEEDED, "")
    assert run.succeeded >= 1
    assert Link.everywhere.filter(integration=harness.integration, kind=declared.kind, remote_id=entered.remote_id).exists()


@once_a_provider
def test_an_import_waits_as_long_as_the_vendor_says(harness: Harness, provider: Provider, declared: Import) -> None:
    links = exported(harness, provider, declared)
    if declared.creates:
        harness.scenario.enter(declared.kind, links)
    harness.misbehave({"kind": "status", "status": 429, "retry_after": 240, "times": 1})
    run = harness.bring(declared.kind)
    assert (run.state, run.rejected) == (RunState.SUCCEEDED, 0)
    assert (run.finished_at - run.started_at).total_seconds() >= 240


@once_a_provider
def test_a_token_that_expires_in_the_middle_of_an_import_is_renewed(harness: Harness, provider: Provider, declared: Import) -> None:
    exported(harness, provider, declared)
    harness.misbehave({"kind": "expired_token", "times": 1})
    assert harness.bring(declared.kind).state == RunState.SUCCEEDED


def test_fields_that_are_new_to_us_are_ignored(harness: Harness, provider: Provider, declared: Import) -> None:
    links = exported(harness, provider, declared)
    happen(harness, declared, links)
    harness.misbehave({"kind": "new_fields"})
    run = harness.bring(declared.kind)
    assert (run.state, run.succeeded) == (RunState.SUCCEEDED, 1)


@claims(lambda declared: declared.switches)
def test_an_import_that_is_switched_off_does_not_begin_by_itself(harness: Harness, provider: Provider, declared: Import) -> None:
    exported(harness, provider, declared)
    setattr(harness.integration, declared.switches[0], False)
    harness.integration.save()
    stream_of(harness.integration, declared.kind)
    Stream.everywhere.update(next_run_at=harness.integration.connected_at)
    schedule.start_due()
    assert not Run.everywhere.filter(action="import", kind=declared.kind).exists()


@claims(lambda declared: declared.switches)
def test_an_import_that_is_switched_on_begins_by_itself_in_its_rhythm(harness: Harness, provider: Provider, declared: Import) -> None:
    exported(harness, provider, declared)
    stream = stream_of(harness.integration, declared.kind)
    Stream.everywhere.filter(pk=stream.pk).update(next_run_at=harness.integration.connected_at)
    for _ in range(3):
        harness.turn()
    assert Run.everywhere.filter(action="import", kind=declared.kind).count() == 1
    harness.later(declared.every.total_seconds() * 1.1)
    for _ in range(3):
        harness.turn()
    assert Run.everywhere.filter(action="import", kind=declared.kind).count() == 2
