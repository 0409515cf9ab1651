"""The address of a record that copies carry: it leads to the record's page, wherever that is."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_safe

from accounts.tenancy import current_organization
from integrations.admin.faces import address_of
from integrations.records.kinds import UnknownKind, get_kind


@login_required
@require_safe
def record(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """404 for what does not exist in the current organization, and for what the user may not see."""
    if current_organization() is None:
        raise Http404
    try:
        found = get_kind(kind)
    except UnknownKind:
        raise Http404 from None
    address = address_of(found, request.user)
    if not address or not found.queryset().filter(pk=pk).exists():
        raise Http404
    return redirect(address, pk)


urlpatterns = [path("<slug:kind>/<int:pk>/", record, name="record")]
