"""What a document would change, and what keeps it from it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


class Unfit(ValueError):
    """A value of a document cannot be taken; the message says why, and the cure."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One setting or one row of a mapping, in words for people; `field` is blank where the document as a whole is meant.

    A change with a `problem` keeps the whole document from being applied.
    """

    field: str
    label: str | Promise
    row: str = ""
    old: str = ""
    new: str = ""
    problem: str = ""

    @property
    def place(self) -> str:
        return f"{self.label} ({self.row})" if self.row else str(self.label)
