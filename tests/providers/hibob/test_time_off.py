"""Time off on its way here: whose, which, until when, and what becomes of it afterwards."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from integrations import clock
from integrations.admin.run_figures import figures
from integrations.models import Action, Entry, Incident, Link, Run, RunState, Stream
from integrations.providers.hibob.client import Change
from integrations.providers.hibob.sandbox import HibobSandbox
from integrations.providers.hibob.sandbox.company import Company, Employee, Request, days
from integrations.providers.hibob.time_off import AHEAD, BACK, spans
from integrations.records.models import Booking, Event
from integrations.sync import schedule
from integrations.sync.importing import stream_of
from tests.contract.harness import Harness


def day(offset: int) -> date:
    return clock.now().date() + timedelta(days=offset)


def take(company: Company, who: Employee, first: int, last: int, policy_type: str = "Holiday", **portions: str) -> Request:
    return company.take(who, policy_type, **days(day(first), day(last), **portions))


def booked() -> list[tuple[date | None, date | None]]:
    """What is booked and not deleted, the earliest first."""
    found = Booking.objects.filter(remote_deleted_at=None).order_by("started_on")
    return [(booking.started_on, booking.ended_on) for booking in found]


def skipped(run: Run) -> set[str]:
    return set(Entry.objects.filter(run=run, state="skipped").values_list("message", flat=True))


def begin_by_itself(harness: Harness, pace: str = "") -> Run:
    """The next run of time off as the clock begins it."""
    stream = stream_of(harness.integration, "booking", pace)
    Stream.everywhere.filter(pk=stream.pk).update(next_run_at=clock.now())
    schedule.start_due()
    return harness.work(Run.everywhere.filter(action=Action.IMPORT, kind="booking", pace=pace).latest("pk"))


def test_a_request_is_a_booking_of_the_person_with_its_e_mail(harness: Harness, company: Company, ana: Employee) -> None:
    request = take(company, ana, 3, 5)
    harness.bring("booking")
    booking = Booking.objects.get()
    assert (booking.person, booking.event) == (harness.house.person, harness.house.absence)
    assert Link.objects.get(kind="booking").url.endswith(f"/employee-profile/{ana.id}")
    assert Link.objects.get(kind="booking").remote_id == str(request.id)
    assert "Ana" in str(booking)


def test_an_e_mail_is_the_same_in_whatever_case(harness: Harness, company: Company, ana: Employee) -> None:
    ana.email = ana.email.upper()
    take(company, ana, 3, 5)
    assert harness.bring("booking").succeeded == 1


def test_who_is_not_here_is_told_and_comes_once_the_e_mail_is_right(harness: Harness, company: Company) -> None:
    ivo = company.whoever_has("ivo")
    take(company, ivo, 3, 5)
    run = harness.bring("booking")
    assert (run.state, run.succeeded, run.skipped) == (RunState.SUCCEEDED, 0, 1)
    assert figures(run).counts == {"unchanged": 0, "skipped": 1}
    assert skipped(run) == {"No person here has the e-mail ivo@northwind.example."}
    harness.house.person.email = ivo.email
    harness.house.person.save()
    assert begin_by_itself(harness, "everything").succeeded == 1


def test_what_nobody_has_approved_stays_there_until_somebody_does(harness: Harness, company: Company, ana: Employee) -> None:
    request = company.submit(ana, "Holiday", **days(day(3), day(5)))
    assert harness.bring("booking").total == 0
    harness.later(3600)
    assert harness.bring("booking").total == 0
    company.approve(request)
    assert harness.bring("booking").succeeded == 1


def test_a_policy_type_without_a_category_stays_there_and_comes_once_it_has_one(harness: Harness, company: Company, ana: Employee) -> None:
    take(company, ana, 3, 5, "Sick")
    assert skipped(harness.bring("booking")) == {"The policy type “Sick” has no absence category here."}
    sick = Event.objects.create(organization=harness.organization, name="Sick leave")
    harness.integration.hibob_policy_type_mapping |= {"Sick": str(sick.pk)}
    harness.integration.save()
    assert harness.bring("booking", full=True).succeeded == 1
    assert Booking.objects.get().event == sick


def test_a_category_that_was_deleted_refuses_the_record_and_not_the_run(harness: Harness, company: Company, ana: Employee) -> None:
    take(company, ana, 3, 5)
    harness.integration.hibob_policy_type_mapping = {"Holiday": "987654"}
    harness.integration.save()
    run = harness.bring("booking")
    assert (run.state, run.rejected) == (RunState.PARTIAL, 1)


def test_a_half_day_at_the_end_is_a_booking_of_its_own_and_goes_with_the_rest(harness: Harness, company: Company, ana: Employee) -> None:
    request = take(company, ana, 3, 5, end="morning")
    harness.bring("booking")
    assert booked() == [(day(3), day(4)), (day(5), day(5))]
    assert [booking.percentage for booking in Booking.objects.order_by("started_on")] == [Decimal(100), Decimal(50)]
    company.cancel(request.id)
    assert harness.bring("booking").succeeded == 2
    assert not booked()


def test_hours_come_with_their_minutes(harness: Harness, company: Company, ana: Employee) -> None:
    company.take(ana, "Holiday", "hours", date=day(2).isoformat(), hoursOnDate=2, minutes=45)
    harness.bring("booking")
    assert Booking.objects.get().time == 165


@pytest.mark.parametrize("how", ["cancel", "delete"])
def test_what_is_canceled_or_deleted_is_marked_the_next_day_however_little_there_is(
    harness: Harness, company: Company, ana: Employee, how: str
) -> None:
    request = take(company, ana, 3, 5)
    harness.bring("booking", full=True)
    getattr(company, how)(request.id)
    harness.later(86_400)
    run = begin_by_itself(harness)
    assert (run.full, run.state, run.succeeded) == (False, RunState.SUCCEEDED, 1)
    assert not booked()
    assert not Incident.objects.exists()


def test_other_dates_take_the_place_of_the_earlier_ones(harness: Harness, company: Company, ana: Employee) -> None:
    request = take(company, ana, 3, 5, start="afternoon")
    harness.bring("booking")
    company.move(request, startDate=day(20).isoformat(), endDate=day(21).isoformat(), startPortion="all_day")
    harness.bring("booking")
    assert booked() == [(day(20), day(21))]


def test_what_changed_twice_in_a_day_is_as_it_was_left(harness: Harness, company: Company, ana: Employee) -> None:
    harness.bring("booking")
    kept, dropped = take(company, ana, 3, 5), take(company, ana, 40, 41)
    company.cancel(dropped.id)
    company.move(company.move(kept, endDate=day(6).isoformat()), endDate=day(7).isoformat())
    harness.bring("booking")
    assert booked() == [(day(3), day(7))]


def test_everything_is_looked_at_in_windows_and_each_request_counts_once(harness: Harness, company: Company, ana: Employee) -> None:
    take(company, ana, 20, 100)  # through four of them
    take(company, ana, -100, -80)
    take(company, ana, 364, 366)
    since = len(harness.exchanges)
    run = harness.bring("booking")
    assert (run.succeeded, run.total) == (3, 3)
    windows = [exchange.request.query for exchange in harness.exchanges[since:] if exchange.request.path.endswith("/whosout")]
    assert (windows[0]["from"], windows[-1]["to"]) == (day(-BACK.days).isoformat(), day(AHEAD.days).isoformat())
    assert len(windows) == 15
    follows = pairwise(windows)
    assert all(date.fromisoformat(after["from"]) - date.fromisoformat(before["to"]) == timedelta(days=1) for before, after in follows)


def test_an_interrupted_look_goes_on_at_its_window(harness: Harness, company: Company, ana: Employee) -> None:
    take(company, ana, -50, -10)
    harness.misbehave({"kind": "status", "status": 503, "path": "*/whosout", "skip": 3, "times": 1})
    run = harness.bring("booking")
    assert (run.state, run.succeeded, run.total) == (RunState.SUCCEEDED, 1, 1)
    asked = [exchange.request.query["from"] for exchange in harness.exchanges if exchange.request.path.endswith("/whosout")]
    assert len(asked) == 16
    assert len(set(asked)) == 15


def test_what_is_too_long_ago_to_be_looked_at_is_not_taken_for_gone(harness: Harness, company: Company, ana: Employee) -> None:
    past = take(company, ana, -60, -50)
    harness.bring("booking", full=True)
    harness.later(86_400 * 60)
    take(company, ana, 1, 1)
    run = harness.bring("booking", full=True)
    assert run.state == RunState.SUCCEEDED
    assert (past.first, past.last) in booked()


def test_a_full_look_finds_what_was_never_told_to_be_gone_and_asks_when_it_is_much(
    harness: Harness, company: Company, ana: Employee
) -> None:
    requests = [take(company, ana, 10 * number, 10 * number + 1) for number in range(1, 7)]
    harness.bring("booking", full=True)
    del company.requests[requests[0].id]
    assert harness.bring("booking", full=True).succeeded == 1
    for request in requests[1:4]:
        del company.requests[request.id]
    assert harness.bring("booking", full=True).state == RunState.PARTIAL
    assert len(booked()) == 5
    assert Incident.objects.get(closed_at=None).title


def test_everything_is_looked_at_once_a_week_by_itself(harness: Harness) -> None:
    stream_of(harness.integration, "booking", "everything")
    Stream.everywhere.filter(partition="everything").update(next_run_at=clock.now())
    for _day in range(16):
        while harness.turn():
            pass
        harness.later(86_400)
    assert list(Run.everywhere.filter(kind="booking").values_list("pace", "full")) == [("everything", True)] * 3


def test_after_half_a_year_of_silence_everything_is_looked_at(harness: Harness, company: Company, ana: Employee) -> None:
    harness.bring("booking")
    harness.later(86_400 * 200)
    take(company, ana, 3, 5)
    assert harness.bring("booking").succeeded == 1
    assert not [exchange for exchange in harness.exchanges if exchange.request.path.endswith("/changes")]


def test_a_service_user_that_sees_nobody_any_more_deletes_nothing(
    harness: Harness, company: Company, ana: Employee, hibob: HibobSandbox
) -> None:
    take(company, ana, 3, 5)
    harness.bring("booking", full=True)
    hibob.hidden = {"people"}
    run = harness.bring("booking", full=True)
    assert (run.state, run.message) == (RunState.FAILED, "HiBob shows this service user nobody.")
    assert run.advice
    hibob.hidden = {"time_off"}
    assert harness.bring("booking", full=True).state == RunState.PARTIAL
    assert len(booked()) == 1


def test_requests_far_apart_are_asked_for_apart() -> None:
    def change(first: Any, last: Any) -> Change:
        return Change(request_id=1, employee_id="e", start_date=first, end_date=last)

    december, january = date(2026, 12, 1), date(2027, 1, 20)
    found = spans(
        [change(january, january), change(december, date(2026, 12, 3)), change(date(2026, 12, 2), date(2026, 12, 9)), change(None, None)]
    )
    assert found == [(december, date(2026, 12, 9)), (january, january)]
