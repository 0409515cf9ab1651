"""Both sides compared: the part of the contract that says what is compared with what. Plain values and functions, no rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Booked:
    """One of their documents, as far as it is compared: to the cent. `url` is its page there.

    `belongs_to` is (kind, remote id) of its owner there, for kinds that are compared `through` one.
    """

    remote_id: str
    number: str
    date: date
    currency: str
    total: Decimal
    url: str = ""
    belongs_to: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """`fetch(client, first, last)` yields all documents of that kind in their books, dated from the first to the last day.

    They are compared with our records of `kind` by `amount` and `dated`, attributes of ours; `sign` is how they count in sums
    over several kinds, 0 where no money is owed. Compared is what an export sends, or, `through` a foreign key of ours to
    records of these kinds, what belongs to a copy of such a record.
    """

    kind: str
    amount: str
    dated: str
    sign: int = 1
    through: tuple[str, tuple[str, ...]] | None = None
    fetch: Callable[[Any, date, date], Iterable[Booked]]
