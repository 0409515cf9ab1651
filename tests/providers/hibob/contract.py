"""How people work in HiBob, for the contract suite."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations import clock
from integrations.models import Link
from integrations.providers.hibob.sandbox import HibobSandbox
from integrations.providers.hibob.sandbox.company import Employee, Policy, Request, days
from integrations.records.choices import BookingMethod, BookingType
from tests.contract.house import EMAIL
from tests.contract.scenario import Entered, Scenario

HOLIDAY = "Holiday"


class HibobScenario(Scenario):
    """Nobody has taken time off or has a policy, until it is entered."""

    sandbox: HibobSandbox

    def __init__(self, sandbox: Any) -> None:
        super().__init__(sandbox)
        sandbox.reset({"populated": False})

    @property
    def ours(self) -> Employee:
        return next(employee for employee in self.sandbox.company.employees.values() if employee.email == EMAIL)

    def keys(self) -> Mapping[str, str]:
        return {"service_user_id": self.sandbox.door.service_user, "token": self.sandbox.door.token}

    def settle(self, integration: Any) -> None:
        """Only what is counted in days has a category that is limited by days."""
        mapping = integration.hibob_policy_type_mapping
        integration.hibob_policy_type_mapping = {HOLIDAY: mapping[HOLIDAY]}

    def enter(self, kind: str, links: Mapping[str, Link]) -> Entered:
        return self._booked(self._take(self.ours)) if kind == "booking" else self._allow(self.ours, Decimal("27.5"))

    def edit(self, kind: str, entered: Entered) -> Entered:
        if kind == "entitlement":
            return self._allow(self.ours, Decimal(30))
        request = self.sandbox.company.requests[int(entered.remote_id)]
        longer = (request.last + timedelta(days=2)).isoformat()
        return self._booked(self.sandbox.company.move(request, endDate=longer))

    def remove(self, kind: str, entered: Entered) -> None:
        if kind == "booking":
            self.sandbox.company.cancel(int(entered.remote_id))
        else:
            self.sandbox.company.withdraw(self.ours, HOLIDAY)

    def enter_foreign(self, kind: str) -> None:
        stranger = self.sandbox.company.whoever_has("ivo")
        if kind == "booking":
            self._take(stranger)
        else:
            self._allow(stranger, Decimal(20))

    def _take(self, employee: Employee) -> Request:
        first = clock.now().date() + timedelta(days=10)
        return self.sandbox.company.take(employee, HOLIDAY, **days(first, first + timedelta(days=3)))

    @staticmethod
    def _booked(request: Request) -> Entered:
        values = {
            "started_on": request.first,
            "ended_on": request.last,
            "booking_type_id": BookingType.ABSENCE,
            "booking_method_id": BookingMethod.PERCENTAGE,
            "percentage": Decimal(100),
        }
        return Entered(str(request.id), values)

    def _allow(self, employee: Employee, allowance: Decimal) -> Entered:
        self.sandbox.company.assign(employee, HOLIDAY, Policy("Holiday, full time", allowance))
        year = clock.now().year
        values = {
            "start_date": date(year, 1, 1),
            "end_date": date(year, 12, 31),
            "allocated": allowance,
            "note": "Holiday, full time",
        }
        return Entered(f"{employee.id}/{HOLIDAY}/{year}-01-01", values)


SCENARIO = HibobScenario
