"""The shapes that a setting has in a document: a plain value, a record, pairs of texts, rows between two sides."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from integrations.mappings.fields import FieldMapping, FixedValues, MappingField, OptionField, Ours, ValueMapping
from integrations.records.base import Record
from integrations.records.kinds import Kind, get_kind, kinds_of
from integrations.settings_file.change import Change, Unfit
from integrations.settings_file.references import find, reference
from integrations.sync.offers import Offers, Side


class Shape:
    """A plain value: a switch, a number, a text, one of the field's choices, or free JSON."""

    def __init__(self, field: models.Field[Any, Any], offers: Offers) -> None:
        self.field, self.offers = field, offers

    def write(self, value: Any) -> Any:
        """The setting's value as it stands in a document."""
        return value if value is None or isinstance(value, bool | int | str | list | dict) else str(value)

    def compare(self, old: Any, raw: Any) -> tuple[Any, list[Change]]:
        """What a document makes of a setting that is `old`: its value, which only counts when no change has a problem."""
        try:
            new = self.read(raw)
        except Unfit as unfit:
            return old, [self.change(problem=str(unfit))]
        if new == old:
            return old, []
        return new, [self.change(old=self.words(old), new=self.words(new), problem=self.objection(new))]

    def read(self, raw: Any) -> Any:
        """Raises Unfit."""
        if raw is None:
            if self.field.null:
                return None
            raise Unfit(_("It needs a value; leave the setting out to keep the present one."))
        self._check_type(raw)
        try:
            value = self.field.to_python(raw)
        except ValidationError as error:
            raise Unfit(" ".join(error.messages)) from None
        choices = dict(self.field.flatchoices)
        if choices and value not in choices and value not in self.field.empty_values:
            offered = ", ".join(f"{value} ({label})" for value, label in choices.items())
            raise Unfit(_("%(value)s is none of the choices: %(choices)s.") % {"value": raw, "choices": offered})
        return value

    def _check_type(self, raw: Any) -> None:
        """JSON knows switches, numbers and texts apart, so none is taken for another."""
        if isinstance(self.field, models.BooleanField):
            if not isinstance(raw, bool):
                raise Unfit(_("It is switched with true or false, without quotes."))
        elif isinstance(self.field, models.IntegerField):
            if isinstance(raw, bool) or not isinstance(raw, int):
                raise Unfit(_("It is a whole number, without quotes."))
        elif not isinstance(self.field, models.JSONField) and not isinstance(raw, str):
            raise Unfit(_("It is a text in quotes."))

    def objection(self, new: Any) -> str:
        """Why the new value cannot be had though it can be read; blank when it can."""
        return ""

    def words(self, value: Any) -> str:
        if isinstance(value, bool):
            return _("on") if value else _("off")
        if isinstance(value, list | dict):
            return json.dumps(value, ensure_ascii=False)
        labels: Mapping[Any, Any] = dict(self.field.flatchoices)
        return str(labels.get(value, "" if value is None else value))

    def change(self, **words: str) -> Change:
        return Change(field=self.field.name, label=self.field.verbose_name, **words)


class OptionShape(Shape):
    """One of the vendor's options."""

    field: OptionField

    def objection(self, new: Any) -> str:
        return not_offered(self.offers, self.field.theirs, new) if new else ""

    def words(self, value: Any) -> str:
        return self.offers.label(self.field.theirs, value) if self.field.theirs else str(value)


class RecordShape(Shape):
    """One of the organization's records, or null."""

    @property
    def kinds(self) -> list[Kind]:
        return kinds_of(cast("type[Record]", self.field.related_model))

    def write(self, value: Any) -> Any:
        return None if value is None else reference(self.offers, self.kinds, value.pk)

    def read(self, raw: Any) -> Any:
        return super().read(None) if raw is None else find(self.offers, self.kinds, raw)

    def words(self, value: Any) -> str:
        return "" if value is None else str(value)


