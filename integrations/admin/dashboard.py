"""The overview: what is connected, how it goes, and what needs a person, the red first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.humanize.templatetags.humanize import apnumber
from django.db.models import Case, Count, F, Min, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.admin.activity import Activity, activities
from integrations.admin.dashboard_filters import filters
from integrations.admin.listing import Choice, address, one_of, page_of
from integrations.admin.navigation import counter
from integrations.admin.pages import page
from integrations.admin.states import NEEDS_PERSON, URGENCY, Chip, base_rows, integration_chip
from integrations.http import breaker
from integrations.models import Connection, Incident, Integration, Limit, Stream
from integrations.provider import Category, Provider, Text
from integrations.records.kinds import get_kind
from integrations.registry import all_providers

CARDS_A_PAGE = 60
KINDS_NAMED = 5
"""On a card; how many more there are stands behind them."""
NEEDS_YOU = "needs_you"


@dataclass(frozen=True)
class Card:
    integration: Integration
    moves: str
    chip: Chip
    activity: Activity
    next_run_at: datetime | None

    @property
    def provider(self) -> Provider | None:
        return all_providers().get(self.integration.provider)

    @property
    def moves_records(self) -> bool:
        """Also of a provider that is not installed any more: its counts stay."""
        return self.provider is None or self.provider.moves_records

    @property
    def promise(self) -> Text:
        return self.provider.promise if self.provider else ""


@dataclass(frozen=True)
class Share:
    """How many of the organization's integrations are of one provider, how many of them need a person, how many of the others run."""

    provider: str
    every: int
    needy: int
    running: int

    @property
    def category(self) -> str:
        return category_of(self.provider)


@page("", "index", "integrations.view_integration")
def dashboard(request: HttpRequest) -> HttpResponse:
    shares = _shares()
    total, needy = sum(share.every for share in shares), sum(share.needy for share in shares)
    categories = [category for category in Category if any(share.category == category for share in shares)]
    show = one_of(request, "show", [NEEDS_YOU, *categories])
    chosen = filters(request, [share.provider for share in shares])
    rows, count = _shown(shares, show)
    if chosen.is_on:
        rows, count = rows.filter(chosen.condition), None
    shown = page_of(request, rows, CARDS_A_PAGE, count)
    context = {
        "title": _("Overview"),
        "sentence": _sentence(total, needy, sum(share.running for share in shares)),
        "total": total,
        "chips": _chips(shares, categories, show, chosen.current),
        "menus": chosen.menus(show=show),
        "query": address(show=show, **chosen.current),
        "page": shown,
        "cards": _cards(shown.object_list),
        "incident": _worst_incident(),
        "offered": list(all_providers().values())[:6] if not total else [],
    }
    return render(request, "admin/integrations/dashboard.html", context)


@counter
def need_person() -> dict[str, int]:
    return {"admin:index": base_rows().filter(NEEDS_PERSON).count()}


def category_of(slug: str) -> str:
    provider = all_providers().get(slug)
    return provider.category if provider else ""


def kinds_moved(provider: Provider) -> list[str]:
    """The kinds that are its purpose, not what they bring along."""
    exported = [export.kind for export in provider.exports if export.exclusive and not export.step]
    kinds = dict.fromkeys([*exported, *(declared.kind for declared in provider.imports if declared.creates)])
    kinds = kinds or dict.fromkeys(export.kind for export in provider.exports)
    return [str(get_kind(kind).label_plural) for kind in kinds]


def moves(provider: Provider | None) -> str:
    """What a provider moves, in one line: of many kinds the first."""
    if provider is None:
        return ""
    names = kinds_moved(provider)
    if len(names) > KINDS_NAMED + 1:
        more = len(names) - KINDS_NAMED
        names[KINDS_NAMED:] = [ngettext("%(count)s more kind", "%(count)s more kinds", more) % {"count": more}]
    return capfirst(", ".join(names))


def _shares() -> list[Share]:
    rows = base_rows().order_by().values("provider")
    counts = {
        "every": Count("pk"),
        "needy": Count("pk", filter=NEEDS_PERSON),
        "running": Count("pk", filter=Q(connection=Connection.CONNECTED) & ~NEEDS_PERSON),
    }
    return [Share(**row) for row in rows.annotate(**counts)]


def _shown(shares: Collection[Share], show: str) -> tuple[QuerySet[Integration], int | None]:
    rows = base_rows().select_related("subsidiary").order_by(URGENCY, "name", "pk")
    if show == NEEDS_YOU:
        return rows.filter(NEEDS_PERSON), sum(share.needy for share in shares)
    chosen = [share for share in shares if not show or share.category == show]
    if show:
        rows = rows.filter(provider__in=[share.provider for share in chosen])
    return rows, sum(share.every for share in chosen)


def _cards(rows: Iterable[Integration]) -> list[Card]:
    integrations = list(rows)
    ids = [integration.pk for integration in integrations]
    charts = activities(ids)
    streams = Stream.objects.filter(
        integration_id__in=ids, integration__connection=Connection.CONNECTED, realm_id=F("integration__realm_id")
    )
    breakers = Limit.objects.filter(integration_id__in=ids).exclude(breaker={}).values_list("integration_id", "breaker")
    down = {integration_id for integration_id, state in breakers if breaker.is_down(state)}
    next_runs = dict(streams.order_by().values_list("integration_id").annotate(Min("next_run_at")))
    return [
        Card(
            integration,
            moves(all_providers().get(integration.provider)),
            integration_chip(integration, is_down=integration.pk in down),
            charts[integration.pk],
            next_runs.get(integration.pk),
        )
        for integration in integrations
    ]


def _worst_incident() -> Incident | None:
    """Whatever stopped an integration comes first, then what is open longest."""
    stopped = Case(When(integration__connection=Connection.NEEDS_RECONNECT, then=Value(0)), default=Value(1))
    return Incident.objects.filter(closed_at=None).select_related("integration").order_by(stopped, "opened_at").first()


def _sentence(total: int, needy: int, running: int) -> str:
    if not total:
        return _("Nothing is connected yet.")
    if not needy:
        return _("Everything is moving.") if running else _("Nothing needs you, and nothing is moving.")
    needs = ngettext("%(count)s thing needs you.", "%(count)s things need you.", needy) % {"count": capfirst(str(apnumber(needy)))}
    return f"{needs} {_('Everything else is moving.')}" if running else str(needs)


def _chips(shares: Collection[Share], categories: Iterable[Category], show: str, beside: Mapping[str, str]) -> list[Choice]:
    needy = sum(share.needy for share in shares)
    chips: list[tuple[str | Promise, str, int | None]] = [(_("All"), "", sum(share.every for share in shares))]
    chips += [(_("Needs you"), NEEDS_YOU, needy)] if needy or show == NEEDS_YOU else []
    chips += [(category.label, category.value, None) for category in categories]
    return [Choice(label, address(show=value, **beside), value == show, count) for label, value, count in chips]
