"""What reading a file yields: rows, and problems of rows or of the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class Unreadable(ValueError):
    """A value, a row or a file cannot be read; the message tells people why and what to do."""

    def __init__(self, reason: str, column: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a JSON pointer, or the number of a line."""

    file: str
    pointer: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}" if self.line is not None else f"{self.file} {self.pointer or ''}".rstrip()


@dataclass(slots=True)
class Row:
    """One record as a file gives it: names and values of the file, nothing converted.

    `type` is a JSON:API type (`invoices`) or the name of a kind (`credit_note`). Amounts are in minor units of the row's
    currency, or `in_units` with a decimal point.
    """

    place: Place
    type: str
    id: Any
    attributes: dict[str, Any]
    relationships: dict[str, Any] = field(default_factory=dict)
    in_units: bool = False

    @property
    def shown_id(self) -> str:
        return str(self.id)[:40] if isinstance(self.id, str | int) else ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that could not be read, or (`whole_file`) a file that cannot be read on. `type` and `id` are empty where nothing
    tells them."""

    place: Place
    reason: str
    column: str = ""
    type: str = ""
    id: str = ""
    whole_file: bool = False
