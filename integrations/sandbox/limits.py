"""How often a vendor lets itself be called: exact rolling windows and calls at once, on the clock of `integrations.clock`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass


class RollingWindow:
    """At most `limit` calls in any `seconds` seconds. Times only go forward. Not thread-safe by itself: `Quota` guards it."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self.seconds = seconds
        self._taken: deque[float] = deque()

    def remaining(self, now: float) -> int:
        while self._taken and self._taken[0] <= now - self.seconds:
            self._taken.popleft()
        return self.limit - len(self._taken)

    def take(self, now: float) -> None:
        self._taken.append(now)

    def wait(self, now: float) -> float:
        """Seconds until there is room for one more call."""
        if self.remaining(now) > 0:
            return 0.0
        return self._taken[-self.limit] + self.seconds - now if self.limit else self.seconds


@dataclass(frozen=True)
class Breach:
    """The name of the limit that was hit, and after how many seconds to try again (None: as soon as another call is done)."""

    limit: str
    retry_after: float | None = None


class Quota:
    """What one client may do at one tenant. Windows may be shared between quotas that share the `lock`."""

    def __init__(self, windows: Mapping[str, RollingWindow], at_once: int, lock: threading.Lock) -> None:
        self.windows = windows
        self.at_once = at_once
        self.running = 0
        self.most_running = 0
        self.refused: dict[str, int] = {}
        self._lock = lock

    def enter(self, now: float) -> Breach | None:
        """Count one call against every limit, or against none of them and say which one is used up. `leave` when it is done."""
        with self._lock:
            breach = self._breach(now)
            if breach:
                self.refused[breach.limit] = self.refused.get(breach.limit, 0) + 1
                return breach
            for window in self.windows.values():
                window.take(now)
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            return None

    def leave(self) -> None:
        with self._lock:
            self.running -= 1

    def remaining(self, now: float) -> dict[str, int]:
        with self._lock:
            return {name: window.remaining(now) for name, window in self.windows.items()}

    def _breach(self, now: float) -> Breach | None:
        full = [Breach(name, window.wait(now)) for name, window in self.windows.items() if window.remaining(now) <= 0]
        if full:
            return max(full, key=lambda breach: breach.retry_after or 0)
        return Breach("concurrent") if self.running >= self.at_once else None
