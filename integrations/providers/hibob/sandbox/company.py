"""One company in HiBob: its people, their policies, and their time off. What its HR people do are the methods of `Company`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations import clock
from integrations.sandbox.chance import Chance

DOMAIN = "northwind.example"
PEOPLE = ("Ana Berger", "Tomasz Nowak", "Miriam Şahin", "Jonas Lindqvist", "Priya Raman", "Sofía Ibáñez", "Ivo Nobody")
PENDING, APPROVED = "Pending", "Approved"
CREATED, CANCELED, DELETED = "Created", "Canceled", "Deleted"

Row = dict[str, Any]


@dataclass
class Employee:
    id: str
    first_name: str
    surname: str
    email: str
    active: bool = True

    @property
    def display_name(self) -> str:
        return f"{self.first_name} {self.surname}"


@dataclass(frozen=True)
class PolicyType:
    name: str
    unit: str = "days"
    activity: str = "paidTimeoff"


POLICY_TYPES = (
    PolicyType("Holiday"),
    PolicyType("Sick"),
    PolicyType("Overtime", unit="hours"),
    PolicyType("Remote", activity="workTime"),
)


@dataclass(frozen=True)
class Policy:
    """What one employee has of a policy type."""

    name: str
    allowance: Decimal | None = Decimal(25)
    starting_balance: Decimal = Decimal(0)
    adjustments: Decimal = Decimal(0)


@dataclass(frozen=True)
class Request:
    """`span` are the fields that say when, as the API names them: which of them there are depends on `type`."""

    id: int
    employee: Employee
    policy_type: str
    type: str
    span: Row
    status: str = PENDING
    original_id: int | None = None
    previous_id: int | None = None

    @property
    def first(self) -> date:
        return date.fromisoformat(self.span.get("date") or self.span["startDate"])

    @property
    def last(self) -> date:
        return date.fromisoformat(self.span.get("date") or self.span["endDate"])

    @property
    def is_hourly(self) -> bool:
        return self.type in ("hours", "hoursOnRange")

    def row(self) -> Row:
        """What every answer says of it."""
        return {
            "requestId": self.id,
            "employeeId": self.employee.id,
            "employeeDisplayName": self.employee.display_name,
            "policyTypeDisplayName": self.policy_type,
            "type": self.type,
            **self.span,
        }


@dataclass(frozen=True)
class Change:
    at: datetime
    kind: str
    request: Request

    def row(self) -> Row:
        days = (self.request.last - self.request.first).days + 1
        ids = {"originalRequestId": self.request.original_id, "previousRequestId": self.request.previous_id}
        return {
            "changeType": self.kind,
            "employeeEmail": self.request.employee.email,
            **{name: value for name, value in self.request.row().items() if name != "minutes"},  # only the list of who is out has them
            "durationUnit": "days",
            "totalDuration": days,
            "totalCost": days,
            **{name: value for name, value in ids.items() if value is not None},
        }


@dataclass
class Company:
    chance: Chance
    employees: dict[str, Employee] = field(default_factory=dict)
    policy_types: dict[str, PolicyType] = field(default_factory=dict)
    policies: dict[tuple[str, str], Policy] = field(default_factory=dict)
    requests: dict[int, Request] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    _last_id: int = 4000

    def found(self) -> None:
        """Everybody who works there, and what they may be away for."""
        for name in PEOPLE:
            first_name, _, surname = name.partition(" ")
            self.hire(first_name, surname)
        self.policy_types = {each.name: each for each in POLICY_TYPES}

    def settle_in(self) -> None:
        """Policies for everybody, and time off around today."""
        today = clock.now().date()
        for number, employee in enumerate(self.employees.values()):
            self.assign(employee, "Holiday", Policy("Holiday, full time", Decimal(28), starting_balance=Decimal(number % 4)))
            first = today + timedelta(days=7 * number - 14)
            self.take(employee, "Holiday", **days(first, first + timedelta(days=4)))
        ana = self.whoever_has("ana")
        self.take(ana, "Sick", **days(today - timedelta(days=30), today - timedelta(days=28), start="afternoon"))
        self.submit(ana, "Holiday", **days(today + timedelta(days=60), today + timedelta(days=74)))

    # What people do

    def hire(self, first_name: str, surname: str, email: str | None = None) -> Employee:
        address = f"{first_name.lower()}@{DOMAIN}".replace("í", "i") if email is None else email
        employee = Employee(self.chance.uuid(), first_name, surname, address)
        self.employees[employee.id] = employee
        return employee

    def whoever_has(self, name: str) -> Employee:
        """The employee whose e-mail begins so."""
        return next(employee for employee in self.employees.values() if employee.email.startswith(f"{name}@"))

    def assign(self, employee: Employee, policy_type: str, policy: Policy) -> None:
        self.policies[employee.id, policy_type] = policy

    def withdraw(self, employee: Employee, policy_type: str) -> None:
        del self.policies[employee.id, policy_type]

    def submit(self, employee: Employee, policy_type: str, type: str = "days", **span: Any) -> Request:
        """Ask for time off, which nobody has approved yet."""
        self._last_id += 1
        request = Request(self._last_id, employee, policy_type, type, span)
        self.requests[request.id] = request
        return request

    def approve(self, request: Request) -> Request:
        approved = self.requests[request.id] = replace(request, status=APPROVED)
        self._tell(CREATED, approved)
        return approved

    def take(self, employee: Employee, policy_type: str, type: str = "days", **span: Any) -> Request:
        return self.approve(self.submit(employee, policy_type, type, **span))

    def move(self, request: Request, **span: Any) -> Request:
        """Change when: HiBob makes a new request of it, which takes the place of the old one."""
        del self.requests[request.id]
        moved = self.submit(request.employee, request.policy_type, request.type, **{**request.span, **span})
        return self.approve(replace(moved, original_id=request.original_id or request.id, previous_id=request.id))

    def cancel(self, request_id: int) -> None:
        self._tell(CANCELED, self.requests.pop(request_id))

    def delete(self, request_id: int) -> None:
        self._tell(DELETED, self.requests.pop(request_id))

    def _tell(self, kind: str, request: Request) -> None:
        self.changes.append(Change(clock.now(), kind, request))

    # What is asked

    def out(self, first: date, last: date, *, hourly: bool, pending: bool) -> list[Request]:
        return [
            request
            for request in self.requests.values()
            if request.first <= last
            and request.last >= first
            and (hourly or not request.is_hourly)
            and (pending or request.status == APPROVED)
        ]

    def balance(self, employee: Employee, policy_type: str, day: date) -> Row | None:
        """None without a policy. The cycle is the calendar year."""
        policy = self.policies.get((employee.id, policy_type))
        if policy is None:
            return None
        begun = date(day.year, 1, 1)
        mine = [request for request in self.requests.values() if (request.employee, request.policy_type) == (employee, policy_type)]
        taken = sum(
            (request.last - request.first).days + 1 for request in mine if request.status == APPROVED and request.first.year == day.year
        )
        total = (policy.allowance or 0) + policy.starting_balance + policy.adjustments - taken
        return {
            "employeeId": employee.id,
            "totalBalanceAsOfDate": total,
            "totalRoundedBalanceAsOfDate": total,
            "pointInTime": day.isoformat(),
            "startingBalance": policy.starting_balance,
            "startingBalanceAsOf": begun.isoformat(),
            "totalTaken": taken,
            "totalAdminAdjustments": policy.adjustments,
            "totalSystemAdjustments": 0,
            "policy": policy.name,
            **({} if policy.allowance is None else {"annualAllowance": policy.allowance}),
        }


def days(first: date, last: date, *, start: str = "all_day", end: str = "all_day") -> Row:
    """Whole days, of which the first and the last may be half ones."""
    return {"startDate": first.isoformat(), "startPortion": start, "endDate": last.isoformat(), "endPortion": end}
