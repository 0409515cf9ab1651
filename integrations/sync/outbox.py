"""Records into the outbox, and what people do with what waits or failed there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from integrations import clock
from integrations.models import Integration, ItemState, Link, OutboxItem, Route, Run
from integrations.models.outbox import FAILED, IN_FLIGHT, OPEN
from integrations.provider import Export
from integrations.records.base import Origin
from integrations.records.kinds import get_kind
from integrations.sync.bell import ring
from integrations.sync.progress import finish_runs, lock, recount, reopen_runs
from integrations.sync.waiting import NO_ERROR, bring_back, refuse_waiting_for, replace

CHUNK = 1000
IN_DOUBT = Q(state=ItemState.PARKED, error="Uncertain", replaced_by=None)
"""Items of which nobody knows whether the vendor has them: only a person sends them again."""
SKIPPED_IN_DOUBT = Q(state=ItemState.SKIPPED, error="Uncertain", replaced_by=None)
"""Those that a person skipped, as one does who has found the copy there: sent with all the others it would be there twice."""

Needed = Mapping[int, tuple[int | None, ...]]
"""Record id -> the ids of what it needs, in the order of the export's `needs`."""


@dataclass(frozen=True)
class Enqueued:
    """Items by record id, also those that waited already; records whose copy is up to date are `unchanged`."""

    items: dict[int, OutboxItem]
    unchanged: int = 0


def selection(integration: Integration, export: Export) -> QuerySet[Any]:
    """The records that `integration` exports of that kind: ready ones, of its subsidiary, that no other integration
    exports, where only one may. Deleted ones only where a copy follows them, and there is one or may come to be one."""
    kind = get_kind(export.kind)
    records = selected(integration, export)
    alive = Q(remote_deleted_at=None)
    if export.withdraws:
        this = {"record_id": OuterRef("pk")}
        items = OutboxItem.everywhere.filter(integration=integration, kind=export.kind, step=export.step, state__in=OPEN, **this)
        alive |= Q(Exists(current_links(integration, export.kind, export.step).filter(**this))) | Q(Exists(items))
    records = records.filter(alive)
    if not (path := kind.model.subsidiary_path()):
        return records
    theirs = Route.everywhere.filter(organization_id=integration.organization_id, kind=export.kind).exclude(integration_id=integration.pk)
    if export.exclusive:
        records = records.exclude(Exists(theirs.filter(subsidiary=integration.subsidiary_id)))
    if integration.subsidiary_id is not None:
        return records.filter(**{path: integration.subsidiary_id})
    if not export.exclusive:
        return records
    elsewhere = theirs.filter(subsidiary__isnull=False).values("subsidiary_id")
    return records.filter(Q(**{f"{path}__isnull": True}) | ~Q(**{f"{path}__in": elsewhere}))


def selected(integration: Integration, export: Export) -> QuerySet[Any]:
    """The records that may go by what they are and where they come from."""
    records: QuerySet[Any] = get_kind(export.kind).everywhere().filter(organization_id=integration.organization_id, **export.select)
    if not export.brought:
        return records
    theirs = Link.everywhere.filter(kind=export.kind, record_id=OuterRef("pk"), is_import=True, archived_at=None)
    return records.filter(Q(origin=Origin.IMPORT) | Q(Exists(theirs.exclude(integration=integration))))


def current_links(integration: Integration, kind: str, step: str = "") -> QuerySet[Link]:
    return Link.everywhere.filter(integration=integration, realm_id=integration.realm_id, kind=kind, step=step, archived_at=None)


@transaction.atomic
def enqueue_all(integration: Integration, export: Export, run: Run | None = None, choices: Mapping[str, str] | None = None) -> Enqueued:
    """Enqueue every record that was never exported, or changed since.

    Left alone are those of which this revision is on its way, and those of which nobody knows whether the vendor has them:
    a person decides on these one by one.
    """
    lock(integration.pk)
    changed, unchanged = changed_since(integration, export, selection(integration, export))
    return Enqueued(enqueue(integration, export, changed, run=run, choices=choices).items, unchanged)


@transaction.atomic
def enqueue_changed(integration: Integration, export: Export, ids: Collection[int]) -> None:
    """The same for some records, without a run. What waits already goes as it was asked for, with whatever it is then."""
    chosen = selection(integration, export).filter(pk__in=ids)
    if not chosen.exists():
        return
    lock(integration.pk)
    changed, _unchanged = changed_since(integration, export, chosen, waiting_too=True)
    if changed:
        enqueue(integration, export, changed)


