"""Where the threads of one worker are: never all of them at one integration, so that a vendor that hangs delays nobody else's work."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class Places:
    """Of so many threads of this process one is always left for the others; a single one is given to anybody."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._choosing = threading.Lock()
        self._held: Counter[int] = Counter()

    @contextmanager
    def hold(self, choose: Callable[[frozenset[int]], T | None], integration_of: Callable[[T], int]) -> Iterator[T | None]:
        """What `choose` takes, given the integrations that are to be passed over; its integration's place is free again after the block."""
        with self._choosing:
            chosen = choose(frozenset(held for held, count in self._held.items() if count >= max(1, self.threads - 1)))
            if chosen is not None:
                self._held[integration_of(chosen)] += 1
        try:
            yield chosen
        finally:
            if chosen is not None:
                with self._choosing:
                    self._held[integration_of(chosen)] -= 1
