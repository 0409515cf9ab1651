"""Pages in: each page's records and the cursor behind it are kept in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import clock
from integrations.models import Entry, Integration, ItemState, Link, Run, Stream
from integrations.provider import Client, Import, Incoming
from integrations.records.base import Record
from integrations.records.kinds import get_kind

log = structlog.get_logger(__name__)

CURSOR, TRIES = "cursor", "tries"
"""In a run's result: where it goes on after its last page, and how often in a row it came to nothing."""


def stream_of(integration: Integration, kind: str) -> Stream:
    stream, _created = Stream.everywhere.get_or_create(
        integration_id=integration.pk,
        realm_id=integration.realm_id,
        kind=kind,
        partition="",
        defaults={"organization_id": integration.organization_id},
    )
    return stream


def import_changes(run: Run, stream: Stream, declared: Import, client: Client, still_ours: Callable[[], None]) -> None:
    """Bring everything that changed since the stream's cursor (everything there is, when the run is a full one).

    A run that was interrupted goes on after its last page. `still_ours` raises when the run's lease went to somebody else; it
    is asked inside each page's transaction. Raises what the client raises; the pages before are kept.
    """
    cursor: Mapping[str, Any] = run.result.get(CURSOR, {} if run.full else stream.cursor)
    for page in declared.pages(client, cursor):
        with transaction.atomic():
            still_ours()
            place = Stream.everywhere.select_for_update().filter(pk=stream.pk)
            list(place)
            records = _not_shown_yet(run, page.records) if run.dry else page.records
            counts = _apply(run, declared, records)
            run.succeeded += counts["changed"]
            run.unchanged += counts["unchanged"]
            run.rejected += counts["rejected"]
            run.total += len(records)
            run.result = {**run.result, CURSOR: dict(page.cursor), TRIES: 0}
            run.save(update_fields=["succeeded", "unchanged", "rejected", "total", "result"])
            if not run.dry:
                place.update(cursor=dict(page.cursor))
        log.info("import.page", run=run.pk, integration=run.integration_id, records=len(records), **counts)
    if not run.dry:
        Stream.everywhere.filter(pk=stream.pk).update(completed_at=clock.now())


def _not_shown_yet(run: Run, records: Sequence[Incoming]) -> list[Incoming]:
    """Pages overlap; what a dry run does not write is not recognised the second time."""
    shown = set(
        Entry.everywhere.filter(run=run, remote_id__in=[record.remote_id for record in records]).values_list("remote_id", flat=True)
    )
    return [record for record in records if record.remote_id not in shown]


@dataclass(frozen=True)
class _Known:
    """What the page's remote ids mean here: (kind, remote id) -> link."""

    links: Mapping[tuple[str, str], Link]

    @classmethod
    def of(cls, integration: Integration, kind: str, records: Sequence[Incoming]) -> _Known:
        wanted: dict[str, set[str]] = {kind: {record.remote_id for record in records}}
        for record in records:
            for owner_kind, remote_id in record.belongs_to.values():
                wanted.setdefault(owner_kind, set()).add(remote_id)
        links: dict[tuple[str, str], Link] = {}
        for owner_kind, ids in wanted.items():
            found = Link.everywhere.filter(
                integration_id=integration.pk, realm_id=integration.realm_id, kind=owner_kind, step="", remote_id__in=ids, archived_at=None
            )
            links |= {(owner_kind, link.remote_id): link for link in found}
        return cls(links)


def _apply(run: Run, declared: Import, records: Sequence[Incoming]) -> Counter[str]:
    integration = run.integration
    known = _Known.of(integration, declared.kind, records)
    kind = get_kind(declared.kind)
    ids = [known.links[key].record_id for record in records if (key := (declared.kind, record.remote_id)) in known.links]
    rows = {row.pk: row for row in kind.everywhere().filter(organization_id=integration.organization_id, pk__in=ids)}
    counts: Counter[str] = Counter()
    entries = []
    for incoming in records:
        link = known.links.get((declared.kind, incoming.remote_id))
        try:
            with transaction.atomic():
                entry = _apply_one(run, declared, incoming, link, rows.get(link.record_id) if link else None, known)
        except (ValidationError, ValueError) as error:
            message = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            entry = _entry(run, declared, incoming, link, ItemState.REJECTED, message=message, advice=_("Correct it at the vendor."))
        if entry is None:
            counts["unchanged"] += 1
        else:
            counts["rejected" if entry.state == ItemState.REJECTED else "changed"] += 1
            entries.append(entry)
    Entry.everywhere.bulk_create(entries)
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


def _apply_one(run: Run, declared: Import, incoming: Incoming, link: Link | None, record: Record | None, known: _Known) -> Entry | None:
    """Write one of their records; the entry of what changed, None when nothing did or when it is none of ours."""
    owners = {}
    for attribute, owner in incoming.belongs_to.items():
        if owner not in known.links:
            return None
        owners[f"{attribute}_id"] = known.links[owner].record_id
    if record is None and (incoming.deleted or not declared.creates):
        return None
    action = "deleted" if incoming.deleted else "updated" if record else "created"
    if record is None:
        kind = get_kind(declared.kind)
        record = kind.model(organization_id=run.organization_id, origin="import", **kind.filter)
    values = {"remote_deleted_at": clock.now()} if incoming.deleted else {**_taken(run, declared, incoming, record), **owners}
    if incoming.deleted and record.remote_deleted_at is not None:
        return None
    changed = {attribute: value for attribute, value in values.items() if getattr(record, attribute) != value}
    if record.pk is not None and not changed:
        return None
    for attribute, value in changed.items():
        setattr(record, attribute, value)
    record.changed_by = f"integration:{run.integration_id}"
    record.clean_fields()
    was_sent = link is not None and (link.is_import or link.revision == record.revision)
    record.save(update_fields=None if record.pk is None else list(changed))
    link = _write_link(run, declared, incoming, link, record, was_sent=was_sent)
    entry = _entry(run, declared, incoming, link, ItemState.SUCCEEDED, action=action)
    if run.dry:
        entry.record_id = record.pk if action != "created" else None
        transaction.set_rollback(True)
    return entry


def _taken(run: Run, declared: Import, incoming: Incoming, record: Record) -> dict[str, Any]:
    """What the record gets of theirs: what is switched on, and of what only `fills` it, what it has not."""
    fills = {attribute: value for attribute, value in incoming.fills.items() if getattr(record, attribute) in (None, "")}
    values = {**fills, **incoming.values}
    taken = {attribute: value for attribute, value in values.items() if declared.takes(run.integration, attribute)}
    return {**taken, "remote_deleted_at": None}


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
    if link.pk is None or was_sent:
        link.revision = record.revision
    link.number, link.url = incoming.number[:255] or link.number, incoming.url or link.url
    link.save()
    return link
