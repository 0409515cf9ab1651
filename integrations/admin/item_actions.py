"""What a person may do with one record on its way: try it again, or skip it with a reason."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from integrations.admin.item import find_item, row_of
from integrations.admin.pages import page
from integrations.admin.run_actions import CHANGE, ReasonForm, try_again
from integrations.models import OutboxItem
from integrations.sync import outbox


@page("items/<int:pk>/retry/", "item-retry", CHANGE)
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    item = find_item(pk)
    try_again(request, item.integration, OutboxItem.objects.filter(pk=item.pk))
    return redirect("admin:item", pk)


@page("items/<int:pk>/skip/", "item-skip", CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
def skip(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for the reason first."""
    item = find_item(pk)
    row = row_of(item, request.user)
    if not row.can_skip:
        messages.warning(request, _("Nothing is left to skip: it was sent, or skipped already."))
        return redirect("admin:item", pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if outbox.skip(OutboxItem.objects.filter(pk=item.pk), form.cleaned_data["reason"]):
            messages.success(request, _("It is skipped."))
        return redirect("admin:item", pk)
    context = {"title": _("Skip %(record)s?") % {"record": row.face.label}, "item": item, "row": row, "form": form}
    return render(request, "admin/integrations/item_skip.html", context)
