"""What the admin of a kind of record gets when integrations copy it: “where it went”, and copying many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from integrations.admin.copies import exporting
from integrations.admin.copying import ask_or_send
from integrations.admin.integration.page import find_integration
from integrations.admin.integration.starting import QUEUING, start_export
from integrations.admin.listed_copies import note_copies, where_it_went
from integrations.models import Integration
from integrations.provider import Export
from integrations.records.base import Record
from integrations.records.kinds import kinds_of

OFFERED = 20
"""To how many integrations the list offers to copy; the others have an “Export now” of their own."""

Action = tuple[Callable[..., Any], str, str]


class CopiedAdmin:
    """Mixin of the admin of a record: its list tells where each went, and copies what is chosen to any integration that takes such records.

    The change page shows where the record went: its template is `admin/records/change_form.html`.
    """

    model: type[Record]

    @property
    def is_copied(self) -> bool:
        """Whether any installed provider copies records of this model."""
        return any(exporting(kind.name) for kind in kinds_of(self.model))

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        columns: Sequence[Any] = super().get_list_display(request)  # type: ignore[misc]
        return [*columns, where_it_went] if self.is_copied else columns

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        found: ChangeList = super().get_changelist_instance(request)  # type: ignore[misc]
        if self.is_copied:
            note_copies(list(found.result_list))
        return found

    def get_actions(self, request: HttpRequest) -> dict[str, Action]:
        actions: dict[str, Action] = super().get_actions(request)  # type: ignore[misc]
        if not self.is_copied or IS_POPUP_VAR in request.GET or not request.user.has_perm("integrations.change_integration"):
            return actions
        for pk, name in self._offered(request):
            key = f"copy_to_{pk}"
            actions[key] = (partial(_copy, pk), key, _("Copy to %(name)s") % {"name": name})
        return actions

    def _offered(self, request: Any) -> list[tuple[int, str]]:
        """The integrations that the list offers, looked up once for a request: Django asks for the actions again and again."""
        if not hasattr(request, "copies_to"):
            slugs = {slug for kind in kinds_of(self.model) for slug in exporting(kind.name)}
            rows = Integration.objects.non_polymorphic().filter(provider__in=slugs, connection__in=QUEUING).order_by("name", "pk")
            request.copies_to = list(rows.values_list("pk", "name")[:OFFERED])
        found: list[tuple[int, str]] = request.copies_to
        return found


def _copy(pk: int, admin: CopiedAdmin, request: HttpRequest, queryset: QuerySet[Record]) -> HttpResponse | None:
    """Copy the chosen records, kind by kind; where something has to be chosen for each copy, it is asked before."""
    integration = find_integration(pk)
    chosen: list[tuple[Export, list[int]]] = []
    for kind in kinds_of(admin.model):
        export = exporting(kind.name).get(integration.provider)
        if export and (ids := list(queryset.filter(**kind.filter).values_list("pk", flat=True))):
            chosen.append((export, ids))
    off = [export for export, _ids in chosen if not export.is_on(integration)]
    if not chosen or off:
        what = off[0].label if off else admin.model._meta.verbose_name_plural
        messages.error(request, _("%(name)s does not copy “%(what)s”. Switch that on first.") % {"name": integration.name, "what": what})
        return None
    asking = [(export, ids) for export, ids in chosen if any(choice.required(integration) for choice in export.choices)]
    if asking and len(chosen) > 1:
        messages.error(request, _("%(name)s asks something for each copy. Choose records of one kind only.") % {"name": integration.name})
        return None
    if asking:
        return ask_or_send(request, integration, *asking[0], sends=False)
    runs = [start_export(request, integration, export.kind, ids) for export, ids in chosen]
    return redirect("admin:run", runs[0].pk) if len(runs) == 1 else redirect("admin:runs")