def changed_since(integration: Integration, export: Export, records: QuerySet[Any], *, waiting_too: bool = False) -> tuple[list[int], int]:
    """Those that were never exported, or changed since, and that are not on their way or in doubt; and how many are up to date.

    With `waiting_too`, those that wait are on their way: they are built of what they are when their turn comes.
    """
    revisions = dict(records.values_list("pk", "revision"))
    known = dict(_among(current_links(integration, export.kind, export.step), revisions).values_list("record_id", "revision"))
    items = _among(OutboxItem.everywhere.filter(integration=integration, kind=export.kind, step=export.step), revisions)
    skipped = set(items.filter(SKIPPED_IN_DOUBT).values_list("record_id", flat=True)) - known.keys()
    unchanged = sum(known.get(pk, -1) >= revision for pk, revision in revisions.items())
    known |= items.filter(state__in=IN_FLIGHT).values_list("record_id", "revision")
    left = IN_DOUBT | Q(state=ItemState.WAITING) if waiting_too else IN_DOUBT
    left_alone = skipped.union(items.filter(left).values_list("record_id", flat=True))
    return [pk for pk, revision in revisions.items() if known.get(pk, -1) < revision and pk not in left_alone], unchanged


def _among(rows: QuerySet[Any], records: Collection[int]) -> QuerySet[Any]:
    """The rows of these records; of very many the database had better give all."""
    return rows.filter(record_id__in=records) if len(records) <= CHUNK else rows


@transaction.atomic
def enqueue(
    integration: Integration,
    export: Export,
    record_ids: Iterable[int],
    *,
    run: Run | None = None,
    choices: Mapping[str, str] | None = None,
    create_new: bool = False,
) -> Enqueued:
    """Put records into the outbox, with what they need before them. A record that waits already is updated, not doubled."""
    lock(integration.pk)
    items: dict[int, OutboxItem] = {}
    ids = list(dict.fromkeys(record_ids))
    for start in range(0, len(ids), CHUNK):
        items |= _enqueue_chunk(integration, export, ids[start : start + CHUNK], run, dict(choices or {}), create_new)
    recount(integration.pk)
    ring()
    return Enqueued(items)


def _enqueue_chunk(
    integration: Integration, export: Export, ids: list[int], run: Run | None, choices: dict[str, str], create_new: bool
) -> dict[int, OutboxItem]:
    revisions, needed = _read(integration, export, ids)
    _bind(integration, export, needed, choices)
    awaited = _enqueue_needs(integration, export, needed, run)

    existing = OutboxItem.everywhere.filter(integration=integration, kind=export.kind, step=export.step, record_id__in=revisions)
    waiting = {item.record_id: item for item in existing.select_for_update().filter(state=ItemState.WAITING)}
    for pk, item in waiting.items():
        item.revision, item.choices, item.create_new, item.due_at = revisions[pk], choices, create_new, clock.now()
        item.run_id = item.run_id or (run.pk if run else None)
        item.waits_for = awaited.get(pk)
    OutboxItem.everywhere.bulk_update(waiting.values(), ["revision", "choices", "create_new", "due_at", "run", "waits_for"])

    fresh = [
        OutboxItem(
            organization_id=integration.organization_id,
            integration=integration,
            run=run,
            kind=export.kind,
            step=export.step,
            record_id=pk,
            revision=revision,
            choices=choices,
            create_new=create_new,
            waits_for=awaited.get(pk),
        )
        for pk, revision in revisions.items()
        if pk not in waiting
    ]
    OutboxItem.everywhere.bulk_create(fresh)
    by_record = {item.record_id: item for item in fresh} | waiting
    for old in existing.filter(state__in=FAILED, replaced_by=None):
        replace(old, by_record[old.record_id])
    refuse_waiting_for({item for item in awaited.values() if item.state in FAILED})
    return by_record


def _read(integration: Integration, export: Export, ids: Collection[int]) -> tuple[dict[int, int], Needed]:
    """Revisions of the records, and what they need. What is not there, or of another organization, is left out."""
    keys = [f"{attribute}_id" for attribute in export.needs]
    records = get_kind(export.kind).everywhere().filter(organization_id=integration.organization_id, pk__in=ids)
    rows = list(records.values_list("pk", "revision", *keys))
    return {row[0]: row[1] for row in rows}, {row[0]: row[2:] for row in rows}


def _bind(integration: Integration, export: Export, needed: Needed, choices: Mapping[str, str]) -> None:
    """Link what the records need to the remote ids that were chosen for it; a link to another one becomes history."""
    for choice in export.choices:
        remote_id = choices.get(choice.name)
        if not choice.binds or not remote_id:
            continue
        kind = export.needs[choice.binds]
        position = list(export.needs).index(choice.binds)
        owners = {owner for values in needed.values() if (owner := values[position]) is not None}
        links = current_links(integration, kind).filter(record_id__in=owners)
        links.exclude(remote_id=remote_id).update(archived_at=clock.now())
        kept = set(links.values_list("record_id", flat=True))
        for record in get_kind(kind).everywhere().filter(pk__in=owners - kept):
            Link.everywhere.create(
                organization_id=integration.organization_id,
                integration=integration,
                realm_id=integration.realm_id,
                kind=kind,
                record_id=record.pk,
                remote_id=remote_id,
                revision=record.revision,
            )
        _settle_bound(integration, kind, owners - kept)


