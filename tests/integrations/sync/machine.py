"""An export as a state machine: everything that people, workers, the vendor and time may do to it, in any order.

No lease can stop a request that is on its way already: the vendor's key does, where it has one. So a worker that sleeps between its
last look at the lease and the vendor is let through only with a new copy and a key that the vendor still keeps; else the call is lost.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections import Counter
from typing import Any, ClassVar

import httpx2
from django.db import transaction
from django.db.models import QuerySet
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from integrations import clock
from integrations.errors import RateLimited
from integrations.models import Batch, Connection, Integration, ItemState, OutboxItem
from integrations.provider import Provider
from integrations.providers.xero.models import XeroIntegration
from integrations.providers.xero.provider import PROVIDER
from integrations.records.models import Invoice
from integrations.sync import connections, outbox, runs, turns
from integrations.sync.by_itself import GOES_ON
from integrations.sync.routes import write_routes
from tests.integrations.sync.desk import Desk
from tests.integrations.sync.mortals import ON_THE_ROAD, POINTS, Worker, reached
from tests.integrations.sync.sight import Asked, Sight, is_in_doubt, row_of
from tests.integrations.sync.wire import Hands, Wire

RECORDS = 4
SLEEPERS = 3  # at most, at the same time
KEY_WINDOW = 5 * 60
DRAINED_WITHIN = 200  # turns
INTERRUPTED_FOR = 4  # steps, until somebody reconnects
THERE = "I looked: it is there."
ADDRESSES = {"method": "*", "path": "/api.xro/*"}
INVOICES = {"path": "*/Invoices"}

TROUBLE: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "refused as a whole": [{"kind": "status", "status": 400, "times": 1, "method": verb, **INVOICES} for verb in ("PUT", "POST")],
    "every second refused": [{"kind": "half_failed", "times": 1, "message": "No.", **INVOICES}],
    "no answer": [{"kind": "lost_answer", "times": 1, "method": verb, **INVOICES} for verb in ("PUT", "POST")],
    "never done": [{"kind": "timeout", "times": 1, "seconds": 0, "method": verb, **INVOICES} for verb in ("PUT", "POST")],
    "half an answer": [{"kind": "truncated", "times": 1, **ADDRESSES}],
    "nonsense": [{"kind": "not_json", "times": 1, **ADDRESSES}],
    "fails after it committed": [{"kind": "status", "status": 500, "times": 1, "after_commit": True, **ADDRESSES}],
    "down": [{"kind": "status", "status": 503, **ADDRESSES}],
    "too many": [{"kind": "status", "status": 429, "retry_after": 7, "times": 1, **ADDRESSES}],
    "token expired": [{"kind": "expired_token", "times": 1, **ADDRESSES}],
    "cannot be reached": [],
}
TROUBLES = st.one_of(st.just("none"), st.sampled_from(list(TROUBLE)))
RUNGS: dict[str, dict[str, Any]] = {"keys": {}, "lookup": {"key_window": None}, "nothing": {"key_window": None, "find_existing": None}}
"""What a vendor offers against doubling."""


def vendor_with(rung: str) -> Provider:
    def without_key(client: Any, drafts: Any, key: str) -> Any:
        return create(client, drafts, uuid.uuid4().hex)

    create = PROVIDER.export("invoice").create
    changes = {**RUNGS[rung], **({} if rung == "keys" else {"create": without_key})}
    exports = tuple(dataclasses.replace(export, **changes) if export.kind == "invoice" else export for export in PROVIDER.exports)
    return dataclasses.replace(PROVIDER, exports=exports)


@dataclasses.dataclass
class Stage:
    """What all runs of the machine share; each takes back in the end what it did to the database."""

    desk: Desk
    wire: Wire
    hands: Hands
    integration: int
    provider: Provider = PROVIDER
    steps: Counter[str] = dataclasses.field(default_factory=Counter)
    drained: int = 0


class Exporting(RuleBasedStateMachine):
    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.desk, self.wire, self.hands = self.stage.desk, self.stage.wire, self.stage.hands
        self.began_at = self.hands.at
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.wire.setting_out, self.wire.answered = self.sets_out, self.was_done
        self.sleepers: list[tuple[Worker, int]] = []  # with the fence they had
        self.asked = Asked()
        self.edits = self.interrupted_for = 0
        self.is_reachable = self.is_counted = True
        self.rung = "keys"

    # The stage

    @initialize(rung=st.sampled_from(list(RUNGS)))
    def open(self, rung: str) -> None:
        self.rung, self.stage.provider = rung, vendor_with(rung)
        self.desk.xero.reset({"organisations": 1, "contacts": 0, "seed": 1})
        self.connect(XeroIntegration.everywhere.get(pk=self.stage.integration))
        self.records = list(Invoice.everywhere.order_by("pk"))
        for record in self.records:
            self.note(record)

    def connect(self, integration: Any) -> None:
        self.desk.misbehave()
        try:
            self.desk.connect(integration)
        except RateLimited as error:
            self.hands.later(error.retry_after)
            self.desk.connect(integration)

    def sets_out(self, request: httpx2.Request) -> None:
        if not self.is_reachable:
            raise httpx2.ConnectError("nobody there")
        if "/api.xro/" not in request.url.path:
            return
        began, writes = self.hands.at, request.method != "GET"
        reached("a write sets out" if writes else "a read sets out")
        has_key = request.method == "PUT" and (self.rung == "keys" or "/Invoices" not in request.url.path)
        if writes and self.hands.at > began and not (has_key and self.hands.at - began < KEY_WINDOW):
            raise httpx2.ConnectError("lost on the way")

    def was_done(self, request: httpx2.Request) -> None:
        if "/api.xro/" in request.url.path:
            reached("a read was done" if request.method == "GET" else "a write was done")

    def note(self, record: Invoice) -> None:
        record.refresh_from_db()
        self.asked.said[record.pk, record.revision] = record.subject

    def ask(self, ids: list[int]) -> None:
        for record in self.records:
            if record.pk in ids:
                record.refresh_from_db()
                self.asked.revisions[record.pk] = record.revision

    @property
    def row(self) -> Integration:
        return row_of(self.stage.integration)

    @property
    def items(self) -> QuerySet[OutboxItem]:
        return OutboxItem.everywhere.filter(integration=self.desk.integration)

    def left_alone(self) -> set[int]:
        """Records that a person found at the vendor, or has to look for there first: nobody asks for them again by name."""
        return {item.record_id for item in self.sight.current if is_in_doubt(item) or item.skip_reason == THERE}

    # People

    @precondition(lambda self: self.sight.row.connection in GOES_ON)
    @rule(chosen=st.sets(st.integers(0, RECORDS - 1), min_size=1), create_new=st.sampled_from([False, False, True]))
    def enqueue(self, chosen: set[int], create_new: bool) -> None:
        left = self.left_alone()
        if ids := [self.records[number].pk for number in sorted(chosen) if self.records[number].pk not in left]:
            runs.start_export(self.desk.integration, "invoice", ids, create_new=create_new)
            self.ask(ids)
            self.is_counted = True

    @precondition(lambda self: self.sight.row.connection in GOES_ON)
    @rule()
    def enqueue_all(self) -> None:
        runs.start_export(self.desk.integration, "invoice")
        self.is_counted = True

    @rule(number=st.integers(0, RECORDS - 1), tax_rate=st.sampled_from(["", "", "mapped", "unmapped"]))
    def edit(self, number: int, tax_rate: str) -> None:
        """Another subject; or a tax rate that the settings know, or one that makes the invoice rejected."""
        record = self.records[number]
        if tax_rate:
            for line in record.line_items.all():
                line.tax_rate = self.desk.books.tax_rate if tax_rate == "mapped" else self.desk.books.unmapped_tax_rate
                line.save()
        else:
            self.edits += 1
            record.refresh_from_db()
            record.subject = f"Edit {self.edits}"
            record.save()
        self.note(record)

    @precondition(lambda self: self.sight.failed)
    @rule(count=st.integers(1, RECORDS))
    def retry(self, count: int) -> None:
        """Of what nobody knows whether the vendor has it, a person looks there first."""
        chosen = self.sight.failed[:count]
        there = [item.pk for item in chosen if is_in_doubt(item) and self.is_there(item)]
        outbox.skip(self.items.filter(pk__in=there), THERE)
        outbox.retry(self.items.filter(pk__in=[item.pk for item in chosen if item.pk not in there]))
        self.is_counted = True

    def is_there(self, item: OutboxItem) -> bool:
        reference = f"{self.desk.integration.tag}-{item.kind}-{item.record_id}-"
        linked = {link.remote_id for link in self.sight.links}
        return any(reference in row["Url"] for remote_id, row in self.sight.at_vendor.items() if remote_id not in linked)

    @precondition(lambda self: self.sight.skippable)
    @rule(count=st.integers(1, 2))
    def skip(self, count: int) -> None:
        outbox.skip(self.items.filter(pk__in=[item.pk for item in self.sight.skippable[:count]]), "Not needed.")
        self.is_counted = True

    @precondition(lambda self: self.sight.open_runs)
    @rule()
    def cancel(self) -> None:
        runs.cancel(self.sight.open_runs[-1])

    @precondition(lambda self: self.sight.row.can_work)
    @rule(how=st.sampled_from(["disconnect", "deactivate", "revoke", "pause"]))
    def interrupt(self, how: str) -> None:
        getattr(self, how)()

    def disconnect(self) -> None:
        connections.disconnect(self.desk.integration)

    def deactivate(self) -> None:
        """The row says that it is not in use, whatever its connection."""
        Integration.everywhere.non_polymorphic().filter(pk=self.desk.integration.pk).update(deactivated_at=clock.now())
        self.desk.integration.refresh_from_db()
        write_routes(self.desk.integration)

    def revoke(self) -> None:
        """Somebody takes our access back on the vendor's own pages."""
        self.desk.xero.end_grants()

    def pause(self) -> None:
        connections.pause(self.desk.integration)

    def reconnect(self) -> None:
        if self.row.connection == Connection.PAUSED:
            connections.resume(self.desk.integration)
        if not self.row.can_work:
            self.connect(XeroIntegration.everywhere.get(pk=self.stage.integration))
        self.is_counted, self.interrupted_for = True, 0

    # Workers, the vendor and time

    def turn(self, worker: Worker) -> None:
        """A worker that has slept ends with the batch in hand, so that it can be seen what became of that one."""
        could_work = self.row.can_work
        before = self.desk.xero.requests.total
        worked = turns.take_turn(self.stage.integration, lambda: worker.has_slept)
        self.is_counted = self.is_counted or worked
        assert could_work or self.desk.xero.requests.total == before, "the vendor was called while it was not to be"

    def begin(self, worker: Worker, trouble: str) -> None:
        """Somebody reconnects after a while; a worker that is to get into something finds something to do."""
        if self.interrupted_for > INTERRUPTED_FOR:
            self.reconnect()
        if worker.point:
            self.make_due()
            self.is_counted = False
        self.desk.misbehave(*TROUBLE[trouble])
        self.is_reachable = trouble != "cannot be reached"
        worker.begin()
        if worker.has_slept:
            self.stage.steps[f"{'slept' if worker.sleeps else 'died'} at {worker.point}"] += 1
        self.desk.xero.faults.replace([])
        self.is_reachable = True

    @rule()
    def work(self) -> None:
        self.begin(Worker(self.turn), "none")

    @rule(trouble=TROUBLES)
    def work_in_trouble(self, trouble: str) -> None:
        self.begin(Worker(self.turn), trouble)

    @rule(point=st.sampled_from(POINTS), nth=st.sampled_from([1, 1, 2]), trouble=TROUBLES)
    def crash(self, point: str, nth: int, trouble: str) -> None:
        self.begin(Worker(self.turn, point, nth), trouble)

    @precondition(lambda self: len(self.sleepers) < SLEEPERS)
    @rule(point=st.sampled_from(ON_THE_ROAD), nth=st.sampled_from([1, 1, 2]), trouble=TROUBLES)
    def fall_asleep(self, point: str, nth: int, trouble: str) -> None:
        self.put_to_sleep(point, nth, trouble)

    def put_to_sleep(self, point: str, nth: int, trouble: str) -> None:
        worker = Worker(self.turn, point, nth, sleeps=True)
        self.begin(worker, trouble)
        if worker.is_asleep:
            self.sleepers.append((worker, self.fence_of(worker)))

    @precondition(lambda self: self.sleepers)
    @rule(number=st.integers(0, SLEEPERS - 1), dies=st.booleans())
    def wake(self, number: int, dies: bool) -> None:
        worker, fence = self.sleepers.pop(number % len(self.sleepers))
        before = Sight(self.desk)
        was_taken = self.fence_of(worker) != fence
        worker.wake(to_die=dies)
        if was_taken:
            self.stage.steps["stale"] += 1
            assert Sight(self.desk).written == before.written, "a worker whose batch was taken by another has changed something"

    def fence_of(self, worker: Worker) -> int:
        return Batch.everywhere.get(pk=worker.batch).fence

    @precondition(lambda self: len(self.sleepers) < SLEEPERS)
    @rule(
        point=st.sampled_from(ON_THE_ROAD), trouble=TROUBLES, edits=st.booleans(), end=st.sampled_from(["", *POINTS]), wakes=st.booleans()
    )
    def be_overtaken(self, point: str, trouble: str, edits: bool, end: str, wakes: bool) -> None:
        """A worker sleeps beyond its lease; another does its work meanwhile, or dies at it and leaves it open."""
        self.put_to_sleep(point, 1, trouble)
        if edits:
            self.edit(0, "")
            if self.records[0].pk in self.asked.revisions and self.row.connection in GOES_ON:
                self.enqueue_all()
        self.hands.later(3)
        self.begin(Worker(self.turn, end), "none")
        if wakes and self.sleepers:
            self.wake(len(self.sleepers) - 1, dies=False)

    @rule(seconds=st.sampled_from([1, 3, 31, 65, KEY_WINDOW + 1, 3600]))
    def expire(self, seconds: int) -> None:
        self.hands.later(seconds)

    def make_due(self) -> None:
        """Let pass the time until there is something to do; where nothing waits, somebody changes something."""
        row = self.row
        if row.work_due_at is None and row.can_work and self.records[0].pk not in self.left_alone():
            self.edit(0, "")
            self.enqueue({0}, create_new=False)
            row = self.row
        if row.work_due_at and row.work_due_at > clock.now():
            self.hands.later((row.work_due_at - clock.now()).total_seconds())

    # What is always true

    @invariant()
    def all_is_in_order(self) -> None:
        self.stage.steps["all"] += 1
        self.sight = Sight(self.desk)
        self.sight.check(self.asked, counted=self.is_counted)
        self.interrupted_for += not self.sight.row.can_work

    def teardown(self) -> None:
        """Whatever happened: once nothing goes wrong any more, everything gets there or stays undone for a reason."""
        try:
            for worker, _fence in self.sleepers:
                worker.wake(to_die=True)
            if hasattr(self, "records"):
                self.drain()
        finally:
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)
            self.hands.at = self.began_at

    def drain(self) -> None:
        for number in range(RECORDS):
            self.edit(number, "mapped")
        self.reconnect()
        self.rest()
        self.sight = Sight(self.desk)
        self.retry(1000)
        self.rest()
        self.sight = Sight(self.desk)
        self.sight.check(self.asked, counted=True)
        left = Counter(item.state for item in self.sight.items.values() if item.replaced_by_id is None)
        assert set(left) <= {ItemState.SUCCEEDED, ItemState.SKIPPED}, f"something never ends: {left}"
        self.stage.drained += 1

    def rest(self) -> None:
        for _turn in range(DRAINED_WITHIN):
            if turns.take_turn(self.stage.integration):
                continue
            row = self.row
            if row.work_due_at is None:
                return
            if not row.can_work:  # nobody had noticed that access was taken back
                self.reconnect()
                continue
            self.hands.later(max(0.0, (row.work_due_at - clock.now()).total_seconds()))
        raise AssertionError(f"the worker never comes to rest: {self.desk.states()}")
