"""A provider's client, ready to call: with the integration's credential, limits, hosts and the vendor's reading of errors."""

from __future__ import annotations

from integrations.auth.agreement import Agreement
from integrations.auth.hosts import resolve
from integrations.auth.oauth2 import OAuth2
from integrations.http.client import Exchange, Http
from integrations.models import Integration
from integrations.provider import Client
from integrations.sync import attempts
from integrations.sync.credentials import Credentials
from integrations.sync.gate import IntegrationGate

INTERACTIVE_PATIENCE = 10.0
"""Seconds that somebody at a page waits for a place among the vendor's limits."""
IMPORT_PATIENCE = 70.0
"""Seconds that an import waits between two pages: a minute's limit is waited for, a day's is not."""


def open_client(integration: Integration, *, interactive: bool = False, patience: float | None = None) -> Client:
    """The client of one integration. Its calls raise `integrations.errors`; a background call that has to wait raises `RateLimited`."""
    provider = integration.declaration
    hosts = resolve(provider.slug, provider.hosts, integration.options)
    if isinstance(integration.auth, Agreement):
        return integration.auth.client(integration, hosts.allowed)
    credentials = Credentials(integration)
    gate = IntegrationGate(integration, patience if patience is not None else INTERACTIVE_PATIENCE if interactive else 0.0)

    def learn(exchange: Exchange) -> None:
        gate.learn(exchange)
        attempts.note(exchange)

    http = Http(
        hosts.api,
        headers=lambda: {**credentials.headers(), **provider.headers(integration)},
        renew=credentials.renew if isinstance(integration.auth, OAuth2) else None,  # a key that was refused is refused again
        gate=gate,
        read_error=provider.read_error,
        allowed=hosts.allowed,
        on_exchange=learn,
        interactive=interactive,
    )
    return provider.client(http, integration, hosts)
