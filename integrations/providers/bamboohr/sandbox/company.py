"""A company of the simulated BambooHR, and what its people do there."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from integrations import clock
from integrations.sandbox.chance import Chance

Row = dict[str, Any]
NAMES = (
    "Ada Lovelace",
    "Grace Hopper",
    "Alan Turing",
    "Edsger Dijkstra",
    "Barbara Liskov",
    "Donald Knuth",
    "Radia Perlman",
    "Ken Thompson",
)
CREW = ("Ana Berger", "Tomasz Nowak", "Miriam Şahin", "Jonas Lindqvist", "Priya Raman", "Sofía Ibáñez")
"""Whom the sandbox begins with: people who are known by their e-mail address where it is tried out."""
LOCATIONS = ("Berlin", "Vienna", "Remote")
SHIRTS = ("S", "M", "L")
FIELDS: tuple[Row, ...] = (
    {"id": 1, "name": "First Name", "type": "text", "alias": "firstName"},
    {"id": 2, "name": "Last Name", "type": "text", "alias": "lastName"},
    {"id": 3, "name": "Hire Date", "type": "date", "alias": "hireDate"},
    {"id": 4, "name": "Work Email", "type": "email", "alias": "workEmail"},
    {"id": 18, "name": "Location", "type": "list", "alias": "location"},
    {"id": 17, "name": "Job Title", "type": "list", "alias": "jobTitle"},
    {"id": "4340", "name": "Shirt Size", "type": "list", "alias": "customShirtSize"},
    {"id": "4341", "name": "Desk Budget", "type": "currency", "alias": "customDeskBudget"},
    {"id": "4342", "name": "Probation Ends", "type": "date", "alias": "customProbationEnds"},
    {"id": "4343", "name": "Motto", "type": "textarea", "alias": "customMotto"},
)
COLUMNS: tuple[tuple[str, str], ...] = (
    ("eeid", "EEID"),
    ("firstName", "First Name"),
    ("lastName", "Last Name"),
    ("email", "Email"),
    ("status", "Status"),
    ("hireDate", "Hire Date"),
    ("terminationDate", "Termination Date"),
    ("supervisorEId", "Supervisor EID"),
    ("location", "Location"),
    ("customShirtSize", "Shirt Size"),
    ("customDeskBudget", "Desk Budget"),
    ("customProbationEnds", "Probation Ends"),
    ("customMotto", "Motto"),
)


@dataclass
class Key:
    """An API key, or a login that an app was let in with; it sees what its person sees. A login also has to have the `scopes`."""

    employee: str
    is_admin: bool = True
    scopes: frozenset[str] | None = None

    def has(self, *scopes: str) -> bool:
        """Whether it is enough where any one of these will do."""
        return self.scopes is None or not self.scopes.isdisjoint(scopes)


@dataclass
class Company:
    """Employees by id, in the dataset's columns. `changed` and `deleted` are when, by id."""

    chance: Chance
    keys: dict[str, Key] = field(default_factory=dict)
    employees: dict[str, Row] = field(default_factory=dict)
    changed: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    deleted: dict[str, datetime] = field(default_factory=dict)
    pay: dict[str, Row] = field(default_factory=dict)
    types: dict[int, Row] = field(default_factory=dict)
    policies: dict[int, Row] = field(default_factory=dict)
    assigned: dict[str, dict[int, Row]] = field(default_factory=dict)
    requests: dict[int, Row] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)  # columns that the company does not have any more
    _last: int = 100

    def number(self) -> int:
        self._last += 1
        return self._last

    # Keys

    def make_key(self, employee: str = "", *, is_admin: bool = True) -> str:
        key = self.chance.token(40)
        self.keys[key] = Key(employee, is_admin)
        return key

    def key(self) -> str:
        """One of an admin's, made anew when there is none."""
        return next((key for key, made in self.keys.items() if made.is_admin), "") or self.make_key(next(iter(self.employees), ""))

    # People

    def hire(self, name: str = "", **columns: str) -> Row:
        number = str(self.number())
        first, _, last = (name or NAMES[int(number) % len(NAMES)]).partition(" ")
        row = {column: "" for column, _label in COLUMNS} | {
            "eeid": number,
            "firstName": first,
            "lastName": last,
            "email": f"{first}.{last}.{number}@northwind.example".lower(),
            "status": "Active",
            "hireDate": "2024-03-01",
            "location": LOCATIONS[int(number) % len(LOCATIONS)],
        }
        self.employees[number] = row | columns
        self.touch(number, "Inserted")
        return self.employees[number]

    def change(self, employee: str, **columns: str) -> Row:
        self.employees[employee] |= columns
        self.touch(employee)
        return self.employees[employee]

    def leave(self, employee: str, day: str = "") -> Row:
        return self.change(employee, status="Inactive", terminationDate=day or self.today().isoformat())

    def delete(self, employee: str) -> None:
        del self.employees[employee]
        self.changed.pop(employee, None)
        self.deleted[employee] = clock.now()

    def touch(self, employee: str, action: str = "Updated") -> None:
        self.changed[employee] = (clock.now(), action)

    # Pay

    def set_pay(self, employee: str, amount: str, start: str, **more: Any) -> Row:
        number = str(self.number())
        rate = {"currency": "EUR", "value": amount}
        row = {"id": number, "employeeId": employee, "startDate": start, "rate": rate, "type": "Salary", "paidPer": "Month", "comment": ""}
        self.pay[number] = row | more
        self.touch(employee)
        return self.pay[number]

    def paid(self, employee: str) -> Row | None:
        """The pay that began last."""
        mine = [row for row in self.pay.values() if row["employeeId"] == employee]
        return max(mine, key=lambda row: str(row["startDate"]), default=None)

    def change_pay(self, number: str, **columns: Any) -> Row:
        self.pay[number] |= columns
        self.touch(self.pay[number]["employeeId"])
        return self.pay[number]

    def delete_pay(self, number: str) -> None:
        self.touch(self.pay.pop(number)["employeeId"])

    # Time off

    def add_type(self, name: str, units: str = "days") -> Row:
        number = self.number()
        self.types[number] = {"id": number, "name": name, "units": units, "color": None, "icon": "palm-trees", "source": "internal"}
        return self.types[number]

    def add_policy(self, type_id: int, kind: str = "accruing") -> Row:
        number = self.number()
        name = f"{self.types[type_id]['name']} for all"
        self.policies[number] = {"id": number, "timeOffTypeId": type_id, "name": name, "effectiveDate": None, "type": kind}
        return self.policies[number]

    def assign(self, employee: str, policy: int, allowance: str = "30", since: str | None = "2024-03-01") -> Row:
        type_id = self.policies[policy]["timeOffTypeId"]
        given = {"timeOffPolicyId": policy, "timeOffTypeId": type_id, "accrualStartDate": since, "allowance": allowance}
        self.assigned.setdefault(employee, {})[policy] = given
        return given

    def ask(self, employee: str, type_id: int, dates: dict[str, float], *, status: str = "approved", note: str = "") -> Row:
        number, units = self.number(), self.types[type_id]["units"]
        self.requests[number] = {
            "id": number,
            "employeeId": int(employee),
            "name": " ".join(self.employees[employee][column] for column in ("firstName", "lastName")),
            "start": min(dates),
            "end": max(dates),
            "created": self.today().isoformat(),
            "status": {"lastChanged": self.today().isoformat(), "lastChangedByUserId": 1, "status": status},
            "type": {"id": type_id, "name": self.types[type_id]["name"], "icon": "palm-trees"},
            "amount": {"unit": units, "amount": sum(dates.values())},
            "actions": dict.fromkeys(("view", "edit", "cancel"), True) | dict.fromkeys(("approve", "deny", "bypass"), False),
            "dates": dict(dates),
            "notes": {"employee": note} if note else {},
        }
        return self.requests[number]

    def decide(self, request: int, status: str) -> Row:
        self.requests[request]["status"] |= {"status": status, "lastChanged": self.today().isoformat()}
        return self.requests[request]

    def used(self, employee: str, type_id: int, until: date) -> float:
        """What is approved of a type in the year of a day, up to it."""
        asked = [one for one in self.requests.values() if (one["employeeId"], one["type"]["id"]) == (int(employee), type_id)]
        days = [(day, amount) for one in asked if one["status"]["status"] == "approved" for day, amount in one["dates"].items()]
        return float(sum(amount for day, amount in days if f"{until.year}-01-01" <= day <= until.isoformat()))

    @staticmethod
    def today() -> date:
        return clock.now().astimezone(UTC).date()

    def lists(self) -> list[Row]:
        def listed(field_id: str, name: str, alias: str, options: tuple[str, ...]) -> Row:
            rows = [
                {"id": number, "archived": "no", "createdDate": "2020-01-01T00:00:00+00:00", "archivedDate": None, "name": option}
                for number, option in enumerate(options, 1)
            ]
            return {"fieldId": field_id, "name": name, "alias": alias, "manageable": "yes", "multiple": "no", "options": rows}

        found = [listed("18", "Location", "location", LOCATIONS), listed("4340", "Shirt Size", "customShirtSize", SHIRTS)]
        return [one for one in found if one["alias"] not in self.hidden]


