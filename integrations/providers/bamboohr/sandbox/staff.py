"""Employees: what there is to know of them, the dataset, what changed, and their tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from integrations.providers.bamboohr.sandbox.company import COLUMNS, FIELDS, Row
from integrations.providers.bamboohr.sandbox.wire import PROBLEM, Resource, answer, body, caller, problem, refuse, since
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Reply, Request, json_reply, whole_number

MOST_ROWS = 1000
CONDITION = re.compile(r"(?P<column>\w+) (?:(?P<how>eq|ne|gt) (?P<value>'[^']*'|\d+)|in \((?P<values>[^)]*)\))")
TABLES = ("compensation", "jobInfo", "employmentStatus")
ALIASES = {"workEmail": "email", "bestEmail": "email"}


class Staff(Resource):
    @route("GET", "/api/v1/company_information")
    def information(self, request: Request) -> Reply:
        address = {"line1": "High Street 1", "line2": "", "city": "Berlin", "state": "BE", "zip": "10115"}
        names = {"legalName": "Northwind GmbH", "displayName": "Northwind"}
        return answer(request, {**names, "address": address, "phone": "+49 30 1234567"})

    @route("GET", "/api/v1/meta/fields")
    def fields(self, request: Request) -> Reply:
        return answer(request, [row for row in FIELDS if row["alias"] not in self.company.hidden])

    @route("GET", "/api/v1/meta/lists")
    def lists(self, request: Request) -> Reply:
        return answer(request, self.company.lists())

    @route("GET", "/api/v1_2/datasets/employee/fields")
    def columns(self, request: Request) -> Reply:
        if not caller(request).is_admin:
            raise problem(403, "Forbidden", "You do not have access to this dataset.", "FORBIDDEN", PROBLEM)
        rows = [
            {"name": name, "label": label, "parentType": "page", "parentName": "Personal", "entityName": "personal"}
            for name, label in COLUMNS
            if name not in self.company.hidden
        ]
        size = min(whole_number(request.query.get("page_size", "500")) or 500, MOST_ROWS)
        page = max(whole_number(request.query.get("page", "1")) or 1, 1)
        some = rows[(page - 1) * size : page * size]
        pages = {"current_page": page, "total_pages": max(1, -(-len(rows) // size)), "total_records": len(rows)}
        shown = {**pages, "next_page": None, "prev_page": None}
        return json_reply({"pagination": shown, "name": "employee", "label": "Employee", "fields": some})

    @route("POST", "/api/v2/datasets/employee/data")
    def dataset(self, request: Request) -> Reply:
        if not caller(request).is_admin:
            raise problem(403, "Forbidden", "You do not have access to this dataset.", "FORBIDDEN")
        asked = body(request)
        names, size, page = asked.get("fields"), asked.get("pageSize", 100), asked.get("page", 1)
        if not isinstance(names, list) or not names:
            raise problem(400, "Bad Request", "fields is required.", "MISSING_FIELDS")
        known = {name for name, _label in COLUMNS} - self.company.hidden
        if unknown := [name for name in names if name not in known]:
            raise problem(422, "Unprocessable", f"Unknown fields: {', '.join(map(str, unknown))}.", "INVALID_FIELDS")
        if not isinstance(size, int) or not 1 <= size <= MOST_ROWS or not isinstance(page, int) or page < 1:
            raise problem(422, "Unprocessable", f"pageSize goes from 1 to {MOST_ROWS}.", "INVALID_PAGINATION")
        rows = self._ordered(asked.get("orderBy"), names, self._chosen(asked.get("filter"), known))
        size = min(size, self.world.rows_a_page)
        total, pages = len(rows), max(1, -(-len(rows) // size))
        some = [{"fields": {name: row[name] for name in names}} for row in rows[(page - 1) * size : page * size]]
        links = {"next": f"{request.base_url}{request.path}?page={page + 1}" if page < pages else None, "prev": None}
        meta = {"page": page, "pageSize": size, "totalPages": pages, "totalItems": total}
        return json_reply({"data": some, "links": links, "meta": meta})

    def _chosen(self, condition: Any, known: set[str]) -> list[Row]:
        tests: list[Callable[[Row], bool]] = []
        for part in str(condition).split(" and ") if condition else ():
            found = CONDITION.fullmatch(part.strip())
            if found is None or found["column"] not in known:
                raise problem(422, "Unprocessable", f"Invalid filter: {part}.", "INVALID_FILTER")
            tests.append(_test(found))
        return [row for row in self.company.employees.values() if all(test(row) for test in tests)]

    def _ordered(self, order: Any, names: list[str], rows: list[Row]) -> list[Row]:
        if not order:
            return rows
        name, _, direction = str(order).partition(" ")
        if name not in names or direction not in ("asc", "desc"):
            raise problem(422, "Unprocessable", "Sorted fields must be among the fields.", "INVALID_SORT")
        return sorted(rows, key=lambda row: _sortable(row[name]), reverse=direction == "desc")

    @route("GET", "/api/v1/employees/changed")
    def changed(self, request: Request) -> Reply:
        after, kind = since(request), request.query.get("type", "all")
        told = {number: (at, action) for number, (at, action) in self.company.changed.items() if at > after}
        told |= {number: (at, "Deleted") for number, at in self.company.deleted.items() if at > after}
        rows = {
            number: {"id": number, "action": action, "lastChanged": _written(at)}
            for number, (at, action) in told.items()
            if kind in ("all", action.lower()) and self._may_see(request, number)
        }
        latest = max((row["lastChanged"] for row in rows.values()), default=_written(after))
        return answer(request, {"latest": latest, "employees": rows})

    @route("GET", "/api/v1/employees/{id}")
    def employee(self, request: Request) -> Reply:
        number = request.params["id"] if request.params["id"] != "0" else caller(request).employee
        row = self.company.employees.get(number)
        if row is None:
            raise refuse(404, "Employee not found")
        if not self._may_see(request, number):
            raise refuse(403, "You do not have access to this employee")
        names = [name for name in request.query.get("fields", "firstName,lastName").split(",") if name]
        there = {name: row[ALIASES.get(name, name)] for name in names if ALIASES.get(name, name) in row}
        return answer(request, {"id": number, **there})

    @route("GET", "/api/v1/employees/all/tables/{table}")
    def table(self, request: Request) -> Reply:
        return answer(request, self._rows(request))

    @route("GET", "/api/v1/employees/changed/tables/{table}")
    def changed_table(self, request: Request) -> Reply:
        after, rows = since(request), self._rows(request)
        told = {number: at for number, (at, _action) in self.company.changed.items() if at > after and self._may_see(request, number)}
        by_person = {number: [row for row in rows if row["employeeId"] == number] for number in told}
        employees = {number: {"lastChanged": _written(at), "rows": by_person[number]} for number, at in told.items()}
        return answer(request, {"table": request.params["table"], "employees": employees})

    def _rows(self, request: Request) -> list[Row]:
        if request.params["table"] not in TABLES:
            raise refuse(404, "Table not found")
        shows_pay = request.params["table"] == "compensation" and caller(request).has("employee:compensation")
        rows = self.company.pay.values() if shows_pay else ()
        return [row for row in rows if self._may_see(request, row["employeeId"])]

    def _may_see(self, request: Request, number: str) -> bool:
        return caller(request).is_admin or caller(request).employee == number


def _test(found: re.Match[str]) -> Callable[[Row], bool]:
    column, how = found["column"], found["how"]
    if how is None:
        values = {value.strip().strip("'") for value in found["values"].split(",")}
        return lambda row: row[column] in values
    value = found["value"].strip("'")
    if how == "gt":
        return lambda row: bool(_sortable(row[column]) > _sortable(value))
    return lambda row: (row[column] == value) == (how == "eq")


def _sortable(value: str) -> tuple[int, str]:
    return (int(value), "") if value.isdecimal() else (0, value)


def _written(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")
