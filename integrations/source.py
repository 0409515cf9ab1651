"""Where the organization's records come from: the part of the contract for the provider that owns them. Plain values, no rows.

Its documents are read by the one reader of Productive's JSON:API documents, as files are, and become records by their own ids.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.incoming import Import, Incoming, Page


@dataclass(frozen=True, kw_only=True)
class Documents(Page):
    """What one call brought of a source.

    `resources` are resource objects: `type`, `id`, `attributes`, `relationships`, numbers with fractions as Decimal. `gone` is
    kind -> ids of what was deleted there. `totals` is kind -> how many there are, where the call told it: fewer than are here
    means that something is gone, and everything is read again. `address(kind, id)` is a record's page there.
    """

    records: Sequence[Incoming] = ()
    resources: Sequence[Mapping[str, Any]] = ()
    gone: Mapping[str, Collection[str]] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)
    address: Callable[[str, str], str] = lambda kind, remote_id: ""


@dataclass(frozen=True, kw_only=True)
class Source(Import):
    """Records with what belongs to them: `kinds` are all that its pages bring, `kind` among them.

    What changed is announced when all of it was read, so that nobody copies an invoice without its lines.

    `ours(integration, record, brought)`  columns of the record that are written from here: theirs are taken only while we have
                                          changed nothing there. `brought` tells whether another integration brings the record
    `reference(resource)`                 our reference in a resource that we have written; '' where it carries none
    """

    kinds: tuple[str, ...]
    ours: Callable[[Any, Any, bool], Collection[str]] = lambda integration, record, brought: ()
    reference: Callable[[Mapping[str, Any]], str] = lambda resource: ""


def kinds_of(declared: Import) -> tuple[str, ...]:
    """Every kind of record that the import brings."""
    return declared.kinds if isinstance(declared, Source) else (declared.kind,)


def plain(value: Any) -> Any:
    """The value as it is kept in JSON, alike for equal values."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value
