"""Time off: policies become entitlements, approved requests bookings, each window in a rhythm of its own."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations import clock
from integrations.models import Link, Run, Stream
from integrations.providers.bamboohr.absences import AHEAD, BACK, months_away
from integrations.providers.bamboohr.bookings import read_time_off, stretches
from integrations.providers.bamboohr.client import Amount, Status, TimeOff, TypeOf
from integrations.records.choices import BookingMethod, BookingType, LimitationType
from integrations.records.models import Booking, Entitlement, Event
from integrations.sync import schedule
from tests.providers.bamboohr.office import Office

MONDAY = date(2026, 5, 4)


@pytest.fixture
def team(office: Office) -> Office:
    """Ada works there, with thirty days of vacation and with sick leave in hours; people and categories have come."""
    office.company.hire("Ada Lovelace")
    vacation, sick = office.company.add_type("Vacation"), office.company.add_type("Sick leave", "hours")
    office.company.assign(ada(office), office.company.add_policy(vacation["id"])["id"], "30")
    office.company.assign(ada(office), office.company.add_policy(sick["id"], "discretionary")["id"], "0", None)
    office.set(bamboo_enable_time_offs=True)
    office.bring("person", "event")
    return office


def ada(office: Office) -> str:
    return next(iter(office.company.employees))


def ask(office: Office, days: int, *amounts: float, type: int = 0, **more: Any) -> dict[str, Any]:
    """Time off that begins so many days from today, with an amount for each day."""
    first = clock.now().date() + timedelta(days=days)
    dates = {(first + timedelta(days=number)).isoformat(): amount for number, amount in enumerate(amounts)}
    return office.company.ask(ada(office), list(office.company.types)[type], dates, **more)


def living() -> list[Booking]:
    return list(Booking.objects.filter(remote_deleted_at=None).order_by("started_on"))


def request(amounts: dict[str, float], unit: str = "days", **more: Any) -> TimeOff:
    days = [date.fromisoformat(day) for day in amounts] or [MONDAY]
    given: dict[str, Any] = {"start": min(days), "end": max(days), "status": Status("approved"), "type": TypeOf(7), "dates": amounts}
    return TimeOff(**{"id": 9, "employee": 5, "amount": Amount(unit, sum(amounts.values())), **given, **more})


# What a request becomes


def test_days_alike_are_one_booking_and_a_weekend_parts_them_not() -> None:
    week = {(MONDAY + timedelta(days=number)).isoformat(): 1.0 for number in range(12) if number not in (5, 6)}
    assert [(one.first, one.last) for one in stretches(request(week))] == [(MONDAY, MONDAY + timedelta(days=11))]
    with_zeros = {**week, "2026-05-09": 0.0, "2026-05-10": 0.0}
    assert len(stretches(request(with_zeros))) == 1


def test_a_half_day_and_a_day_between_part_a_request() -> None:
    records = read_time_off(request({"2026-05-04": 1, "2026-05-05": 0.5, "2026-05-07": 0.5}), "")
    shown = [(one.remote_id, one.values["started_on"].day, one.values["percentage"]) for one in records]
    assert shown == [("9", 4, 100), ("9/2", 5, 50), ("9/3", 7, 50)]


def test_days_are_a_share_of_each_day_and_hours_are_minutes() -> None:
    (days,) = read_time_off(request({"2026-05-04": 0.5}), "")
    (hours,) = read_time_off(request({"2026-05-04": 2.25}, "hours"), "")
    assert (days.values["booking_method_id"], days.values["percentage"], days.values["time"]) == (BookingMethod.PERCENTAGE, 50, None)
    assert (hours.values["booking_method_id"], hours.values["percentage"], hours.values["time"]) == (BookingMethod.PER_DAY, None, 135)
    assert days.values["booking_type_id"] == BookingType.ABSENCE


@pytest.mark.parametrize("status", ["requested", "denied", "superceded", "canceled"])
def test_only_what_is_approved_is_a_booking(status: str) -> None:
    records = read_time_off(request({"2026-05-04": 1, "2026-05-05": 0.5}, status=Status(status)), "")
    assert [(one.remote_id, one.deleted) for one in records] == [("9", True), ("9/2", True)]


def test_where_no_days_are_told_the_amount_is_spread_over_weekdays() -> None:
    friday = date(2026, 5, 8)
    told = request({}, dates=[], start=friday, end=friday + timedelta(days=3), amount=Amount("hours", 12))
    assert [(one.first, one.last, one.amount) for one in stretches(told)] == [(friday, friday + timedelta(days=3), Decimal(6))]


# Bringing it


def test_an_approved_request_comes_with_its_person_category_and_note(team: Office) -> None:
    row = ask(team, 10, 1, note="Sailing")
    team.bring("booking")
    (booking,) = living()
    assert (booking.person.first_name, booking.event.name, booking.note) == ("Ada", "Vacation", "Sailing")  # type: ignore[union-attr]
    assert f"id={ada(team)}" in Link.objects.get(kind="booking", remote_id=str(row["id"])).url


def test_a_request_that_is_approved_later_comes_then_and_goes_when_it_is_canceled(team: Office) -> None:
    row = ask(team, 10, 1, status="requested")
    team.bring("booking")
    assert not living()
    team.company.decide(row["id"], "approved")
    team.bring("booking")
    assert len(living()) == 1
    team.company.decide(row["id"], "canceled")
    team.bring("booking")
    assert not living()


def test_at_first_three_months_back_and_a_year_ahead_are_brought(team: Office) -> None:
    today = clock.now().date()
    inside = [(months_away(BACK) - today).days, 0, (months_away(AHEAD) - today).days]
    for days in (inside[0] - 1, *inside, inside[2] + 1):
        ask(team, days, 1)
    team.bring("booking")
    assert [(booking.started_on - today).days for booking in living() if booking.started_on] == inside


def test_later_each_rhythm_reads_its_own_window(team: Office) -> None:
    team.bring("booking")
    for days in (-20, -14, -1, 3):
        ask(team, days, 1)
    team.bring("booking")
    today = clock.now().date()
    assert [(booking.started_on - today).days for booking in living() if booking.started_on] == [3]
    team.bring("booking", pace="recent")
    assert [(booking.started_on - today).days for booking in living() if booking.started_on] == [-14, -1, 3]


def test_what_was_erased_there_is_gone_with_the_next_look_at_everything(team: Office) -> None:
    rows = [ask(team, 10 + days, 1) for days in range(10)]
    ask(team, -80, 1)
    team.bring("booking")
    old = Booking.objects.order_by("started_on")[0]
    Booking.objects.filter(pk=old.pk).update(started_on=date(2020, 1, 1))  # brought long ago, and outside of the window by now
    team.company.requests.clear()
    team.company.requests |= {row["id"]: row for row in rows[1:]}
    team.bring("booking")
    assert len(living()) == 11
    assert team.bring("booking", pace="deleted", full=True).succeeded == 1
    assert {booking.started_on for booking in living()} == {date(2020, 1, 1), *(date.fromisoformat(row["start"]) for row in rows[1:])}


def test_much_that_is_gone_at_once_is_asked_about_first(team: Office) -> None:
    for days in range(5):
        ask(team, 10 + days, 1)
    team.bring("booking")
    team.company.requests.clear()
    run = team.bring("booking", pace="deleted", full=True)
    assert (run.state, len(living())) == ("partial", 5)


def test_months_in_which_nothing_changed_are_not_gone_through_again(team: Office) -> None:
    ask(team, 10, 1)
    team.bring("booking")
    assert team.bring("booking").total == 0
    ask(team, 11, 1)
    assert team.bring("booking").succeeded == 1


def test_whoever_comes_later_gets_within_a_day_what_was_approved_before(team: Office) -> None:
    newcomer = team.company.hire("Grace Hopper")
    first = (clock.now() + timedelta(days=40)).date().isoformat()
    team.company.ask(newcomer["eeid"], next(iter(team.company.types)), {first: 1})
    team.bring("booking")
    assert not living()
    team.bring("person")
    team.later(timedelta(days=1).total_seconds() + 60)
    team.bring("booking")
    assert len(living()) == 1


def test_the_streams_begin_hourly_daily_and_every_three_days_and_only_after_people(office: Office) -> None:
    office.set(bamboo_enable_time_offs=True)
    schedule.plan(office.integration)
    Stream.objects.exclude(kind__in=("person", "event", "booking")).update(next_run_at=clock.now() + timedelta(days=99))
    Stream.objects.filter(kind__in=("person", "event", "booking")).update(next_run_at=clock.now())
    schedule.start_due()
    assert set(Run.objects.values_list("kind", flat=True)) == {"person", "event"}
    for run in Run.objects.all():
        office.work(run)
    office.later(60)
    schedule.start_due()
    assert set(Run.objects.filter(kind="booking").values_list("pace", "full")) == {("", False), ("recent", False), ("deleted", True)}
    streams = Stream.objects.filter(kind="booking")
    rhythms = {stream.partition: (stream.next_run_at - clock.now()) for stream in streams}
    for pace, longest in {"": timedelta(hours=1), "recent": timedelta(days=1), "deleted": timedelta(days=3)}.items():
        assert longest * 0.94 < rhythms[pace] <= longest


def test_without_time_off_none_of_it_is_asked_for(office: Office) -> None:
    schedule.plan(office.integration)
    assert not Stream.objects.filter(kind__in=("event", "booking", "entitlement")).exists()


# Categories and entitlements


def test_a_category_that_is_here_by_the_same_name_is_the_one(office: Office) -> None:
    here = Event.everywhere.create(organization=office.organization, name="vacation", limitation_type_id=LimitationType.UNLIMITED)
    office.company.add_type("Vacation")
    office.set(bamboo_enable_time_offs=True)
    office.bring("event")
    here.refresh_from_db()
    assert (Event.objects.count(), here.limitation_type_id) == (1, LimitationType.UNLIMITED)


def test_what_is_left_and_what_is_used_make_what_is_allocated(team: Office) -> None:
    today = clock.now().date()
    team.company.ask(
        ada(team), next(iter(team.company.types)), {date(today.year, 1, 5).isoformat(): 1, date(today.year, 1, 7).isoformat(): 0.5}
    )
    team.bring("entitlement")
    vacation = Entitlement.objects.get(event__name="Vacation")
    assert (vacation.allocated, vacation.used) == (Decimal(30), Decimal("1.5"))
    assert (vacation.start_date, vacation.end_date) == (date(today.year, 1, 1), date(today.year, 12, 31))
    assert Entitlement.objects.get(event__name="Sick leave").allocated is None  # without a limit


def test_a_policy_that_began_this_year_counts_from_its_first_day(team: Office) -> None:
    year = clock.now().year
    for given in team.company.assigned[ada(team)].values():
        given["accrualStartDate"] = f"{year}-02-01" if given["accrualStartDate"] else None
    team.bring("entitlement")
    assert set(Entitlement.objects.values_list("start_date", flat=True)) == {date(year, 2, 1), date(year, 1, 1)}


def test_a_policy_that_was_taken_away_is_gone_and_the_years_before_stay(team: Office) -> None:
    team.bring("entitlement")
    last_year = Entitlement.objects.get(event__name="Vacation")
    year = clock.now().year - 1
    Entitlement.objects.filter(pk=last_year.pk).update(start_date=date(year, 1, 1), end_date=date(year, 12, 31))
    Link.objects.filter(kind="entitlement", record_id=last_year.pk).update(remote_id=f"{ada(team)}:1:{year}")
    team.company.assigned.clear()
    team.bring("entitlement")
    assert list(Entitlement.objects.filter(remote_deleted_at=None)) == [last_year]


def test_leavers_keep_what_they_had(team: Office) -> None:
    team.bring("entitlement")
    team.company.leave(ada(team))
    team.bring("entitlement")
    assert Entitlement.objects.filter(remote_deleted_at=None).count() == 2
