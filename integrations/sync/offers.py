"""What the fields of an integration may choose from: the vendor's options as they were last read, and our own records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import models

from integrations.mappings.fields import FieldMapping, FixedValues, OptionField, Ours, Theirs, ValueMapping
from integrations.models import Integration, Option, OptionList
from integrations.records.base import Record
from integrations.records.kinds import get_kind

Side = Ours | Theirs
CHOOSING = (OptionField, ValueMapping, FieldMapping, FixedValues)


@dataclass(frozen=True)
class Offer:
    """One thing to choose. What `is_gone` is kept for those who chose it, and offered to nobody else."""

    value: str
    name: str
    code: str = ""
    is_gone: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.code} · {self.name}" if self.code and self.code != self.name else self.name


class Offers:
    """The offers of one integration. All lists of the vendor are read together, records kind by kind, and each only once."""

    def __init__(self, integration: Integration) -> None:
        self.integration = integration
        self._sides: dict[Side, dict[str, Offer]] = {}
        self._records: dict[str, dict[int, Record]] = {}

    def of(self, side: Side) -> Mapping[str, Offer]:
        """By value, in the vendor's order or by name."""
        if side not in self._sides:
            offers = self._theirs(side) if isinstance(side, Theirs) else self._ours(side)
            self._sides[side] = {offer.value: offer for offer in offers}
        return self._sides[side]

    def is_known(self, side: Side) -> bool:
        """Whether the list was ever read: before, nothing can be said of a value."""
        if isinstance(side, Ours):
            return True
        found = self.lists.get(side.source)
        return found is not None and found.fetched_at is not None

    def can_choose(self, side: Side, value: str) -> bool:
        offer = self.of(side).get(value)
        return offer is not None and not offer.is_gone

    def is_gone(self, side: Side, value: str) -> bool:
        return self.is_known(side) and not self.can_choose(side, value)

    def label(self, side: Side, value: str) -> str:
        offer = self.of(side).get(value)
        return offer.label if offer else value

    def records(self, kind: str) -> Mapping[int, Record]:
        if kind not in self._records:
            rows = get_kind(kind).everywhere().filter(organization_id=self.integration.organization_id)
            self._records[kind] = {record.pk: record for record in rows}
        return self._records[kind]

    @cached_property
    def lists(self) -> Mapping[str, OptionList]:
        """By source, as far as somebody has tried to read them."""
        rows = OptionList.everywhere.filter(integration_id=self.integration.pk, realm_id=self.integration.realm_id)
        return {row.source: row for row in rows}

    @cached_property
    def _options(self) -> Mapping[str, list[Option]]:
        sources = {side.source for side in sides_of(type(self.integration)) if isinstance(side, Theirs)}
        rows = Option.everywhere.filter(integration_id=self.integration.pk, realm_id=self.integration.realm_id, source__in=sources)
        found: dict[str, list[Option]] = {source: [] for source in sources}
        for row in rows.order_by("position", "pk"):
            found[row.source].append(row)
        return found

    def _theirs(self, side: Theirs) -> Iterable[Offer]:
        if side.source in self._options:
            rows = self._options[side.source]
        else:
            rows = list(
                Option.everywhere.filter(
                    integration_id=self.integration.pk, realm_id=self.integration.realm_id, source=side.source
                ).order_by("position", "pk")
            )
        for row in rows:
            yield Offer(row.value, row.label, row.code, row.gone_at is not None or bool(side.use and side.use not in row.uses), row.facts)

    def _ours(self, side: Ours) -> Iterable[Offer]:
        number = get_kind(side.kind).number
        offers = [
            Offer(
                str(record.pk),
                str(record),
                is_gone=record.remote_deleted_at is not None or getattr(record, "archived_at", None) is not None,
                facts={"code": getattr(record, number) or "" if number else "", "rate": getattr(record, "effective_rate", None)},
            )
            for record in self.records(side.kind).values()
        ]
        return sorted(offers, key=lambda offer: offer.name.casefold())


def sides_of(model: type[models.Model]) -> list[Side]:
    """Everything that the model's fields choose from."""
    sides: list[Side | None] = []
    for column in model._meta.get_fields():
        if isinstance(column, ValueMapping):
            sides += [column.of, column.to]
        elif isinstance(column, (OptionField, FieldMapping, FixedValues)):
            sides.append(column.theirs)
    return [side for side in sides if side is not None]
