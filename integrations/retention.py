"""What goes by itself after a while, so that an installation does not grow for ever: part of the contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet


@dataclass(frozen=True, kw_only=True)
class Retention:
    """`rows(before)` are those that were over before that time. They are kept for `kept`: that long, or as many days as the setting of
    that name says, 0 for ever.
    """

    name: str
    kept: timedelta | str
    rows: Callable[[datetime], QuerySet[Any]]
