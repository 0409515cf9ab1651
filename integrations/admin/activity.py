"""What moved in the last fourteen days: one small chart for each integration, from the counts of its runs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Case, Q, Sum, Value, When
from django.utils import timezone

from integrations import clock
from integrations.models import Action, Run

DAYS = 14
STEP, HEIGHT = 12, 34
"""Pixels: from bar to bar, and of the chart."""


@dataclass(frozen=True)
class Bar:
    """One day: what succeeded stands on the ground, what was rejected on top of it. Lengths are in pixels."""

    x: int
    ok_y: int
    ok_height: int
    bad_y: int
    bad_height: int


@dataclass
class Activity:
    """`moved` and `rejected` count records, the oldest day first."""

    moved: list[int] = field(default_factory=lambda: [0] * DAYS)
    rejected: list[int] = field(default_factory=lambda: [0] * DAYS)

    @property
    def total(self) -> int:
        return sum(self.moved)

    @property
    def total_rejected(self) -> int:
        return sum(self.rejected)

    @property
    def bars(self) -> list[Bar]:
        """The highest day fills the chart; a day on which anything happened is never invisible."""
        highest = max(moved + rejected for moved, rejected in zip(self.moved, self.rejected, strict=True)) or 1
        bars = []
        for day, (moved, rejected) in enumerate(zip(self.moved, self.rejected, strict=True)):
            ok, bad = (max(3, round(count / highest * (HEIGHT - 3))) if count else 0 for count in (moved, rejected))
            bars.append(Bar(day * STEP, HEIGHT - ok, ok, HEIGHT - ok - bad, bad))
        return bars


def activities(integration_ids: Collection[int]) -> dict[int, Activity]:
    """By integration, in one query over the counts of runs; days are those of the organization's time zone."""
    today = timezone.localdate(clock.now())
    midnights = [_midnight(today - timedelta(days=DAYS - 1 - day)) for day in range(DAYS)]
    day = Case(*(When(created_at__gte=midnights[number], then=Value(number)) for number in reversed(range(DAYS))))
    rows = (
        Run.objects.filter(integration_id__in=integration_ids, created_at__gte=midnights[0], action__in=(Action.EXPORT, Action.IMPORT))
        .filter(Q(succeeded__gt=0) | Q(rejected__gt=0), dry=False)
        .order_by()
        .values_list("integration_id", day)
        .annotate(Sum("succeeded"), Sum("rejected"))
    )
    found = {pk: Activity() for pk in integration_ids}
    for pk, number, moved, rejected in rows:
        found[pk].moved[number], found[pk].rejected[number] = moved, rejected
    return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
