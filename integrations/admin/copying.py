"""The form that sends records to a vendor, and asks what people may decide for each copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from integrations.admin.copies import exporting
from integrations.admin.faces import address_of, faces
from integrations.admin.integration.page import find_integration
from integrations.admin.integration.starting import ONCE, QUEUING, start_export, token
from integrations.admin.listing import row_id
from integrations.admin.pages import page
from integrations.admin.run_words import records
from integrations.mappings.fields import Theirs
from integrations.models import Integration
from integrations.provider import Choice, Export
from integrations.records.kinds import get_kind
from integrations.sync.offers import Offer, Offers

MOST_SELECTABLE = 200
"""Of longer lists one types the name."""
NAMED = 8


class NamedOptionField(forms.CharField):
    """One of many options, by its name, code or id; what fits several is asked back."""

    def __init__(self, offers: Iterable[Offer], **kwargs: Any) -> None:
        self.offers = [offer for offer in offers if not offer.is_gone]
        super().__init__(max_length=500, **kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value).strip()
        if not text:
            return ""
        wanted = text.casefold()
        for fits in (
            lambda offer: offer.value == text,
            lambda offer: wanted in _names(offer),
            lambda offer: wanted in offer.label.casefold(),
        ):
            found = [offer for offer in self.offers if fits(offer)]
            if len(found) == 1:
                return found[0].value
            if found:
                named = ", ".join(f"{offer.label} ({offer.value})" for offer in found[:NAMED])
                raise ValidationError(
                    _("%(count)d fit this: %(named)s. Give the id of the one you mean."), params={"count": len(found), "named": named}
                )
        raise ValidationError(_("There is no “%(text)s” there. Refresh the list if it is new."), params={"text": text[:100]})


def _names(offer: Offer) -> set[str]:
    return {name.casefold() for name in (offer.name, offer.code, offer.label) if name}


class CopyForm(forms.Form):
    """Asks what the export lets people decide for each copy. What `binds` one record to one of theirs is asked for one record only."""

    def __init__(self, integration: Integration, export: Export, count: int | None, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        offers = Offers(integration)
        for choice in export.choices:
            if choice.binds and count != 1:
                continue
            self.fields[choice.name] = _choice_field(choice, integration, offers)

    def chosen(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if value}


def _choice_field(choice: Choice, integration: Integration, offers: Offers) -> forms.Field:
    required = choice.required(integration)
    said = {"required": _("“%(label)s” has to be chosen for each copy.") % {"label": choice.label}}
    said["invalid_choice"] = _("“%(value)s” is not among the options. Choose one of the list.")
    if not choice.source:
        values: Sequence[tuple[str, Any]] = choice.values
    else:
        found = offers.of(Theirs(choice.source, choice.use))
        if len(found) > MOST_SELECTABLE:
            text = _("Its name or id, as in the list of %(vendor)s. Leave it empty to have it found.")
            help_text = text % {"vendor": integration.declaration.label}
            return NamedOptionField(found.values(), label=str(choice.label), required=required, help_text=help_text, error_messages=said)
        values = [(offer.value, offer.label) for offer in found.values() if not offer.is_gone]
    blank = _("– choose –") if required else _("– found by itself –") if choice.binds else _("– as set up –")
    return forms.ChoiceField(choices=[("", blank), *values], label=str(choice.label), required=required, error_messages=said)


@page("integrations/<int:pk>/copy/<slug:kind>/", "copy", "integrations.change_integration")
@require_http_methods(["GET", "HEAD", "POST"])
def copy(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Copy the records `ids`, or everything that changed where none are named; `new` makes another copy beside the one that is there."""
    integration = find_integration(pk)
    export = exporting(kind).get(integration.provider)
    if export is None:
        raise Http404
    given = (request.POST if request.method == "POST" else request.GET).get("ids", "")
    ids = read_ids(given)
    if problem := _problem(integration, export, given, ids):
        messages.error(request, problem)
        return redirect("admin:integration", pk)
    create_new = (request.POST if request.method == "POST" else request.GET).get("new") == "1"
    return ask_or_send(request, integration, export, ids if given else None, create_new=create_new, sends=request.method == "POST")


def ask_or_send(
    request: HttpRequest, integration: Integration, export: Export, ids: list[int] | None, *, create_new: bool = False, sends: bool
) -> HttpResponse:
    """Begin the export and show its run; or the form, when something has to be asked first."""
    count = len(ids) if ids is not None else None
    form = CopyForm(integration, export, count, request.POST if sends else None)
    if sends and form.is_valid():
        run = start_export(request, integration, export.kind, ids, choices=form.chosen(), create_new=create_new)
        return redirect("admin:run", run.pk)
    context = {
        "title": _title(integration, export, ids, create_new),
        "integration": integration,
        "provider": integration.declaration,
        "export": export,
        "form": form,
        "ids": ",".join(map(str, ids or ())),
        "faces": list(faces([(export.kind, one) for one in (ids or ())[:NAMED]], request.user).values()),
        "more": max(0, (count or 0) - NAMED),
        "create_new": create_new,
        ONCE: token(),
        "back": _back(request, export, ids),
    }
    return render(request, "admin/integrations/copy.html", context)


def read_ids(text: str) -> list[int]:
    """The ids in the text, each once; what is no id is left out."""
    return list(dict.fromkeys(pk for part in text.split(",") if (pk := row_id(part.strip())) is not None))


def _problem(integration: Integration, export: Export, given: str, ids: list[int]) -> str:
    if not export.is_on(integration):
        return _("“%(what)s” is switched off. Switch it on first.") % {"what": export.label}
    if integration.connection not in QUEUING:
        return _("Connect it first.")
    if given and not get_kind(export.kind).queryset().filter(pk__in=ids[:1000]).exists():
        return _("These records do not exist any more. Choose others.")
    return ""


def _title(integration: Integration, export: Export, ids: list[int] | None, create_new: bool) -> str:
    count = len(ids) if ids is not None else 2
    words = {"count": count, "records": records(export.kind, count), "name": integration.name}
    if ids is None:
        return _("Copy all changed %(records)s to %(name)s") % words
    if create_new:
        return _("Make another copy in %(name)s") % words
    return _("Copy %(count)d %(records)s to %(name)s") % words


def _back(request: HttpRequest, export: Export, ids: list[int] | None) -> str:
    kind = get_kind(export.kind)
    if not ids or not address_of(kind, request.user):
        return ""
    if len(ids) == 1:
        return reverse("record", args=[export.kind, ids[0]])
    meta = kind.model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
