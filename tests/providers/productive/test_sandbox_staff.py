"""The simulated Productive asks of people, time off and pay what Productive asks, and works out what it works out."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import Rejected
from integrations.providers.productive.sandbox.store import Resource
from integrations.sync.calling import open_client
from tests.providers.productive.agency import Agency

BOOKING = {"started_on": "2026-12-07", "ended_on": "2026-12-08", "booking_method_id": 2, "percentage": 50}
SALARY = {
    **{"started_on": "2026-01-01", "salary_type_id": 1, "currency": "EUR", "cost": 400_000},
    **{"working_hours": [8, 8, 8, 8, 8, 0, 0], "overhead": True, "default_salary": False},
}
YEAR = {"start_date": "2026-01-01", "end_date": "2026-12-31", "allocated": 25}
HIRED = {"first_name": "Grace", "email": "grace@northwind.example"}
REFUSED: dict[str, tuple[str, dict[str, Any], tuple[str, ...], str]] = {
    "an e-mail that is taken": ("people", {**HIRED, "email": "ADA@northwind.example"}, ("company",), "email"),
    "what is no e-mail": ("people", {**HIRED, "email": "grace"}, ("company",), "email"),
    "an unknown company": ("people", HIRED, ("nobody's company",), "company"),
    "time off of nothing": ("bookings", BOOKING, ("person",), "event"),
    "time off at work": ("bookings", BOOKING, ("person", "event", "service"), "event"),
    "time off of another type": ("bookings", {**BOOKING, "booking_type_id": 1}, ("person", "event"), "booking_type_id"),
    "a share of nothing": ("bookings", {**BOOKING, "percentage": None}, ("person", "event"), "percentage"),
    "more than a day": ("bookings", {**BOOKING, "percentage": 150}, ("person", "event"), "percentage"),
    "hours without hours": ("bookings", {**BOOKING, "booking_method_id": 1}, ("person", "event"), "time"),
    "an end before the beginning": ("bookings", {**BOOKING, "ended_on": "2026-12-01"}, ("person", "event"), "ended_on"),
    "an allowance of what has no limit": ("entitlements", YEAR, ("person", "unlimited"), "event"),
    "an allowance below nothing": ("entitlements", {**YEAR, "allocated": -1}, ("person", "event"), "allocated"),
    "a week of five days": ("salaries", {**SALARY, "working_hours": [8] * 5}, ("person",), "working_hours"),
    "a fraction of a cent": ("salaries", {**SALARY, "cost": 4000.5}, ("person",), "cost"),
}


@pytest.fixture
def named(agency: Agency) -> dict[str, dict[str, Any]]:
    """What relationships may lead to."""
    store = agency.productive.store
    limited = store.add("events", {"name": "Vacation", "event_type_id": 1, "limitation_type_id": 2})
    unlimited = store.add("events", {"name": "Sick", "event_type_id": 1, "limitation_type_id": 4})
    first = {path: next(iter(store.of(path).values())) for path in ("people", "companies", "services")}

    def to(resource: Resource) -> dict[str, Any]:
        return {"data": {"type": resource.path, "id": resource.id}}

    return {
        "person": {"person": to(first["people"])},
        "company": {"company": to(first["companies"])},
        "nobody's company": {"company": {"data": {"type": "companies", "id": "999"}}},
        "service": {"service": to(first["services"])},
        "event": {"event": to(limited)},
        "unlimited": {"event": to(unlimited)},
    }


@pytest.mark.parametrize("what", REFUSED)
def test_refused_is(agency: Agency, named: dict[str, dict[str, Any]], what: str) -> None:
    path, attributes, links, field = REFUSED[what]
    held = len(agency.productive.store.of(path))
    relationships = {name: one for link in links for name, one in named[link].items()}
    with pytest.raises(Rejected) as refused:
        open_client(agency.integration, interactive=True).create(path, attributes, relationships)
    assert refused.value.field == field
    assert len(agency.productive.store.of(path)) == held


def test_what_is_booked_of_an_allowance_is_counted_on_weekdays(agency: Agency, named: dict[str, dict[str, Any]]) -> None:
    client, links = open_client(agency.integration, interactive=True), {**named["person"], **named["event"]}
    allowance = client.create("entitlements", YEAR, links)
    booking = client.create("bookings", {**BOOKING, "started_on": "2026-12-04"}, links)
    assert client.one("entitlements", allowance.id).attributes["used"] == "1.5"
    client.delete("bookings", booking.id)
    assert client.one("entitlements", allowance.id).attributes["used"] == "0"


def test_who_is_deactivated_stays_and_can_be_activated_again(agency: Agency) -> None:
    client, (person,) = open_client(agency.integration, interactive=True), agency.productive.store.of("people")
    assert client.act("people", person, "deactivate").attributes["deactivated_at"] is not None
    assert client.act("people", person, "activate").attributes["deactivated_at"] is None
