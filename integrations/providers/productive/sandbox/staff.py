"""What Productive asks of people, their time off and their pay, and what it works out by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations import clock
from integrations.providers.productive.sandbox.store import Resource, Store
from integrations.providers.productive.sandbox.wire import invalid

EMPLOYEE, CONTACT = 1, 2
DAYS_LIMITED, HOURS_LIMITED, UNLIMITED = 2, 3, 4
PER_DAY, PERCENTAGE, TOTAL = 1, 2, 3
SERVICE, ABSENCE = 1, 2
CHOICES: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "events": {
        "event_type_id": (1, 2),
        "limitation_type_id": (DAYS_LIMITED, HOURS_LIMITED, UNLIMITED),
        "absence_type": ("time_off", "remote_work"),
        "status": (1, 2),
    },
    "bookings": {"booking_method_id": (PER_DAY, PERCENTAGE, TOTAL), "booking_type_id": (SERVICE, ABSENCE)},
    "salaries": {"salary_type_id": (1, 2, 3, 4, 5)},
}
SPANS = {"entitlements": ("start_date", "end_date"), "bookings": ("started_on", "ended_on"), "salaries": ("started_on", "ended_on")}
PAYMENTS_A_YEAR = {1: 12, 3: 52, 4: 26, 5: 1}
WEEKS = 52
WEEKEND, WORKDAY = 5, 480
Attributes = Mapping[str, Any]


def made(store: Store, path: str, attributes: Attributes, links: Attributes) -> dict[str, Any]:
    """What a new resource has beside what was said. Raises `Refusal` for what Productive does not take."""
    _check(store, path, attributes, links)
    if path == "people":
        _check_email(store, attributes, "")
        return {"hrm_type_id": EMPLOYEE if _is_own(store, links) else CONTACT, "deactivated_at": None}
    return _worked_out(path, attributes)


def changed(store: Store, existing: Resource, attributes: Attributes, links: Attributes) -> dict[str, Any]:
    """What follows from a change, of which these are the result."""
    _check(store, existing.path, attributes, links)
    if existing.path == "people":
        _check_email(store, attributes, existing.id)
    return _worked_out(existing.path, attributes)


def switch_access(store: Store, person: Resource, *, on: bool) -> None:
    """Deactivated people stay, with all that is theirs."""
    if (person.attributes.get("deactivated_at") is None) != on:
        store.change(person, deactivated_at=None if on else clock.now().isoformat(timespec="milliseconds"))


def count_used(store: Store, person: str, event: str) -> None:
    """Entitlements show what is booked of them, on weekdays, in days or hours as the category is limited."""
    taken = [one for one in store.of("bookings").values() if (one.links.get("person"), one.links.get("event")) == (person, event)]
    for entitlement in store.of("entitlements").values():
        if (entitlement.links.get("person"), entitlement.links.get("event")) != (person, event):
            continue
        first, last = (date.fromisoformat(entitlement.attributes[name]) for name in SPANS["entitlements"])
        in_hours = store.of("events")[event].attributes["limitation_type_id"] == HOURS_LIMITED
        used = sum((_amount(one, first, last, in_hours=in_hours) for one in taken), Decimal(0))
        if entitlement.attributes.get("used") != str(used):
            store.change(entitlement, used=str(used), pending="0.0")


def _amount(booking: Resource, first: date, last: date, *, in_hours: bool) -> Decimal:
    begin, end = (date.fromisoformat(booking.attributes[name]) for name in SPANS["bookings"])
    days = (begin + timedelta(days=number) for number in range((end - begin).days + 1))
    weekdays = sum(first <= day <= last and day.weekday() < WEEKEND for day in days)
    share, minutes = booking.attributes.get("percentage"), booking.attributes.get("time")
    of_a_day = Decimal(str(share)) / 100 if share is not None else Decimal(minutes or 0) / WORKDAY
    return weekdays * of_a_day * (WORKDAY // 60 if in_hours else 1)


def _check(store: Store, path: str, attributes: Attributes, links: Attributes) -> None:
    for name, values in CHOICES.get(path, {}).items():
        if attributes.get(name) is not None and attributes[name] not in values:
            raise invalid(name, f"{name} is not included in the list")
    first, last = SPANS.get(path, ("", ""))
    if attributes.get(first) and attributes.get(last) and attributes[last] < attributes[first]:
        raise invalid(last, f"{last} must be after {first}")
    if path == "bookings":
        _check_booking(attributes, links)
    elif path == "entitlements":
        _check_entitlement(store, attributes, links)
    elif path == "salaries":
        _check_salary(attributes)


def _check_email(store: Store, attributes: Attributes, own_id: str) -> None:
    email = str(attributes.get("email") or "").casefold()
    others = (one for one in store.of("people").values() if one.id != own_id)
    if "@" not in email:
        raise invalid("email", "Email is invalid")
    if any(str(one.attributes.get("email") or "").casefold() == email for one in others):
        raise invalid("email", "Email has already been taken")


def _is_own(store: Store, links: Attributes) -> bool:
    return links.get("company") in {one.links.get("company") for one in store.of("organizations").values()}


def _check_booking(attributes: Attributes, links: Attributes) -> None:
    if bool(links.get("service")) == bool(links.get("event")):
        raise invalid("event", "Booking must have either a service or an event", part="relationships")
    if attributes.get("booking_type_id") not in (None, ABSENCE if links.get("event") else SERVICE):
        raise invalid("booking_type_id", "booking_type_id does not fit what is booked")
    needed = "percentage" if attributes["booking_method_id"] == PERCENTAGE else "time"
    value = attributes.get(needed)
    if value is None:
        raise invalid(needed, f"{needed} can't be blank")
    if needed == "percentage" and not _is_number(value, 0, 100):
        raise invalid(needed, f"{needed} must be between 0 and 100")


def _check_entitlement(store: Store, attributes: Attributes, links: Attributes) -> None:
    if not _is_number(attributes["allocated"], 0, 10_000):
        raise invalid("allocated", "allocated is not a number")
    if store.of("events")[links["event"]].attributes.get("limitation_type_id") == UNLIMITED:
        raise invalid("event", "Event must be limited by days or hours", part="relationships")


def _check_salary(attributes: Attributes) -> None:
    hours, days = attributes["working_hours"], 14 if attributes.get("alternating_hours") else 7
    if not isinstance(hours, list) or len(hours) != days or not all(_is_number(one, 0, 24) for one in hours):
        raise invalid("working_hours", f"working_hours must be {days} numbers between 0 and 24")
    if len(str(attributes["currency"])) != 3:
        raise invalid("currency", "currency is not included in the list")


def _is_number(value: Any, least: int, most: int) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float | Decimal) and least <= value <= most


def _worked_out(path: str, attributes: Attributes) -> dict[str, Any]:
    if path == "bookings":
        return {"booking_type_id": attributes.get("booking_type_id") or ABSENCE, "draft": bool(attributes.get("draft"))}
    if path == "salaries":
        hours = sum(attributes["working_hours"]) / (2 if attributes.get("alternating_hours") else 1)
        payments = PAYMENTS_A_YEAR.get(attributes["salary_type_id"])
        hourly = attributes["cost"] if payments is None else round(attributes["cost"] * payments / (hours * WEEKS)) if hours else None
        return {"hourly_rate": hourly}
    return {}
