"""After a backup was restored: what was sent since it was made is not known here, so everything is looked up before it is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import DateTimeField, F, Max, Value
from django.db.models.functions import Coalesce, Least
from django.utils.translation import gettext as _

from integrations import clock
from integrations.errors import Uncertain
from integrations.models import Attempt, Batch, Integration, OutboxItem, Run, Worker
from integrations.models.outbox import UNSETTLED
from integrations.provider import Done, Draft, Export, Outcome
from integrations.records.numbering import leave_a_gap
from integrations.sync import schedule
from integrations.sync.bell import ring
from integrations.sync.outbox import current_links

log = structlog.get_logger(__name__)


@transaction.atomic
def begin(since: datetime | None = None) -> int:
    """This database is a backup that was restored: from now on trust nothing that it says was not sent. Returns how many integrations
    that concerns. No worker may run meanwhile.

    The backup is as old as the last sign of life in it, or as `since` if that is earlier. Requests that were under way lose
    their keys: the vendor may have answered them, and forgotten that, long ago.
    """
    backed_up_at = min(filter(None, [since, _last_sign_of_life()]))
    known = Value(backed_up_at, output_field=DateTimeField())
    Batch.everywhere.filter(state__in=UNSETTLED).update(key="")
    leave_a_gap()
    log.warning("installation.restored", backed_up_at=backed_up_at.isoformat())
    return Integration.everywhere.non_polymorphic().update(
        restored_at=clock.now(), backed_up_at=Least(Coalesce(F("backed_up_at"), known), known)
    )


def _last_sign_of_life() -> datetime:
    signs = [
        Worker.objects.aggregate(at=Max("beat_at")),
        Run.everywhere.aggregate(at=Max("created_at")),
        OutboxItem.everywhere.aggregate(at=Max("created_at")),
        Batch.everywhere.aggregate(at=Max("claimed_at")),
        Attempt.everywhere.aggregate(at=Max("made_at")),
        Integration.everywhere.non_polymorphic().aggregate(at=Max("served_at")),
    ]
    return max((sign["at"] for sign in signs if sign["at"] is not None), default=clock.now())


@transaction.atomic
def finish() -> int:
    """Everything that was sent after the backup is known again: work as usual. Returns how many integrations that concerns."""
    doubtful = Integration.everywhere.non_polymorphic().filter(backed_up_at__isnull=False)
    ids = list(doubtful.values_list("pk", flat=True))
    schedule.start_over(ids)
    doubtful.update(backed_up_at=None, restored_at=None)
    ring()
    return len(ids)


def is_in_doubt(batch: Batch, export: Export) -> bool:
    """Whether the vendor may have what the batch would write from the time after the backup."""
    return batch.integration.backed_up_at is not None and (not batch.updates or export.adds)


def wait_until(batch: Batch, export: Export) -> datetime | None:
    """Until when the vendor's lists may not tell yet what was written just before the backup was restored; None when they do."""
    integration = batch.integration
    if integration.restored_at is None or export.find_existing is None or not is_in_doubt(batch, export):
        return None
    settled_at: datetime = integration.restored_at + export.settle_after
    return settled_at if clock.now() < settled_at else None


def recognised(batch: Batch, found: Mapping[int, Done]) -> dict[int, Outcome]:
    """What of `found` was sent after the backup. What is the copy of a record already, as an earlier one, is not the one looked for."""
    links = current_links(batch.integration, batch.kind).filter(remote_id__in=[done.remote_id for done in found.values()])
    known = set() if batch.updates or batch.step else set(links.values_list("remote_id", flat=True))
    note = _("It was there already when a backup was restored here. If it was changed since then, copy it once more.")
    return {item: replace(done, warnings=(*done.warnings, note)) for item, done in found.items() if done.remote_id not in known}


def undecided(items: Sequence[OutboxItem], drafts: Collection[Draft]) -> dict[int, Outcome]:
    """What a person has to decide, as the vendor cannot be asked."""
    message = _("A backup was restored here, and the vendor cannot be asked whether it got the record since the backup was made.")
    advice = _("Look for the record there. Skip this one if it exists, or retry to copy it again.")
    decided = {item.pk for item in items if item.decided}
    return {draft.item: Uncertain(message, advice=advice) for draft in drafts if draft.item not in decided}
