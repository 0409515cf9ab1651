"""Incidents: what needs a person now, and what did before."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from integrations.admin.diagnostics import diagnostics
from integrations.admin.listing import address, page_of, row_id
from integrations.admin.navigation import counter
from integrations.admin.pages import page
from integrations.admin.run_rows import item_rows
from integrations.admin.states import Chip, notice_chip
from integrations.models import Incident, Integration, Notice, OutboxItem
from integrations.models.outbox import FAILED
from integrations.models.outbox import OPEN as OPEN_STATES
from integrations.notices.recipients import is_muted
from integrations.sync.sweeping import kind_of
from integrations.templatetags.words import whole

CLOSED_A_PAGE = 50
ITEMS_A_PAGE = 50
OPEN_AT_MOST = 200
"""More open ones than this are one problem, and no list for a person."""
TOLD_AT_MOST = 50
OPEN, CLOSED = Chip("bad", pgettext_lazy("incident", "Open")), Chip("ok", gettext_lazy("Solved"))


@page("incidents/", "incidents", "integrations.view_incident")
def incidents(request: HttpRequest) -> HttpResponse:
    chosen = Integration.objects.non_polymorphic().filter(pk=row_id(request.GET.get("integration")) or 0).first()
    rows = Incident.objects.select_related("integration")
    rows = rows.filter(integration_id=chosen.pk) if chosen else rows
    open_ones = list(rows.filter(closed_at=None).order_by("-opened_at", "-pk")[:OPEN_AT_MOST])
    context = {
        "title": _("Incidents"),
        "sentence": _sentence(len(open_ones)),
        "integration": chosen,
        "may_mute": chosen is not None and request.user.has_perm("integrations.change_integration"),
        "is_muted": chosen is not None and is_muted(chosen),
        "open": open_ones,
        "page": page_of(request, rows.exclude(closed_at=None).order_by("-closed_at", "-pk"), CLOSED_A_PAGE),
        "query": address(integration=chosen.pk if chosen else ""),
    }
    return render(request, "admin/integrations/incidents.html", context)


@page("incidents/<int:pk>/", "incident", "integrations.view_incident")
def incident(request: HttpRequest, pk: int) -> HttpResponse:
    """One problem, with the records that it kept waiting."""
    found = get_object_or_404(Incident.objects.select_related("integration"), pk=pk)
    shown = page_of(request, _affected(found), ITEMS_A_PAGE)
    context = {
        "title": found.title,
        "incident": found,
        "stopped_import": kind_of(found.cause),
        "chip": CLOSED if found.closed_at else OPEN,
        "lasted": (found.closed_at - found.opened_at).total_seconds() if found.closed_at else None,
        "page": shown,
        "rows": item_rows(found.integration, "", shown.object_list, request.user),
        "told": _told(found),
        "diagnostics": diagnostics(found.integration, incident=found),
    }
    return render(request, "admin/integrations/incident.html", context)


@dataclass(frozen=True)
class Told:
    notice: Notice
    to: str
    chip: Chip


def _told(found: Incident) -> list[Told]:
    """Who was told of it, or is to be, the newest first."""
    rows = Notice.objects.filter(incident=found).select_related("person", "endpoint")[:TOLD_AT_MOST]
    return [Told(row, row.person.email if row.person else str(row.endpoint), notice_chip(row.state)) for row in rows]


@counter
def open_incidents() -> dict[str, int]:
    return {"admin:incidents": Incident.objects.filter(closed_at=None).count()}


def _affected(found: Incident) -> QuerySet[OutboxItem]:
    """What has been waiting or failing while it is open; once it is closed, what went on its way before and arrived or failed after."""
    items = OutboxItem.objects.filter(integration_id=found.integration_id, replaced_by=None).order_by("pk")
    if found.closed_at is None:
        return items.filter(Q(state__in=OPEN_STATES) | Q(state__in=FAILED, finished_at__gte=found.opened_at))
    return items.filter(created_at__lte=found.closed_at, finished_at__gte=found.opened_at)


def _sentence(count: int) -> str:
    if not count:
        return _("Nothing needs you.")
    return ngettext(
        "%(count)s problem is open. It closes by itself once it is solved.",
        "%(count)s problems are open. Each closes by itself once it is solved.",
        count,
    ) % {"count": whole(count)}
