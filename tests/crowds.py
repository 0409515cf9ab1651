"""Many people and records at the simulated vendors, made long before anybody asks, for what has to bear their number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any

from integrations import clock
from integrations.providers.bamboohr.sandbox import BamboohrSandbox
from integrations.providers.hibob.sandbox import HibobSandbox
from integrations.providers.hibob.sandbox.company import Employee, Policy, days
from integrations.providers.productive.listings import BUNDLES
from integrations.providers.productive.sandbox import ProductiveSandbox
from integrations.providers.productive.sandbox.tables import TABLES
from tests.providers.productive.contract import EDITED, MADE

AGO = timedelta(days=2)
KIND_OF = {listing.path: listing.kinds[0] for bundle in BUNDLES.values() for listing in bundle}
OWN = ("name", "title", "email", "number")
"""What no two resources of Productive have alike."""


def fill_productive(sandbox: ProductiveSandbox, path: str, count: int) -> None:
    """So many more of a list, each like the first one there but for its name."""
    store = sandbox.store
    first = next(iter(store.of(path).values()), None)
    attributes: dict[str, Any] = dict(first.attributes) if first else dict(MADE.get(KIND_OF[path], ({"name": "One of many"}, {}))[0])
    own = [name for name in OWN if name in TABLES[path].attributes and name in attributes]
    for number in range(count):
        store.add(path, {**attributes, **{name: f"{number}.{attributes[name]}" for name in own}}, **(first.links if first else {}))
    for resource in store.of(path).values():
        resource.updated_at = clock.now() - AGO


def change_productive(sandbox: ProductiveSandbox, path: str, count: int) -> None:
    attributes, _values = EDITED.get(KIND_OF[path], ({"name": "Another name"}, {}))
    for resource in list(islice(sandbox.store.of(path).values(), count)):
        sandbox.store.change(resource, **attributes)


def fill_bamboohr(sandbox: BamboohrSandbox, people: int, *, with_time_off: bool = False) -> None:
    """People with one boss; if wanted, each is paid, has thirty days of vacation, and takes one of them around today."""
    company, today = sandbox.company, clock.now().date()
    boss = company.hire("Ada Lovelace")
    employees = [boss, *(company.hire(f"P{number} Smith", supervisorEId=boss["eeid"]) for number in range(people - 1))]
    if with_time_off:
        vacation = company.add_type("Vacation")["id"]
        policy = company.add_policy(vacation)["id"]
        for number, row in enumerate(employees):
            company.assign(row["eeid"], policy)
            company.set_pay(row["eeid"], "4000.00", "2024-03-01")
            company.ask(row["eeid"], vacation, {(today + timedelta(days=number % 400 - 80)).isoformat(): 1})
    company.changed = {employee: (at - AGO, action) for employee, (at, action) in company.changed.items()}


def change_bamboohr(sandbox: BamboohrSandbox, count: int) -> None:
    for employee in list(islice(sandbox.company.employees, count)):
        sandbox.company.change(employee, lastName="Changed")


def fill_hibob(sandbox: HibobSandbox, people: int, *, policies: int = 0) -> list[Employee]:
    """Each takes one day off around today; so many of them have a policy."""
    company, today = sandbox.company, clock.now().date()
    employees = [company.hire(f"p{number}", "Smith") for number in range(people)]
    for number, employee in enumerate(employees):
        day = today + timedelta(days=number % 400 - 80)
        company.take(employee, "Holiday", **days(day, day))
        if number < policies:
            company.assign(employee, "Holiday", Policy("Holiday"))
    company.changes = [replace(change, at=change.at - AGO) for change in company.changes]
    return employees


def change_hibob(sandbox: HibobSandbox, count: int) -> None:
    """So many of them take off another day of the next weeks."""
    company, today = sandbox.company, clock.now().date()
    for number, employee in enumerate(list(company.employees.values())[-count:]):
        day = today + timedelta(days=number % 20)
        company.take(employee, "Holiday", **days(day, day))


KEYS: dict[str, Callable[[Any], Mapping[str, str]]] = {
    "productive": lambda sandbox: {"token": sandbox.token, "organization_id": sandbox.organization_id},
    "bamboohr": lambda sandbox: {"subdomain": "northwind", "api_key": sandbox.company.key()},
    "hibob": lambda sandbox: {"service_user_id": sandbox.door.service_user, "token": sandbox.door.token},
}
"""What each vendor wants to see of whoever connects."""
