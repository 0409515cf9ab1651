"""JSON:API documents read as a stream: one file may hold everything, and several documents one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import ijson
from django.utils.translation import gettext as _

from integrations.records.loading.rows import Place, Problem, Row
from integrations.records.loading.values import shown

Event = tuple[str, Any]
Events = Iterator[Event]

_STARTS = frozenset({"start_map", "start_array"})
_ENDS = frozenset({"end_map", "end_array"})
_DEPTH = 100


class _TooDeep:
    """Stands for what is nested deeper than any record is."""

    def __repr__(self) -> str:
        return "…"


def read_json(stream: BinaryIO, file: str) -> Iterator[Row | Problem]:
    """The rows of `data` and `included`, with their JSON pointers; what breaks off is a problem after what stood before it."""
    events: Events = ijson.basic_parse(stream, multiple_values=True)
    place = Place(file, "")
    try:
        for number, first in enumerate(events):
            document = Place(file, f"#{number + 1}" if number else "")
            for item in _document(first, events, document):
                if isinstance(item, Place):
                    place = item
                else:
                    yield item
    except (ijson.JSONError, ArithmeticError, SystemError, ValueError) as error:
        reason = " ".join(str(error).split("\n")[0].split()).removeprefix("b'")
        told = _("The JSON cannot be read on from here (%(error)s). What stood before was read: mend the file.")
        yield Problem(place, told % {"error": reason}, whole_file=True)


def _document(first: Event, events: Events, document: Place) -> Iterator[Row | Problem | Place]:
    """The rows of one document, each preceded by the place where it starts."""
    if first[0] != "start_map":
        _value(first, events)
        yield Problem(document, _('This is not a JSON:API document: it must be an object with "data".'), whole_file=True)
        return
    known = False
    for event, key in events:
        if event == "end_map":
            break
        place = Place(document.file, f"{document.pointer}/{key}")
        start = next(events)
        if key in ("data", "included"):
            known = True
            yield place
            yield from _resources(start, events, place)
        else:
            content = _value(start, events)
            if key == "errors":
                known = True
                told = _("This is an error answer of the API and not records (%(error)s): ask again.")
                yield Problem(place, told % {"error": _words(content)}, whole_file=True)
    if not known:
        yield Problem(document, _('This is not a JSON:API document: it has neither "data" nor "included".'), whole_file=True)


def _resources(start: Event, events: Events, place: Place) -> Iterator[Row | Problem | Place]:
    if start[0] == "start_array":
        for number, first in enumerate(events):
            if first[0] == "end_array":
                return
            element = Place(place.file, f"{place.pointer}/{number}")
            yield element
            yield row_of(_value(first, events), element)
    resource = _value(start, events)
    if resource is not None:
        yield row_of(resource, place)


def row_of(resource: Any, place: Place) -> Row | Problem:
    """A resource object as a row."""
    if not isinstance(resource, dict):
        told = _("%(value)s is not a resource object: write {…} with type, id and attributes.")
        return Problem(place, told % {"value": shown(resource)})
    named, given_id = resource.get("type"), resource.get("id")
    row = Row(place, named if isinstance(named, str) else "", given_id, {}, {})
    if not row.type:
        return Problem(place, _("The resource has no type: add one, such as “invoices”."), "type", id=row.shown_id)
    for member, content in (("attributes", row.attributes), ("relationships", row.relationships)):
        part = resource.get(member)
        if isinstance(part, dict):
            content.update(part)
        elif part is not None:
            told = _("%(value)s is not an object with names and values.")
            return Problem(place, told % {"value": shown(part)}, member, row.type, row.shown_id)
    return row


def _value(first: Event, events: Events, depth: int = 0) -> Any:
    """The value that begins with this event, read to its end."""
    start = first[0]
    if start not in _STARTS:
        return first[1]
    if depth > _DEPTH:
        return _skipped(events)
    items: list[Any] = []
    names: dict[str, Any] = {}
    key = ""
    for event in events:
        kind = event[0]
        if kind == "map_key":
            key = event[1]
        elif kind in _ENDS:
            break
        elif start == "start_map":
            names[key] = event[1] if kind not in _STARTS else _value(event, events, depth + 1)
        else:
            items.append(event[1] if kind not in _STARTS else _value(event, events, depth + 1))
    return names if start == "start_map" else items


def _skipped(events: Events) -> _TooDeep:
    still_open = 1
    while still_open:
        kind, _value = next(events)
        still_open += (kind in _STARTS) - (kind in _ENDS)
    return _TooDeep()


def _words(errors: Any) -> str:
    first = errors[0] if isinstance(errors, list) and errors else errors
    if isinstance(first, dict):
        return " ".join(str(first[key]) for key in ("status", "title", "detail") if first.get(key))[:200]
    return shown(first)
