"""Both sides of a period compared, by a worker: what to compare, and what the last comparisons found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from integrations import clock
from integrations.admin.integration.starting import once
from integrations.admin.integration.steps import RECONCILE, address
from integrations.admin.listing import Choice
from integrations.admin.listing import address as query
from integrations.admin.run_figures import figures
from integrations.admin.run_results import SIDES
from integrations.admin.run_words import heading
from integrations.admin.states import Chip, run_chip
from integrations.models import Action, Integration, Run, RunState
from integrations.provider import Provider
from integrations.records.kinds import get_kind
from integrations.sync import runs
from integrations.sync.readiness import Readiness

RUNS_SHOWN = 10
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "min": EARLIEST, "max": LATEST})
    return forms.DateField(label=label, widget=widget, input_formats=["%Y-%m-%d"])


class PeriodForm(forms.Form):
    """What is compared: kinds of records, from the first to the last day."""

    kinds = forms.MultipleChoiceField(label=gettext_lazy("Records"), widget=forms.CheckboxSelectMultiple)
    first = _day(gettext_lazy("First day"))
    last = _day(gettext_lazy("Last day"))

    def __init__(self, provider: Provider, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [declared.kind for declared in provider.reconciliations]
        choices: Any = self.fields["kinds"]
        choices.choices = [(kind, capfirst(get_kind(kind).label_plural)) for kind in kinds]
        choices.initial = kinds
        choices.error_messages["required"] = _("Choose what is compared.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        days = [cleaned[name] for name in ("first", "last") if name in cleaned]
        if any(not EARLIEST <= day <= LATEST for day in days):
            raise ValidationError(_("Choose days between 2000 and 2100."))
        if days != sorted(days):
            self.add_error("last", ValidationError(_("The last day is before the first. Choose a later one.")))
        return cleaned


@dataclass(frozen=True)
class Line:
    run: Run
    heading: str
    chip: Chip


def panel(request: HttpRequest, readiness: Readiness) -> dict[str, Any] | HttpResponse:
    integration, provider = readiness.integration, readiness.provider
    form = PeriodForm(provider, initial=_initial(request.GET))
    if request.method == "POST":
        if not integration.can_work:
            messages.error(request, _("Connect it first."))
            return redirect(address(readiness, RECONCILE))
        form = PeriodForm(provider, request.POST)
        if form.is_valid():
            return redirect("admin:run", _start(request, integration, form.cleaned_data).pk)
    rows = Run.objects.filter(integration_id=integration.pk, action=Action.RECONCILE)
    return {
        "form": form,
        "has_kinds": bool(provider.reconciliations),
        "periods": _periods(form),
        "lines": [Line(run, heading(run, figures(run)), _chip(run)) for run in rows.select_related("started_by")[:RUNS_SHOWN]],
    }


def _chip(run: Run) -> Chip:
    """What a comparison found, once it is through."""
    if run.state != RunState.SUCCEEDED:
        return run_chip(run)
    return Chip("warn", _("differs")) if any(run.result.get(name) for name in SIDES) else Chip("ok", _("agrees"))


def _start(request: HttpRequest, integration: Integration, chosen: Mapping[str, Any]) -> Run:
    user = request.user if isinstance(request.user, User) else None
    kinds: list[str] = chosen["kinds"]
    asked = {"kinds": kinds, "first": chosen["first"].isoformat(), "last": chosen["last"].isoformat()}
    kind = kinds[0] if len(kinds) == 1 else ""
    return once(request, integration, lambda: runs.start(integration, Action.RECONCILE, kind, user=user, result=asked))


def _initial(given: Mapping[str, Any]) -> dict[str, date]:
    """The period that the address names, else this month so far and the one before."""
    days = {name: _read_day(given.get(name, "")) for name in ("first", "last")}
    today = timezone.localdate(clock.now())
    standard = {"first": _month_before(today.replace(day=1)), "last": today}
    return {name: day or standard[name] for name, day in days.items()}


def _periods(form: PeriodForm) -> list[Choice]:
    """Periods that are often asked for, as links."""
    today = timezone.localdate(clock.now())
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    offered = [
        (_("This month"), month, today),
        (_("Last month"), _month_before(month), month - timedelta(days=1)),
        (_("This quarter"), quarter, today),
        (_("This year"), year, today),
        (_("Last year"), year.replace(year=year.year - 1), year - timedelta(days=1)),
    ]
    chosen = (form.initial.get("first"), form.initial.get("last"))
    return [Choice(label, query(first=first, last=last), chosen == (first, last)) for label, first, last in offered]


def _month_before(first_of_month: date) -> date:
    return (first_of_month - timedelta(days=1)).replace(day=1)


def _read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None
