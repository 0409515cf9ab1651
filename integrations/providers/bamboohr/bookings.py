"""BambooHR's requests for time off to bookings. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations.incoming import Incoming
from integrations.providers.bamboohr.client import Notes, TimeOff
from integrations.records.choices import BookingMethod, BookingType

APPROVED = "approved"
WEEKEND = 5  # and 6: Saturday and Sunday


@dataclass(frozen=True)
class Stretch:
    """Days on each of which as much is taken; weekends between them are none of them, and part it not."""

    first: date
    last: date
    amount: Decimal


def read_time_off(request: TimeOff, url: str) -> list[Incoming]:
    """One booking for each stretch of days that are alike; what is not approved, or not any more, is gone."""
    records = []
    for number, stretch in enumerate(stretches(request), 1):
        remote_id = str(request.id) if number == 1 else f"{request.id}/{number}"
        if request.status.status != APPROVED:
            records.append(Incoming(remote_id=remote_id, deleted=True))
            continue
        records.append(
            Incoming(
                remote_id=remote_id,
                values={
                    "started_on": stretch.first,
                    "ended_on": stretch.last,
                    "booking_type_id": BookingType.ABSENCE,
                    "note": (request.notes.employee or "") if isinstance(request.notes, Notes) else "",
                    **_measure(stretch, request.amount.unit),
                },
                belongs_to={"person": ("person", str(request.employee)), "event": ("event", str(request.type.id))},
                url=url,
            )
        )
    return records


def stretches(request: TimeOff) -> list[Stretch]:
    found: list[Stretch] = []
    for day, amount in _days(request):
        before = found[-1] if found else None
        if before and before.amount == amount and _only_weekends_between(before.last, day):
            found[-1] = Stretch(before.first, day, amount)
        else:
            found.append(Stretch(day, day, amount))
    return found


def _days(request: TimeOff) -> Iterator[tuple[date, Decimal]]:
    """What is taken on each day; spread evenly over weekdays where BambooHR does not tell the days."""
    dates = request.dates if isinstance(request.dates, dict) else {}
    told = {date.fromisoformat(day): Decimal(str(amount)) for day, amount in dates.items() if _is_day(day)}
    if not told:
        span = [request.start + timedelta(days=number) for number in range((request.end - request.start).days + 1)]
        days = [day for day in span if day.weekday() < WEEKEND] or span
        told = dict.fromkeys(days, Decimal(str(request.amount.amount)) / len(days))
    yield from ((day, amount) for day, amount in sorted(told.items()) if amount > 0)


def _is_day(text: str) -> bool:
    return len(text) == len("2026-01-31") and text[:4].isdecimal()


def _only_weekends_between(first: date, last: date) -> bool:
    between = (first + timedelta(days=number) for number in range(1, (last - first).days))
    return all(day.weekday() >= WEEKEND for day in between)


def _measure(stretch: Stretch, unit: str) -> dict[str, Any]:
    """Hours are minutes of each day; days are a share of each day, whatever its length."""
    if unit == "hours":
        return {"booking_method_id": BookingMethod.PER_DAY, "time": round(stretch.amount * 60), "percentage": None}
    return {"booking_method_id": BookingMethod.PERCENTAGE, "time": None, "percentage": stretch.amount * 100}
