"""How many calls it costs: few for what changed, whatever the number of people."""

from __future__ import annotations

from integrations.records.models import Person
from tests.crowds import change_bamboohr, fill_bamboohr
from tests.providers.bamboohr.office import Office

PEOPLE, CHANGED = 250, 10


def test_ten_changes_among_many_people_cost_two_calls(office: Office) -> None:
    """Among twenty thousand as well: tests/benchmarks/bench_people.py"""
    fill_bamboohr(office.sandbox, PEOPLE)
    assert office.bring("person").succeeded == PEOPLE
    change_bamboohr(office.sandbox, CHANGED)
    since = len(office.exchanges)
    run = office.bring("person")
    assert (run.total, run.succeeded) == (CHANGED, CHANGED)
    assert office.asked(since) == ["GET /api/v1/employees/changed", "POST /api/v2/datasets/employee/data"]
    assert Person.objects.filter(last_name="Changed").count() == CHANGED


def test_where_nothing_changed_one_call_says_so(office: Office) -> None:
    office.bring("person")
    since = len(office.exchanges)
    office.bring("person")
    assert office.asked(since) == ["GET /api/v1/employees/changed"]


def test_pay_that_changed_is_one_call_and_all_pay_is_one_as_well(office: Office) -> None:
    for _number in range(5):
        office.company.set_pay(office.company.hire()["eeid"], "4000.00", "2024-03-01")
    office.set(bamboo_enable_cost_rates=True)
    office.bring("person")
    for path in ("all", "changed"):
        since = len(office.exchanges)
        office.bring("salary")
        assert office.asked(since) == [f"GET /api/v1/employees/{path}/tables/compensation"]


def test_everybody_is_read_a_thousand_at_a_time_and_managers_once_more(office: Office) -> None:
    for _number in range(1500):
        office.company.hire(email="")
    since = len(office.exchanges)
    office.bring("person")
    assert len([call for call in office.asked(since) if "datasets" in call]) == 1 + 2 + 2
