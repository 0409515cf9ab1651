"""Typed calls of BambooHR's API. Unknown fields are ignored, wrong types refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from msgspec import Struct, field

from integrations.auth.hosts import ResolvedHosts
from integrations.http.client import Http

PAGE_SIZE = 1000
"""Rows of one answer of a dataset; the most that it gives."""
IDS_AT_ONCE = 200
"""How many people are asked for by name in one call."""
FORBIDDEN, NOBODY = (403,), (404,)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Columns:
    """What the dataset of employees calls its columns. BambooHR promises no names, so the test of the connection looks for them."""

    id: str = "eeid"
    first_name: str = "firstName"
    last_name: str = "lastName"
    email: str = "email"
    status: str = "status"
    hired_on: str = "hireDate"
    left_on: str = "terminationDate"
    manager: str = "supervisorEId"

    def names(self) -> list[str]:
        return [getattr(self, column.name) for column in fields(self)]


COLUMNS = Columns()


class Field(Struct):
    """A field of employees; `type` is BambooHR's word for what it holds."""

    id: int | str
    name: str
    type: str = ""
    alias: str = ""
    deprecated: bool = False


class DatasetField(Struct):
    name: str
    label: str = ""


class _DatasetFields(Struct):
    fields: list[DatasetField]


class ListOption(Struct):
    id: int | str
    name: str = ""
    archived: str = "no"


class ListField(Struct):
    """A list field and all that it ever had to choose from."""

    field_id: int | str = field(name="fieldId")
    name: str = ""
    alias: str = ""
    multiple: str = "no"
    options: list[ListOption] = []


class _DatasetRow(Struct):
    fields: dict[str, Any]


class _DatasetMeta(Struct):
    total: int = field(name="totalItems", default=0)


class _DatasetLinks(Struct):
    next: str | None = None


class _Dataset(Struct):
    data: list[_DatasetRow]
    meta: _DatasetMeta = field(default_factory=_DatasetMeta)
    links: _DatasetLinks = field(default_factory=_DatasetLinks)


class Change(Struct):
    id: str = ""
    action: str = ""


class _Changes(Struct):
    employees: dict[str, Change] | list[Any]


class _TableRows(Struct):
    rows: list[dict[str, Any]] = []


class _ChangedTable(Struct):
    employees: dict[str, _TableRows] | list[Any]


class TimeOffType(Struct):
    id: int
    name: str
    units: str


class _TimeOffTypes(Struct):
    types: list[TimeOffType] = field(name="timeOffTypes")


class Status(Struct):
    status: str = ""


class TypeOf(Struct):
    id: int | str = 0


class Amount(Struct):
    unit: str = "days"
    amount: float = 0


class Notes(Struct):
    employee: str | None = None


class TimeOff(Struct):
    """One request for time off. `dates` are what is taken on each day, in `amount.unit`."""

    id: int
    employee: int = field(name="employeeId")
    start: date
    end: date
    status: Status
    type: TypeOf
    amount: Amount
    dates: dict[str, Any] | list[Any] = {}
    notes: Notes | list[Any] = field(default_factory=Notes)


class Policy(Struct):
    """A policy that somebody is assigned to."""

    id: int = field(name="timeOffPolicyId")
    type: int = field(name="timeOffTypeId")
    accrues_from: str | None = field(name="accrualStartDate", default=None)


class Balance(Struct):
    """What is left of a type of time off on a day, and what was used in that day's year until then; decimals as text."""

    type: str = field(name="timeOffType")
    balance: str = "0"
    used: str = field(name="usedYearToDate", default="0")
    kind: str = field(name="policyType", default="")


@dataclass(frozen=True)
class Told:
    """What an answer says, the vendor's time when it said so, a digest by which the same answer is known, and whether there is `more`."""

    rows: list[Any]
    at: datetime
    digest: str = ""
    more: bool = False


