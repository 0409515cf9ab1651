"""Who changed what of the integration: settings field by field, mappings row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.admin.integration.reverting import can_revert
from integrations.admin.listing import address, menu, one_of, page_of
from integrations.mappings.fields import FieldMapping, FixedValues, MappingField, OptionField, Ours, Theirs, ValueMapping
from integrations.models import Connection, Integration
from integrations.records.base import Record
from integrations.records.kinds import kinds_of
from integrations.sync.readiness import Readiness

ENTRIES_A_PAGE = 25
LINES_SHOWN = 50


@dataclass(frozen=True)
class Line:
    """One setting, or the row `key` of a mapping; `can_revert` where the one who reads may set it to what it was."""

    field: str
    key: str
    label: str
    old: str
    new: str
    can_revert: bool = False


@dataclass(frozen=True)
class Change:
    pk: int
    at: datetime
    who: str
    lines: list[Line]
    more: int
    is_creation: bool


def panel(request: HttpRequest, readiness: Readiness) -> dict[str, Any]:
    offered = _settings(readiness)
    current = {"setting": one_of(request, "setting", offered)}
    entries = entries_of(readiness.integration)
    if current["setting"]:
        entries = entries.filter(changes__has_key=current["setting"])
    page = page_of(request, entries, ENTRIES_A_PAGE)
    may_change = request.user.has_perm("integrations.change_integration")
    return {
        "page": page,
        "query": address(**current),
        "menu": menu(_("Setting"), "setting", offered.items(), current),
        "is_filtered": bool(current["setting"]),
        "changes": [_change(readiness, entry, current["setting"], may_change) for entry in page],
    }


def entries_of(integration: Integration) -> QuerySet[LogEntry]:
    """What is kept of the integration, the newest first."""
    kind = ContentType.objects.get_for_model(type(integration))
    entries: QuerySet[LogEntry] = LogEntry.objects.filter(content_type=kind, object_pk=str(integration.pk))
    return entries.select_related("actor").order_by("-timestamp", "-pk")


def _settings(readiness: Readiness) -> dict[str, str]:
    """The settings to filter by, in the order of the sections, with their labels."""
    names = ["connection", "name", "subsidiary", *(name for section in readiness.provider.sections for name in section.fields)]
    return {name: _label(readiness.integration._meta.get_field(name)) for name in names}


def _label(column: Any) -> str:
    return _("Connection") if column.name == "connection" else str(capfirst(column.verbose_name))


def _change(readiness: Readiness, entry: LogEntry, only: str, may_change: bool) -> Change:
    lines: list[Line] = []
    is_creation = entry.action == LogEntry.Action.CREATE
    if not is_creation:
        for name, pair in (entry.changes or {}).items():
            if name == only or not only:
                old, new = both(pair)
                lines += _lines(readiness, name, old, new, may_change and can_revert(readiness, name))
    who = str(entry.actor) if entry.actor else entry.actor_email or _("Patchbay itself")
    return Change(entry.pk, entry.timestamp, who, lines[:LINES_SHOWN], max(0, len(lines) - LINES_SHOWN), is_creation)


def both(pair: Any) -> tuple[str, str]:
    """What an entry keeps of a field: its text before and after."""
    old, new = (*pair, "", "")[:2] if isinstance(pair, (list, tuple)) else ("", "")
    return str(old), str(new)


def _lines(readiness: Readiness, name: str, old: str, new: str, can_revert: bool) -> Iterator[Line]:
    try:
        column: Any = readiness.integration._meta.get_field(name)
    except FieldDoesNotExist:
        yield Line(name, "", name, _said(None, readiness, old), _said(None, readiness, new))
        return
    label, before, after = _label(column), rows_of(old), rows_of(new)
    if not isinstance(column, MappingField) or before is None or after is None:
        can_revert = can_revert and not isinstance(column, MappingField)
        yield Line(name, "", label, _said(column, readiness, old), _said(column, readiness, new), can_revert)
        return
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            row, values = _name(readiness, _left(column), key), (before.get(key), after.get(key))
            was, became = (_entry(column, readiness, value) for value in values)
            yield Line(name, key, f"{label}: {row}", was, became, can_revert)


def rows_of(text: str) -> dict[str, str] | None:
    """The rows of a mapping as an entry keeps them; None where it keeps something else."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _left(column: MappingField) -> Ours | Theirs | None:
    return column.of if isinstance(column, ValueMapping) else getattr(column, "theirs", None)


def _entry(column: MappingField, readiness: Readiness, value: str | None) -> str:
    if not value:
        return _("nothing")
    if isinstance(column, (FieldMapping, FixedValues)):
        return str(dict(getattr(column, "values", ())).get(value, value))
    return _name(readiness, column.to if isinstance(column, ValueMapping) else None, value)


def _name(readiness: Readiness, side: Ours | Theirs | None, value: str) -> str:
    return readiness.offers.label(side, value) if side is not None else value


def _said(column: models.Field[Any, Any] | None, readiness: Readiness, text: str) -> str:
    """A stored text as the form would show it."""
    if text in ("", "None"):
        return _("nothing")
    if isinstance(column, models.BooleanField):
        return _("on") if text == "True" else _("off")
    if isinstance(column, OptionField):
        return _name(readiness, column.theirs, text)
    if isinstance(column, models.ForeignKey) and text.isdecimal():
        return _name(readiness, Ours(kinds_of(cast("type[Record]", column.related_model))[0].name), text)
    if column is not None and column.name == "connection":
        return str(dict(Connection.choices).get(text, text))
    choices: Any = (column.choices if column is not None else None) or ()
    return str(next((label for value, label in choices if str(value) == text), text))
