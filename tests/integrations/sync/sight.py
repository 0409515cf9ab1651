"""What is to be true of outbox, links and vendor after every single step, whatever happened. Each check names what it found."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from integrations.models import Action, Batch, BatchState, Integration, ItemState, Link, OutboxItem, Run, RunState
from integrations.models.outbox import FAILED, IN_FLIGHT, OPEN, UNSETTLED
from tests.integrations.sync.desk import Desk

LEAVES_OPEN = {*OPEN, ItemState.SUCCEEDED}
"""What an item may wait for."""


@dataclass
class Asked:
    """What people asked for: record id -> the newest revision that was enqueued, and what each revision said."""

    revisions: dict[int, int] = field(default_factory=dict)
    said: dict[tuple[int, int], str] = field(default_factory=dict)


def rows(model: Any, integration: int) -> Any:
    """All rows of the integration; in plain SQL, for this is asked after every step."""
    return model.everywhere.raw(f"SELECT * FROM {model._meta.db_table} WHERE integration_id = %s ORDER BY id", [integration])


def row_of(integration: int) -> Integration:
    """Its base row."""
    found: Integration = Integration.everywhere.raw(f"SELECT * FROM {Integration._meta.db_table} WHERE id = %s", [integration])[0]
    return found


def is_in_doubt(item: OutboxItem) -> bool:
    """Whether only a person can find out if the vendor has it."""
    return item.state == ItemState.PARKED and item.error == "Uncertain"


class Sight:
    """Everything as it is now, read once."""

    def __init__(self, desk: Desk) -> None:
        pk = desk.integration.pk
        self.row = row_of(pk)
        self.items: dict[int, OutboxItem] = {item.pk: item for item in rows(OutboxItem, pk)}
        self.batches: dict[int, Batch] = {batch.pk: batch for batch in rows(Batch, pk)}
        self.links: list[Link] = [link for link in rows(Link, pk) if link.archived_at is None]
        self.runs: dict[int, Run] = {run.pk: run for run in rows(Run, pk) if run.action == Action.EXPORT}
        self.at_vendor = {document.id: dict(document.row) for document in desk.documents()}
        self.contacts = set(desk.there.contacts)

    @property
    def current(self) -> list[OutboxItem]:
        """The items that no other has replaced."""
        return [item for item in self.items.values() if item.replaced_by_id is None]

    @property
    def failed(self) -> list[OutboxItem]:
        return [item for item in self.current if item.state in FAILED]

    @property
    def open_runs(self) -> list[Run]:
        return [run for run in self.runs.values() if not run.is_finished]

    @property
    def skippable(self) -> list[OutboxItem]:
        """Without those of which nobody knows whether the vendor has them."""
        return [item for item in self.current if item.state in {ItemState.WAITING, *FAILED} and not is_in_doubt(item)]

    @property
    def written(self) -> tuple[Any, ...]:
        """All that a worker may write about its batch."""
        items = [(item.pk, item.state, item.batch_id, item.tries, item.due_at, item.replaced_by_id) for item in self.items.values()]
        batches = [(batch.pk, batch.state, batch.fence, batch.lease_until, batch.due_at) for batch in self.batches.values()]
        links = [(link.pk, link.remote_id, link.revision, link.changed_at) for link in self.links]
        return items, batches, links, self.at_vendor

    def check(self, asked: Asked, *, counted: bool) -> None:
        self.at_most_one_waits_and_one_is_in_flight()
        self.what_is_in_flight_is_in_a_batch_that_comes_back()
        self.nothing_waits_for_what_never_comes()
        self.runs_end_with_their_last_item()
        self.the_vendor_has_each_copy_once()
        self.links_lead_somewhere()
        self.nothing_is_lost(asked)
        if counted:
            self.counts_are_those_of_the_tables()
            self.what_can_go_has_its_time()

    def at_most_one_waits_and_one_is_in_flight(self) -> None:
        for name, states in {"waiting": {ItemState.WAITING}, "in flight": set(IN_FLIGHT)}.items():
            found = Counter((item.kind, item.step, item.record_id) for item in self.items.values() if item.state in states)
            assert max(found.values(), default=0) <= 1, f"several are {name}: {found}"

    def what_is_in_flight_is_in_a_batch_that_comes_back(self) -> None:
        for item in self.items.values():
            if item.state in IN_FLIGHT:
                batch = self.batches[item.batch_id]
                assert batch.state in UNSETTLED, f"{item} is {item.state} in a batch that is {batch.state}: nobody looks at it again"
        for batch in self.batches.values():
            assert batch.state != BatchState.UNCERTAIN or batch.due_at, f"{batch} is uncertain for ever"
            assert batch.state != BatchState.SENDING or (batch.sent_at and batch.lease_until > batch.sent_at), f"{batch} has no lease"

    def nothing_waits_for_what_never_comes(self) -> None:
        for item in self.items.values():
            if item.state == ItemState.WAITING and item.waits_for_id:
                before = self.items[item.waits_for_id]
                assert before.state in LEAVES_OPEN, f"{item} waits for {before}, which is {before.state}"

    def runs_end_with_their_last_item(self) -> None:
        busy = {item.run_id for item in self.items.values() if item.state in OPEN}
        for run in self.runs.values():
            if run.state != RunState.CANCELLED:  # that one ends while what others wait for, or what was being sent, still goes
                assert run.is_finished == (run.pk not in busy), (
                    f"{run} is {run.state}, and {'some' if run.pk in busy else 'nothing'} is open"
                )

    def the_vendor_has_each_copy_once(self) -> None:
        alive = [row for row in self.at_vendor.values() if row["Status"] not in {"VOIDED", "DELETED"}]
        copies = Counter(row["Url"].rpartition("copy=")[2] for row in alive)
        assert max(copies.values(), default=0) <= 1, f"copied twice: {copies}"

    def links_lead_somewhere(self) -> None:
        there = self.contacts | self.at_vendor.keys()
        for link in self.links:
            assert link.remote_id in there, f"{link.kind} {link.record_id} is linked to {link.remote_id!r}, which the vendor has not"

    def nothing_is_lost(self, asked: Asked) -> None:
        links = {link.record_id: link for link in self.links if link.kind == "invoice" and not link.step}
        of_record: dict[int, list[OutboxItem]] = defaultdict(list)
        for item in self.items.values():
            if item.kind == "invoice" and not item.step:
                of_record[item.record_id].append(item)
        for record, revision in asked.revisions.items():
            items = of_record[record]
            if any(item.state in OPEN for item in items):
                continue
            last = [item for item in items if item.replaced_by_id is None][-1]
            if last.state == ItemState.SUCCEEDED:
                link = links.get(record)
                assert link is not None, f"invoice {record} succeeded and has no link"
                assert link.revision >= revision, f"revision {revision} of invoice {record} was asked for, {link.revision} went"
                there = self.at_vendor[link.remote_id]["Reference"]
                assert there == asked.said[record, link.revision], f"the vendor has {there!r} of revision {link.revision}"
            elif last.state == ItemState.SKIPPED:
                assert last.skip_reason, f"invoice {record} was skipped without a word"
            else:
                assert last.state in FAILED, f"invoice {record} is {last.state}"
                assert last.message, f"invoice {record} is {last.state} without a word: {vars(last)}"

    def counts_are_those_of_the_tables(self) -> None:
        waiting = sum(item.state == ItemState.WAITING for item in self.items.values())
        counted = self.row.waiting_count, self.row.failed_count
        assert counted == (waiting, len(self.failed)), f"{counted} are counted, {waiting} wait, {len(self.failed)} failed"

    def what_can_go_has_its_time(self) -> None:
        unsettled = any(batch.state in UNSETTLED for batch in self.batches.values())
        waiting = any(item.state == ItemState.WAITING for item in self.items.values())
        if self.row.can_work and (unsettled or waiting):
            assert self.row.work_due_at is not None, "nobody would ever look at it again"
