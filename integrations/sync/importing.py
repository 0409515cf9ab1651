"""Pages in: each page's records and the cursor behind it are kept in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import clock
from integrations.errors import Rejected
from integrations.incoming import Import, Incoming, Match, Page
from integrations.models import Entry, Integration, ItemState, Link, Run, Stream
from integrations.provider import Client
from integrations.records.base import Record
from integrations.records.kinds import get_kind
from integrations.records.loading.storing import store_new
from integrations.source import Documents, Source, kinds_of
from integrations.sync.counterparts import Counterparts, LeftOut
from integrations.sync.matching import Known
from integrations.sync.sourcing import announced_together, keep_documents
from integrations.sync.sweeping import living, mark_seen, not_shown, refuse_too_many, vanished

log = structlog.get_logger(__name__)

COUNTED: Mapping[str, str] = {ItemState.REJECTED: "rejected", ItemState.SKIPPED: "skipped"}
CURSOR, TRIES = "cursor", "tries"
"""In a run's result: where it goes on after its last page, and how often in a row it came to nothing."""


def stream_of(integration: Integration, kind: str, partition: str = "") -> Stream:
    stream, _created = Stream.everywhere.get_or_create(
        integration_id=integration.pk,
        realm_id=integration.realm_id,
        kind=kind,
        partition=partition,
        defaults={"organization_id": integration.organization_id},
    )
    return stream


def import_changes(run: Run, stream: Stream, declared: Import, client: Client, still_ours: Callable[[], None]) -> None:
    """Bring everything that changed since the stream's cursor (everything there is, when the run is a full one).

    A run that was interrupted goes on after its last page. `still_ours` raises when the run's lease went to somebody else; it
    is asked inside each page's transaction. Raises what the client raises, the pages before are kept; and `Vanished`, before
    a full run marks more as deleted than it may without being told to.
    """
    with announced_together(run, declared):
        cursor: Mapping[str, Any] = run.result.get(CURSOR, {} if run.full else stream.cursor)
        counted = _bring(run, stream, declared, client, still_ours, cursor)
        if not run.full and any(living(run.integration, kind).count() > count for kind, count in counted.items()):
            log.info("import.something_is_gone")
            run.full, run.result = True, {**run.result, CURSOR: {}}
            run.save(update_fields=["full", "result"])
            _bring(run, stream, declared, client, still_ours, {})
        if run.full and declared.sweeps:
            _sweep(run, declared, still_ours)
    if not run.dry:
        Stream.everywhere.filter(pk=stream.pk).update(completed_at=clock.now())


def _bring(
    run: Run, stream: Stream, declared: Import, client: Client, still_ours: Callable[[], None], cursor: Mapping[str, Any]
) -> Mapping[str, int]:
    """Keep the pages from the cursor on; how many of which kind the vendor has, as far as it said so."""
    counted: dict[str, int] = {}
    for page in declared.pages(client, cursor):
        with transaction.atomic():
            still_ours()
            place = Stream.everywhere.select_for_update().filter(pk=stream.pk)
            list(place)
            records = _not_shown_yet(run, page.records) if run.dry else page.records
            counts = _keep(run, declared, records, page, cursor=dict(page.cursor))
            mark_seen(run, page.records)
            if gone := not_shown(run, declared, page):
                counts += _keep(run, declared, gone)
            if not run.dry:
                place.update(cursor=dict(page.cursor))
        if isinstance(page, Documents):
            counted |= page.totals
        log.info("import.page", records=len(records), **counts)
    return counted


def _sweep(run: Run, declared: Import, still_ours: Callable[[], None]) -> None:
    """Mark as deleted what the complete run did not show, as if the vendor had told so."""
    parts = [replace(declared, kind=kind) for kind in kinds_of(declared)]
    with transaction.atomic():
        still_ours()
        refuse_too_many(run, parts)
    for part in parts:
        for remote_ids in vanished(run, part):
            with transaction.atomic():
                still_ours()
                counts = _keep(run, part, [Incoming(remote_id=remote_id, deleted=True) for remote_id in remote_ids])
            log.info("import.swept", records=len(remote_ids), **counts)


def _keep(run: Run, declared: Import, records: Sequence[Incoming], page: Page | None = None, **result: Any) -> Counter[str]:
    """Write the records, and the documents of a source's page, and what came of them; called in a transaction."""
    counts = _apply(run, declared, records)
    if isinstance(page, Documents) and isinstance(declared, Source):
        counts += keep_documents(run, declared, page)
        for kind, remote_ids in page.gone.items():
            counts += _apply(run, replace(declared, kind=kind), [Incoming(remote_id=remote_id, deleted=True) for remote_id in remote_ids])
    log.debug("import.page_written", records=len(records))
    run.succeeded += counts["changed"]
    run.unchanged += counts["unchanged"]
    run.rejected += counts["rejected"]
    run.skipped += counts["skipped"]
    run.total += counts.total()
    run.result = {**run.result, **result, TRIES: 0}
    run.save(update_fields=["succeeded", "unchanged", "rejected", "skipped", "total", "result"])
    return counts


def _not_shown_yet(run: Run, records: Sequence[Incoming]) -> list[Incoming]:
    """Pages overlap; what a dry run does not write is not recognised the second time."""
    shown = set(
        Entry.everywhere.filter(run=run, remote_id__in=[record.remote_id for record in records]).values_list("remote_id", flat=True)
    )
    return [record for record in records if record.remote_id not in shown]


