"""The list of runs, the newest first."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from integrations.admin.listing import address, menu, one_of, page_of, row_id
from integrations.admin.pages import page
from integrations.admin.run_words import subject
from integrations.admin.states import Chip, run_chip
from integrations.models import Action, Integration, Run, RunState

RUNS_A_PAGE = 50
OFFERED = 100
"""How many integrations the filter offers; the page of any other one leads to its own runs."""


@dataclass(frozen=True)
class Line:
    run: Run
    subject: str
    chip: Chip


@page("runs/", "runs", "integrations.view_run")
def runs(request: HttpRequest) -> HttpResponse:
    integrations = list(Integration.objects.non_polymorphic().order_by("name", "pk").values_list("pk", "name")[: OFFERED + 1])
    names = {str(pk): name for pk, name in integrations[:OFFERED]}
    chosen = _integration(request, names)
    current = {
        "integration": chosen,
        "action": one_of(request, "action", Action.values),
        "state": one_of(request, "state", RunState.values),
    }
    rows = Run.objects.select_related("integration", "started_by").filter(**{name: value for name, value in current.items() if value})
    shown = page_of(request, rows, RUNS_A_PAGE)
    context = {
        "title": _("Runs"),
        "menus": [
            menu(_("Integration"), "integration", names.items(), current),
            menu(_("Action"), "action", Action.choices, current),
            menu(_("State"), "state", RunState.choices, current),
        ],
        "is_filtered": any(current.values()),
        "query": address(**current),
        "page": shown,
        "lines": [Line(run, subject(run), run_chip(run)) for run in shown],
    }
    return render(request, "admin/integrations/runs.html", context)


def _integration(request: HttpRequest, names: dict[str, str]) -> str:
    """The integration to filter by, '' for none that is the organization's; it is added to `names` when it is not among them."""
    pk = row_id(request.GET.get("integration"))
    if pk is None:
        return ""
    if str(pk) not in names:
        found = Integration.objects.non_polymorphic().filter(pk=pk).values_list("name", flat=True).first()
        if found is None:
            return ""
        names[str(pk)] = found
    return str(pk)
