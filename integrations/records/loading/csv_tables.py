"""CSV tables with a header: one row a record, amounts in units with a decimal point."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from integrations.records.loading.rows import Place, Problem, Row, Unreadable
from integrations.records.loading.shapes import Shape, shape_for

csv.field_size_limit(10_000_000)  # notes and addresses of files are longer than the module's 131,072 characters


def read_csv(stream: BinaryIO, file: str, type: str | None) -> Iterator[Row | Problem]:
    """The rows of a table whose kind is `type`, or stands in the column `type` where that is None.

    The separator is the comma, semicolon or tab that the header has most of.
    """
    lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    first = lines.readline()
    separator = max(",;\t", key=first.count)
    header = [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
    reason = _why_unusable(header, type)
    if reason:
        yield Problem(Place(file, line=1), reason, whole_file=True)
        return
    table = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        place = Place(file, line=table.line_num + 2)
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(place, _("The line cannot be read (%(error)s): check its quotes.") % {"error": error})
            continue
        if any(cells):
            yield _row(place, header, cells, type)


def _why_unusable(header: list[str], type: str | None) -> str:
    twice = [name for name, count in Counter(header).items() if count > 1]
    if not any(header):
        return _("The table has no header: name the columns in the first line.")
    if twice:
        return _("The header names %(names)s twice: every column needs a name of its own.") % {"names": ", ".join(twice) or "“”"}
    if "id" not in header:
        return _("The table has no column “id”: add one with Productive's ids.")
    if type is None and "type" not in header:
        return _("The file's name is no kind of record and there is no column “type”: call it invoices.csv, for example.")
    return ""


def _row(place: Place, header: list[str], cells: list[str], type: str | None) -> Row | Problem:
    values = dict(zip(header, cells, strict=False))
    given_id = values.pop("id", "")
    named = type if type is not None else values.pop("type", "").strip()
    if len(cells) != len(header):
        reason = _("The line has %(has)d cells and the header %(expected)d: check separators and quotes.")
        return Problem(place, reason % {"has": len(cells), "expected": len(header)}, type=named, id=given_id[:40])
    shape = shape_for(named)
    try:
        attributes = {name: _cell(shape, name, text) for name, text in values.items()}
    except Unreadable as problem:
        return Problem(place, problem.reason, problem.column, named, given_id[:40])
    return Row(place, named, given_id, attributes, in_units=True)


def _cell(shape: Shape | None, name: str, text: str) -> Any:
    """The cell's value: an empty one is null, a list or hash is JSON (a list may also be words between commas)."""
    if text == "":
        return None
    if shape is None or name not in shape.hashes | shape.lists:
        return text
    if name in shape.lists and not text.lstrip().startswith("["):
        return [word.strip() for word in text.split(",")]
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise Unreadable(_('The cell is not JSON: write it as {"name": "value"} or ["value"].'), name) from None
