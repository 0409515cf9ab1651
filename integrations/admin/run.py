"""One run: how far it is, what it counts, and each of its records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.admin.allowance import allowance
from integrations.admin.diagnostics import diagnostics
from integrations.admin.listing import Choice, address, page_of
from integrations.admin.pages import page
from integrations.admin.run_figures import ENTRY_GROUPS, ITEM_GROUPS, Figures, amounts_of, figures, labels_of, worth
from integrations.admin.run_results import results
from integrations.admin.run_rows import Row, entry_rows, item_rows
from integrations.admin.run_words import heading, subject
from integrations.admin.states import run_chip
from integrations.models import Action, Entry, OutboxItem, Run
from integrations.models.outbox import FAILED
from integrations.registry import all_providers
from integrations.templatetags.words import money, whole

ROWS_A_PAGE = 50
EVERY = "all"


def find_run(pk: int) -> Run:
    """The current organization's run. Raises `Http404` for every other."""
    return get_object_or_404(Run.objects.select_related("integration", "started_by"), pk=pk)


@page("runs/<int:pk>/", "run", "integrations.view_run")
def run(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_run(pk)
    counts = figures(found)
    context = {
        **_progress(found, counts),
        **_rows(request, found, counts),
        "run": found,
        "subject": subject(found),
        "chip": run_chip(found),
        "took": _took(found),
        "diagnostics": diagnostics(found.integration, run=found),
        "retryable": _retryable(found) if found.action == Action.EXPORT else 0,
    }
    if found.action in {Action.OPTIONS, Action.RECONCILE}:
        context |= results(request, found)
    return render(request, "admin/integrations/run.html", context)


@page("runs/<int:pk>/progress/", "run-progress", "integrations.view_run")
def run_progress(request: HttpRequest, pk: int) -> JsonResponse:
    """What the page shows of an open run, as `{open, heading, done, total, text, counts, worth, allowance, rows}`.

    `counts` are integers by name, `worth` amounts as text by currency, `rows` the page's table rows as HTML.
    """
    found = find_run(pk)
    counts = figures(found)
    progress = _progress(found, counts)
    context = {**progress, **_rows(request, found, counts), "run": found}
    answer = {
        "open": not found.is_finished,
        "state": found.state,
        "heading": progress["title"],
        "done": progress["done"],
        "total": progress["total"],
        "text": progress["text"],
        "counts": {figure.name: figure.count for figure in progress["figures"]},
        "worth": {currency: str(amount) for currency, amount in progress["worth"].sums.items()},
        "worth_text": progress["worth_text"],
        "allowance": progress["allowance"],
        "rows": render_to_string("admin/integrations/includes/run_rows.html", context, request),
    }
    return JsonResponse(answer)


def _took(found: Run) -> float | None:
    """Seconds; None while it runs, and for what was over at once."""
    if found.started_at is None or found.finished_at is None:
        return None
    seconds = (found.finished_at - found.started_at).total_seconds()
    return seconds if seconds >= 1 else None


def _progress(found: Run, counts: Figures) -> dict[str, Any]:
    sums, provider = worth(found), all_providers().get(found.integration.provider)
    total = counts.total if found.action == Action.EXPORT else 0
    read = _("%(count)s read") % {"count": whole(found.total)} if found.action == Action.IMPORT else ""
    return {
        "title": heading(found, counts),
        "done": counts.done,
        "total": total,
        "text": _("%(done)s of %(total)s") % {"done": whole(counts.done), "total": whole(total)} if total else read,
        "figures": counts.shown(found),
        "worth": sums,
        "worth_text": " · ".join(money(amount, currency) for currency, amount in sums.sums.items()),
        "allowance": "" if found.is_finished else allowance(found.integration),
        "vendor": provider.label if provider else found.integration.name,
    }


def _rows(request: HttpRequest, found: Run, counts: Figures) -> dict[str, Any]:
    """The page of records that the request asks for; those that failed, when it asks for none in particular."""
    groups: Mapping[str, Any] = ITEM_GROUPS if found.action == Action.EXPORT else {name: name for name in ENTRY_GROUPS}
    present = [name for name in groups if counts.counts.get(name)]
    show = request.GET.get("show", "")
    if show not in {EVERY, *groups}:
        show = "rejected" if "rejected" in present else EVERY
    count = sum(counts.counts[name] for name in present) if show == EVERY else counts.counts.get(show, 0)
    rows = _items(found, show) if found.action == Action.EXPORT else _entries(found, show)
    shown = page_of(request, rows, ROWS_A_PAGE, count)
    labels = labels_of(found)
    chips = [Choice(labels[name], address(show=name), name == show, counts.counts[name]) for name in present]
    every = Choice(gettext_lazy("all"), address(show=EVERY), show == EVERY, sum(counts.counts[name] for name in present))
    return {
        "page": shown,
        "rows": _page_rows(request, found, shown.object_list),
        "chips": [*chips, every] if present else [],
        "query": address(show=show),
        "has_amounts": bool(amounts_of(found)),
    }


def _page_rows(request: HttpRequest, found: Run, rows: Any) -> list[Row]:
    if found.action == Action.EXPORT:
        return item_rows(found.integration, found.kind, rows, request.user)
    return entry_rows(found, rows, request.user)


def _items(found: Run, show: str) -> QuerySet[OutboxItem]:
    items = found.items.order_by("pk")
    return items if show == EVERY else items.filter(state__in=ITEM_GROUPS[show])


def _entries(found: Run, show: str) -> QuerySet[Entry]:
    entries = found.entries.order_by("pk")
    if show == EVERY:
        return entries
    return entries.filter(action="", state=show) if show in {"rejected", "skipped"} else entries.filter(action=show)


def _retryable(found: Run) -> int:
    return found.items.filter(state__in=FAILED, replaced_by=None).count()
