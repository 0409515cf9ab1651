"""The demo's integrations: one of each provider that brings a `demo.json`, set up by it and not connected."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

from django.apps import apps
from django.conf import settings

from accounts.models import Organization
from accounts.tenancy import within
from integrations import settings_file
from integrations.errors import ProviderError
from integrations.models import Integration
from integrations.registry import all_providers
from integrations.sync import connections

SANDBOX = "{sandbox}"
"""Stands in a `demo.json` for where the simulated vendors are, as people's browsers know it; without them there is no such integration."""


def another_site(address: str) -> str:
    """The same address on this machine under its other name, which browsers take for another site: as a vendor's is."""
    return address.replace("//127.0.0.1", "//localhost", 1)


class UnfitSettings(ValueError):
    """A provider's `demo.json` does not fit the demo's records."""


def add_integrations(organization: Organization) -> None:
    """Add what is missing; a provider's integration that is there already is left as it is. Raises UnfitSettings."""
    there = set(Integration.everywhere.non_polymorphic().filter(organization=organization).values_list("provider", flat=True))
    configs = {config.name: config for config in apps.get_app_configs()}
    for slug, provider in all_providers().items():
        config = configs[f"integrations.providers.{slug}"]
        path = Path(config.path) / "demo.json"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if slug not in there and text and (settings.SANDBOX_URL or SANDBOX not in text):
            model = next(model for model in config.get_models() if issubclass(model, Integration))
            integration = model.everywhere.create(organization=organization, provider=slug, name=provider.label)
            changes = settings_file.apply(integration, json.loads(text.replace(SANDBOX, another_site(settings.SANDBOX_URL))))
            if problems := [change for change in changes if change.problem]:
                raise UnfitSettings(f"{path} cannot be applied. {' '.join(f'{change.place}: {change.problem}' for change in problems)}")


def switch_on(integrations: Iterable[Integration]) -> list[Integration]:
    """Switch on what needs no login and was never on; the simulated vendors have to run. What cannot be switched on stays off."""
    on = []
    for integration in integrations:
        if integration.declaration.is_agreement and integration.connected_at is None:
            with within(integration.organization), contextlib.suppress(ProviderError):
                connections.connect_with(integration, {}, None)
                on.append(integration)
    return on
