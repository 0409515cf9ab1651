"""Deliveries, in lists and one by one: what vendors told by webhook, what came of it, and doing it again."""

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
from integrations.registry import all_providers
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
        **_list(request, _of_nobody()),
    }
    return render(request, TEMPLATE, context)


@page("deliveries/<int:pk>/", "delivery", "integrations.view_delivery")
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, Delivery.objects.select_related("integration"), pk, request.user.has_perm("integrations.change_delivery"))


@page("deliveries/unclaimed/<int:pk>/", "unclaimed-delivery", OPERATE)
def unclaimed_delivery(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, _of_nobody(), pk, may_replay=True)


@page("deliveries/replay/", "deliveries-replay", "integrations.change_delivery")
@require_POST
def replay_deliveries(request: HttpRequest) -> HttpResponse:
    """Those that are ticked."""
    _replay_ticked(request, Delivery.objects.all())
    return redirect("admin:deliveries")


@page("deliveries/unclaimed/replay/", "unclaimed-deliveries-replay", OPERATE)
@require_POST
def replay_unclaimed_deliveries(request: HttpRequest) -> HttpResponse:
    _replay_ticked(request, _of_nobody())
    return redirect("admin:unclaimed-deliveries")


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
        "lines": [_line(row) for row in shown],
    }


def _line(delivery: Delivery) -> Line:
    return Line(delivery, delivery_chip(delivery.state), redact.body(bytes(delivery.body), "application/json"))


def _show(request: HttpRequest, rows: QuerySet[Delivery], pk: int, may_replay: bool) -> HttpResponse:
    found = get_object_or_404(rows, pk=pk)
    provider = all_providers().get(found.slug)
    context = {
        "title": _("Delivery %(id)d") % {"id": found.pk},
        "line": _line(found),
        "delivery": found,
        "vendor": provider.label if provider else found.slug,
        "is_unclaimed": found.organization_id is None,
        "may_replay": may_replay,
    }
    return render(request, "admin/integrations/delivery.html", context)


def _replay_ticked(request: HttpRequest, rows: QuerySet[Delivery]) -> None:
    ticked = [pk for pk in map(row_id, request.POST.getlist("delivery")[:DELIVERIES_A_PAGE]) if pk]
    done = [replay(delivery) for delivery in rows.filter(pk__in=ticked).order_by("pk")]
    if not done:
        messages.warning(request, _("Nothing was ticked: tick what is to be handled again."))
        return
    handled = sum(delivery.state == DeliveryState.HANDLED for delivery in done)
    text = _("Looked at again: %(count)d. Of these, %(handled)d made something due that is fetched in a moment.")
    messages.success(request, text % {"count": len(done), "handled": handled})


def _replay(request: HttpRequest, delivery: Delivery) -> None:
    done = replay(delivery)
    words = {"delivery": delivery, "message": done.message}
    if done.state == DeliveryState.HANDLED:
        messages.success(request, _("%(delivery)s was handled again: what changed is fetched in a moment.") % words)
    else:
        messages.warning(request, _("%(delivery)s was looked at again. %(message)s") % words)