class BambooClient:
    """`integration` is whose settings say which fields are read."""

    def __init__(self, http: Http, integration: Any, hosts: ResolvedHosts) -> None:
        self._http, self.integration, self._web = http, integration, hosts.auth["web"]

    # The company

    def fields(self) -> list[Field]:
        return self._http.get("v1/meta/fields", as_=list[Field])

    def dataset_fields(self) -> list[DatasetField]:
        found: list[DatasetField] = []
        while True:
            params = {"page": len(found) // PAGE_SIZE + 1, "page_size": PAGE_SIZE}
            page = self._http.get("v1_2/datasets/employee/fields", params=params, as_=_DatasetFields).fields
            found += page
            if len(page) < PAGE_SIZE:
                return found

    def lists(self) -> list[ListField]:
        return self._http.get("v1/meta/lists", as_=list[ListField])

    # People

    def head_count(self) -> int | None:
        """How many people can be seen; None when whoever it is connected as sees nobody else."""
        body = {"fields": [COLUMNS.id], "page": 1, "pageSize": 1}
        response = self._http.send("POST", "v2/datasets/employee/data", json=body, also_ok=FORBIDDEN, safe_to_repeat=True)
        return None if response.status in FORBIDDEN else response.decode(_Dataset).meta.total

    def myself(self, columns: Collection[str] = ()) -> dict[str, Any]:
        """Whom it is connected as: `id`, and the columns, as far as that person may see them; {} for nobody who works there."""
        response = self._http.get("v1/employees/0", params={"fields": ",".join(columns) or None}, also_ok=NOBODY)
        return {} if response.status in NOBODY else response.decode(dict[str, Any])

    def people(self, columns: Collection[str], *, only: str = "", after: str = "") -> Iterator[Told]:
        """Everybody in the order of their ids, beginning after one; `only` is a condition that they have to meet."""
        while True:
            page = self._people(columns, " and ".join(filter(None, [only, f"{COLUMNS.id} gt {after}" if after else ""])))
            yield page
            if not page.more:
                return
            after = str(page.rows[-1][COLUMNS.id])

    def people_with(self, ids: Collection[str], columns: Collection[str]) -> list[Row]:
        """Those of at most `IDS_AT_ONCE` people that there are."""
        return self._people(columns, f"{COLUMNS.id} in ({','.join(ids)})").rows

    def _people(self, columns: Collection[str], condition: str) -> Told:
        body = {"fields": list(columns), "orderBy": f"{COLUMNS.id} asc", "page": 1, "pageSize": PAGE_SIZE}
        if condition:
            body["filter"] = condition
        response = self._http.send("POST", "v2/datasets/employee/data", json=body, safe_to_repeat=True)
        answer = response.decode(_Dataset)
        return Told([row.fields for row in answer.data], response.date(), more=bool(answer.data and answer.links.next))

    def changed(self, since: datetime) -> Told:
        """Whoever was hired, changed or deleted."""
        response = self._http.get("v1/employees/changed", params={"since": _moment(since), "type": "all"})
        found = response.decode(_Changes).employees
        rows = [change for change in found.values() if change.id] if isinstance(found, dict) else []
        return Told(rows, response.date())

    # Pay

    def table(self, name: str) -> Told:
        """All rows of everybody, in no order."""
        response = self._http.get(f"v1/employees/all/tables/{quote(name)}")
        return Told(response.decode(list[dict[str, Any]]), response.date())

    def changed_table(self, name: str, since: datetime) -> Told:
        """(employee id, all of their rows) for everybody of whom anything changed."""
        response = self._http.get(f"v1/employees/changed/tables/{quote(name)}", params={"since": _moment(since)})
        found = response.decode(_ChangedTable).employees
        rows = [(key, told.rows) for key, told in found.items() if key.isdecimal()] if isinstance(found, dict) else []
        return Told(rows, response.date())

    # Time off

    def time_off_types(self) -> Told:
        response = self._http.get("v1/meta/time_off/types")
        return Told(response.decode(_TimeOffTypes).types, response.date(), _digest(response.content))

    def time_off(self, first: date, last: date) -> Told:
        """Requests in any state that touch the days from `first` to `last`."""
        response = self._http.get("v1/time_off/requests", params={"start": first.isoformat(), "end": last.isoformat(), "action": "view"})
        return Told(response.decode(list[TimeOff]), response.date(), _digest(response.content))

    def policies(self, employee: str) -> list[Policy]:
        return self._http.get(f"v1_1/employees/{quote(employee)}/time_off/policies", as_=list[Policy])

    def balances(self, employee: str, day: date) -> list[Balance]:
        path = f"v1/employees/{quote(employee)}/time_off/calculator"
        return self._http.get(path, params={"end": day.isoformat(), "precision": 4}, as_=list[Balance])

    # For people's browsers

    def person_url(self, employee: str, page: str = "") -> str:
        return f"{self._web}/employees/employee.php?id={quote(employee)}" + (f"&page={page}" if page else "")


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]
