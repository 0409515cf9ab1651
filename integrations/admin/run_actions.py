"""What a person may do with a run: try failed records again, skip them with a reason, stop it, take its rows along."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from integrations.admin.listing import row_id
from integrations.admin.pages import page
from integrations.admin.run import find_run
from integrations.admin.run_rows import item_rows
from integrations.admin.run_words import subject
from integrations.models import Integration, ItemState, OutboxItem, Run
from integrations.models.outbox import FAILED
from integrations.registry import all_providers
from integrations.sync import outbox, runs
from integrations.templatetags.words import whole

CHANGE = "integrations.change_integration"


@page("runs/<int:pk>/retry/", "run-retry", CHANGE)
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Try the failed records again, or the one that `item` names."""
    run = find_run(pk)
    try_again(request, run.integration, _chosen(run, request.POST.get("item")))
    return redirect("admin:run", pk)


@page("runs/<int:pk>/skip/", "run-skip", CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
def skip(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then take the failed records, or the one that `item` names, out of the way."""
    run = find_run(pk)
    chosen = _chosen(run, request.GET.get("item"))
    skippable = chosen.filter(state__in=(*FAILED, ItemState.WAITING), replaced_by=None)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    count = skippable.count()
    if not count:
        messages.warning(request, _("Nothing is left to skip: it was sent, or skipped already."))
        return redirect("admin:run", pk)
    if request.method == "POST" and form.is_valid():
        skipped = outbox.skip(skippable, form.cleaned_data["reason"])
        text = ngettext("%(count)s record is skipped.", "%(count)s records are skipped.", skipped)
        messages.success(request, text % {"count": whole(skipped)})
        return redirect("admin:run", pk)
    rows = item_rows(run.integration, run.kind, skippable.order_by("pk")[:1], request.user)
    context = {"title": _title(count, rows), "run": run, "subject": subject(run), "count": count, "row": rows[0], "form": form}
    return render(request, "admin/integrations/run_skip.html", context)


@page("runs/<int:pk>/cancel/", "run-cancel", CHANGE)
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    run = find_run(pk)
    if run.is_finished:
        messages.warning(request, _("The run is over already."))
    else:
        runs.cancel(run)
        messages.success(request, _("The run is cancelled. What is being sent just now still arrives."))
    return redirect("admin:run", pk)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Stands beside the record from now on, for whoever asks why it is not there."),
    )


def try_again(request: HttpRequest, integration: Integration, items: QuerySet[OutboxItem]) -> None:
    """Try those again that failed, and say how many they are, or why none."""
    provider = all_providers().get(integration.provider)
    if provider is None:
        messages.error(request, _("The provider of this integration is not installed any more, so nothing can be sent."))
        return
    count = outbox.retry(items)
    if not count:
        messages.warning(request, _("Nothing was left to try again."))
    elif integration.can_work:
        text = ngettext("%(count)s record is tried again.", "%(count)s records are tried again.", count)
        messages.success(request, text % {"count": whole(count)})
    else:
        text = ngettext("%(count)s record waits until %(name)s is connected.", "%(count)s records wait until %(name)s is connected.", count)
        messages.warning(request, text % {"count": whole(count), "name": integration.name})


def _chosen(run: Run, item: str | None) -> QuerySet[OutboxItem]:
    """The run's failed items, or the one item. Raises `Http404` for an item that is none of the run's."""
    if item is None:
        return run.items.filter(state__in=FAILED, replaced_by=None)
    found = run.items.filter(pk=row_id(item) or 0)
    if not found.exists():
        raise Http404
    return found


def _title(count: int, rows: list[Any]) -> str:
    if count == 1:
        return _("Skip %(record)s?") % {"record": rows[0].face.label}
    return _("Skip %(count)s failed records?") % {"count": whole(count)}
