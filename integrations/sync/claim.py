"""Who works on what: items are claimed as a batch with a lease and a fence, and given back or settled with the same fence."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from integrations import clock
from integrations.models import Batch, BatchState, EarlierBatch, Integration, ItemState, OutboxItem
from integrations.models.outbox import IN_FLIGHT, UNSETTLED
from integrations.provider import Export
from integrations.sync.outbox import current_links
from integrations.sync.progress import finish_runs, lock
from integrations.sync.waiting import NO_ERROR, replace, waiting_beside

log = structlog.get_logger(__name__)


class StaleFence(Exception):
    """Somebody else has taken the batch since; nothing of ours may be written any more."""


def lease() -> timedelta:
    return timedelta(seconds=settings.LEASE_SECONDS)


def in_order(exports: Iterable[Export]) -> list[Export]:
    """What others need comes first, and further steps when no record waits any more."""
    ordered: list[Export] = []
    declared = list(exports)
    pending = [export for export in declared if not export.step]
    while pending:
        kinds = {export.kind for export in pending}
        ready = [export for export in pending if not kinds & (set(export.needs.values()) - {export.kind})] or pending
        ordered += ready
        pending = [export for export in pending if export not in ready]
    return [*ordered, *(export for export in declared if export.step)]


def claim_next(integration: Integration) -> tuple[Batch, list[OutboxItem]] | None:
    """The next batch of due items of one kind and step, all to be created or all to be updated; None when nothing is due."""
    due = OutboxItem.everywhere.filter(integration=integration, state=ItemState.WAITING, due_at__lte=clock.now())
    for export in in_order(integration.declaration.exports):
        if due.filter(kind=export.kind, step=export.step).exists() and (claimed := _claim(integration, export)):
            return claimed
    return None


@transaction.atomic
def _claim(integration: Integration, export: Export) -> tuple[Batch, list[OutboxItem]] | None:
    now = clock.now()
    same_record = OutboxItem.everywhere.filter(
        integration=integration, kind=export.kind, step=export.step, record_id=OuterRef("record_id"), state__in=IN_FLIGHT
    )
    due = (
        OutboxItem.everywhere.select_for_update(skip_locked=True, of=("self",))
        .filter(integration=integration, kind=export.kind, step=export.step, state=ItemState.WAITING, due_at__lte=now)
        .filter(Q(waits_for=None) | Q(waits_for__state=ItemState.SUCCEEDED))
        .exclude(Exists(same_record))
        .order_by("due_at", "pk")
    )
    candidates = list(due[: export.batch_size])
    if not candidates:
        return None
    first = candidates[0]
    together = [first] if first.alone else [item for item in candidates if not item.alone]
    records = [item.record_id for item in together]
    linked = set(current_links(integration, export.kind, export.step).filter(record_id__in=records).values_list("record_id", flat=True))

    def updates(item: OutboxItem) -> bool:
        return item.record_id in linked and not item.create_new

    batch = Batch.everywhere.create(
        organization_id=integration.organization_id,
        integration=integration,
        kind=export.kind,
        step=export.step,
        updates=updates(first),
        realm_id=integration.realm_id,
        key=uuid.uuid4().hex,
        lease_until=now + lease(),
        claimed_at=now,
    )
    chosen = [item for item in together if updates(item) == batch.updates]
    gone_before = [EarlierBatch(outboxitem_id=item.pk, batch_id=item.batch_id) for item in chosen if item.batch_id]
    EarlierBatch.objects.bulk_create(gone_before, ignore_conflicts=True)
    OutboxItem.everywhere.filter(pk__in=[item.pk for item in chosen]).update(state=ItemState.SENDING, batch=batch)
    log.debug("batch.claiming", batch=batch.pk, items=len(chosen))
    return batch, chosen


def take_over(integration: Integration) -> Batch | None:
    """A batch whose holder is gone or whose outcome is to be found out now, with a new lease and fence; None when there is none."""
    now = clock.now()
    abandoned = Q(state__in=(BatchState.CLAIMED, BatchState.SENDING), lease_until__lte=now) | Q(state=BatchState.UNCERTAIN, due_at__lte=now)
    open_batches = Batch.everywhere.filter(integration=integration, state__in=UNSETTLED)
    for batch in open_batches.filter(abandoned).order_by("pk")[:10]:
        taken = Batch.everywhere.filter(abandoned, pk=batch.pk, fence=batch.fence).update(
            fence=F("fence") + 1, lease_until=now + lease(), due_at=None, state=_after_taking(batch)
        )
        if taken:
            batch.refresh_from_db()
            batch.integration = integration
            return batch
    return None


def _after_taking(batch: Batch) -> BatchState:
    """An uncertain batch that is looked into is in somebody's hands again; what was only claimed stays so."""
    return BatchState.CLAIMED if batch.state == BatchState.CLAIMED else BatchState.SENDING


def begin_sending(batch: Batch, body: str) -> None:
    """Freeze the body and say that the vendor may have it from now on. Raises `StaleFence` when the lease is over."""
    now = clock.now()
    began = Batch.everywhere.filter(pk=batch.pk, fence=batch.fence, state=BatchState.CLAIMED, lease_until__gt=now).update(
        state=BatchState.SENDING, body=body, sent_at=now, lease_until=now + lease()
    )
    if not began:
        raise StaleFence
    batch.state, batch.body, batch.sent_at, batch.lease_until = BatchState.SENDING, body, now, now + lease()


def check_fence(batch: Batch) -> None:
    """Raises `StaleFence` when somebody else has taken the batch; called in the transaction that writes about its items."""
    _finish(batch, fence=batch.fence)


def check_lease(batch: Batch) -> None:
    """Raises `StaleFence` when the lease is over: the last look before a call."""
    if clock.now() >= batch.lease_until:
        raise StaleFence


def settle(batch: Batch) -> None:
    """Close the batch; called in the transaction that writes its outcomes. Raises `StaleFence`."""
    _finish(batch, state=BatchState.SETTLED, due_at=None)


def keep_uncertain(batch: Batch, due_at: datetime, message: str, error: str = "Uncertain") -> None:
    """The call ended without an answer: look into it again at `due_at`. Raises `StaleFence`."""
    with transaction.atomic():
        _finish(batch, state=BatchState.UNCERTAIN, due_at=due_at, tries=F("tries") + 1)
        batch.items.filter(state__in=IN_FLIGHT).update(state=ItemState.UNCERTAIN, error=error, message=message)


def give_back(batch: Batch, items: Collection[OutboxItem], due_at: datetime, **values: Any) -> None:
    """Put items that were certainly not written back to waiting; where a newer copy waits already, that one stands for both.

    Called in the transaction that says so of the batch.
    """
    lock(batch.integration_id)
    newer = {item.record_id: item for item in waiting_beside(items)}
    for item in items:
        if item.record_id in newer:
            replace(item, newer[item.record_id], state=ItemState.SKIPPED, finished_at=clock.now())
    back = OutboxItem.everywhere.filter(pk__in=[item.pk for item in items if item.record_id not in newer])
    back.update(state=ItemState.WAITING, due_at=due_at, **{**NO_ERROR, **values})
    finish_runs(item.run_id for item in items if item.record_id in newer)


def _finish(batch: Batch, **values: Any) -> None:
    if not Batch.everywhere.filter(pk=batch.pk, fence=batch.fence, state__in=UNSETTLED).update(**values):
        raise StaleFence
