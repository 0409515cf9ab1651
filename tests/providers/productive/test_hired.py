"""The road of people: hired in BambooHR, they are in Productive with their time off and their pay, until they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from accounts.tenancy import within
from integrations import clock
from integrations.models import OutboxItem
from integrations.providers.bamboohr.sandbox import BamboohrSandbox
from integrations.providers.productive.sandbox.store import Resource
from integrations.records.models import Booking, Entitlement, Event, Person, Salary, Subsidiary
from integrations.sandbox.server import installed_sandboxes, running_sandbox
from tests.conftest import World
from tests.contract.sandboxes import Witness
from tests.providers.bamboohr.office import Office
from tests.providers.productive.agency import Agency

KINDS = ("person", "event", "entitlement", "booking", "salary")
WRITTEN = ("people", "entitlements", "bookings", "salaries")
MODELS = (Person, Event, Entitlement, Booking, Salary)


@dataclass
class Road:
    agency: Agency
    office: Office
    day: str = field(default_factory=lambda: (clock.now() + timedelta(days=40)).date().isoformat())

    def bring(self) -> None:
        """BambooHR's side comes in, and what there is to write goes out."""
        self.office.later(timedelta(days=1).total_seconds() + 60)
        for kind in KINDS:
            run = self.office.bring(kind)
            assert run.state == "succeeded", (kind, run.message)
        self.agency.write()

    def hire(self, name: str = "Grace Hopper", **columns: str) -> str:
        """Somebody with thirty days of vacation, of which one is approved, and with pay."""
        company = self.office.company
        employee = str(company.hire(name, **columns)["eeid"])
        vacation = next((number for number, one in company.types.items() if one["name"] == "Vacation"), None)
        vacation = vacation or company.add_type("Vacation")["id"]
        company.assign(employee, company.add_policy(vacation)["id"], "30")
        company.ask(employee, vacation, {self.day: 1}, note="Sailing")
        company.set_pay(employee, "4000.00", "2024-03-01")
        return employee

    def pull(self) -> None:
        """Productive tells what it has."""
        for kind in ("subsidiary", *KINDS):
            run = self.agency.bring(kind)
            assert run.state == "succeeded", (kind, run.message)

    def there(self, path: str) -> list[Resource]:
        """What Productive has of it, but for who was there before."""
        return [one for one in self.agency.productive.store.of(path).values() if one.attributes.get("email") != "ada@northwind.example"]

    def written(self, since: int) -> list[str]:
        return [call for call in self.agency.calls(since) if not call.startswith("GET")]


@pytest.fixture
def road(world: World, settings: Any, later: Callable[[float], None]) -> Iterator[Road]:
    with running_sandbox(sandboxes=installed_sandboxes("productive", "bamboohr")) as server:
        settings.SANDBOX_URL = server.url
        witness = Witness(server)
        witness.watch()
        with within(world.organization):
            agency = Agency(world.organization, server, later)
            agency.integration.writes_people = agency.integration.writes_time_off = agency.integration.writes_pay = True
            agency.integration.save()
            agency.bring("subsidiary")
            agency.bring("person")
            bamboo = server.sandboxes["bamboohr"]
            assert isinstance(bamboo, BamboohrSandbox)
            office = Office(world.organization, bamboo, later)
            office.connect()
            office.set(
                bamboo_default_subsidiary=Subsidiary.objects.get(productive_id__isnull=False),
                bamboo_enable_time_offs=True,
                bamboo_enable_cost_rates=True,
            )
            yield Road(agency, office)
    if settings.SPECS_DIR is not None and settings.SPECS_DIR.is_dir():
        witness.check(settings.SPECS_DIR)


def test_who_is_hired_is_in_productive_once_with_time_off_and_pay(road: Road) -> None:
    road.hire()
    road.bring()
    assert not OutboxItem.everywhere.exclude(state="succeeded").exists()
    ((person,), (entitlement,), (booking,), (salary,)) = (road.there(path) for path in WRITTEN)
    (own,) = {one.links["company"] for one in road.agency.productive.store.of("organizations").values()}
    assert (person.attributes["first_name"], person.attributes["last_name"]) == ("Grace", "Hopper")
    assert (person.links["company"], person.attributes["hrm_type_id"]) == (own, 1)
    assert person.links["subsidiary"] in road.agency.productive.store.of("subsidiaries")
    (event,) = road.there("events")
    assert {one.links["person"] for one in (entitlement, booking, salary)} == {person.id}
    assert (event.attributes["name"], entitlement.links["event"], booking.links["event"]) == ("Vacation", event.id, event.id)
    assert entitlement.attributes["allocated"] == 30
    assert (booking.attributes["started_on"], booking.attributes["percentage"]) == (road.day, 100)
    assert booking.attributes["note"].startswith("Sailing [")
    pay = {name: salary.attributes[name] for name in ("cost", "currency", "salary_type_id", "started_on", "ended_on")}
    assert pay == {"cost": 400_000, "currency": "EUR", "salary_type_id": 1, "started_on": "2024-03-01", "ended_on": None}


