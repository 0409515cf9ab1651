"""BambooHR's own pages, for a person: who works there, the key, and what they do: hire, promote, leave, take time off."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from integrations.providers.bamboohr.sandbox.calls import COMPANY
from integrations.providers.bamboohr.sandbox.wire import Resource
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Reply, Request, redirect
from integrations.sandbox.pages import html

SHOWN = 50  # people at once
SAID = {
    "hired": _("Somebody was hired."),
    "paid": _("Pay was raised from today on."),
    "left": _("Today is the last day."),
    "asked": _("A week of time off was approved."),
    "approved": _("The time off was approved."),
    "canceled": _("The time off was canceled."),
    "unknown": _("There is nobody like that."),
}


class Pages(Resource):
    @route("GET", "/", page=True)
    def home(self, request: Request) -> Reply:
        chosen = request.query.get("id", "")
        people = [self.company.employees[chosen]] if chosen in self.company.employees else list(self.company.employees.values())[:SHOWN]
        shown = {
            "root": f"/{self.world.slug}",
            "key": self.company.key(),
            "company": COMPANY,
            "people": [(person, self.company.paid(person["eeid"])) for person in people],
            "count": len(self.company.employees),
            "requests": list(self.company.requests.values())[-SHOWN:],
            "said": SAID.get(request.query.get("said", ""), ""),
        }
        return html("bamboohr/sandbox/home.html", shown)

    @route("GET", "/employees/employee.php", page=True)
    def deep_link(self, request: Request) -> Reply:
        return redirect(f"/{self.world.slug}/?{urlencode({'id': request.query.get('id', '')})}")

    @route("POST", "/pages/hire", page=True)
    def hire(self, request: Request) -> Reply:
        email = request.form_value("email")
        row = self.company.hire(request.form_value("name"), **({"email": email} if email else {}))
        self.world.calls.told(row["eeid"], "Created")
        return self._back("hired")

    @route("POST", "/pages/raise", page=True)
    def promote(self, request: Request) -> Reply:
        if (employee := request.form_value("id")) not in self.company.employees:
            return self._back("unknown")
        self.company.set_pay(employee, "5000.00", self.company.today().isoformat())
        return self._back("paid")

    @route("POST", "/pages/leave", page=True)
    def leave(self, request: Request) -> Reply:
        if (employee := request.form_value("id")) not in self.company.employees:
            return self._back("unknown")
        self.company.leave(employee)
        self.world.calls.told(employee, "Updated")
        return self._back("left")

    @route("POST", "/pages/time-off", page=True)
    def time_off(self, request: Request) -> Reply:
        employee, kind = request.form_value("id"), next(iter(self.company.types), None)
        if employee not in self.company.employees or kind is None:
            return self._back("unknown")
        monday = self.company.today() + timedelta(days=7 - self.company.today().weekday())
        self.company.ask(employee, kind, {(monday + timedelta(days=day)).isoformat(): 1 for day in range(5)})
        return self._back("asked")

    @route("POST", "/pages/approve", page=True)
    def approve(self, request: Request) -> Reply:
        return self._decide(request, "approved")

    @route("POST", "/pages/cancel", page=True)
    def cancel(self, request: Request) -> Reply:
        return self._decide(request, "canceled")

    def _decide(self, request: Request, status: str) -> Reply:
        number = request.form_value("id")
        if not number.isdecimal() or int(number) not in self.company.requests:
            return self._back("unknown")
        self.company.decide(int(number), status)
        return self._back(status)

    def _back(self, said: str) -> Reply:
        return redirect(f"/{self.world.slug}/?{urlencode({'said': said})}")
