"""How long everything that somebody waits for may take together, over however many calls."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_until: ContextVar[float] = ContextVar("until", default=math.inf)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Whatever is called inside the block, of this thread, ends within so many real seconds, or fails as `Transient`."""
    token = _until.set(min(_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(token)


def seconds_left() -> float:
    """Real seconds, 0.0 when there are none; infinite where nobody waits."""
    return max(0.0, _until.get() - time.monotonic())