def test_productive_telling_of_them_changes_nothing_and_nothing_is_sent_twice(road: Road) -> None:
    road.hire()
    road.bring()
    road.pull()
    before = {model: sorted(model.objects.values_list("pk", "revision", "productive_id")) for model in MODELS}
    held = {path: len(road.there(path)) for path in WRITTEN}
    since = len(road.agency.exchanges)
    for _again in range(2):
        road.pull()
        road.bring()
    assert {model: sorted(model.objects.values_list("pk", "revision", "productive_id")) for model in MODELS} == before
    assert all(productive_id for rows in before.values() for _pk, _revision, productive_id in rows)
    assert {path: len(road.there(path)) for path in WRITTEN} == held
    assert not road.written(since)
    assert not OutboxItem.everywhere.exclude(state="succeeded").exists()


def test_a_change_in_bamboohr_follows(road: Road) -> None:
    employee = road.hire()
    road.bring()
    road.pull()
    boss = road.office.company.hire("Ada Lovelace")
    road.office.company.change(employee, lastName="Murray", supervisorEId=boss["eeid"])
    road.office.company.set_pay(employee, "4500.00", "2026-07-01")
    road.bring()
    (person,) = [one for one in road.there("people") if one.attributes["first_name"] == "Grace"]
    assert person.attributes["last_name"] == "Murray"
    assert road.agency.there("people", person.links["manager"])["first_name"] == "Ada"
    assert [(one.attributes["cost"], one.attributes["ended_on"]) for one in road.there("salaries")] == [
        (400_000, "2026-06-30"),
        (450_000, None),
    ]


def test_what_is_canceled_in_bamboohr_is_deleted_in_productive(road: Road) -> None:
    road.hire()
    road.bring()
    road.pull()
    (request,) = road.office.company.requests
    (booking,) = road.there("bookings")
    road.office.company.decide(request, "canceled")
    road.bring()
    assert not road.there("bookings")
    road.pull()
    assert not Booking.objects.filter(remote_deleted_at=None).exists()
    road.office.company.decide(request, "approved")
    road.bring()
    road.pull()
    (again,) = road.there("bookings")
    assert again.id != booking.id
    assert Booking.objects.get().productive_id == again.id


@pytest.mark.parametrize("how", ["leave", "delete"])
def test_who_leaves_is_deactivated_there_and_stays(road: Road, how: str) -> None:
    employee = road.hire()
    road.bring()
    road.pull()
    getattr(road.office.company, how)(employee)
    road.bring()
    (person,) = road.there("people")
    assert person.attributes["deactivated_at"] is not None
    since = len(road.agency.exchanges)
    road.pull()
    road.bring()
    assert Person.objects.get(email=person.attributes["email"]).deactivated_at is not None
    assert not road.written(since)


def test_who_comes_back_is_active_again(road: Road) -> None:
    employee = road.hire()
    road.bring()
    road.office.company.leave(employee)
    road.bring()
    road.office.company.change(employee, status="Active", terminationDate="")
    road.bring()
    (person,) = road.there("people")
    assert person.attributes["deactivated_at"] is None


def test_who_was_in_productive_already_is_the_one_and_is_deactivated_when_leaving(road: Road) -> None:
    employee = road.hire("Ada Byron", email="Ada@northwind.example")
    road.bring()
    (person,) = road.agency.productive.store.of("people").values()
    assert (person.attributes["last_name"], Person.objects.count()) == ("Byron", 1)
    assert [one.links["person"] for path in WRITTEN[1:] for one in road.there(path)] == [person.id] * 3
    road.office.company.leave(employee)
    road.bring()
    assert person.attributes["deactivated_at"] is not None
    road.pull()
    assert Person.objects.get().deactivated_at is not None
