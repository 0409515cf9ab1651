"""Old rows go: never what is under way, what failed and waits for a person, or what says that a record was copied."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from auditlog.models import LogEntry
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from social_django.models import Partial

from integrations import clock
from integrations.models import (
    Attempt,
    Batch,
    BatchState,
    Delivery,
    DeliveryState,
    Incident,
    ItemState,
    Notice,
    NoticeState,
    OutboxItem,
    Run,
)
from integrations.models.run import FINISHED
from integrations.registry import all_providers
from integrations.retention import Retention
from integrations.sync.outbox import SKIPPED_IN_DOUBT

log = structlog.get_logger(__name__)

AT_ONCE = 500
CHUNKS_A_PIECE = 10
SOON = timedelta(seconds=2)
"""When a worker goes on that has deleted so many rows: meanwhile others get their turn at the database."""


def _items(before: datetime) -> QuerySet[Any]:
    """What succeeded or was skipped, and what failed and was exported anew since; not what says that the vendor has a record already."""
    over = Q(state__in=(ItemState.SUCCEEDED, ItemState.SKIPPED)) | Q(replaced_by__isnull=False)
    waited_for = OutboxItem.everywhere.filter(waits_for=OuterRef("pk"), finished_at=None)
    return OutboxItem.everywhere.filter(over, finished_at__lt=before).exclude(Exists(waited_for) | SKIPPED_IN_DOUBT)


def _batches(before: datetime) -> QuerySet[Any]:
    inside = OutboxItem.everywhere.filter(batch=OuterRef("pk"))
    return Batch.everywhere.filter(state=BatchState.SETTLED, claimed_at__lt=before).exclude(Exists(inside))


def _runs(before: datetime) -> QuerySet[Any]:
    inside = OutboxItem.everywhere.filter(run=OuterRef("pk"))
    return Run.everywhere.filter(state__in=FINISHED, finished_at__lt=before).exclude(Exists(inside))


def _deliveries(before: datetime) -> QuerySet[Any]:
    return Delivery.everywhere.filter(received_at__lt=before).exclude(state=DeliveryState.RECEIVED)


def _notices(before: datetime) -> QuerySet[Any]:
    return Notice.everywhere.filter(made_at__lt=before).exclude(state=NoticeState.WAITING)


def _passwords(which: str, model: type[Model]) -> Retention:
    def rows(before: datetime) -> QuerySet[Any]:
        return model._base_manager.filter(attempt_time__lt=before)

    return Retention(name=f"{which} passwords", kept="RETAIN_SIGN_INS_DAYS", rows=rows)


OWN = (
    Retention(
        name="calls",
        kept="RETAIN_CALLS_DAYS",
        rows=lambda before: Attempt.everywhere.filter(made_at__lt=before, batch__state=BatchState.SETTLED),
    ),
    Retention(name="deliveries", kept="RETAIN_DELIVERIES_DAYS", rows=_deliveries),
    Retention(name="items", kept="RETAIN_RUNS_DAYS", rows=_items),
    Retention(name="batches", kept="RETAIN_RUNS_DAYS", rows=_batches),
    Retention(name="runs", kept="RETAIN_RUNS_DAYS", rows=_runs),
    Retention(
        name="notices",
        kept="RETAIN_RUNS_DAYS",
        rows=lambda before: Notice.everywhere.filter(made_at__lt=before).exclude(state=NoticeState.WAITING),
    ),
    Retention(name="incidents", kept="RETAIN_RUNS_DAYS", rows=lambda before: Incident.everywhere.filter(closed_at__lt=before)),
    Retention(name="history", kept="RETAIN_HISTORY_DAYS", rows=lambda before: LogEntry.objects.filter(timestamp__lt=before)),
    *(_passwords(name, model) for name, model in (("right", AccessLog), ("wrong", AccessAttempt), ("refused", AccessFailureLog))),
    Retention(name="sessions", kept=timedelta(), rows=lambda before: Session.objects.filter(expire_date__lt=before)),
    Retention(name="broken-off sign-ins", kept=timedelta(days=1), rows=lambda before: Partial.objects.filter(timestamp__lt=before)),
)


def retentions() -> list[Retention]:
    """The core's, and those of the installed providers."""
    return [*OWN, *(retention for provider in all_providers().values() for retention in provider.retention)]


def over(retention: Retention) -> QuerySet[Any] | None:
    """The rows that may go now; None when they are kept for ever."""
    kept = retention.kept
    if isinstance(kept, str):
        days = getattr(settings, kept)
        if not days:
            return None
        kept = timedelta(days=days)
    return retention.rows(clock.now() - kept)


def prune(retention: Retention) -> Iterator[int]:
    """Delete what is over, some rows at a time, each time in a transaction of its own; tells how many."""
    rows = over(retention)
    while rows is not None and (chosen := list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])):
        rows.model._base_manager.filter(pk__in=chosen).delete()
        yield len(chosen)
        if len(chosen) < AT_ONCE:
            return


def prune_a_piece() -> timedelta | None:
    """The daily chore: a few deletions, then somebody else's turn."""
    left = CHUNKS_A_PIECE
    for retention in retentions():
        for count in prune(retention):
            log.info("pruned", what=retention.name, rows=count)
            left -= 1
            if not left:
                return SOON
    return None
