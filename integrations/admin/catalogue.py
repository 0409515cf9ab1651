"""What can be connected: every installed provider, what it promises, what it needs, and how it stands here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import Organization
from accounts.tenancy import current_organization
from integrations.admin.dashboard import kinds_moved, moves
from integrations.admin.listing import Choice, address, one_of
from integrations.admin.pages import page
from integrations.admin.states import URGENCY, Chip, base_rows, integration_chip
from integrations.models import Integration
from integrations.provider import Category, Provider
from integrations.records.models import Subsidiary
from integrations.registry import all_providers

PLACES = 4


@dataclass(frozen=True)
class Place:
    """An integration that exists already."""

    integration: Integration
    chip: Chip


@dataclass(frozen=True)
class Offer:
    """A provider as its card shows it, with its most urgent integrations and how many `more` there are.

    `at_once`: there is nothing to ask before it is connected; `another`: one more is possible.
    """

    provider: Provider
    moves: str
    places: list[Place]
    more: int
    at_once: bool
    another: bool


@page("catalogue/", "catalogue", "integrations.view_integration")
def catalogue(request: HttpRequest) -> HttpResponse:
    providers = all_providers().values()
    categories = [category for category in Category if any(provider.category == category for provider in providers)]
    category, query = one_of(request, "category", categories), request.GET.get("q", "").strip()[:100]
    found = [provider for provider in providers if _matches(provider, query)]
    shown = [provider for provider in found if not category or provider.category == category]
    context = {
        "title": _("Catalogue"),
        "query": query,
        "category": category,
        "chips": [
            Choice(_("All"), address(q=query), not category, len(found)),
            *(
                Choice(one.label, address(q=query, category=one), one == category, sum(provider.category == one for provider in found))
                for one in categories
            ),
        ],
        "offers": _offers(shown),
    }
    return render(request, "admin/integrations/catalogue.html", context)


@page("catalogue/<slug:slug>/", "catalogue-connect", "integrations.change_integration")
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks how the new integration is called and whose records it moves; creates it and leads to its page."""
    provider = all_providers().get(slug)
    if provider is None:
        raise Http404
    form, integration = _connect(provider, request) if request.method == "POST" else (ConnectForm(provider), None)
    if integration is not None:
        messages.success(request, _("%(name)s is added. Connect it now; nothing moves before.") % {"name": integration.name})
        return redirect("admin:integration", integration.pk)
    if not form.has_place:
        messages.warning(request, _("%(name)s is connected for every subsidiary already.") % {"name": provider.label})
        return redirect("admin:catalogue")
    context = {"title": _("Connect %(name)s") % {"name": provider.label}, "provider": provider, "form": form}
    return render(request, "admin/integrations/connect.html", context)


class ConnectForm(forms.Form):
    """One integration of a provider for each subsidiary, and one for those that have none of their own.

    Places that are taken are not offered; without a choice nothing is asked. `has_place` tells whether any is left.
    """

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("How this connection is called on every page.")
    )
    subsidiary = forms.ModelChoiceField(
        Subsidiary.objects.none(),
        label=gettext_lazy("Subsidiary"),
        required=False,
        empty_label=gettext_lazy("All without a connection of their own"),
        help_text=gettext_lazy("Only its records are moved. A subsidiary that has such a connection already is not offered."),
    )

    def __init__(self, provider: Provider, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.provider = provider
        taken = set(Integration.objects.non_polymorphic().filter(provider=provider.slug).values_list("subsidiary_id", flat=True))
        self.fields["name"].initial = f"{provider.label} {len(taken) + 1}" if taken else provider.label
        every = _subsidiaries()
        free = every.exclude(pk__in=taken - {None})
        self.has_place = None not in taken or (every.count() > 1 and free.exists())
        if every.count() > 1:
            choice: Any = self.fields["subsidiary"]
            choice.queryset, choice.required = free, None in taken
            choice.empty_label = None if None in taken else choice.empty_label
        else:
            del self.fields["subsidiary"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Integration.objects.non_polymorphic().filter(name__iexact=name).exists():
            text = _("Another connection is called “%(name)s” already. Choose a name that tells the two apart.")
            raise ValidationError(text, params={"name": name})
        return name


@transaction.atomic
def _connect(provider: Provider, request: HttpRequest) -> tuple[ConnectForm, Integration | None]:
    """The form and the integration that it makes, if it is right. Of two who press at once one finds the place taken."""
    organization = Organization.objects.select_for_update(no_key=True).get(pk=current_organization().pk)  # type: ignore[union-attr]
    form = ConnectForm(provider, request.POST)
    if not (form.has_place and form.is_valid()):
        return form, None
    values = {"name": form.cleaned_data["name"], "subsidiary": form.cleaned_data.get("subsidiary")}
    made = _model_of(provider).objects.create(organization=organization, provider=provider.slug, creator=request.user, **values)
    return form, made


def _subsidiaries() -> Any:
    return Subsidiary.objects.filter(archived_at=None, remote_deleted_at=None).order_by("name", "pk")


def _model_of(provider: Provider) -> type[Any]:
    app = f"integrations.providers.{provider.slug}"
    return next(model for model in apps.get_models() if issubclass(model, Integration) and model._meta.app_config.name == app)


def _matches(provider: Provider, query: str) -> bool:
    """Every word of the query occurs in what the card says, or among the kinds that it has no room for."""
    said = f"{provider.label} {Category(provider.category).label} {provider.promise} {', '.join(kinds_moved(provider))}".casefold()
    return all(word in said for word in query.casefold().split())


def _offers(providers: Iterable[Provider]) -> list[Offer]:
    places: dict[str, list[Integration]] = defaultdict(list)
    for integration in base_rows().order_by(URGENCY, "name", "pk"):
        places[integration.provider].append(integration)
    subsidiaries = _subsidiaries().count()
    return [_offer(provider, places[provider.slug], subsidiaries) for provider in providers]


def _offer(provider: Provider, integrations: list[Integration], subsidiaries: int) -> Offer:
    several = subsidiaries > 1
    return Offer(
        provider,
        moves(provider),
        [Place(row, integration_chip(row)) for row in integrations[:PLACES]],
        more=max(0, len(integrations) - PLACES),
        at_once=not several and not integrations,
        another=several and len(integrations) <= subsidiaries,
    )
