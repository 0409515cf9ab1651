"""How people work in BambooHR, for the contract suite."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from integrations.models import Link
from integrations.providers.bamboohr.sandbox import BamboohrSandbox
from integrations.providers.bamboohr.sandbox.calls import changed, signed
from integrations.providers.bamboohr.sandbox.company import Company, Row
from integrations.records.choices import BookingMethod, BookingType, LimitationType, SalaryType
from tests.contract.scenario import Entered, Scenario


class BamboohrScenario(Scenario):
    sandbox: BamboohrSandbox
    stand_alone = frozenset({"event"})

    def __init__(self, sandbox: Any) -> None:
        super().__init__(sandbox)
        sandbox.reset({"employees": 0})

    @property
    def company(self) -> Company:
        return self.sandbox.company

    def keys(self) -> Mapping[str, str]:
        return {"subdomain": "northwind", "api_key": self.company.key()}

    def enter_owners(self, kind: str) -> None:
        """Somebody works there, and there is something to take off."""
        self.company.hire("Ada Lovelace")
        self.company.add_policy(self.company.add_type("Vacation")["id"])

    def enter(self, kind: str, links: Mapping[str, Link]) -> Entered:
        made = {"person": self._hire, "event": self._type, "salary": self._pay, "booking": self._ask, "entitlement": self._assign}
        return made[kind]()

    def edit(self, kind: str, entered: Entered) -> Entered:
        if kind == "person":
            return self._person(self.company.change(entered.remote_id, lastName="Byron"))
        if kind == "event":
            self.company.types[int(entered.remote_id)]["name"] = "Sabbatical"
            return Entered(entered.remote_id, {"name": "Sabbatical"})
        if kind == "salary":
            return self._salary(self.company.change_pay(entered.remote_id, rate={"currency": "EUR", "value": "4750.50"}))
        if kind == "entitlement":
            employee, policy, _year = entered.remote_id.split(":")
            self.company.assigned[employee][int(policy)]["allowance"] = "32.5"
            return Entered(entered.remote_id, {"allocated": Decimal("32.5")})
        request = self.company.requests[int(entered.remote_id)]
        request["notes"] = {"employee": "Climbing"}
        return Entered(entered.remote_id, {"note": "Climbing"})

    def remove(self, kind: str, entered: Entered) -> None:
        if kind == "person":
            self.company.delete(entered.remote_id)
        elif kind == "event":
            del self.company.types[int(entered.remote_id)]
        elif kind == "salary":
            self.company.delete_pay(entered.remote_id)
            self.enter_foreign("salary")  # the key sees that somebody is paid
        elif kind == "entitlement":
            employee, policy, _year = entered.remote_id.split(":")
            del self.company.assigned[employee][int(policy)]
        else:
            self.company.decide(int(entered.remote_id), "canceled")

    def enter_foreign(self, kind: str) -> None:
        """Somebody who left long ago, or what belongs to somebody who did."""
        gone = self.company.hire("Grace Hopper", status="Inactive", terminationDate="2019-12-31")["eeid"]
        if kind == "salary":
            self.company.set_pay(gone, "1000.00", "2018-01-01")
        elif kind == "booking":
            self.company.ask(gone, next(iter(self.company.types)), self._days())
        elif kind == "entitlement":
            newcomer = self.company.hire("Alan Turing")["eeid"]
            self.company.assign(newcomer, next(iter(self.company.policies)))

    def call(self, realm_id: str, key: str) -> tuple[bytes, Mapping[str, str]]:
        body = changed("101", "Updated")
        return body, signed(body, key, realm_id)

    def _somebody(self) -> str:
        return next(iter(self.company.employees))

    def _hire(self) -> Entered:
        return self._person(self.company.hire("Ada Lovelace"))

    def _person(self, row: Row) -> Entered:
        joined_at = datetime(2024, 3, 1, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
        values = {"first_name": "Ada", "last_name": row["lastName"], "email": row["email"], "joined_at": joined_at, "deactivated_at": None}
        return Entered(row["eeid"], values)

    def _type(self) -> Entered:
        row = self.company.add_type("Vacation")
        return Entered(str(row["id"]), {"name": "Vacation", "limitation_type_id": LimitationType.DAYS})

    def _pay(self) -> Entered:
        return self._salary(self.company.set_pay(self._somebody(), "4000.00", "2026-01-01"))

    def _salary(self, row: Row) -> Entered:
        values = {"started_on": date(2026, 1, 1), "ended_on": None, "currency": "EUR", "salary_type_id": SalaryType.MONTHLY}
        return Entered(row["id"], {**values, "cost": Decimal(row["rate"]["value"])})

    def _ask(self) -> Entered:
        days = self._days()
        row = self.company.ask(self._somebody(), next(iter(self.company.types)), days, note="Sailing")
        values = {"started_on": date.fromisoformat(min(days)), "ended_on": date.fromisoformat(max(days)), "note": "Sailing"}
        kind = {"booking_type_id": BookingType.ABSENCE, "booking_method_id": BookingMethod.PERCENTAGE, "percentage": Decimal(100)}
        return Entered(str(row["id"]), {**values, **kind})

    def _days(self) -> dict[str, float]:
        """Monday to Friday, some weeks ahead."""
        monday = self.company.today() + timedelta(days=28 - self.company.today().weekday())
        return {(monday + timedelta(days=number)).isoformat(): 1 for number in range(5)}

    def _assign(self) -> Entered:
        employee, policy = self._somebody(), next(iter(self.company.policies))
        self.company.assign(employee, policy, "30")
        year = self.company.today().year
        values = {"start_date": date(year, 1, 1), "end_date": date(year, 12, 31), "allocated": Decimal(30), "used": Decimal(0)}
        return Entered(f"{employee}:{policy}:{year}", values)


SCENARIO = BamboohrScenario
