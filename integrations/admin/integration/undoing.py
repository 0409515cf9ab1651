"""The button that takes back one change of the history."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from integrations.admin.integration.history import both, entries_of, rows_of
from integrations.admin.integration.page import CHANGE, find_integration
from integrations.admin.integration.reverting import can_revert, revert
from integrations.admin.integration.steps import HISTORY, address
from integrations.admin.listing import row_id
from integrations.admin.pages import page
from integrations.registry import all_providers
from integrations.sync.readiness import Readiness


@page("integrations/<int:pk>/do/revert/", "integration-revert", CHANGE)
@require_POST
def revert_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the named setting, or the row of a mapping, to what it was before the change; unless it was changed since."""
    integration = find_integration(pk)
    if integration.provider not in all_providers():
        raise Http404
    readiness = Readiness(integration)
    name, key = request.POST.get("setting", ""), request.POST.get("row", "")
    entry = entries_of(integration).filter(pk=row_id(request.POST.get("change")) or 0).first()
    if entry is None or name not in (entry.changes or {}) or not can_revert(readiness, name):
        raise Http404
    old, new = both(entry.changes[name])
    if key:
        before, after = rows_of(old) or {}, rows_of(new) or {}
        old, new = str(before.get(key, "")), str(after.get(key, ""))
    if problem := revert(integration, name, key, old, new):
        messages.error(request, _("It was not reverted. %(problem)s") % {"problem": problem})
    else:
        messages.success(request, _("It is as it was before. The history keeps both changes."))
    return redirect(address(readiness, HISTORY))
