"""How often somebody is told, and how long it is tried."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

BEAT = timedelta(minutes=1)
"""How often is looked what is due. What opens and closes in between needed nobody, and nobody is told."""

REPEATS = (timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=14))
"""Between the notices of an incident that stays open; the last one again and again. The first day somebody may have overlooked it;
after that it is known, and a mail a day would only teach to delete them unread."""

WAITS = tuple(timedelta(minutes=minutes) for minutes in (5, 30, 120, 300, 600, 840, 1200, 1440))
"""Before each further try, three days in all, as the Standard Webhooks specification suggests: so a server that was down over a
weekend misses nothing. The first is longer than any try takes, for a worker that was killed in the middle looks like a failure."""

PIECE_SECONDS = 5.0
"""After so long the worker's thread does something else before the rest is sent."""

CALL_SECONDS = 10.0
"""That an endpoint may take to answer: it has only to take the notice down."""


def step(steps: Sequence[timedelta], number: int) -> timedelta:
    """The one with that number, counted from 0; behind the last one, the last."""
    return steps[min(number, len(steps) - 1)]
