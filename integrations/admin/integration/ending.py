"""How a connection ends: disconnected, with everything kept that keeps copies from being doubled; or removed, if it never began."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from integrations.admin.integration.actions import installed
from integrations.admin.integration.header import can_be_removed
from integrations.admin.integration.page import CHANGE, TEMPLATES
from integrations.admin.integration.starting import QUEUING
from integrations.admin.pages import page
from integrations.admin.run_words import records
from integrations.models import Link, OutboxItem
from integrations.models.outbox import IN_FLIGHT
from integrations.sync import connections


@page("integrations/<int:pk>/do/disconnect/", "integration-disconnect", CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first, and says what stays at the vendor and what stays here, and what is on its way just now."""
    integration = installed(pk)
    if integration.connection not in QUEUING:
        messages.warning(request, _("It is not connected."))
        return redirect("admin:integration", pk)
    vendor = {"vendor": integration.declaration.label}
    if request.method == "POST":
        trouble = connections.disconnect(integration)
        messages.success(request, _("Disconnected. What was copied is still at %(vendor)s, settings and mappings are still here.") % vendor)
        if trouble:
            text = _("%(vendor)s could not be told: %(trouble)s. Remove Patchbay's access there.")
            messages.warning(request, text % {**vendor, "trouble": trouble.rstrip(".")})
        return redirect("admin:integration", pk)
    links = Link.objects.filter(integration_id=integration.pk, archived_at=None, is_import=False, step="")
    counts = links.order_by("kind").values_list("kind").annotate(Count("pk"))
    context = {
        "title": _("Disconnect %(name)s?") % {"name": integration.name},
        "integration": integration,
        "provider": integration.declaration,
        "copied": [(count, records(kind, count)) for kind, count in counts],
        "in_flight": OutboxItem.objects.filter(integration_id=integration.pk, state__in=IN_FLIGHT).count(),
    }
    return render(request, f"{TEMPLATES}/disconnect.html", context)


@page("integrations/<int:pk>/do/remove/", "integration-remove", CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """For one that was never connected. Any other stays: without its links everything would be copied a second time."""
    integration = installed(pk)
    if not can_be_removed(integration):
        messages.warning(
            request, _("%(name)s has been connected, so what it copied is remembered. Disconnect it instead.") % {"name": integration.name}
        )
        return redirect("admin:integration", pk)
    if request.method == "POST":
        integration.delete()
        messages.success(request, _("%(name)s is removed. It never moved anything.") % {"name": integration.name})
        return redirect("admin:index")
    context = {"title": _("Remove %(name)s?") % {"name": integration.name}, "integration": integration, "provider": integration.declaration}
    return render(request, f"{TEMPLATES}/remove.html", context)
