"""How much a mapping matters: how often each of our values is used by the records that the integration exports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, DateTimeField, ForeignKey, Q

from integrations import clock
from integrations.mappings.fields import Ours, ValueMapping
from integrations.models import Integration
from integrations.provider import Export, Section
from integrations.records.base import Record
from integrations.records.kinds import Kind, get_kind
from integrations.sync.outbox import selection

PERIOD = timedelta(days=90)

Place = tuple[type[Record], str]
"""Where a value is used: a model, and the foreign key to the value."""


def uses(integration: Integration, field: ValueMapping, section: Section) -> Mapping[str, int] | None:
    """Value -> how many lines (or records) of the last 90 days use it; None when nothing that is exported can tell.

    Counted are the records of the exports that the section of the field shapes, and that are switched on.
    """
    if not isinstance(field.of, Ours):
        return None
    valued = get_kind(field.of.kind).model
    places: dict[Place, Q] = {}
    found = [(export, place) for export in _shaped(integration, section) for place in _places(export, valued)]
    if not found:
        return None
    for export, (place, parent) in found:
        if export.is_on(integration):
            recent = selection(integration, export).filter(**_since(get_kind(export.kind), clock.now() - PERIOD))
            places[place] = places.get(place, Q()) | Q(**{f"{parent}__in": recent.values("pk")})
    counts: dict[str, int] = defaultdict(int)
    for (model, key), condition in places.items():
        rows = model.everywhere.filter(condition, remote_deleted_at=None, **{f"{key}__isnull": False})
        for value, count in rows.order_by().values_list(key).annotate(Count("pk")):
            counts[str(value)] += count
    return counts


def _shaped(integration: Integration, section: Section) -> list[Export]:
    return [export for export in integration.declaration.exports if not export.step and section.shapes(export)]


def _since(kind: Kind, moment: datetime) -> dict[str, Any]:
    if kind.date is None:
        return {}
    is_moment = isinstance(kind.model._meta.get_field(kind.date), DateTimeField)
    return {f"{kind.date}__gte": moment if is_moment else moment.date()}


def _places(export: Export, valued: type[Record]) -> Iterator[tuple[Place, str]]:
    """Where the records that go out, or the parts that go with them, point to `valued`; with the way from there to the record."""
    model = get_kind(export.kind).model
    for key in {path.partition("__")[0] for path in export.reads}:
        relation = model._meta.get_field(key)
        if isinstance(relation, ForeignKey) and relation.related_model is valued:
            yield (model, key), "pk"
    for part, owner in parts_of(export).values():
        for column in part._meta.concrete_fields:
            if isinstance(column, ForeignKey) and column.related_model is valued and column.name != owner:
                yield (part, column.name), owner


def parts_of(export: Export) -> dict[str, tuple[type[Record], str]]:
    """What a record of the export consists of: accessor -> the parts' model, and its foreign key to the record."""
    model = get_kind(export.kind).model
    relations: dict[str, Any] = {name: model._meta.get_field(name) for name in {path.partition("__")[0] for path in export.reads}}
    return {name: (found.related_model, found.field.name) for name, found in relations.items() if found.one_to_many}
