"""How many calls it costs: what changed is told at once, and balances one at a time."""

from __future__ import annotations

from integrations.providers.hibob.sandbox import HibobSandbox
from integrations.providers.hibob.sandbox.company import Company, Policy
from integrations.records.models import Person
from tests.contract.harness import Harness
from tests.crowds import change_hibob, fill_hibob

PEOPLE, CHANGED = 100, 10


def asked(harness: Harness, since: int) -> list[str]:
    return [exchange.request.path.removeprefix("/v1") for exchange in harness.exchanges[since:]]


def test_ten_changes_among_many_people_cost_two_calls(harness: Harness, hibob: HibobSandbox) -> None:
    """HiBob has no list of changed people. Among twenty thousand as well: tests/benchmarks/bench_people.py"""
    names = [employee.first_name for employee in fill_hibob(hibob, PEOPLE)]
    Person.everywhere.bulk_create(
        [Person(organization=harness.organization, first_name=name, email=f"{name}@northwind.example") for name in names]
    )
    assert harness.bring("booking", full=True).succeeded == PEOPLE
    harness.later(3600)
    change_hibob(hibob, CHANGED)
    since = len(harness.exchanges)
    assert harness.bring("booking").succeeded == CHANGED
    assert asked(harness, since) == ["/timeoff/requests/changes", "/timeoff/whosout"]


def test_an_allowance_costs_a_call_since_hibob_tells_one_at_a_time(harness: Harness, company: Company) -> None:
    for employee in company.employees.values():
        company.assign(employee, "Holiday", Policy("Holiday"))
    since = len(harness.exchanges)
    harness.bring("entitlement")
    calls = asked(harness, since)
    working = [employee for employee in company.employees.values() if employee.active]
    assert len(calls) == len(working) + len(["/people/search", "/timeoff/policy-types/Holiday"])
    assert len(set(calls)) == len(calls)
