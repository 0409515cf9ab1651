"""Typed calls of HiBob's API. Unknown fields are ignored, wrong types refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _
from msgspec import Struct, field

from integrations.auth.hosts import ResolvedHosts
from integrations.errors import ConfigProblem
from integrations.http.client import Http, Parameters

FIELDS = ["root.id", "root.email", "root.displayName"]
NO_POLICY = (400, 404)
"""HiBob does not describe how it says that an employee has no policy of a type; either of these is taken as that."""


class Employee(Struct):
    id: str
    email: str = ""
    name: str = field(name="displayName", default="")


class Span(Struct, rename="camel"):
    """When somebody is away. Which of the fields are there depends on `type`."""

    request_id: int
    employee_id: str
    type: str = "days"
    start_date: date | None = None
    start_portion: str = "all_day"
    end_date: date | None = None
    end_portion: str = "all_day"
    day: date | None = field(name="date", default=None)
    hours: int = field(name="hoursOnDate", default=0)
    minutes: int = 0
    daily_hours: Decimal = Decimal(0)

    @property
    def first(self) -> date | None:
        return self.day or self.start_date

    @property
    def last(self) -> date | None:
        return self.day or self.end_date or self.start_date


class Out(Span, rename="camel"):
    """A request as it is now."""

    policy_type: str = ""
    status: str = ""
    name: str = field(name="employeeDisplayName", default="")


class Change(Span, rename="camel"):
    """A request as it was when it changed. One whose dates are changed is replaced: `previous_request_id` is what it was called before."""

    change_type: str = ""
    email: str = field(name="employeeEmail", default="")
    previous_request_id: int | None = None


class PolicyType(Struct):
    """`unit` is `days` or `hours`."""

    name: str
    unit: str = "days"


class Balance(Struct, rename="camel"):
    """What an employee has of a policy type in the cycle that began at `starting_balance_as_of`, in the policy type's unit."""

    starting_balance_as_of: date
    policy: str = ""
    annual_allowance: Decimal | None = None
    starting_balance: Decimal = Decimal(0)
    total_admin_adjustments: Decimal = Decimal(0)


class _Employees(Struct):
    employees: list[Employee] = []


class _Outs(Struct):
    outs: list[Out] = []


class _Changes(Struct):
    changes: list[Change] = []


class _PolicyTypes(Struct):
    names: list[str] = field(name="policyTypes", default=[])


class HibobClient:
    def __init__(self, http: Http, integration: Any, hosts: ResolvedHosts) -> None:
        self._http = http
        self.integration = integration
        self.web = hosts.auth["web"]

    def employees(self, *, inactive: bool = False) -> dict[str, Employee]:
        """By id. HiBob answers what a service user may not see with less, not with a refusal: raises `ConfigProblem` for that."""
        asked = {"fields": FIELDS, "showInactive": inactive}
        answer = self._http.send("POST", "/people/search", json=asked, safe_to_repeat=True).decode(_Employees)
        if not answer.employees:
            advice = _("Put the service user into a permission group that sees all employees.")
            raise ConfigProblem(_("HiBob shows this service user nobody."), field="service_user_id", advice=advice)
        if not any(employee.email for employee in answer.employees):
            advice = _("Let its permission group view the basic info of all employees.")
            raise ConfigProblem(_("HiBob shows this service user no e-mail of anybody."), field="service_user_id", advice=advice)
        return {employee.id: employee for employee in answer.employees}

    def policy_types(self) -> list[str]:
        """Their names. Raises `ConfigProblem` when there are none to be seen."""
        names = self._http.get("/timeoff/policy-types", as_=_PolicyTypes).names
        if not names:
            advice = _("Let its permission group see the time off of all employees, and add a policy type in HiBob if there is none.")
            raise ConfigProblem(_("HiBob shows this service user no policy type."), field="service_user_id", advice=advice)
        return names

    def policy_type(self, name: str) -> PolicyType:
        return self._http.get(f"/timeoff/policy-types/{quote(name, safe='')}", as_=PolicyType)

    def outs(self, first: date, last: date) -> list[Out]:
        """The approved requests that touch these days, as they are now."""
        asked: Parameters = {"from": first.isoformat(), "to": last.isoformat(), "includeHourly": True, "includePrivate": True}
        return [out for out in self._http.get("/timeoff/whosout", params=asked, as_=_Outs).outs if out.status.lower() == "approved"]

    def changes(self, since: datetime) -> list[Change]:
        """What happened to requests, the oldest first; not further back than half a year."""
        asked = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return self._http.get("/timeoff/requests/changes", params={"since": asked}, as_=_Changes).changes

    def balance(self, employee_id: str, policy_type: str, day: date) -> Balance | None:
        """None for an employee without a policy of this type."""
        place = f"/timeoff/employees/{quote(employee_id, safe='')}/balance"
        answer = self._http.get(place, params={"policyType": policy_type, "date": day.isoformat()}, also_ok=NO_POLICY)
        return None if answer.status in NO_POLICY else answer.decode(Balance)
