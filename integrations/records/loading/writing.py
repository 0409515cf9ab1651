"""Rows written as records: compared with what is stored, then stored in batches.

A batch is one transaction. Rows are taken model by model, those that others refer to first. A reference to a record that is
not here waits as `PendingReference` until one of its ends is stored, or until `resolve`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Organization
from integrations import clock
from integrations.records.base import Origin, Record
from integrations.records.loading.amounts import settle
from integrations.records.loading.reading import Content, read
from integrations.records.loading.references import Links, References, resolvable
from integrations.records.loading.report import Report
from integrations.records.loading.rows import Row, Unreadable
from integrations.records.loading.shapes import in_order, shape_for, shape_of
from integrations.records.loading.storing import store_records, take_statistics
from integrations.records.models import PendingReference

BATCH = 2000


Changes = dict[str, Any]


class Writer:
    """Stores rows of one organization. In a writer's life the revision of a record rises at most once.

    `take(record, told, changes)` chooses among the changes of a record, given all that its row told.
    """

    def __init__(
        self,
        organization: Organization,
        report: Report,
        origin: str = Origin.FILE,
        changed_by: str = "file",
        take: Callable[[Record, Mapping[str, Any], Changes], Changes] = lambda record, told, changes: changes,
    ) -> None:
        self.organization = organization
        self.report = report
        self.origin = origin
        self.changed_by = changed_by
        self._take = take
        self._contents: dict[type[Record], list[Content]] = defaultdict(list)
        self._links: dict[type[Record], Links] = defaultdict(lambda: defaultdict(dict))
        self._waiting = 0
        self._batches = 0
        self._given: dict[type[Record], dict[str, frozenset[str]]] = defaultdict(dict)
        self._names: dict[frozenset[str], frozenset[str]] = {}
        self._touched: dict[type[Record], set[int]] = defaultdict(set)

    def add(self, row: Row) -> None:
        """Take a row; it is stored when enough rows have come, or by `flush`."""
        shape = shape_for(row.type)
        if shape is None:
            self.report.add_unknown_type(row)
            return
        content = read(shape, row)
        if content.problems:
            self.report.add_failure(row, content.problems)
            return
        self.report.add_unknown_attributes(row, content.unknown)
        self._contents[shape.model].append(content)
        for child, child_id, foreign_key in content.children:
            self._links[child][child_id][foreign_key] = content.id
        self._waiting += 1 + len(content.children)
        if self._waiting >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Store all rows taken so far."""
        models = [model for model in in_order() if model in self._contents or model in self._links]
        with transaction.atomic():
            for model in models:
                self._store(model, self._contents.pop(model, []), self._links.pop(model, {}))
        is_large, self._waiting = self._waiting >= BATCH, 0
        self._batches += is_large
        if is_large and self._batches.bit_count() == 1:  # after 1, 2, 4, 8 ... batches
            take_statistics([*models, PendingReference])

    def resolve(self) -> None:
        """Set the references of which both ends are here now, whichever load brought them."""
        for model, holders in resolvable(self.organization, BATCH):
            with transaction.atomic():
                self._store(model, [], {holder: {} for holder in holders})

    def _store(self, model: type[Record], contents: list[Content], links: Links) -> None:
        for content in contents:
            for foreign_key, target in links.pop(content.id, {}).items():
                content.references.setdefault(foreign_key, target)
        contents = contents + [Content(None, holder, references=dict(targets)) for holder, targets in links.items()]
        references = References(self.organization, model, contents)
        stored = self._stored(model, {content.id for content in contents})
        changed: dict[str, Record] = {}
        parents: dict[type[Record], set[int]] = defaultdict(set)
        for content in contents:
            record = stored.get(content.id)
            if record is None and content.row is None:
                references.wait_for_holder(content)
                continue
            new = record is None
            if record is None:
                record = model(organization_id=self.organization.pk, productive_id=content.id, origin=self.origin)
            changes = self._changes(record, content, references)
            if content.problems and content.row is not None:
                self.report.add_failure(content.row, content.problems)
                continue
            references.accept(content)
            if changes or new:
                self._collect_parents(record, changes, parents)
                for name, value in changes.items():
                    setattr(record, name, value)
                stored[content.id] = changed[content.id] = record
            if content.row is not None:
                outcome = "created" if new else "updated" if changes else "unchanged"
                self.report.count(record.kind, outcome)
                self.report.tell(record, outcome)
        self._write(model, list(changed.values()))
        references.save()
        for parent, keys in parents.items():
            self._raise_revisions(parent, keys)

    def _stored(self, model: type[Record], ids: set[str]) -> dict[str, Record]:
        rows = model.everywhere.select_for_update().filter(organization=self.organization, productive_id__in=ids).order_by("pk")
        return {str(record.productive_id): record for record in rows}

    def _changes(self, record: Record, content: Content, references: References) -> dict[str, Any]:
        """The columns that the content changes; what speaks against it is added to the content's problems."""
        values = content.values | references.keys_for(record, content)
        values |= settle(record, content, values, references.currencies)
        changes = {name: value for name, value in values.items() if getattr(record, name) != value}
        changes |= {f"{name}_id": None for name in references.newly_waiting(content)}
        given = self._given[type(record)]
        before = given.get(content.id, frozenset())
        twice = sorted(before.intersection(changes))
        if twice and content.row is not None:
            reason = _("The record stands here a second time with another value: the first one was kept, take one of the two away.")
            content.problems += [Unreadable(reason, name) for name in twice]
        elif content.row is not None and not content.problems:
            names = before.union(content.values, content.amounts, (f"{name}_id" for name in content.references))
            given[content.id] = self._names.setdefault(names, names)
        return changes if content.row is None or content.problems else self._take(record, values, changes)

    def _collect_parents(self, record: Record, changes: dict[str, Any], parents: dict[type[Record], set[int]]) -> None:
        """The records of which this one was part before the changes, and is after them."""
        for name in record.parts_of:
            before = getattr(record, f"{name}_id")
            parents[shape_of(type(record)).references[name]] |= {before, changes.get(f"{name}_id", before)} - {None}

    def _write(self, model: type[Record], records: list[Record]) -> None:
        touched = self._touched[model]
        now = clock.now()
        for record in records:
            if record.pk is not None and record.pk not in touched:
                record.revision += 1
            record.changed_at, record.changed_by = now, self.changed_by
        store_records(model, records)
        touched.update(record.pk for record in records)

    def _raise_revisions(self, model: type[Record], keys: set[int]) -> None:
        untouched = keys - self._touched[model]
        model.everywhere.filter(pk__in=untouched).update(revision=F("revision") + 1, changed_at=clock.now(), changed_by=self.changed_by)
        self._touched[model] |= untouched
