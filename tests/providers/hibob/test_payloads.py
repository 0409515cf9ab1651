"""What a request becomes: which days, and how much of each."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.incoming import Match
from integrations.providers.hibob.client import Balance, Change, Employee, Out
from integrations.providers.hibob.payloads import Part, bookings, entitlement, gone, parts
from integrations.records.choices import BookingMethod

MONDAY, TUESDAY, WEDNESDAY, FRIDAY = date(2026, 12, 7), date(2026, 12, 8), date(2026, 12, 9), date(2026, 12, 11)
ANA = Employee("e1", "ana@northwind.example", "Ana Adler")
WEB = "https://app.hibob.com/employee-profile"


def out(**span: Any) -> Out:
    return Out(request_id=7, employee_id="e1", policy_type="Holiday", status="Approved", **span)


def days(first: date, last: date, **portions: str) -> list[tuple[str, date, date, Decimal | None]]:
    found = parts(out(start_date=first, end_date=last, **portions))
    return [(part.ending, part.first, part.last, part.percentage) for part in found]


def test_whole_days_are_one_booking() -> None:
    assert days(MONDAY, FRIDAY) == [("", MONDAY, FRIDAY, 100)]


@pytest.mark.parametrize("portion", ["morning", "afternoon"])
def test_half_a_day_is_half_a_booking(portion: str) -> None:
    assert days(MONDAY, MONDAY, start_portion=portion, end_portion=portion) == [("", MONDAY, MONDAY, 50)]


def test_half_days_at_the_ends_are_bookings_of_their_own() -> None:
    assert days(MONDAY, WEDNESDAY, start_portion="afternoon", end_portion="morning") == [
        ("/first", MONDAY, MONDAY, 50),
        ("/last", WEDNESDAY, WEDNESDAY, 50),
        ("", TUESDAY, TUESDAY, 100),
    ]
    assert days(MONDAY, TUESDAY, start_portion="afternoon") == [("/first", MONDAY, MONDAY, 50), ("", TUESDAY, TUESDAY, 100)]
    assert days(MONDAY, TUESDAY, start_portion="afternoon", end_portion="morning") == [
        ("/first", MONDAY, MONDAY, 50),
        ("/last", TUESDAY, TUESDAY, 50),
    ]


def test_hours_of_a_day_are_minutes() -> None:
    assert parts(out(type="hours", day=MONDAY, hours=2, minutes=30)) == [Part("", MONDAY, MONDAY, minutes=150)]


def test_the_same_hours_or_the_same_half_of_every_day_are_one_booking() -> None:
    assert parts(out(type="hoursOnRange", start_date=MONDAY, end_date=FRIDAY, daily_hours=Decimal("1.5"))) == [
        Part("", MONDAY, FRIDAY, minutes=90)
    ]
    assert parts(out(type="portionOnRange", start_date=MONDAY, end_date=FRIDAY)) == [Part("", MONDAY, FRIDAY, percentage=Decimal(50))]


def test_a_booking_says_who_when_how_much_and_where_it_is_there() -> None:
    (record,) = bookings(out(type="hours", day=MONDAY, hours=2), ANA, "5", WEB)
    assert (record.remote_id, record.number, record.url) == ("7", "Ana Adler, Holiday", f"{WEB}/e1")
    assert record.values["event_id"] == 5
    assert (record.values["booking_method_id"], record.values["time"], record.values["percentage"]) == (BookingMethod.PER_DAY, 120, None)
    assert record.belongs_to["person"] == Match("person", "email", "ana@northwind.example")


def test_what_is_not_mapped_or_not_known_is_left_out_in_words() -> None:
    (unmapped,) = bookings(out(start_date=MONDAY, end_date=FRIDAY), ANA, "", WEB)
    assert unmapped.left_out == "The policy type “Holiday” has no absence category here."
    (unknown,) = bookings(out(type="differentDayDurations", start_date=MONDAY, end_date=FRIDAY), ANA, "5", WEB)
    assert unknown.left_out == "Time off of the kind “differentDayDurations” cannot be brought."


def test_a_request_that_is_no_more_takes_all_its_bookings_along() -> None:
    change = Change(request_id=7, employee_id="e1", change_type="Canceled", start_date=MONDAY, end_date=FRIDAY, start_portion="afternoon")
    assert [(record.remote_id, record.deleted) for record in gone(change)] == [("7/first", True), ("7", True)]
    undated = Change(request_id=7, employee_id="e1", change_type="Deleted")
    assert {record.remote_id for record in gone(undated)} == {"7", "7/first", "7/last"}


@pytest.mark.parametrize(("carried_over", "allocated"), [(False, "25"), (True, "28.5")])
def test_what_was_carried_over_is_added_where_that_is_switched_on(carried_over: bool, allocated: str) -> None:
    balance = Balance(date(2026, 4, 1), "Holiday UK", Decimal(25), starting_balance=Decimal(4), total_admin_adjustments=Decimal("-0.5"))
    record = entitlement(balance, ANA, "Holiday", "5", carried_over=carried_over, web=WEB)
    assert record.remote_id == "e1/Holiday/2026-04-01"
    assert record.values == {
        "start_date": date(2026, 4, 1),
        "end_date": date(2027, 3, 31),
        "allocated": Decimal(allocated),
        "note": "Holiday UK",
        "event_id": 5,
    }


def test_a_year_that_begins_on_a_leap_day_ends_before_the_first_of_march() -> None:
    record = entitlement(Balance(date(2028, 2, 29), "", Decimal(1)), ANA, "Holiday", "5", carried_over=False, web=WEB)
    assert record.values["end_date"] == date(2029, 2, 28)


def test_a_policy_without_an_allowance_is_left_out_in_words() -> None:
    record = entitlement(Balance(date(2026, 1, 1), "Unlimited"), ANA, "Holiday", "5", carried_over=False, web=WEB)
    assert record.left_out == "This policy has no annual allowance."
