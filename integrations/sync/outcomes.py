"""What came of each item, written down: links for what the vendor has, reasons for what it has not."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import clock
from integrations.errors import ProviderError, Transient, Uncertain
from integrations.models import Batch, ItemState, Link, OutboxItem, Run
from integrations.models.outbox import FAILED
from integrations.provider import Done, Draft, Export, Outcome
from integrations.records.kinds import get_kind
from integrations.sync import claim
from integrations.sync.building import digest
from integrations.sync.documents import keep_document
from integrations.sync.marking import marks_for
from integrations.sync.outbox import current_links, enqueue, selection
from integrations.sync.progress import finish_runs, lock
from integrations.sync.sourcing import forget_ids
from integrations.sync.totals import difference
from integrations.sync.waiting import NO_ERROR, bring_back, refuse_waiting_for, replace, waiting_beside

log = structlog.get_logger(__name__)

MAX_TRIES = 12
FIRST_DELAY, LONGEST_DELAY = timedelta(minutes=1), timedelta(hours=1)


def backoff(tries: int) -> timedelta:
    """1 min x 2^tries, at most an hour, with full jitter."""
    delay = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(tries, 10))
    return delay * random.random()  # noqa: S311


Answer = tuple[OutboxItem, Draft, Done]
UNCHANGED = Done(remote_id="")
"""The outcome of an update that would change nothing, and is not sent."""


@transaction.atomic
def finish(batch: Batch, export: Export, items: Sequence[OutboxItem], drafts: Sequence[Draft], outcomes: Mapping[int, Outcome]) -> None:
    """Settle the batch with what came of its items. Raises `StaleFence`, and then nothing is written."""
    claim.settle(batch)
    write(batch, export, items, drafts, outcomes)
    log.debug("batch.settling", batch=batch.pk, outcomes=len(outcomes))


def write(batch: Batch, export: Export, items: Sequence[OutboxItem], drafts: Sequence[Draft], outcomes: Mapping[int, Outcome]) -> None:
    """Write down the outcomes by item, in a transaction; items without an outcome stay as they are."""
    if not outcomes:
        return
    by_id = {item.pk: item for item in items}
    done = [
        (by_id[draft.item], draft, outcome)
        for draft in drafts
        if isinstance(outcome := outcomes.get(draft.item), Done) and outcome is not UNCHANGED
    ]
    revisions = _bring(batch, export, done)
    lock(batch.integration_id)
    if done:
        _write_done(batch, export, done, revisions)
    if unchanged := [draft for draft in drafts if outcomes.get(draft.item) is UNCHANGED]:
        _write_unchanged(batch, unchanged)
    _go_on(batch, export, [by_id[pk] for pk, outcome in outcomes.items() if isinstance(outcome, Done)])
    if there := [pk for pk, outcome in outcomes.items() if isinstance(outcome, Done)]:
        for item in OutboxItem.everywhere.filter(pk__in=there, waited_for_by__state=ItemState.REJECTED).distinct():
            bring_back(item, item)
    failed = [(by_id[pk], outcome) for pk, outcome in outcomes.items() if isinstance(outcome, ProviderError)]
    for item, error in failed:
        _write_error(batch, item, error)
    refuse_waiting_for([item for item, _error in failed if item.state in FAILED])
    finish_runs(item.run_id for item in items if item.pk in outcomes)


def _write_done(batch: Batch, export: Export, done: Sequence[Answer], brought: dict[int, int]) -> None:
    now = clock.now()
    revisions = {draft.record: draft.revision for _item, draft, _done in done} | brought
    existing = {
        link.record_id: link for link in current_links(batch.integration, batch.kind, batch.step).filter(record_id__in=list(revisions))
    }
    renewed = [existing[item.record_id].pk for item, _draft, _done in done if item.create_new and item.record_id in existing]
    if renewed:
        Link.everywhere.filter(pk__in=renewed).update(archived_at=now)
        steps = Link.everywhere.filter(integration_id=batch.integration_id, kind=batch.kind, step__in=export.then, archived_at=None)
        steps.filter(record_id__in=[item.record_id for item, _draft, _done in done if item.create_new]).update(archived_at=now)
    links = []
    for item, draft, outcome in done:
        previous = existing.get(item.record_id)
        link = (
            previous
            if previous and not item.create_new
            else Link(
                organization_id=batch.organization_id,
                integration_id=batch.integration_id,
                realm_id=batch.realm_id,
                kind=batch.kind,
                step=batch.step,
                record_id=item.record_id,
                generation=previous.generation + 1 if previous else 1,
                created_at=now,
            )
        )
        link.remote_id, link.url = outcome.remote_id, outcome.url
        link.number = outcome.number[:255] or link.number
        link.revision, link.changed_at = revisions[draft.record], now
        link.digest = "" if outcome.behind else digest(export, draft.payload)
        link.archived_at = now if outcome.gone else None
        link.agreed = dict(outcome.agreed)
        link.difference, link.warnings = difference(draft.expected, outcome.totals), list(outcome.warnings)
        links.append(link)
    new, known = [link for link in links if link.pk is None], [link for link in links if link.pk is not None]
    Link.everywhere.bulk_create(new)
    written = ["remote_id", "url", "number", "revision", "changed_at", "digest", "agreed", "difference", "warnings", "archived_at"]
    Link.everywhere.bulk_update(known, written)
    forget_ids(batch.integration, batch.kind, [item.record_id for item, _draft, outcome in done if outcome.gone])

    ids = [item.pk for item, _draft, outcome in done if not outcome.behind]
    OutboxItem.everywhere.filter(pk__in=ids).update(state=ItemState.SUCCEEDED, finished_at=now, **NO_ERROR)
    claim.give_back(batch, [item for item, _draft, outcome in done if outcome.behind], now)


def _go_on(batch: Batch, export: Export, items: Sequence[OutboxItem]) -> None:
    """Enqueue the further steps, also of records whose copy was as it should be: a step may say what the copy does not."""
    by_run: dict[int | None, list[int]] = defaultdict(list)
    for item in items:
        by_run[item.run_id].append(item.record_id)
    runs = Run.everywhere.in_bulk([run_id for run_id in by_run if run_id]) if export.then else {}
    for step in export.then:
        further = batch.integration.declaration.export(export.kind, step)
        if further.is_on(batch.integration):
            for run_id, ids in by_run.items():
                chosen = list(selection(batch.integration, further).filter(pk__in=ids).values_list("pk", flat=True))
                if chosen:
                    enqueue(batch.integration, further, chosen, run=runs.get(run_id) if run_id else None)


def _write_unchanged(batch: Batch, drafts: Sequence[Draft]) -> None:
    for draft in drafts:
        current_links(batch.integration, batch.kind, batch.step).filter(record_id=draft.record).update(revision=draft.revision)
    unchanged = OutboxItem.everywhere.filter(pk__in=[draft.item for draft in drafts])
    unchanged.update(state=ItemState.SUCCEEDED, finished_at=clock.now(), **{**NO_ERROR, "message": _("Nothing to change there.")})


def _bring(batch: Batch, export: Export, done: Sequence[Answer]) -> dict[int, int]:
    """Give records what of the answer becomes theirs; record id -> its revision then, so that the change is not sent back.

    What somebody else has changed since the draft was made is still to be sent. Records are locked before the integration, as
    by everybody who changes one.
    """
    marks = marks_for(batch, export) if done else None
    outcomes = {
        draft.record: (outcome, values)
        for _item, draft, outcome in done
        if (values := export.bring(batch.integration, outcome)) or outcome.file or marks
    }
    sent = {draft.record: draft.revision for _item, draft, _outcome in done}
    author = f"integration:{batch.integration_id}"
    revisions = {}
    for record in get_kind(export.kind).everywhere().select_for_update().filter(pk__in=outcomes).order_by("pk") if outcomes else ():
        outcome, values = outcomes[record.pk]
        before = record.revision
        brought = {**values, **({"attachment": keep_document(record, outcome.file, author)} if outcome.file else {})}
        if marks:
            brought |= marks(record, outcome)
        for attribute, value in brought.items():
            setattr(record, attribute, value)
        record.changed_by = author
        record.save(update_fields=list(brought))
        if before == sent[record.pk]:
            revisions[record.pk] = record.revision
            ours = Link.everywhere.filter(integration_id=batch.integration_id, kind=export.kind, record_id=record.pk, archived_at=None)
            ours.filter(revision=before).update(revision=record.revision)
    return revisions


def _write_error(batch: Batch, item: OutboxItem, error: ProviderError) -> None:
    """A refusal waits for a person; trouble of the moment is tried again, at most `MAX_TRIES` times.

    A newer item of the record goes in the place of a refused one; not in that of one which the vendor may have.
    """
    reasons = {
        "error": type(error).__name__,
        "field": getattr(error, "field", "")[:100],
        "value": getattr(error, "value", "")[:255],
        "message": error.message,
        "advice": str(error.advice),
        "request_id": error.request_id[:100],
    }
    log.warning("item.failed", item=item.pk, kind=item.kind, record=item.record_id, error=reasons["error"], request_id=error.request_id)
    if isinstance(error, Transient) and item.tries + 1 < MAX_TRIES:
        claim.give_back(batch, [item], clock.now() + backoff(item.tries), tries=item.tries + 1, **reasons)
        return
    item.state = ItemState.PARKED if isinstance(error, (Transient, Uncertain)) else ItemState.REJECTED
    item.message, item.advice = reasons["message"], reasons["advice"]
    OutboxItem.everywhere.filter(pk=item.pk).update(state=item.state, finished_at=clock.now(), **reasons)
    newer = waiting_beside([item]).first()
    if newer and isinstance(error, Uncertain):
        replace(newer, item, state=ItemState.SKIPPED, finished_at=clock.now())
        finish_runs([newer.run_id])
    elif newer:
        replace(item, newer)
