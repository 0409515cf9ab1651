"""Connects an integration to its vendor."""

from __future__ import annotations

import getpass
import os
import secrets
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.urls import reverse

from integrations.auth.agreement import Agreement
from integrations.auth.environment import variable
from integrations.auth.oauth2 import OAuth2
from integrations.auth.token import Token
from integrations.auth.ways import Way
from integrations.management.command import IntegrationCommand
from integrations.models import Integration
from integrations.provider import Tenant
from integrations.sandbox.consent import walk_consent
from integrations.sync import connections


class Command(IntegrationCommand):
    help = (
        "Connect an integration. A provider that wants keys reads them from <SLUG>_<FIELD> in the environment or from stdin, one a line; "
        "one that is signed in to prints the address to open, and against the sandbox walks the consent by itself; "
        "one that needs no login is switched on."
    )
    speaks_json = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--with",
            help="how: token (keys) or oauth2 (signing in there), where the provider has both; "
            "else as it was connected before, or the first way that this installation can go",
        )
        parser.add_argument("--tenant", help="id or name of the account to connect to, where the login may use several")

    def act(self, integration: Integration, options: dict[str, Any]) -> Any:
        way = self._way(integration, options["with"])
        if isinstance(way, Token):
            offered = connections.connect_with(integration, self._read(integration, way), None)
        elif isinstance(way, Agreement):
            connections.connect_with(integration, {}, None)
            self.stdout.write(f"“{integration}” is switched on.")
            return
        elif settings.SANDBOX_URL:
            offered = self._walk(integration, way)
        else:
            connections.leads_to(integration)
            self.stdout.write(f"Open {settings.PUBLIC_URL}{reverse('connect', args=[integration.pk])}?with={way.kind} in a browser.")
            return
        integration.refresh_from_db()
        if not integration.can_work or options["tenant"]:
            connections.choose_tenant(integration, self._choose(integration, offered, options["tenant"]).id)
        self.stdout.write(f"“{integration}” is connected to {integration.realm_name or integration.declaration.label}.")

    def _way(self, integration: Integration, wanted: str | None) -> Way:
        provider = integration.declaration
        offered = {way.kind: way for way in provider.offered_ways()}
        if wanted is None:
            return offered.get(integration.auth.kind) or next(iter(offered.values()))
        if wanted not in {way.kind for way in provider.ways}:
            raise CommandError(f"{provider.label} is connected with {' or '.join(way.kind for way in provider.ways)}, not {wanted!r}.")
        return provider.way(wanted)

    def _walk(self, integration: Integration, way: OAuth2) -> list[Tenant]:
        redirect_uri = f"{settings.PUBLIC_URL}{reverse('connect-callback', args=[integration.provider])}"
        given = self._read(integration, way)
        address, verifier = connections.begin(integration, redirect_uri, secrets.token_urlsafe(32), given)
        code = walk_consent(integration.declaration, address)["code"]
        return connections.complete(integration, code=code, verifier=verifier, redirect_uri=redirect_uri, user=None, given=given)

    def _choose(self, integration: Integration, offered: list[Tenant], wanted: str | None) -> Tenant:
        names = ", ".join(tenant.name for tenant in offered)
        if wanted:
            for tenant in offered:
                if wanted in {tenant.id, tenant.name}:
                    return tenant
            raise CommandError(f"The login may not use {wanted!r}. It may use: {names}.")
        if len(offered) > 1:
            self.stdout.write(f"The login may use {names}. Taking the first; choose another with --tenant.")
        if not offered:
            raise CommandError("The login may use no account there.")
        return offered[0]

    def _read(self, integration: Integration, way: Way) -> dict[str, str]:
        given = {}
        for field in way.asks:
            from_environment = os.environ.get(variable(integration.provider, field.name.upper()))
            given[field.name] = from_environment or self._ask(str(field.label))
        return given

    def _ask(self, label: str) -> str:
        return getpass.getpass(f"{label}: ") if sys.stdin.isatty() else sys.stdin.readline()
