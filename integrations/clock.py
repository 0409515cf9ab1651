"""The one clock. `CLOCK_SCALE` and `CLOCK_EPOCH` make it run faster than real time, alike in every process that shares them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.conf import settings


def timestamp() -> float:
    """Seconds since 1970 on this clock."""
    real = time.time()
    if settings.CLOCK_SCALE == 1:
        return real
    return float(settings.CLOCK_EPOCH + (real - settings.CLOCK_EPOCH) * settings.CLOCK_SCALE)


def now() -> datetime:
    return datetime.fromtimestamp(timestamp(), UTC)


def real_seconds(duration: float | timedelta) -> float:
    """How long `duration` (seconds) of this clock takes in truth: the timeout of a wait that something else may end earlier."""
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    return max(0.0, seconds / float(settings.CLOCK_SCALE))


def sleep(duration: float | timedelta) -> None:
    """Wait for `duration` (seconds) of this clock."""
    time.sleep(real_seconds(duration))