class PairsShape(Shape):
    """Pairs of texts, in an object: a field of theirs and what fills it."""

    field: FieldMapping | FixedValues

    def compare(self, old: Any, raw: Any) -> tuple[Any, list[Change]]:
        new: dict[str, str] = {}
        problems = []
        try:
            for row, pair in self.pairs(raw):
                try:
                    key, value = self.read_pair(pair)
                    if key in new:
                        raise Unfit(_("It is mapped twice. Remove one of the rows."))
                    new[key] = value
                except Unfit as unfit:
                    problems.append(self.change(row=row, problem=str(unfit)))
        except Unfit as unfit:
            problems.append(self.change(problem=str(unfit)))
        if problems:
            return old, problems
        keys = [*old, *(key for key in new if key not in old)]
        return new, [self._difference(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]

    def _difference(self, key: str, old: str | None, new: str | None) -> Change:
        words = {name: "" if value is None else self.right(value) for name, value in (("old", old), ("new", new))}
        return self.change(row=self.left(key), **words, problem="" if new is None else self.objection((key, new)))

    def pairs(self, raw: Any) -> Iterator[tuple[str, Any]]:
        """What a problem of the pair calls it, and the pair as the document has it. Raises Unfit."""
        if not isinstance(raw, Mapping):
            raise Unfit(_("It is an object of texts: {“field there”: “…”}."))
        yield from ((str(key), (key, value)) for key, value in raw.items())

    def read_pair(self, pair: Any) -> tuple[str, str]:
        """Raises Unfit."""
        key, value = pair
        if not isinstance(value, str) or not value:
            raise Unfit(_("It needs a text in quotes; remove the row to map nothing."))
        if isinstance(self.field, FieldMapping) and not _has_attribute(self.field.kind, value):
            words = {"kind": get_kind(self.field.kind).label, "value": value}
            raise Unfit(_("“%(value)s” is no attribute of the kind %(kind)s. Correct it.") % words)
        if isinstance(self.field, FixedValues) and self.field.values and value not in dict(self.field.values):
            known = ", ".join(name for name, _label in self.field.values)
            raise Unfit(_("“%(value)s” is none of: %(known)s. Correct it.") % {"value": value, "known": known})
        return key, value

    def objection(self, new: Any) -> str:
        key, _value = new
        return not_offered(self.offers, self.field.theirs, key)

    def left(self, key: str) -> str:
        return self.offers.label(self.field.theirs, key) if self.field.theirs else key

    def right(self, value: str) -> str:
        return value


class RowsShape(PairsShape):
    """Rows `{"from": …, "to": …}` between the two sides of a value mapping; a side is a record of ours or an option of theirs."""

    field: ValueMapping  # type: ignore[assignment]

    def write(self, value: Any) -> Any:
        rows = [{"from": self._write_side(self.field.of, key), "to": self._write_side(self.field.to, text)} for key, text in value.items()]
        return [row for row in rows if None not in row.values()]

    def pairs(self, raw: Any) -> Iterator[tuple[str, Any]]:
        if not isinstance(raw, list):
            raise Unfit(_("It is a list of rows: [{“from”: …, “to”: …}]."))
        for number, row in enumerate(raw, 1):
            yield self._title(row) or _("row %(number)s") % {"number": number}, row

    def _title(self, row: Any) -> str:
        start = row.get("from") if isinstance(row, Mapping) else None
        return str(start.get("name") or start.get("productive_id") or "") if isinstance(start, Mapping) else str(start or "")

    def read_pair(self, pair: Any) -> tuple[str, str]:
        if not isinstance(pair, Mapping) or set(pair) != {"from", "to"}:
            raise Unfit(_("A row is an object with “from” and “to”, and nothing else."))
        return self._read_side(self.field.of, pair["from"]), self._read_side(self.field.to, pair["to"])

    def objection(self, new: Any) -> str:
        key, value = new
        of = self.field.of
        return not_offered(self.offers, self.field.to, value) or ("" if isinstance(of, Ours) else not_offered(self.offers, of, key))

    def left(self, key: str) -> str:
        return self.offers.label(self.field.of, key) if self.field.of else key

    def right(self, value: str) -> str:
        return self.offers.label(self.field.to, value) if self.field.to else value

    def _write_side(self, side: Side | None, text: str) -> Any:
        return reference(self.offers, [get_kind(side.kind)], text) if isinstance(side, Ours) else text

    def _read_side(self, side: Side | None, raw: Any) -> str:
        if isinstance(side, Ours):
            return str(find(self.offers, [get_kind(side.kind)], raw).pk)
        if not isinstance(raw, str) or not raw:
            raise Unfit(_("The vendor's value is a text in quotes."))
        return raw


def not_offered(offers: Offers, side: Side | None, value: str) -> str:
    """Why the value cannot be chosen; blank when it can, and while nobody knows the vendor's list."""
    if side is None or not offers.is_gone(side, value):
        return ""
    if isinstance(side, Ours):
        return _("“%(value)s” is archived or deleted. Choose another one.") % {"value": offers.label(side, value)}
    label = offers.integration.declaration.option_source(side.source).label
    return _("“%(value)s” is not offered here. Refresh the list “%(list)s”, or choose a value from it.") % {"value": value, "list": label}


def _has_attribute(kind: str, name: str) -> bool:
    model = get_kind(kind).model
    return name in {field.name for field in model._meta.fields} or isinstance(getattr(model, name, None), property)


def shape_of(field: models.Field[Any, Any], offers: Offers) -> Shape:
    if isinstance(field, ValueMapping):
        return RowsShape(field, offers)
    if isinstance(field, MappingField):
        return PairsShape(field, offers)
    if isinstance(field, OptionField):
        return OptionShape(field, offers)
    if isinstance(field, models.ForeignKey) and issubclass(field.related_model, Record):
        return RecordShape(field, offers)
    return Shape(field, offers)