def address_of(name: str) -> str:
    first = unicodedata.normalize("NFKD", name.partition(" ")[0]).encode("ascii", "ignore").decode()
    return f"{first.lower()}@northwind.example"


def furnish(company: Company, employees: int) -> None:
    """People with managers, pay, and time off taken and planned."""
    if not employees:
        return
    vacation, sick = company.add_type("Vacation"), company.add_type("Sick leave", "hours")
    policy = company.add_policy(vacation["id"])
    boss = company.hire(CREW[0], email=address_of(CREW[0]))
    for name in CREW[1:employees]:
        company.hire(name, email=address_of(name), supervisorEId=boss["eeid"])
    for _more in range(len(CREW), employees):
        company.hire(supervisorEId=boss["eeid"])
    monday = company.today() + timedelta(days=7 - company.today().weekday())
    for employee in list(company.employees)[:50]:
        company.set_pay(employee, "4000.00", "2024-03-01")
        company.set_pay(employee, "4500.00", "2026-01-01")
        company.assign(employee, policy["id"])
    week = {(monday + timedelta(days=day)).isoformat(): 1.0 for day in range(5)}
    company.ask(boss["eeid"], vacation["id"], week, note="Sailing")
    company.ask(next(reversed(company.employees)), vacation["id"], week, status="requested")
    company.ask(boss["eeid"], sick["id"], {company.today().isoformat(): 4})
