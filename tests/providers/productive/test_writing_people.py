"""People, time off and pay on their way to Productive: each setting, each refusal, and whatever both sides change."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations import clock
from integrations.models import Entry, Incident, OutboxItem
from integrations.providers.productive.sandbox.gate import Gate, ProductiveLimits
from integrations.providers.productive.sandbox.store import Resource
from integrations.records.choices import BookingMethod, BookingType, HrmType, LimitationType, SalaryType
from integrations.records.models import Booking, Entitlement, Event, Person, Salary
from integrations.sync import runs
from tests.providers.productive.agency import Agency

DAY = date(2026, 12, 7)
ADA = "ada@northwind.example"
"""Who works in Productive already."""


@pytest.fixture
def hr(agency: Agency) -> Agency:
    """Everything that HR brings is written."""
    switched(agency, writes_people=True, writes_time_off=True, writes_pay=True)
    return agency


def switched(agency: Agency, **switches: bool) -> None:
    for name, on in switches.items():
        setattr(agency.integration, name, on)
    agency.integration.save()


def brought(model: type[Any], **columns: Any) -> Any:
    """What an HR import makes."""
    record = model(origin="import", changed_by="integration:0", **columns)
    record.save()
    record.refresh_from_db()
    return record


def grace(**columns: Any) -> Any:
    named = {"first_name": "Grace", "last_name": "Hopper", "email": "grace@northwind.example"}
    return brought(Person, hrm_type_id=HrmType.EMPLOYEE, **{**named, **columns})


def vacation(**columns: Any) -> Any:
    return brought(Event, **{"name": "Vacation", "limitation_type_id": LimitationType.DAYS, **columns})


def half_day(person: Any, event: Any) -> Any:
    measure = {"booking_method_id": BookingMethod.PERCENTAGE, "percentage": Decimal(50), "booking_type_id": BookingType.ABSENCE}
    return brought(Booking, person=person, event=event, started_on=DAY, ended_on=DAY, **measure)


def salary(person: Any, cost: str = "4000", **columns: Any) -> Any:
    pay = {"currency": "EUR", "salary_type_id": SalaryType.MONTHLY, "started_on": DAY, **columns}
    return brought(Salary, person=person, cost=Decimal(cost), **pay)


def entitlement(person: Any, event: Any) -> Any:
    year = {"start_date": date(2026, 1, 1), "end_date": date(2026, 12, 31)}
    return brought(Entitlement, person=person, event=event, allocated=Decimal(25), **year)


def change(record: Any, **columns: Any) -> None:
    record.refresh_from_db()
    for name, value in {**columns, "changed_by": "integration:0"}.items():
        setattr(record, name, value)
    record.save()


def held(agency: Agency, path: str) -> list[Resource]:
    return list(agency.productive.store.of(path).values())


def item_of(record: Any, step: str = "") -> OutboxItem:
    found = OutboxItem.everywhere.filter(kind=record.kind, record_id=record.pk, step=step).order_by("-pk").first()
    assert found is not None
    return found


# What the settings decide


def test_nothing_of_it_goes_while_it_is_switched_off(agency: Agency) -> None:
    event, person = vacation(), grace()
    half_day(person, event)
    salary(person)
    assert not OutboxItem.everywhere.exists()


def test_only_what_is_switched_on_goes_and_people_who_are_there_are_found_for_it(agency: Agency) -> None:
    switched(agency, writes_time_off=True)
    person = grace(email=ADA, last_name="Byron")
    booking = half_day(person, vacation())
    salary(person)
    agency.write()
    (there,) = held(agency, "people")
    assert (item_of(booking).state, held(agency, "bookings")[0].links["person"]) == ("succeeded", there.id)
    assert (there.attributes["last_name"], held(agency, "salaries")) == ("Berg", [])


def test_time_off_of_whom_productive_has_not_is_refused_in_words_while_people_are_not_written(agency: Agency) -> None:
    switched(agency, writes_time_off=True)
    booking = half_day(grace(), vacation())
    agency.write()
    assert item_of(booking).state == "rejected"
    assert "switch on that people are written" in item_of(booking).message
    switched(agency, writes_people=True)
    runs.start_export(agency.integration, "booking", [booking.pk])
    agency.write()
    assert item_of(booking).state == "succeeded"


# People


def test_who_was_hired_elsewhere_gets_no_second_person_and_what_hr_says_is_written(hr: Agency) -> None:
    person = grace(email=ADA.upper(), last_name="Byron")
    hr.write()
    (there,) = held(hr, "people")
    assert (there.attributes["first_name"], there.attributes["last_name"], there.attributes["email"]) == ("Grace", "Byron", ADA.upper())
    hr.bring("person")
    assert Person.objects.get() == person


def test_who_came_from_hr_first_is_the_one_of_whom_productive_tells_later(agency: Agency) -> None:
    person = grace(email=ADA.upper())
    run = agency.bring("person")
    assert (run.succeeded, Person.objects.get()) == (1, person)
    assert Person.objects.get().productive_id == held(agency, "people")[0].id


def test_nobody_is_made_of_a_leaver(hr: Agency) -> None:
    person = grace(deactivated_at=clock.now())
    hr.write()
    assert (item_of(person).state, len(held(hr, "people"))) == ("rejected", 1)


def test_what_both_sides_changed_of_somebody_is_shown_and_written_when_a_person_says_so(hr: Agency) -> None:
    person = grace()
    hr.write()
    there = held(hr, "people")[1]
    hr.productive.store.change(there, last_name="Murray")
    change(person, last_name="Hopper-Murray")
    hr.write()
    assert (item_of(person).state, item_of(person).field) == ("rejected", "last_name")
    assert "“Hopper-Murray”, there “Murray”" in item_of(person).message
    runs.start_export(hr.integration, "person", [person.pk], choices={"conflict": "ours"})
    hr.write()
    assert there.attributes["last_name"] == "Hopper-Murray"


def test_a_name_that_only_productive_changed_is_taken(hr: Agency) -> None:
    person = grace()
    hr.write()
    hr.bring("person")
    hr.productive.store.change(held(hr, "people")[1], last_name="Murray")
    hr.bring("person")
    person.refresh_from_db()
    assert person.last_name == "Murray"
    since = len(hr.exchanges)
    hr.write()
    assert not hr.calls(since)


def test_those_who_manage_each_other_do_each_other_no_harm(hr: Agency) -> None:
    boss = grace(first_name="Ada", email="lovelace@northwind.example")
    person = grace(manager=boss)
    change(boss, manager=person)
    hr.write()
    _known, one, other = held(hr, "people")
    assert (one.links["manager"], other.links["manager"]) == (other.id, one.id)
    change(person, manager=None)
    hr.write()
    assert (one.links["manager"], other.links["manager"]) == (other.id, None)


def test_custom_fields_of_others_stay(hr: Agency) -> None:
    person = grace(custom_fields={"7": "M"})
    hr.write()
    there = held(hr, "people")[1]
    hr.productive.store.change(there, custom_fields={"7": "M", "8": "theirs"})
    change(person, custom_fields={"7": "L"})
    hr.write()
    assert there.attributes["custom_fields"] == {"7": "L", "8": "theirs"}


# Time off


def test_a_category_that_came_from_hr_first_is_the_one_of_which_productive_tells_later(agency: Agency) -> None:
    event = vacation()
    theirs = agency.productive.store.add("events", {"name": "VACATION", "event_type_id": 1, "limitation_type_id": 2})
    agency.bring("event")
    assert (Event.objects.get(), Event.objects.get().productive_id) == (event, theirs.id)


def test_a_category_of_the_same_name_is_the_one_and_another_one_is_made_as_paid(hr: Agency) -> None:
    known = {"name": "vacation", "event_type_id": 2, "limitation_type_id": 4}
    theirs = hr.productive.store.add("events", known)
    half_day(grace(), vacation())
    half_day(grace(email="second@northwind.example"), vacation(name="Moving house"))
    hr.write()
    assert {one.links["event"] for one in held(hr, "bookings")} == {one.id for one in held(hr, "events")}
    new = next(one for one in held(hr, "events") if one is not theirs)
    assert (len(held(hr, "events")), new.attributes["event_type_id"], new.attributes["limitation_type_id"]) == (2, 1, 2)
    assert theirs.attributes == known


def test_two_half_days_on_one_day_are_two_and_a_lost_answer_is_found_by_its_own_reference(hr: Agency) -> None:
    person, event = grace(), vacation()
    half_day(person, event)
    hr.write()
    second = half_day(person, event)
    hr.productive.faults.replace({"kind": "lost_answer", "method": "POST", "times": 1})
    hr.write()
    hr.later(600)
    hr.write()
    assert (item_of(second).state, len(held(hr, "bookings"))) == ("succeeded", 2)
    hr.bring("booking")
    assert Booking.objects.count() == 2


def test_what_somebody_entered_by_hand_is_not_entered_again_unless_a_person_says_so(hr: Agency) -> None:
    store = hr.productive.store
    event = store.add("events", {"name": "Vacation", "event_type_id": 1, "limitation_type_id": 2})
    by_hand = {"start_date": "2026-01-01", "end_date": "2026-12-31", "allocated": 28}
    store.add("entitlements", by_hand, person=held(hr, "people")[0], event=event)
    allowed = entitlement(grace(email=ADA), vacation())
    hr.write()
    assert item_of(allowed).message == "Somebody has entered the same in Productive."
    runs.start_export(hr.integration, "entitlement", [allowed.pk], choices={"conflict": "ours"})
    hr.write()
    assert (item_of(allowed).state, len(held(hr, "entitlements"))) == ("succeeded", 2)


def test_time_off_that_is_canceled_before_it_went_never_goes(hr: Agency) -> None:
    booking = half_day(grace(), vacation())
    change(booking, remote_deleted_at=clock.now())
    hr.write()
    assert (item_of(booking).state, held(hr, "bookings")) == ("succeeded", [])
    assert runs.start_export(hr.integration, "booking", None).total == 0


def test_what_productive_tells_meanwhile_does_not_bring_back_what_was_canceled(hr: Agency) -> None:
    booking = half_day(grace(), vacation())
    hr.write()
    hr.bring("booking")
    change(booking, remote_deleted_at=clock.now())
    hr.productive.store.change(held(hr, "bookings")[0], note="Seen")
    hr.bring("booking")
    booking.refresh_from_db()
    assert booking.remote_deleted_at is not None
    hr.write()
    assert (item_of(booking).state, held(hr, "bookings")) == ("succeeded", [])


def test_what_is_gone_in_productive_already_is_taken_back_without_complaint(hr: Agency) -> None:
    booking = half_day(grace(), vacation())
    hr.write()
    hr.productive.store.delete(held(hr, "bookings")[0])
    change(booking, remote_deleted_at=clock.now())
    hr.write()
    assert item_of(booking).state == "succeeded"


@pytest.mark.parametrize("fault", [{"kind": "lost_answer"}, {"kind": "timeout", "seconds": 0}], ids=lambda fault: fault["kind"])
def test_taking_back_is_repeated_until_it_is_known(hr: Agency, fault: dict[str, Any]) -> None:
    booking = half_day(grace(), vacation())
    hr.write()
    change(booking, remote_deleted_at=clock.now())
    hr.productive.faults.replace({**fault, "method": "DELETE", "times": 1})
    hr.write()
    hr.later(3600)
    hr.write()
    assert (item_of(booking).state, held(hr, "bookings")) == ("succeeded", [])
    assert not hr.integration.links.filter(kind="booking", archived_at=None).exists()


# Pay


def test_a_salary_has_the_hours_of_the_organization_and_keeps_what_productive_says_of_them(hr: Agency) -> None:
    pay = salary(grace())
    hr.write()
    (there,) = held(hr, "salaries")
    assert there.attributes["working_hours"] == [8, 8, 8, 8, 8, 0, 0]
    assert (there.attributes["overhead"], there.attributes["hourly_rate"]) == (True, 2308)
    hr.productive.store.change(there, working_hours=[6, 6, 6, 6, 6, 0, 0])
    change(pay, ended_on=DAY + timedelta(days=365))
    hr.write()
    assert (there.attributes["working_hours"][0], there.attributes["ended_on"]) == (6, "2027-12-07")


def test_pay_that_was_taken_back_is_gone(hr: Agency) -> None:
    pay = salary(grace())
    hr.write()
    change(pay, remote_deleted_at=clock.now())
    hr.write()
    assert not held(hr, "salaries")


def test_an_amount_finer_than_a_cent_is_refused_and_not_rounded(hr: Agency) -> None:
    pay = salary(grace(), "12.345", salary_type_id=SalaryType.HOURLY)
    hr.write()
    assert (item_of(pay).state, item_of(pay).field, held(hr, "salaries")) == ("rejected", "cost", [])
    assert "12.3" not in item_of(pay).message


def test_what_both_sides_changed_of_pay_is_told_without_the_pay(hr: Agency) -> None:
    pay = salary(grace())
    hr.write()
    hr.bring("salary")
    hr.productive.store.change(held(hr, "salaries")[0], cost=555_500)
    change(pay, cost=Decimal(4700))
    hr.write()
    run = hr.bring("salary")
    (incident,) = Incident.everywhere.filter(cause=f"conflict:salary:{pay.pk}")
    said = [item_of(pay).message, Entry.everywhere.get(run=run, state="rejected").message, incident.message]
    assert item_of(pay).state == "rejected"
    for text in said:
        assert text
        assert not [figure for figure in ("4700", "5555", "4000") if figure in text]


def test_the_limit_of_salaries_is_waited_for(hr: Agency) -> None:
    switched(hr, writes_by_itself=False)
    hr.productive.gate = Gate(hr.productive, ProductiveLimits(salaries=4))
    for number in range(5):
        salary(grace(email=f"grace.{number}@northwind.example"))
    run = hr.work(runs.start_export(hr.integration, "salary", None), hr.integration)
    assert (run.succeeded, run.rejected, len(held(hr, "salaries"))) == (5, 0, 5)
    assert hr.productive.gate.refused >= 1
