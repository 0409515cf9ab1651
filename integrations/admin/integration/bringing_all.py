"""Everything brought again: asked for by a person, who is told before what that does here, and what it leaves alone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from integrations.admin.integration.actions import can_import, declared_import, installed
from integrations.admin.integration.page import CHANGE, TEMPLATES
from integrations.admin.integration.starting import ONCE, once, token
from integrations.admin.pages import page
from integrations.admin.run_words import records
from integrations.models import Action, Incident
from integrations.sync import runs
from integrations.sync.sweeping import GUARD_PERCENT, cause_of, living

UNGUARDED = "unguarded"  # the box that says that as many may go as are gone there
DRY = "dry"  # the button that only shows what would come of it


@page("integrations/<int:pk>/do/import/<slug:kind>/all/", "integration-import-all", CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
def import_all(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    integration = installed(pk)
    declared = declared_import(integration, kind)
    if not can_import(request, integration, declared):
        return redirect("admin:integration", pk)
    if request.method == "POST":
        how = {"full": True, "unguarded": declared.sweeps and UNGUARDED in request.POST, "dry": DRY in request.POST}
        run = once(request, integration, lambda: runs.start(integration, Action.IMPORT, kind, user=request.user, **how))  # type: ignore[arg-type]
        return redirect("admin:run", run.pk)
    count = living(integration, kind, declared.within()).count()
    context = {
        "title": _("Import all %(records)s again?") % {"records": records(kind, 2)},
        "integration": integration,
        "provider": integration.declaration,
        "sweeps": declared.sweeps,
        "count": count,
        "records": records(kind, count),
        "percent": GUARD_PERCENT,
        "incident": Incident.objects.filter(integration_id=integration.pk, cause=cause_of(kind), closed_at=None).first(),
        ONCE: token(),
    }
    return render(request, f"{TEMPLATES}/import_all.html", context)
