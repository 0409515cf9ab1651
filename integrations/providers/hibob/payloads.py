"""HiBob's documents to records. Pure functions; amounts are Decimal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from integrations.incoming import Incoming, Match
from integrations.providers.hibob.client import Balance, Change, Employee, Out, Span
from integrations.records.choices import BookingMethod, BookingType

DAY = timedelta(days=1)
WHOLE, HALF = Decimal(100), Decimal(50)
ALL_DAY = "all_day"
MIDDLE, FIRST, LAST = "", "/first", "/last"
"""What the ids of a request's bookings end with: one whose first or last day is a half one is up to three bookings."""


@dataclass(frozen=True)
class Part:
    """Days that are all taken in the same way: `percentage` of each of them, or `minutes`."""

    ending: str
    first: date
    last: date
    percentage: Decimal | None = None
    minutes: int | None = None


def parts(span: Span) -> list[Part]:
    """Empty for a kind of request that is not known here."""
    first, last = span.first, span.last
    if first is None or last is None:
        return []
    if span.type == "days":
        return list(_days(span, first, last))
    if span.type == "portionOnRange":
        return [Part(MIDDLE, first, last, percentage=HALF)]
    if span.type == "hours":
        return [Part(MIDDLE, first, last, minutes=span.hours * 60 + span.minutes)]
    if span.type == "hoursOnRange":
        return [Part(MIDDLE, first, last, minutes=round(span.daily_hours * 60))]
    return []


def _days(span: Span, first: date, last: date) -> Iterator[Part]:
    late, early = span.start_portion != ALL_DAY, span.end_portion != ALL_DAY
    if first == last:
        yield Part(MIDDLE, first, last, percentage=HALF if late or early else WHOLE)
        return
    if late:
        yield Part(FIRST, first, first, percentage=HALF)
        first += DAY
    if early:
        yield Part(LAST, last, last, percentage=HALF)
        last -= DAY
    if first <= last:
        yield Part(MIDDLE, first, last, percentage=WHOLE)


def bookings(out: Out, employee: Employee | None, event_id: str, web: str) -> list[Incoming]:
    """A request's bookings, or one that says why there is none. Without an `event_id` the policy type has no category here."""
    number = f"{out.name or (employee.name if employee else out.employee_id)}, {out.policy_type}"
    found = parts(out)
    if not found or not event_id:
        reason = _("Time off of the kind “%(kind)s” cannot be brought.") % {"kind": out.type}
        if found:
            reason = no_category(out.policy_type)
        return [Incoming(remote_id=str(out.request_id), left_out=reason, number=number)]
    return [
        Incoming(
            remote_id=f"{out.request_id}{part.ending}",
            values={
                "booking_type_id": BookingType.ABSENCE,
                "booking_method_id": BookingMethod.PER_DAY if part.percentage is None else BookingMethod.PERCENTAGE,
                "started_on": part.first,
                "ended_on": part.last,
                "percentage": part.percentage,
                "time": part.minutes,
                "event_id": int(event_id),
            },
            belongs_to={"person": Match("person", "email", employee.email if employee else "")},
            number=number,
            url=f"{web}/{out.employee_id}",
        )
        for part in found
    ]


def gone(change: Change) -> list[Incoming]:
    """The bookings of a request that is no more."""
    return [Incoming(remote_id=f"{change.request_id}{part.ending}", deleted=True) for part in parts(change)] or replaced(change.request_id)


def replaced(request_id: int) -> list[Incoming]:
    """The bookings of a request of which nothing but the id is known."""
    return [Incoming(remote_id=f"{request_id}{ending}", deleted=True) for ending in (MIDDLE, FIRST, LAST)]


def entitlement(balance: Balance, employee: Employee, policy_type: str, event_id: str, *, carried_over: bool, web: str) -> Incoming:
    """What an employee may take in the cycle of the balance. Each cycle is an entitlement of its own."""
    number = f"{employee.name or employee.id}, {policy_type}"
    remote_id = f"{employee.id}/{policy_type}/{balance.starting_balance_as_of}"
    if balance.annual_allowance is None:
        return Incoming(remote_id=remote_id, left_out=_("This policy has no annual allowance."), number=number)
    more = balance.starting_balance + balance.total_admin_adjustments if carried_over else Decimal(0)
    return Incoming(
        remote_id=remote_id,
        values={
            "start_date": balance.starting_balance_as_of,
            "end_date": _in_a_year(balance.starting_balance_as_of) - DAY,
            "allocated": balance.annual_allowance + more,
            "note": balance.policy,
            "event_id": int(event_id),
        },
        belongs_to={"person": Match("person", "email", employee.email)},
        number=number,
        url=f"{web}/{employee.id}",
    )


def no_category(policy_type: str) -> str:
    return _("The policy type “%(name)s” has no absence category here.") % {"name": policy_type}


def _in_a_year(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # the 29th of February
        return date(day.year + 1, 3, 1)
