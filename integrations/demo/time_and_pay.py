"""What people do with their time: pay, absences, bookings and tracked hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from integrations.demo.house import House
from integrations.demo.pricing import cents
from integrations.demo.shelf import Shelf
from integrations.demo.work import Budget
from integrations.records.choices import (
    AbsenceType,
    ArchivableStatus,
    BookingMethod,
    BookingType,
    EventType,
    LimitationType,
    SalaryType,
    StageType,
    TrackMethod,
    Unit,
)
from integrations.records.models import Booking, Entitlement, Event, Person, Salary, Service, TimeEntry

WORKDAY = 8 * 60
HOURS_A_MONTH = 160
ENTRIES_A_PERSON = 12
NOTES = ("Layout of the start page", "Call with the client", "Bug fixes", "Research", "Review", "Prototype")


def spend(shelf: Shelf, house: House, budgets: Sequence[Budget]) -> None:
    salaries = _pay(shelf, house.staff)
    vacation, sick, _remote = shelf.put(
        Event,
        [
            {
                "name": name,
                "event_type_id": EventType.PAID,
                "limitation_type_id": limit,
                "absence_type": kind,
                "status": ArchivableStatus.ACTIVE,
            }
            for name, limit, kind in (
                ("Vacation", LimitationType.DAYS, AbsenceType.TIME_OFF),
                ("Sick leave", LimitationType.UNLIMITED, AbsenceType.TIME_OFF),
                ("Working from home", LimitationType.UNLIMITED, AbsenceType.REMOTE_WORK),
            )
        ],
    )
    _allow(shelf, house.staff, vacation)
    services = [service for budget in budgets for sold, service in budget.services if sold.unit_id == Unit.HOUR]
    _book(shelf, house.staff, services, [vacation, sick])
    _track(shelf, salaries, services)


def _pay(shelf: Shelf, staff: Sequence[Person]) -> list[Salary]:
    chance = shelf.chance("pay")
    costs = [Decimal(chance.randrange(84, 130) * 50) for _ in staff]
    return shelf.put(
        Salary,
        [
            {
                "started_on": shelf.today - timedelta(days=700),
                "salary_type_id": SalaryType.MONTHLY,
                "currency": shelf.organization.currency,
                "cost": cost,
                "hourly_rate": cents(cost / HOURS_A_MONTH),
                "working_hours": [8, 8, 8, 8, 8, 0, 0],
                "default_salary": True,
                "person": person,
            }
            for person, cost in zip(staff, costs, strict=True)
        ],
    )


def _allow(shelf: Shelf, staff: Sequence[Person], vacation: Event) -> None:
    chance = shelf.chance("entitlements")
    shelf.put(
        Entitlement,
        [
            {
                "start_date": date(shelf.today.year, 1, 1),
                "end_date": date(shelf.today.year, 12, 31),
                "allocated": Decimal(30),
                "used": Decimal(chance.randrange(0, 40)) / 2,
                "pending": Decimal(0),
                "person": person,
                "event": vacation,
            }
            for person in staff
        ],
    )


def _book(shelf: Shelf, staff: Sequence[Person], services: Sequence[Service], absences: Sequence[Event]) -> None:
    """Everybody is booked on a service from today on, and every third is away for a while."""
    chance = shelf.chance("bookings")
    work = [
        {
            "started_on": shelf.today,
            "ended_on": shelf.today + timedelta(days=chance.randrange(4, 20)),
            "booking_type_id": BookingType.SERVICE,
            "booking_method_id": BookingMethod.PER_DAY,
            "stage_type": StageType.BUDGET,
            "time": chance.randrange(2, 9) * 60,
            "person": person,
            "service": chance.choice(services),
        }
        for person in staff
    ]
    away = [
        {
            "started_on": (start := shelf.today + timedelta(days=chance.randrange(-30, 60))),
            "ended_on": start + timedelta(days=chance.randrange(0, 14)),
            "booking_type_id": BookingType.ABSENCE,
            "booking_method_id": BookingMethod.PER_DAY,
            "time": WORKDAY,
            "person": person,
            "event": absences[number % len(absences)],
        }
        for number, person in enumerate(staff[::3])
    ]
    shelf.put(Booking, [*work, *away])


def _track(shelf: Shelf, salaries: Sequence[Salary], services: Sequence[Service]) -> None:
    """Hours of the last month, with what they cost the organization."""
    chance = shelf.chance("time entries")
    rows = []
    for salary in salaries:
        for _ in range(ENTRIES_A_PERSON):
            minutes = chance.randrange(2, 33) * 15
            day = shelf.working_day(chance.randrange(0, 30))
            rows.append(
                {
                    "date": day,
                    "time": minutes,
                    "billable_time": minutes,
                    "note": chance.choice(NOTES),
                    "currency": salary.currency,
                    "cost": cents((salary.hourly_rate or Decimal(0)) * minutes / 60),
                    "track_method_id": TrackMethod.MANUAL,
                    "created_at": shelf.morning(day),
                    "person": salary.person,
                    "creator": salary.person,
                    "service": chance.choice(services),
                }
            )
    shelf.put(TimeEntry, rows)
