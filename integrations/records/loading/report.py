"""What a load did, for people and as JSON."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from integrations.records.base import Record
from integrations.records.loading.rows import Place, Problem, Row, Unreadable
from integrations.records.loading.shapes import models_by_type

LISTED = 10_000
"""How many errors, and how many references, a report lists; all are counted."""


@dataclass
class Report:
    """Rows by outcome and kind. `failed` also counts files that could not be read (to the end)."""

    by_kind: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    errors: list[dict[str, Any]] = field(default_factory=list)
    errors_left_out: int = 0
    broken_files: int = 0
    unknown_types: dict[str, tuple[Place, int]] = field(default_factory=dict)
    unknown_attributes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    unresolved: int = 0
    unresolved_references: list[dict[str, str]] = field(default_factory=list)

    def count(self, kind: str, outcome: str) -> None:
        """`outcome` is created, updated, unchanged or failed."""
        self.by_kind[kind][outcome] += 1

    def tell(self, record: Record, outcome: str) -> None:
        """The same, for whoever wants to know which record it was. It has its primary key when its batch is stored."""

    def total(self, outcome: str) -> int:
        return sum(counts[outcome] for counts in self.by_kind.values()) + (self.broken_files if outcome == "failed" else 0)

    @property
    def rows(self) -> int:
        return sum(counts.total() for counts in self.by_kind.values()) + sum(count for _place, count in self.unknown_types.values())

    def add_problem(self, problem: Problem) -> None:
        """A row that could not be told from its surroundings, or a file."""
        if problem.whole_file:
            self.broken_files += 1
        else:
            self.count(kind_named(problem.type) or "unknown", "failed")
        self._list(problem.place, problem.type, problem.id, problem.column, problem.reason)

    def add_failure(self, row: Row, problems: Iterable[Unreadable]) -> None:
        """A row of which at least one value could not be read: one error for each."""
        self.count(kind_named(row.type), "failed")
        for problem in problems:
            self._list(row.place, row.type, row.shown_id, problem.column, problem.reason)

    def add_unknown_type(self, row: Row) -> None:
        place, count = self.unknown_types.get(row.type, (row.place, 0))
        self.unknown_types[row.type] = (place, count + 1)

    def add_unknown_attributes(self, row: Row, names: Iterable[str]) -> None:
        if names:
            self.unknown_attributes[kind_named(row.type)].update(names)

    def finish(self) -> None:
        """List the types that are no records here, each once."""
        for name, (place, count) in self.unknown_types.items():
            reason = _("“%(type)s” is no kind of record here: %(count)d rows were left out. The kinds are listed by --help.")
            self._list(place, name, "", "type", reason % {"type": name, "count": count})

    def _list(self, place: Place, type: str, id: str, column: str, reason: str) -> None:
        if len(self.errors) >= LISTED:
            self.errors_left_out += 1
            return
        where: dict[str, Any] = {"line": place.line} if place.line is not None else {"pointer": place.pointer or ""}
        self.errors.append({"file": place.file, **where, "kind": kind_named(type), "id": id, "field": column, "reason": reason})

    def as_json(self) -> dict[str, Any]:
        outcomes = ("created", "updated", "unchanged", "failed")
        return {
            **{outcome: self.total(outcome) for outcome in outcomes},
            "unresolved": self.unresolved,
            "by_kind": {kind: {outcome: counts[outcome] for outcome in outcomes} for kind, counts in sorted(self.by_kind.items())},
            "errors": self.errors,
            "errors_left_out": self.errors_left_out,
            "unknown_types": {name: count for name, (_place, count) in self.unknown_types.items()},
            "unknown_attributes": {kind: dict(names) for kind, names in sorted(self.unknown_attributes.items())},
            "unresolved_references": self.unresolved_references,
        }


def kind_named(type: str) -> str:
    """The kind that rows of this type are, as far as the type alone tells; the type itself where it is none here."""
    named = models_by_type().get(type)
    return next(iter(named[0].kinds())) if named and type not in named[0].kinds() else type
