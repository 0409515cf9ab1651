"""The pages for people: who works there, what they have taken off, and the service user that an app needs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from integrations.providers.hibob.sandbox.company import PENDING, days
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Reply, Request, redirect, whole_number
from integrations.sandbox.pages import html

if TYPE_CHECKING:
    from integrations.providers.hibob.sandbox.world import HibobSandbox


class Desk:
    def __init__(self, world: HibobSandbox) -> None:
        self.world = world

    @route("GET", "/", page=True)
    def home(self, request: Request) -> Reply:
        return self._page(request)

    @route("GET", "/employee-profile/{id}", page=True)
    def profile(self, request: Request) -> Reply:
        """The page that our links lead to: one employee's time off."""
        if request.params["id"] not in self.world.company.employees:
            return self._page(request, _("Nobody here has this address."), status=404)
        return self._page(request)

    @route("POST", "/pages/take", page=True)
    def take(self, request: Request) -> Reply:
        company = self.world.company
        employee, policy_type = company.employees.get(request.form_value("employee")), request.form_value("policy_type")
        try:
            first, last = (date.fromisoformat(request.form_value(name)) for name in ("first", "last"))
        except ValueError:
            return self._page(request, _("Give both days."), status=400)
        if employee is None or policy_type not in company.policy_types or last < first:
            return self._page(request, _("Choose a person and a policy type, and let the time off end after it begins."), status=400)
        company.take(employee, policy_type, **days(first, last))
        return redirect(f"{request.base_url}/")

    @route("POST", "/pages/decide", page=True)
    def decide(self, request: Request) -> Reply:
        """Approve what is asked for, cancel what was approved."""
        company = self.world.company
        found = company.requests.get(whole_number(request.form_value("request")) or 0)
        if found is None:
            return self._page(request, _("This request is not there any more."), status=404)
        if found.status == PENDING and request.form_value("decision") == "approve":
            company.approve(found)
        else:
            company.cancel(found.id)
        return redirect(f"{request.base_url}/")

    def _page(self, request: Request, problem: str = "", *, status: int = 200) -> Reply:
        company, shown = self.world.company, request.params.get("id", "")
        requests = sorted(company.requests.values(), key=lambda found: found.first)
        context = {
            "root": request.base_url,
            "door": self.world.door,
            "employees": company.employees.values(),
            "policy_types": company.policy_types.values(),
            "requests": [found for found in requests if shown in ("", found.employee.id)],
            "shown": company.employees.get(shown),
            "problem": problem,
        }
        return html("hibob/sandbox/home.html", context, status=status)