def _apply(run: Run, declared: Import, records: Sequence[Incoming]) -> Counter[str]:
    known = Known.of(run.integration, declared, records)
    counterparts = Counterparts(run.integration, records)
    counts: Counter[str] = Counter()
    entries = []
    for incoming in records:
        link = known.links.get((declared.kind, incoming.remote_id))
        try:
            with transaction.atomic():
                entry = _apply_one(run, declared, incoming, link, known, counterparts)
        except (ValidationError, ValueError) as error:
            message = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            entry = _entry(run, declared, incoming, link, ItemState.REJECTED, message=message, advice=_("Correct it at the vendor."))
        except LeftOut as left:
            entry = _entry(run, declared, incoming, link, ItemState.SKIPPED, message=left.message, advice=left.advice)
        except Rejected as refused:
            entry = _entry(run, declared, incoming, link, ItemState.REJECTED, message=refused.message, advice=refused.advice)
        if entry is None:
            counts["unchanged"] += 1
        else:
            counts[COUNTED.get(entry.state, "changed")] += 1
            entries.append(entry)
    store_new(Entry, entries)
    return counts


def _entry(run: Run, declared: Import, incoming: Incoming, link: Link | None, state: str, **values: str) -> Entry:
    return Entry(
        organization_id=run.organization_id,
        run=run,
        kind=declared.kind,
        record_id=link.record_id if link else None,
        remote_id=incoming.remote_id,
        number=incoming.number,
        state=state,
        **values,
    )


def _apply_one(run: Run, declared: Import, incoming: Incoming, link: Link | None, known: Known, counterparts: Counterparts) -> Entry | None:
    """Write one of their records; the entry of what changed, None when nothing did or when it is none of ours.

    Raises `LeftOut` for what is none of ours for a reason that people should know.
    """
    owners = _owners(incoming, known)
    if owners is None:
        return None
    record = known.record(declared.kind, incoming)
    if record is None and (incoming.deleted or not (declared.creates and incoming.creates)):
        return None
    if incoming.refused is not None:
        raise incoming.refused
    owners |= counterparts.of(incoming)
    action = "deleted" if incoming.deleted else "updated" if record else "created"
    if record is None:
        kind = get_kind(declared.kind)
        record = kind.model(organization_id=run.organization_id, origin="import", **kind.filter)
    if incoming.deleted and record.remote_deleted_at is not None:
        return None
    values = {**_taken(run, declared, incoming, record), **({} if incoming.deleted else owners)}
    values["remote_deleted_at"] = clock.now() if incoming.deleted else None
    changed = {attribute: value for attribute, value in values.items() if getattr(record, attribute) != value}
    if link is not None and not changed:
        return None
    for attribute, value in changed.items():
        setattr(record, attribute, value)
    record.changed_by = f"integration:{run.integration_id}"
    record.clean_fields(exclude=_known_to_be_here(record, incoming))
    was_sent = link is None or link.is_import or link.revision == record.revision
    if link is None and record.pk is not None:  # before it is announced: who brings a record decides where it goes
        link = _write_link(run, declared, incoming, None, record, was_sent=True)
    record.save(update_fields=None if record.pk is None else list(changed))
    link = _write_link(run, declared, incoming, link, record, was_sent=was_sent)
    entry = _entry(run, declared, incoming, link, ItemState.SUCCEEDED, action=action, message=" ".join(incoming.remarks))
    if run.dry:
        entry.record_id = record.pk if action != "created" else None
        transaction.set_rollback(True)
    else:
        known.links[declared.kind, incoming.remote_id] = link
    return entry


def _known_to_be_here(record: Record, incoming: Incoming) -> set[str]:
    """The foreign keys that the page has looked up: all but those that theirs gives as a primary key of ours, or to its own kind."""
    told = {**incoming.fills, **incoming.values}
    keys = [column for column in record._meta.concrete_fields if column.is_relation and column.related_model is not type(record)]
    return {column.name for column in keys if column.attname not in told}


def _owners(incoming: Incoming, known: Known) -> dict[str, int | None] | None:
    """The foreign keys of what it belongs to and mentions; None when it belongs to what we do not know."""
    owners: dict[str, int | None] = {}
    for attribute, owner in incoming.belongs_to.items():
        if isinstance(owner, Match):
            continue
        if owner not in known.links:
            return None
        owners[f"{attribute}_id"] = known.links[owner].record_id
    for attribute, mentioned in incoming.mentions.items():
        if mentioned in known.links or not mentioned[1]:
            owners[f"{attribute}_id"] = known.links[mentioned].record_id if mentioned[1] else None
    return owners


def _taken(run: Run, declared: Import, incoming: Incoming, record: Record) -> dict[str, Any]:
    """What the record gets of theirs: what is switched on, and of what only `fills` it, what it has not."""
    fills = {attribute: value for attribute, value in incoming.fills.items() if getattr(record, attribute) in (None, "")}
    merged = {attribute: {**getattr(record, attribute), **part} for attribute, part in incoming.merges.items()}
    values = fills if incoming.deleted else {**fills, **incoming.values, **merged}
    return {attribute: value for attribute, value in values.items() if declared.takes(run.integration, attribute)}


def _write_link(run: Run, declared: Import, incoming: Incoming, link: Link | None, record: Record, *, was_sent: bool) -> Link:
    """`was_sent`: nothing of the record was to be sent before, so what was brought is not sent back either."""
    link = link or Link(
        organization_id=run.organization_id,
        integration_id=run.integration_id,
        realm_id=run.integration.realm_id,
        kind=declared.kind,
        remote_id=incoming.remote_id,
        is_import=True,
    )
    link.record_id, link.changed_at = record.pk, clock.now()
    if was_sent:
        link.revision = record.revision
    link.number, link.url = incoming.number[:255] or link.number, incoming.url or link.url
    link.save()
    return link
