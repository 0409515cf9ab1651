"""How far the work has come: an integration's counts, when its next work is due, and the end of an export run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Exists, Min, OuterRef, Q
from django.db.models.functions import Coalesce

from integrations import clock
from integrations.models import Action, Batch, Integration, ItemState, OutboxItem, Run, RunState, SyncState
from integrations.models.outbox import FAILED, IN_FLIGHT, OPEN, UNSETTLED


def lock(integration_id: int) -> None:
    """Until the end of the transaction nobody else decides which of the integration's items wait, failed or are counted.

    Taken before any item is locked. Claims do not need it: what somebody else holds they pass over.
    """
    list(Integration.everywhere.non_polymorphic().select_for_update(no_key=True).filter(pk=integration_id).values_list("pk"))


@transaction.atomic
def recount(integration_id: int) -> None:
    """Bring the base row's counts and the time of its next work up to date: by that workers know that something is due."""
    lock(integration_id)
    items = OutboxItem.everywhere.filter(integration_id=integration_id)
    failed = items.filter(state__in=FAILED, replaced_by=None)
    Integration.everywhere.non_polymorphic().filter(pk=integration_id).update(
        waiting_count=items.filter(state=ItemState.WAITING).count(),
        failed_count=failed.count(),
        unmapped_count=failed.filter(error="ConfigProblem").values("field", "value").distinct().count(),
        work_due_at=_next_work(integration_id),
    )


def _next_work(integration_id: int) -> datetime | None:
    """When there is something to do next; a long queue that is due already is not searched to its end."""
    now = clock.now()
    items = OutboxItem.everywhere.filter(integration_id=integration_id)
    same_record = items.filter(kind=OuterRef("kind"), record_id=OuterRef("record_id"), step=OuterRef("step"), state__in=IN_FLIGHT)
    ready = Q(waits_for=None) | Q(waits_for__state=ItemState.SUCCEEDED)
    free = items.filter(ready, state=ItemState.WAITING).exclude(Exists(same_record))
    if free.filter(due_at__lte=now).exists():
        return now
    unsettled = Batch.everywhere.filter(integration_id=integration_id, state__in=UNSETTLED)
    times = free.aggregate(due=Min("due_at"))["due"], unsettled.aggregate(due=Min(Coalesce("due_at", "lease_until")))["due"]
    return min((due for due in times if due is not None), default=None)


def reopen_runs(run_ids: Iterable[int | None]) -> None:
    """Runs of which records wait again."""
    Run.everywhere.filter(pk__in={pk for pk in run_ids if pk}).update(state=RunState.RUNNING, finished_at=None)


def finish_runs(run_ids: Iterable[int | None]) -> None:
    """End the exports that have nothing open any more. Counted are the records asked for, not what went before or after them."""
    for run in Run.everywhere.filter(pk__in={pk for pk in run_ids if pk}, action=Action.EXPORT):
        if run.items.filter(state__in=OPEN).exists():
            continue
        counts = dict(run.items.filter(kind=run.kind, step="").order_by().values_list("state").annotate(Count("pk")))
        run.succeeded, run.skipped = counts.get(ItemState.SUCCEEDED, 0), counts.get(ItemState.SKIPPED, 0)
        run.rejected = sum(counts.get(state, 0) for state in FAILED)
        run.total = sum(counts.values()) + run.unchanged
        has_failed = run.items.filter(state__in=FAILED).exists()
        if run.state != RunState.CANCELLED:
            run.state = RunState.SUCCEEDED if not has_failed else RunState.PARTIAL if run.succeeded or run.unchanged else RunState.FAILED
        run.finished_at = run.finished_at or clock.now()
        run.save(update_fields=["succeeded", "skipped", "rejected", "total", "state", "finished_at"])
        Integration.everywhere.non_polymorphic().filter(pk=run.integration_id).update(
            last_synced_at=run.finished_at, sync=SyncState.PARTIAL if has_failed else SyncState.SUCCEEDED
        )
