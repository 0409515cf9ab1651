"""What of a file belongs into which column of a record's model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import models

from integrations.records.base import Record, content_fields
from integrations.records.choices import StageType
from integrations.records.columns import MoneyField
from integrations.records.kinds import all_kinds
from integrations.records.loading.values import Reader, reader_of
from integrations.records.models import CustomField, Deal

RENAMED: dict[tuple[type[Record], str], str] = {
    (CustomField, "is_global"): "global",  # a word that Python keeps for itself
}
DERIVED: dict[type[Record], dict[str, tuple[str, Reader]]] = {
    Deal: {"stage_type": ("budget", lambda raw: str(raw) == str(StageType.BUDGET.value))},
}


@dataclass(frozen=True)
class Shape:
    """How documents of one type become rows of one model.

    `columns` goes from the file's name to the column and how it is read; `amounts` are the columns that need a currency to be
    read, `lists` and `hashes` the JSON ones. Relationships: `references` goes to the target of the foreign key; `remote_ids`
    (one) and `lists` (many) keep the ids of what is no record here; `inverses` goes from a to-many relationship to the model
    and foreign key at its other end.
    """

    model: type[Record]
    columns: Mapping[str, tuple[str, Reader]]
    amounts: frozenset[str]
    references: Mapping[str, type[Record]]
    remote_ids: frozenset[str]
    lists: frozenset[str]
    hashes: frozenset[str]
    inverses: Mapping[str, tuple[type[Record], str]]


@cache
def shape_of(model: type[Record]) -> Shape:
    fields = content_fields(model)
    own = [field for field in fields if not field.is_relation and field.name != "remote_deleted_at"]
    amounts = frozenset(field.name for field in own if isinstance(field, MoneyField))
    columns = {RENAMED.get((model, field.name), field.name): (field.name, reader_of(field)) for field in own if field.name not in amounts}
    return Shape(
        model=model,
        columns=columns | DERIVED.get(model, {}),
        amounts=amounts,
        references={field.name: target for field in fields if (target := _target(field)) is not None},
        remote_ids=frozenset(field.name.removesuffix("_id") for field in own if field.name.endswith("_id")),
        lists=frozenset(field.name for field in own if isinstance(field, models.JSONField) and field.default is list),
        hashes=frozenset(field.name for field in own if isinstance(field, models.JSONField) and field.default is dict),
        inverses={
            relation.get_accessor_name() or "": (relation.related_model, relation.field.name)
            for relation in model._meta.related_objects
            if not relation.hidden and issubclass(relation.related_model, Record)
        },
    )


def _target(field: models.Field[Any, Any]) -> type[Record] | None:
    """The record that a foreign key names; None for other columns and for what belongs to the installation."""
    target = field.related_model
    return target if isinstance(target, type) and issubclass(target, Record) else None


def shape_for(type: str) -> Shape | None:
    """The shape of rows of this type; None where they are no records here."""
    named = models_by_type().get(type)
    return shape_of(named[0]) if named else None


@cache
def models_by_type() -> Mapping[str, tuple[type[Record], Mapping[str, object]]]:
    """Every name under which rows may come (JSON:API type, kind, plural of a kind) to the model and what the name implies."""
    names: dict[str, tuple[type[Record], Mapping[str, object]]] = {}
    for kind in all_kinds():
        plural = kind.model.productive_type if not kind.filter else f"{kind.name}s"
        names[kind.name] = names[plural] = (kind.model, kind.filter)
    return names | {kind.model.productive_type: (kind.model, {}) for kind in all_kinds()}


@cache
def in_order() -> tuple[type[Record], ...]:
    """The models, each after those its foreign keys name, as far as their circles allow."""
    ordered: list[type[Record]] = []

    def visit(model: type[Record], path: tuple[type[Record], ...]) -> None:
        if model in ordered or model in path:
            return
        for target in sorted(set(shape_of(model).references.values()), key=lambda target: target.__name__):
            visit(target, (*path, model))
        ordered.append(model)

    for kind in all_kinds():
        visit(kind.model, ())
    return tuple(ordered)
