"""What waits for what: a record that needs another one at the vendor goes after it, and falls with it."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from integrations import clock
from integrations.models import ItemState, OutboxItem
from integrations.records.kinds import get_kind
from integrations.sync.progress import finish_runs, reopen_runs

NEEDS = "needs"
"""The error of an item that was refused because what it waited for was."""
NO_ERROR = {"error": "", "field": "", "value": "", "message": "", "advice": "", "request_id": ""}


def replace(old: OutboxItem, new: OutboxItem, **values: object) -> None:
    """`new` stands for `old` from now on, also to what waits for it."""
    OutboxItem.everywhere.filter(pk=old.pk).update(replaced_by=new, **values)
    OutboxItem.everywhere.filter(waits_for=old, state=ItemState.WAITING).update(waits_for=new)
    bring_back(old, new)


def waiting_beside(items: Collection[OutboxItem]) -> QuerySet[OutboxItem]:
    """What waits of the same records as `items`, which are of one integration, kind and step."""
    some = next(iter(items), None)
    if some is None:
        return OutboxItem.everywhere.none()
    same = {"integration_id": some.integration_id, "kind": some.kind, "step": some.step}
    return OutboxItem.everywhere.filter(**same, state=ItemState.WAITING, record_id__in=[item.record_id for item in items])


def bring_back(old: OutboxItem, new: OutboxItem) -> None:
    """What was refused because `old` was waits for `new` now."""
    refused = OutboxItem.everywhere.filter(waits_for=old, state=ItemState.REJECTED, error=NEEDS, replaced_by=None)
    if rows := list(refused.values_list("pk", "run_id")):
        reopened = OutboxItem.everywhere.filter(pk__in=[row[0] for row in rows])
        reopened.update(state=ItemState.WAITING, waits_for=new, due_at=clock.now(), finished_at=None, **NO_ERROR)
        reopen_runs(row[1] for row in rows)


def refuse_waiting_for(failed: Collection[OutboxItem]) -> None:
    """What waits for a record that will not get there cannot go either: refuse it, saying for whom it waited, and end its run."""
    for item in failed:
        waiting = list(OutboxItem.everywhere.filter(waits_for=item, state=ItemState.WAITING))
        if not waiting:
            continue
        record = get_kind(item.kind).everywhere().filter(pk=item.record_id).first()
        words = {"record": record or item, "message": item.message or item.skip_reason}
        message = _("It needs %(record)s, which could not be copied: %(message)s") % words
        advice = item.advice or _("Correct that first; this one follows by itself.")
        for refused in waiting:
            refused.state, refused.error, refused.message, refused.advice = ItemState.REJECTED, NEEDS, message, advice
            refused.finished_at = clock.now()
        OutboxItem.everywhere.bulk_update(waiting, ["state", "error", "message", "advice", "finished_at"], batch_size=500)
        refuse_waiting_for(waiting)
        finish_runs({refused.run_id for refused in waiting})
