"""The lists of deliveries: what vendors told by webhook, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import OPERATE
from integrations.admin.listing import address, menu, one_of, page_of, row_id
from integrations.admin.pages import page
from integrations.admin.states import Chip, delivery_chip
from integrations.http import redact
from integrations.models import Delivery, DeliveryState, Integration
from integrations.webhooks.receiving import replay

DELIVERIES_A_PAGE = 50
TEMPLATE = "admin/integrations/deliveries.html"


@dataclass(frozen=True)
class Line:
    """`said` is what the vendor sent, without secrets."""

    delivery: Delivery
    chip: Chip
    said: str


@page("deliveries/", "deliveries", "integrations.view_delivery")
def deliveries(request: HttpRequest) -> HttpResponse:
    """Those of the organization's integrations."""
    chosen = Integration.objects.non_polymorphic().filter(pk=row_id(request.GET.get("integration")) or 0).first()
    rows = Delivery.objects.select_related("integration")
    rows = rows.filter(integration_id=chosen.pk) if chosen else rows
    context = {
        "title": _("Deliveries"),
        "sentence": _("What vendors told by webhook, the newest first. Each is a hint: what changed is then fetched."),
        "integration": chosen,
        "may_replay": request.user.has_perm("integrations.change_delivery"),
        "replay": "admin:delivery-replay",
        **_list(request, rows, chosen.pk if chosen else None),
    }
    return render(request, TEMPLATE, context)


@page("deliveries/unclaimed/", "unclaimed-deliveries", OPERATE)
def unclaimed(request: HttpRequest) -> HttpResponse:
    """Those that belong to nobody, for operators."""
    context = {
        "title": _("Unclaimed deliveries"),
        "sentence": _("What vendors told of accounts to which no integration here is connected, and what could not be read."),
        "is_unclaimed": True,
        "may_replay": True,
        "replay": "admin:unclaimed-replay",
        **_list(request, _of_nobody()),
    }
    return render(request, TEMPLATE, context)


@page("deliveries/<int:pk>/replay/", "delivery-replay", "integrations.change_delivery")
@require_POST
def replay_delivery(request: HttpRequest, pk: int) -> HttpResponse:
    _replay(request, get_object_or_404(Delivery.objects, pk=pk))
    return redirect("admin:deliveries")


@page("deliveries/unclaimed/<int:pk>/replay/", "unclaimed-replay", OPERATE)
@require_POST
def replay_unclaimed(request: HttpRequest, pk: int) -> HttpResponse:
    _replay(request, get_object_or_404(_of_nobody(), pk=pk))
    return redirect("admin:unclaimed-deliveries")


def _of_nobody() -> QuerySet[Delivery]:
    return Delivery.everywhere.filter(organization=None)


def _list(request: HttpRequest, rows: QuerySet[Delivery], integration: int | None = None) -> dict[str, Any]:
    state = one_of(request, "state", DeliveryState.values)
    current = {"integration": str(integration or ""), "state": state}
    shown = page_of(request, rows.filter(state=state) if state else rows, DELIVERIES_A_PAGE)
    return {
        "menus": [menu(_("State"), "state", DeliveryState.choices, current)],
        "is_filtered": any(current.values()),
        "query": address(**current),
        "page": shown,
        "lines": [Line(row, delivery_chip(row.state), redact.body(bytes(row.body), "application/json")) for row in shown],
    }


def _replay(request: HttpRequest, delivery: Delivery) -> None:
    done = replay(delivery)
    words = {"delivery": delivery, "message": done.message}
    if done.state == DeliveryState.HANDLED:
        messages.success(request, _("%(delivery)s was handled again: what changed is fetched in a moment.") % words)
    else:
        messages.warning(request, _("%(delivery)s was looked at again. %(message)s") % words)
