"""Documents of a source kept as records: recognised by their own ids, counted, linked; and never over what is written from here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from integrations import clock
from integrations.incoming import Import
from integrations.models import Entry, Integration, ItemState, Link, Run
from integrations.records.base import Origin, Record
from integrations.records.kinds import get_kind
from integrations.records.loading.json_documents import row_of
from integrations.records.loading.load import announced
from integrations.records.loading.report import Report, kind_named
from integrations.records.loading.rows import Place, Problem, Row
from integrations.records.loading.storing import store_new
from integrations.records.loading.writing import Writer
from integrations.source import Documents, Source
from integrations.sync.counterparts import alike
from integrations.sync.outbox import current_links
from integrations.sync.sides import Sides

Keys = Mapping[tuple[str, str], Link]
"""(kind, id there) -> link."""


@dataclass
class _Told(Report):
    """What became of each row, for the run's entries."""

    outcomes: list[tuple[Record, str]] = field(default_factory=list)
    failures: list[tuple[str, str, str]] = field(default_factory=list)

    def tell(self, record: Record, outcome: str) -> None:
        self.outcomes.append((record, outcome))

    def add_failure(self, row: Row, problems: Any) -> None:
        reasons = " ".join(f"{problem.column}: {problem.reason}" for problem in problems)
        self.failures.append((kind_named(row.type), row.shown_id, reasons))

    def add_problem(self, problem: Problem) -> None:
        self.failures.append((kind_named(problem.type), problem.id, problem.reason))


@contextmanager
def announced_together(run: Run, declared: Import) -> Iterator[None]:
    """What a source's run changes is announced at its end, when all that belongs together is here; also what waited for it."""
    if not isinstance(declared, Source) or run.dry:
        yield
        return
    models = list(dict.fromkeys(get_kind(kind).model for kind in declared.kinds))
    author = _author(run.integration)
    with announced(run.organization, author, models, f"{author}:{declared.kind}"):
        yield
        Writer(run.organization, Report(), origin=Origin.PRODUCTIVE, changed_by=author).resolve()


def keep_documents(run: Run, declared: Source, page: Documents) -> Counter[str]:
    """Write the page's documents, their links and the run's entries; called in a transaction. A dry run keeps the entries only."""
    resources = _not_shown_yet(run, page.resources) if run.dry else page.resources
    with transaction.atomic():
        _recognise(run.integration, declared, resources)
        links = _links(run, declared, resources)
        sides = Sides(run.integration, declared, links)
        told = _Told()
        writer = Writer(run.organization, told, origin=Origin.PRODUCTIVE, changed_by=_author(run.integration), take=sides.choose)
        for resource in resources:
            item = row_of(resource, Place(run.kind))
            if isinstance(item, Problem):
                told.add_problem(item)
            else:
                writer.add(item)
        writer.flush()
        if not run.dry:
            _link(run, declared, page, told, links, sides)
        else:
            transaction.set_rollback(True)
    entries = list(_entries(run, told, sides))
    store_new(Entry, entries)
    if not run.dry:
        sides.tell()
    refused = sum(entry.state == ItemState.REJECTED for entry in entries)
    unchanged = sum(outcome == "unchanged" for _record, outcome in told.outcomes)
    return Counter(changed=len(entries) - refused, rejected=refused, unchanged=unchanged)


def forget_ids(integration: Integration, kind: str, record_ids: Sequence[int]) -> None:
    """Copies of these records were taken back: if they go to the source once more, they will be others there."""
    if record_ids and any(isinstance(declared, Source) for declared in integration.declaration.imports):
        records = get_kind(kind).everywhere().filter(organization_id=integration.organization_id, pk__in=record_ids)
        records.update(productive_id=None)


def _author(integration: Integration) -> str:
    return f"integration:{integration.pk}"