def _settle_bound(integration: Integration, kind: str, owners: Collection[int]) -> None:
    """What was to be found or created there has been chosen now; what it held up can go."""
    items = OutboxItem.everywhere.filter(integration=integration, kind=kind, step="", record_id__in=owners, replaced_by=None)
    settled = list(items.select_for_update().filter(state__in=(ItemState.WAITING, *FAILED)))
    message = {**NO_ERROR, "message": _("It was chosen there.")}
    OutboxItem.everywhere.filter(pk__in=[item.pk for item in settled]).update(state=ItemState.SUCCEEDED, finished_at=clock.now(), **message)
    for item in settled:
        bring_back(item, item)
    finish_runs(item.run_id for item in settled)


def _enqueue_needs(integration: Integration, export: Export, needed: Needed, run: Run | None) -> dict[int, OutboxItem]:
    """Enqueue what the records need and the vendor has not; record id -> the item it waits for.

    That one has failed already where a person has to find out first whether the vendor has it.
    """
    awaited: dict[int, OutboxItem] = {}
    for position, kind in enumerate(export.needs.values()):
        owners = {owner for values in needed.values() if (owner := values[position]) is not None}
        linked = set(current_links(integration, kind).filter(record_id__in=owners).values_list("record_id", flat=True))
        if missing := [owner for owner in owners if owner not in linked]:
            before = integration.declaration.export(kind)
            before_them = OutboxItem.everywhere.filter(integration=integration, kind=kind, step="", record_id__in=missing)
            under_way = before_them.filter(Q(state__in=OPEN) | IN_DOUBT)
            items = {item.record_id: item for item in under_way.order_by("pk")}
            items |= enqueue(integration, before, [owner for owner in missing if owner not in items], run=run).items
            awaited |= {pk: items[owner] for pk, values in needed.items() if (owner := values[position]) in items}
    return awaited


def look_again(integration: Integration, export: Export, items: Sequence[OutboxItem]) -> list[OutboxItem]:
    """Give items the newest revision of their records, and say for whom they wait: what these need and the vendor has not.

    Returned is what has failed already of that.
    """
    failed: list[OutboxItem] = []
    for start in range(0, len(items), CHUNK):
        some = items[start : start + CHUNK]
        revisions, needed = _read(integration, export, [item.record_id for item in some])
        awaited = _enqueue_needs(integration, export, needed, None)
        for item in some:
            item.revision = revisions.get(item.record_id, item.revision)
            item.waits_for = awaited.get(item.record_id)
        OutboxItem.everywhere.bulk_update(some, ["revision", "waits_for"], batch_size=500)
        failed += {item for item in awaited.values() if item.state in FAILED}
    return failed


@transaction.atomic
def retry(items: QuerySet[OutboxItem]) -> int:
    """Reopen failed items, with fresh tries; returns how many. What a record needs is looked at anew."""
    failed: dict[tuple[int, str, str], list[OutboxItem]] = defaultdict(list)
    for integration_id in sorted(set(items.order_by().values_list("integration_id", flat=True))):
        lock(integration_id)
    for item in items.filter(state__in=FAILED, replaced_by=None).select_related("integration"):
        failed[item.integration_id, item.kind, item.step].append(item)
    for (integration_id, kind, step), group in failed.items():
        integration = group[0].integration
        before_them = look_again(integration, integration.declaration.export(kind, step), group)
        for start in range(0, len(group), CHUNK):
            some = OutboxItem.everywhere.filter(pk__in=[item.pk for item in group[start : start + CHUNK]])
            some.filter(IN_DOUBT).update(decided=True)
            some.filter(state__in=FAILED, replaced_by=None).update(
                state=ItemState.WAITING, tries=0, due_at=clock.now(), finished_at=None, **NO_ERROR
            )
        reopen_runs(item.run_id for item in group)
        refuse_waiting_for(before_them)
        recount(integration_id)
    ring()
    return sum(map(len, failed.values()))


@transaction.atomic
def skip(items: QuerySet[OutboxItem], reason: str) -> int:
    """Take waiting or failed items out of the way, with a person's reason; returns how many."""
    for integration_id in sorted(set(items.order_by().values_list("integration_id", flat=True))):
        lock(integration_id)
    chosen = list(items.select_for_update().filter(state__in=(ItemState.WAITING, *FAILED), replaced_by=None))
    for start in range(0, len(chosen), CHUNK):
        OutboxItem.everywhere.filter(pk__in=[item.pk for item in chosen[start : start + CHUNK]]).update(
            state=ItemState.SKIPPED, skip_reason=reason, finished_at=clock.now()
        )
    for item in chosen:
        item.message, item.advice, item.skip_reason = "", "", reason
    refuse_waiting_for(chosen)
    finish_runs(item.run_id for item in chosen)
    for integration_id in {item.integration_id for item in chosen}:
        recount(integration_id)
    return len(chosen)
