"""One row of a file read into what its record shall hold. Nothing here touches the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from integrations.records.base import Record
from integrations.records.loading.rows import Row, Unreadable
from integrations.records.loading.shapes import Shape, models_by_type
from integrations.records.loading.values import read_currency, read_id, shown


@dataclass(slots=True)
class Content:
    """What a row says of its record. Only what the row names is here: the rest of the record stays as it is.

    `references` goes from a foreign key to Productive's id of the target, None clears it. `children` are records whose
    foreign key shall name this one: (model, id, foreign key). `row` is None where only another record's row tells of this one.
    """

    row: Row | None
    id: str
    values: dict[str, Any] = field(default_factory=dict)
    amounts: dict[str, Any] = field(default_factory=dict)
    references: dict[str, str | None] = field(default_factory=dict)
    children: list[tuple[type[Record], str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    problems: list[Unreadable] = field(default_factory=list)


def read(shape: Shape, row: Row) -> Content:
    """Read all of the row; what cannot be read stands in `problems`, and such a row must not be stored."""
    content = Content(row, "")
    try:
        content.id = read_id(row.id)
    except Unreadable as problem:
        content.problems.append(Unreadable(problem.reason, "id"))
    implied = models_by_type()[row.type][1]
    for name, raw in ({**implied, **row.attributes} if implied else row.attributes).items():
        try:
            _read_attribute(shape, content, name, raw)
        except Unreadable as problem:
            content.problems.append(Unreadable(problem.reason, name))
    for name, relationship in row.relationships.items():
        try:
            _read_relationship(shape, content, name, relationship)
        except Unreadable as problem:
            content.problems.append(Unreadable(problem.reason, name))
    return content


def _read_attribute(shape: Shape, content: Content, name: str, raw: Any) -> None:
    column = shape.columns.get(name)
    if column is not None:
        content.values[column[0]] = column[1](raw)
    elif name in shape.amounts:
        content.amounts[name] = raw
        if isinstance(raw, dict):  # {"amount": "100.00", "currency": "USD"}
            content.values.setdefault("currency", read_currency(raw.get("currency")))
    elif name.endswith("_id") and name.removesuffix("_id") in shape.references:
        content.references[name.removesuffix("_id")] = None if raw is None or raw == "" else read_id(raw)
    else:
        content.unknown.append(name)


def _read_relationship(shape: Shape, content: Content, name: str, relationship: Any) -> None:
    if name == "organization":
        return
    if not isinstance(relationship, dict):
        raise Unreadable(_('The relationship is not an object: write {"data": {"type": …, "id": …}}.'))
    if "data" not in relationship:
        return  # Productive leaves out what was not asked for: {"meta": {"included": false}}
    linkage = relationship["data"]
    if name in shape.references:
        content.references[name] = None if linkage is None else _linked(linkage, shape.references[name])
    elif name in shape.inverses:
        child, foreign_key = shape.inverses[name]
        content.children += [(child, _linked(link, child), foreign_key) for link in _many(linkage)]
    elif name in shape.remote_ids:
        content.values[f"{name}_id"] = "" if linkage is None else _linked(linkage)
    elif name in shape.lists:
        content.values[name] = [_linked(link) for link in _many(linkage)]
    else:
        content.unknown.append(name)


def _many(linkage: Any) -> Iterator[Any]:
    if not isinstance(linkage, list):
        raise Unreadable(_('The relationship names many records: write its data as a list of {"type": …, "id": …}.'))
    yield from linkage


def _linked(link: Any, target: type[Record] | None = None) -> str:
    """The id that a resource identifier names, if its type is the target's."""
    if not isinstance(link, dict) or "id" not in link:
        raise Unreadable(_('%(value)s does not name a record: write {"type": …, "id": …}.') % {"value": shown(link)})
    named = models_by_type().get(str(link.get("type")))
    if target is not None and (named is None or named[0] is not target):
        raise Unreadable(
            _("The type %(value)s does not belong here: it must be “%(type)s”.")
            % {"value": shown(link.get("type")), "type": target.productive_type}
        )
    return read_id(link["id"])