def _not_shown_yet(run: Run, resources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Pages overlap; what a dry run does not write is not recognised the second time."""
    ids = [str(resource["id"]) for resource in resources]
    shown = set(Entry.everywhere.filter(run=run, remote_id__in=ids).values_list("kind", "remote_id"))
    kinds = {resource["type"]: kind_named(resource["type"]) for resource in resources}
    return [resource for resource in resources if (kinds[resource["type"]], str(resource["id"])) not in shown]


def _recognise(integration: Integration, declared: Source, resources: Sequence[Mapping[str, Any]]) -> None:
    """What is here already gets its id, so that it is not taken for something new: by its link, else by our reference, else by what
    both sides know it by."""
    ids = [str(resource["id"]) for resource in resources]
    written = _current(integration, declared).filter(is_import=False, remote_id__in=ids)
    known = list(written.values_list("kind", "record_id", "remote_id"))
    for resource in resources:
        tag, _dash, rest = declared.reference(resource).partition("-")
        kind, _dash, number = rest.rpartition("-")[0].rpartition("-")
        if tag == integration.tag and kind in declared.kinds and number.isdecimal():
            known.append((kind, int(number), str(resource["id"])))
    for kind, pk, remote_id in [*known, *_matched(integration, declared, resources)]:
        records = get_kind(kind).everywhere().filter(organization_id=integration.organization_id)
        if not records.filter(productive_id=remote_id).exists():
            records.filter(pk=pk, productive_id=None).update(productive_id=remote_id)


def _matched(integration: Integration, declared: Source, resources: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, int, str]]:
    """Records that others brought, before the source told of them; where several may be meant, none is."""
    if not declared.match:
        return
    theirs: dict[str, list[str]] = defaultdict(list)
    for resource in resources:
        if kind_named(resource["type"]) == declared.kind and (said := str(resource["attributes"].get(declared.match) or "")):
            theirs[said.casefold()].append(str(resource["id"]))
    alive = alike(integration, declared.kind, declared.match, theirs.keys()).filter(productive_id=None, **declared.match_among)
    linked = current_links(integration, declared.kind)
    here: dict[str, list[int]] = defaultdict(list)
    for pk, said in alive.exclude(pk__in=linked.values("record_id")).values_list("pk", "matched"):
        here[said.casefold()].append(pk)
    for said, pks in here.items():
        if len(pks) == len(theirs[said]) == 1:
            yield declared.kind, pks[0], theirs[said][0]


def _links(run: Run, declared: Source, resources: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Link]:
    ids = [str(resource["id"]) for resource in resources]
    return {(link.kind, link.remote_id): link for link in _current(run.integration, declared).filter(remote_id__in=ids)}


def _current(integration: Integration, declared: Source) -> QuerySet[Link]:
    return Link.everywhere.filter(
        integration=integration, realm_id=integration.realm_id, kind__in=declared.kinds, step="", archived_at=None
    )


def _link(run: Run, declared: Source, page: Documents, told: _Told, links: Keys, sides: Sides) -> None:
    """Every record knows its document. A revision that differs only by what was brought is not sent back."""
    new, known, same = [], [], []
    for record, outcome in told.outcomes:
        kind, remote_id = record.kind, str(record.productive_id)
        if kind not in declared.kinds:
            continue
        link = links.get((kind, remote_id))
        was_sent = link.revision == record.revision - (outcome == "updated") if link else not sides.keeps(record)
        if link is None:
            link = Link(
                organization_id=run.organization_id,
                integration_id=run.integration_id,
                realm_id=run.integration.realm_id,
                kind=kind,
                remote_id=remote_id,
                url=page.address(kind, remote_id),
            )
            new.append(link)
        elif outcome == "unchanged" and link.is_import and sides.agreed(record, link.agreed) == link.agreed:
            same.append(link.pk)
            continue
        else:
            known.append(link)
        link.record_id, link.is_import, link.seen_in = record.pk, True, run.pk
        link.number = _number(record)
        link.revision = record.revision if was_sent else link.revision
        link.agreed = sides.agreed(record, link.agreed)
        link.changed_at = clock.now()
    store_new(Link, new)
    Link.everywhere.filter(pk__in=same).update(seen_in=run.pk)
    columns = ["record_id", "is_import", "seen_in", "number", "revision", "agreed", "changed_at"]
    Link.everywhere.bulk_update(known, columns)


def _number(record: Record) -> str:
    number = get_kind(record.kind).number
    return str((getattr(record, number) if number else "") or "")[:255]


def _entries(run: Run, told: _Told, sides: Sides) -> Iterator[Entry]:
    def entry(kind: str, remote_id: str, record: Record | None, **values: str) -> Entry:
        is_here = record is not None and not (run.dry and values.get("action") == "created")
        return Entry(
            organization_id=run.organization_id,
            run=run,
            kind=kind,
            record_id=record.pk if record is not None and is_here else None,
            remote_id=remote_id,
            **values,
        )

    for record, outcome in told.outcomes:
        if outcome != "unchanged":
            state, remote_id = ItemState.SUCCEEDED.value, str(record.productive_id)
            yield entry(record.kind, remote_id, record, number=_number(record), state=state, action=outcome)
    for kind, remote_id, reason in told.failures:
        yield entry(kind, remote_id, None, state=ItemState.REJECTED.value, message=reason, advice=_("Correct it at the vendor."))
    for conflict in sides.conflicts:
        record, advice = conflict.record, str(conflict.advice)
        yield entry(record.kind, str(record.productive_id), record, state=ItemState.REJECTED.value, message=conflict.message, advice=advice)
