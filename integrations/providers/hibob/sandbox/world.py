"""The simulated HiBob: what its API answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import msgspec
from django.utils.translation import gettext_lazy as _

from integrations import clock
from integrations.providers.hibob.sandbox.company import Company, Employee, Row
from integrations.providers.hibob.sandbox.desk import Desk
from integrations.providers.hibob.sandbox.door import Door, error
from integrations.sandbox.base import Sandbox, route
from integrations.sandbox.exchange import NotJson, Refusal, Reply, Request, json_reply
from integrations.sandbox.faults import Fault

FEED = timedelta(days=183)
SHOWN = {f"root.{name}": name for name in ("id", "email", "firstName", "surname", "displayName")}


class HibobOptions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `__reset__` understands. `populated`: with time off and policies. `hidden` is what the service user may not see."""

    seed: int | None = None
    populated: bool = True
    a_minute: int = 50
    hidden: list[Literal["people", "emails", "policy_types", "time_off"]] = []


class Search(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The body of a search for employees."""

    class Filter(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
        field_path: Literal["root.id", "root.email"]
        operator: Literal["equals"]
        values: list[str]

    fields: list[str] = []
    filters: list[Filter] = []
    show_inactive: bool = False
    human_readable: Literal["APPEND", "REPLACE", ""] = ""


class HibobSandbox(Sandbox):
    slug = "hibob"
    title = "HiBob"
    summary = _("A company whose people take time off: book some for them, cancel it, and see what becomes of it elsewhere.")
    Options = HibobOptions

    def begin(self, options: HibobOptions) -> None:
        self.hidden = set(options.hidden)
        self.door = Door(self.chance, options.a_minute)
        self.company = Company(self.chance)
        self.company.found()
        if options.populated:
            self.company.settle_in()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.mount(Desk(self))

    def records(self) -> dict[str, list[Any]]:
        company = self.company
        return {
            "employees": [asdict(employee) for employee in company.employees.values()],
            "policy_types": [asdict(each) for each in company.policy_types.values()],
            "policies": [{"employee": key[0], "type": key[1], **asdict(policy)} for key, policy in company.policies.items()],
            "time_off": [{**request.row(), "status": request.status} for request in company.requests.values()],
        }

    def limits(self) -> dict[str, Any]:
        return {"minute": self.door.window.limit, "left": self.door.window.remaining(clock.timestamp())}

    @contextmanager
    def admission(self, request: Request) -> Iterator[None]:
        with self.door.admission(request):
            yield

    def missing(self, request: Request) -> Reply:
        return error("not_found", "There is nothing at this address.", 404)

    def error_reply(self, request: Request, fault: Fault) -> Reply:
        reply = error("simulated", fault.message or "simulated", fault.status)
        if fault.status == 429:
            reply.headers |= self.door.headers(fault.retry_after)
        return reply

    def crash_reply(self, request: Request) -> Reply:
        return error("internal", "The sandbox failed at this request. Its log says where.", 500)

    def secrets(self) -> Collection[str]:
        return {self.door.token}

    def end_grants(self) -> None:
        self.door.change_token()

    def change_page(self, request: Request, change: str) -> None:
        today = clock.now().date().isoformat()
        if change == "insert":
            self.company.take(next(iter(self.company.employees.values())), "Sick", startDate=today, endDate=today)
        elif self.company.requests:
            self.company.delete(next(iter(self.company.requests)))

    def finish(self, request: Request, reply: Reply) -> None:
        if "X-RateLimit-Reset" not in reply.headers:
            reply.headers |= self.door.headers()

    # The API

    @route("POST", "/v1/people/search")
    def search(self, request: Request) -> Reply:
        try:
            asked = msgspec.convert(request.json(), Search)
        except (NotJson, msgspec.ValidationError) as wrong:
            return error("bad_request", str(wrong))
        if len(asked.filters) > 1 or any(not each.values for each in asked.filters):
            return error("bad_request", "There may be one filter, with at least one value.")
        chosen = [employee for employee in self.company.employees.values() if self._is_shown(employee, asked)]
        return json_reply({"employees": [self._employee(employee, asked.fields or list(SHOWN)) for employee in chosen]})

    def _is_shown(self, employee: Employee, asked: Search) -> bool:
        if "people" in self.hidden or not (employee.active or asked.show_inactive):
            return False
        return all((employee.id if each.field_path == "root.id" else employee.email) in each.values for each in asked.filters)

    def _employee(self, employee: Employee, fields: list[str]) -> Row:
        """Fields that are unknown, or that the service user may not see, are just not there."""
        whole = {
            "id": employee.id,
            "email": employee.email,
            "firstName": employee.first_name,
            "surname": employee.surname,
            "displayName": employee.display_name,
        }
        names = [SHOWN[name] for name in fields if name in SHOWN]
        return {name: whole[name] for name in names if whole[name] and not (name == "email" and "emails" in self.hidden)}

    @route("GET", "/v1/timeoff/policy-types")
    def policy_types(self, request: Request) -> Reply:
        return json_reply({"policyTypes": [] if "policy_types" in self.hidden else list(self.company.policy_types)})

    @route("GET", "/v1/timeoff/policy-types/{name}")
    def policy_type(self, request: Request) -> Reply:
        found = self.company.policy_types.get(request.params["name"])
        if found is None:
            return Reply(404)
        return json_reply({**asdict(found), "bookingWorkDaysOnly": True})

    @route("GET", "/v1/timeoff/whosout")
    def whos_out(self, request: Request) -> Reply:
        first, last = day_of(request, "from"), day_of(request, "to")
        if last < first:
            return error("bad_request", "The period ends before it begins.")
        if "time_off" in self.hidden:
            return json_reply({"outs": []})
        found = self.company.out(first, last, hourly=flag_of(request, "includeHourly"), pending=flag_of(request, "includePending"))
        return json_reply({"outs": [{**each.row(), "policyType": each.policy_type, "status": each.status} for each in found]})

    @route("GET", "/v1/timeoff/requests/changes")
    def changes(self, request: Request) -> Reply:
        try:
            since = datetime.fromisoformat(request.query.get("since", ""))
        except ValueError:
            return error("bad_request", "since has to be a time in ISO 8601.")
        since = since if since.tzinfo else since.replace(tzinfo=UTC)
        if since < clock.now() - FEED:
            return error("bad_request", "since may be at most six months ago.")
        if "time_off" in self.hidden:
            return json_reply({"changes": []})
        return json_reply({"changes": [change.row() for change in self.company.changes if change.at >= since]})

    @route("GET", "/v1/timeoff/employees/{id}/balance")
    def balance(self, request: Request) -> Reply:
        day, policy_type = day_of(request, "date"), request.query.get("policyType", "")
        employee = self.company.employees.get(request.params["id"])
        if policy_type not in self.company.policy_types:
            return error("bad_request", "policyType has to be the name of a policy type.")
        found = self.company.balance(employee, policy_type, day) if employee else None
        return json_reply(found) if found else error("not_found", "The employee has no policy of this type.", 404)


def day_of(request: Request, name: str) -> date:
    """A day of the query. Raises `Refusal`."""
    try:
        return date.fromisoformat(request.query.get(name, ""))
    except ValueError as wrong:
        raise Refusal(error("bad_request", f"{name} has to be a day such as 2026-11-30.")) from wrong


def flag_of(request: Request, name: str) -> bool:
    return request.query.get(name, "false").lower() == "true"
