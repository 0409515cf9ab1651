"""What the head of the page says and offers: the states in chips, and the buttons that make sense in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.admin.allowance import limit_of
from integrations.admin.states import DOWN, Chip, connection_chip, sync_chip
from integrations.http import breaker
from integrations.incoming import Import
from integrations.models import Connection, Integration, SyncState
from integrations.provider import Export
from integrations.sync.readiness import Readiness


@dataclass(frozen=True)
class Offered:
    """One thing to start: by a POST to `url`, or by a link to it where something is asked before."""

    label: str | Promise
    url: str
    asks: bool = False


def can_be_removed(integration: Integration) -> bool:
    """Whether nothing would be forgotten with it but its settings."""
    return integration.connection == Connection.NEVER and integration.connected_at is None


class Header:
    def __init__(self, readiness: Readiness, user: Any) -> None:
        self.readiness = readiness
        self.integration = readiness.integration
        self.provider = readiness.provider
        self.may_change: bool = user.has_perm("integrations.change_integration")
        self.connection = Connection(self.integration.connection)

    @cached_property
    def chips(self) -> list[Chip]:
        found = [connection_chip(self.integration)]
        if self.connection == Connection.CONNECTED and breaker.is_down(limit_of(self.integration).breaker):
            found.append(DOWN)
        if self.integration.failed_count:
            text = ngettext("%(count)d failed", "%(count)d failed", self.integration.failed_count)
            found.append(Chip("warn", text % {"count": self.integration.failed_count}))
        elif self.connection == Connection.CONNECTED and self.integration.sync != SyncState.NEVER:
            found.append(sync_chip(self.integration))
        if self.integration.waiting_count:
            text = ngettext("%(count)d waiting", "%(count)d waiting", self.integration.waiting_count)
            found.append(Chip("info", text % {"count": self.integration.waiting_count}))
        if left := sum(1 for found_missing in self.readiness.missing if found_missing.field != "connection"):
            found.append(Chip("warn", ngettext("%(count)d to fix", "%(count)d to fix", left) % {"count": left}))
        return found

    @property
    def is_connected(self) -> bool:
        return self.connection == Connection.CONNECTED

    @property
    def is_paused(self) -> bool:
        return self.connection == Connection.PAUSED

    @property
    def needs_connecting(self) -> bool:
        return self.connection in {Connection.NEVER, Connection.NEEDS_RECONNECT, Connection.DISCONNECTED}

    @property
    def was_connected(self) -> bool:
        return self.integration.connected_at is not None

    @property
    def can_disconnect(self) -> bool:
        return self.connection in {Connection.CONNECTED, Connection.PAUSED, Connection.NEEDS_RECONNECT}

    @property
    def can_be_removed(self) -> bool:
        return can_be_removed(self.integration)

    @property
    def can_choose_account(self) -> bool:
        return self.is_connected and bool(self.provider.tenant_field)

    @cached_property
    def exports(self) -> list[Offered]:
        """One for each kind that is switched on."""
        return [self._export(export) for export in self.provider.exports if not export.step and export.is_on(self.integration)]

    @cached_property
    def imports(self) -> list[Offered]:
        return [Offered(declared.label, self._url("integration-import", declared.kind)) for declared in self._imports()]

    @cached_property
    def whole_imports(self) -> list[Offered]:
        """The same from the beginning."""
        return [Offered(declared.label, self._url("integration-import-all", declared.kind), asks=True) for declared in self._imports()]

    def _imports(self) -> list[Import]:
        return [declared for declared in self.provider.imports if declared.is_on(self.integration)]

    def _url(self, name: str, kind: str) -> str:
        return reverse(f"admin:{name}", args=[self.integration.pk, kind])

    def _export(self, export: Export) -> Offered:
        if any(choice.required(self.integration) for choice in export.choices):
            return Offered(export.label, self._url("copy", export.kind), asks=True)
        return Offered(export.label, self._url("integration-export", export.kind))

    @property
    def connected_text(self) -> str:
        """Who connected it, as far as that is known."""
        creator = self.integration.creator
        return str(creator) if creator and self.integration.connected_at else ""

    @property
    def vendor_text(self) -> str:
        if self.provider.is_agreement:
            return str(self.provider.category.label)
        return self.integration.realm_name or _("No account at %(vendor)s yet") % {"vendor": self.provider.label}
