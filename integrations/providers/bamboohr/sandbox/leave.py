"""Time off: types, policies, balances and requests."""

from __future__ import annotations

from datetime import date

from integrations.providers.bamboohr.sandbox.wire import Resource, answer, caller, refuse
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Refusal, Reply, Request, json_reply

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


class Leave(Resource):
    @route("GET", "/api/v1/meta/time_off/types")
    def types(self, request: Request) -> Reply:
        hours = [{"name": day, "amount": "8"} for day in WEEKDAYS]
        return json_reply({"timeOffTypes": list(self.company.types.values()), "defaultHours": hours})

    @route("GET", "/api/v1/meta/time_off/policies")
    def policies(self, request: Request) -> Reply:
        return answer(request, sorted(self.company.policies.values(), key=lambda policy: policy["name"]))

    @route("GET", "/api/v1_1/employees/{employee}/time_off/policies")
    def assigned(self, request: Request) -> Reply:
        given = self.company.assigned.get(self._seen(request), {}).values()
        return json_reply([{name: value for name, value in row.items() if name != "allowance"} for row in given])

    @route("GET", "/api/v1/employees/{employee}/time_off/calculator")
    def balances(self, request: Request) -> Reply:
        """Accruals are simple here: the whole allowance is there on the first day."""
        employee = self._seen(request)
        end = _day(request.query.get("end") or self.company.today().isoformat())
        rows = []
        for given in self.company.assigned.get(employee, {}).values():
            kind, policy = self.company.types[given["timeOffTypeId"]], self.company.policies[given["timeOffPolicyId"]]
            used = self.company.used(employee, kind["id"], end)
            rows.append(
                {
                    "timeOffType": str(kind["id"]),
                    "name": kind["name"],
                    "units": kind["units"],
                    "balance": f"{float(given['allowance']) - used:.4f}",
                    "end": end.isoformat(),
                    "policyType": policy["type"],
                    "usedYearToDate": f"{used:.4f}",
                }
            )
        return answer(request, rows)

    @route("GET", "/api/v1/time_off/requests")
    def requests(self, request: Request) -> Reply:
        first, last = (_day(request.query.get(end, "")).isoformat() for end in ("start", "end"))
        statuses = set(filter(None, request.query.get("status", "").split(",")))
        me = caller(request)
        return answer(
            request,
            [
                row
                for row in self.company.requests.values()
                if row["start"] <= last
                and row["end"] >= first
                and (not statuses or row["status"]["status"] in statuses)
                and (me.is_admin or me.employee == str(row["employeeId"]))
            ],
        )

    def _seen(self, request: Request) -> str:
        employee, me = request.params["employee"], caller(request)
        if not me.is_admin and me.employee != employee:
            raise refuse(403, "You do not have access to this employee's time off")
        return employee


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(json_reply({"error": "Invalid or missing start/end date"}, 400)) from None
