"""By what the overview can be narrowed: the provider, the subsidiary, and whether the project is still worked on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from integrations.admin.listing import Menu, menu, one_of
from integrations.models import Integration
from integrations.registry import all_providers

ACTIVE, ARCHIVED = "active", "archived"
CONDITIONS = {
    "provider": lambda value: Q(provider=value),
    "subsidiary": lambda value: Q(subsidiary_id=value),
    "project": lambda value: Q(project__isnull=False, project__archived_at__isnull=value == ACTIVE),
}


@dataclass(frozen=True)
class Filters:
    """`offered` values with their labels, by parameter; `current` is what the address chooses, '' where nothing."""

    offered: Mapping[str, Mapping[str, str]]
    current: Mapping[str, str]

    @property
    def is_on(self) -> bool:
        return any(self.current.values())

    @property
    def condition(self) -> Q:
        return Q(*(CONDITIONS[name](value) for name, value in self.current.items() if value))

    def menus(self, **beside: str) -> list[Menu]:
        """Those that leave a choice; `beside` are the other parameters of the page."""
        titles = {"provider": _("System"), "subsidiary": _("Subsidiary"), "project": _("Project")}
        shown = [name for name, values in self.offered.items() if len(values) > 1 or self.current[name]]
        return [menu(titles[name], name, self.offered[name].items(), {**beside, **self.current}) for name in shown]


def filters(request: HttpRequest, providers: Collection[str]) -> Filters:
    """What this organization's integrations can be told apart by, in one query."""
    rows = Integration.objects.non_polymorphic().order_by().values_list("subsidiary_id", "subsidiary__name", "project_id").distinct()
    places = list(rows)
    known = all_providers()
    named = {slug: str(known[slug].label) if slug in known else slug for slug in providers}
    subsidiaries = {str(pk): name for pk, name, _project in places if pk is not None}
    offered: dict[str, dict[str, str]] = {
        "provider": dict(sorted(named.items(), key=lambda pair: pair[1].casefold())),
        "subsidiary": dict(sorted(subsidiaries.items(), key=lambda pair: pair[1].casefold())),
        "project": {ACTIVE: _("Active"), ARCHIVED: _("Archived")} if any(project for _pk, _name, project in places) else {},
    }
    current = {
        "provider": one_of(request, "provider", offered["provider"]),
        "subsidiary": one_of(request, "subsidiary", offered["subsidiary"]),
        "project": one_of(request, "project", offered["project"]),
    }
    return Filters(offered, current)
