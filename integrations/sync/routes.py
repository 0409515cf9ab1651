"""Which integration exports a kind of record of a subsidiary, written from the switches of the integrations."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.models import Integration, Route
from integrations.provider import Export
from integrations.records.kinds import get_kind
from integrations.records.models import Subsidiary


@dataclass(frozen=True)
class Taken:
    """Another integration exports that kind of the same subsidiary already."""

    export: Export
    by: str
    subsidiary: Subsidiary | None

    def __str__(self) -> str:
        words = {"kind": capfirst(get_kind(self.export.kind).label_plural), "subsidiary": self.subsidiary, "name": self.by}
        if self.subsidiary is None:
            return _("%(kind)s of the subsidiaries without a connection of their own already go to %(name)s.") % words
        return _("%(kind)s of %(subsidiary)s already go to %(name)s.") % words


def wanted(integration: Integration) -> list[Export]:
    """The exports that nobody else may do for the integration's subsidiary."""
    if integration.deactivated_at is not None:
        return []
    return [export for export in integration.declaration.exports if export.exclusive and not export.step and export.is_on(integration)]


@transaction.atomic
def write_routes(integration: Integration) -> list[Taken]:
    """Make the integration's routes those that its switches ask for; returned is what others have, and they keep it.

    Called whenever a switch, the subsidiary or the connection changed.
    """
    exports = {export.kind: export for export in wanted(integration)}
    kept = {"subsidiary_id": integration.subsidiary_id, "kind__in": exports}
    own = Route.everywhere.filter(integration_id=integration.pk)
    own.exclude(pk__in=own.filter(**kept).values("pk")).delete()
    present = set(own.values_list("kind", flat=True))
    for kind in exports:
        if kind in present:
            continue
        try:
            with transaction.atomic():
                Route.everywhere.create(
                    organization_id=integration.organization_id,
                    integration_id=integration.pk,
                    subsidiary_id=integration.subsidiary_id,
                    kind=kind,
                )
        except IntegrityError:
            continue
    return taken(integration)


def taken(integration: Integration) -> list[Taken]:
    """What the integration is switched on for, and another one does; in the order of the declaration."""
    exports = {export.kind: export for export in wanted(integration)}
    if not exports:
        return []
    scope = {"organization_id": integration.organization_id, "subsidiary_id": integration.subsidiary_id, "kind__in": exports}
    others = Route.everywhere.filter(**scope).exclude(integration_id=integration.pk)
    owners = dict(others.values_list("kind", "integration__name"))
    return [Taken(export, owners[kind], integration.subsidiary) for kind, export in exports.items() if kind in owners]
