"""An import that is interrupted goes on behind its last page: nothing is asked for twice, and nothing is left out."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from integrations import clock
from integrations.models import Action
from integrations.providers.bamboohr import absences, pay, people
from integrations.records.models import Booking, Entitlement, Person, Salary
from integrations.sync import runs
from integrations.sync.turns import take_turn
from tests.providers.bamboohr.office import Office

PEOPLE = 7


@pytest.fixture
def staff(office: Office) -> list[str]:
    """Ids of people who are known here, in the order of their ids; there is vacation to take."""
    office.company.add_policy(office.company.add_type("Vacation")["id"])
    office.set(bamboo_enable_time_offs=True, bamboo_enable_cost_rates=True)
    found = [office.company.hire()["eeid"] for _number in range(PEOPLE)]
    office.bring("person", "event")
    return found


def bring_interrupted(office: Office, kind: str, path: str, after: int) -> Counter[str]:
    """Bring the kind while a call to the path fails, once, after so many; how often each call was made that was made again."""
    office.sandbox.faults.replace({"kind": "status", "status": 503, "path": path, "skip": after, "times": 1})
    since = len(office.exchanges)
    assert office.bring(kind).state == "succeeded"
    made = Counter(
        (f"{one.request.path}?{one.request.query_string}", one.request.body) for one in office.exchanges[since:] if one.reply.status < 300
    )
    assert sum(one.reply.status == 503 for one in office.exchanges[since:]) == 1
    return Counter({call[0]: times for call, times in made.items() if times > 1})


def test_the_first_look_at_time_off_goes_on_at_its_month_also_when_that_is_over(office: Office, staff: list[str]) -> None:
    vacation, today = next(iter(office.company.types)), clock.now().date()
    for days in (-70, -40, 30):
        office.company.ask(staff[0], vacation, {(today + timedelta(days=days)).isoformat(): 1})
    assert not bring_interrupted(office, "booking", "*/time_off/requests", after=1)
    assert Booking.objects.count() == 3


def test_entitlements_go_on_with_the_next_people(office: Office, staff: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absences, "AT_ONCE", 2)
    for employee in staff:
        office.company.assign(employee, next(iter(office.company.policies)))
    asked_again = bring_interrupted(office, "entitlement", "*/calculator", after=5)
    assert {path.rpartition("/")[2].partition("?")[0] for path in asked_again} == {"policies", "calculator", "data"}
    assert {path.split("/")[4] for path in asked_again if "time_off" in path} <= set(staff[4:6])
    assert Entitlement.objects.count() == PEOPLE


def test_people_who_changed_go_on_with_the_next_and_get_managers_who_come_later(
    office: Office, staff: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "IDS_AT_ONCE", 2)
    first, boss = office.company.hire("Ann First"), office.company.hire("Bo Boss")
    office.company.change(first["eeid"], supervisorEId=boss["eeid"])
    for employee in staff:
        office.company.change(employee, lastName="Changed")
    office.company.hire("Cy Last")
    asked_again = bring_interrupted(office, "person", "*/datasets/employee/data", after=4)
    assert [path.partition("?")[0] for path in asked_again] == ["/api/v1/employees/changed"]
    assert Person.objects.filter(last_name="Changed").count() == PEOPLE
    assert Person.objects.get(last_name="First").manager == Person.objects.get(last_name="Boss")


def test_pay_goes_on_with_the_next_people_of_the_one_answer(office: Office, staff: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pay, "AT_ONCE", 2)
    for employee in staff:
        office.company.set_pay(employee, "4000.00", "2024-03-01")
    run = runs.start(office.integration, Action.IMPORT, "salary")
    take_turn(office.integration.pk, is_stopping=lambda: Salary.objects.count() == 4)
    assert Salary.objects.count() == 4
    assert office.work(run).total == Salary.objects.count() == PEOPLE
