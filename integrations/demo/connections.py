"""The demo's integrations: one of each provider that brings a `demo.json`, set up by it and not connected."""

from __future__ import annotations

import json
from pathlib import Path

from django.apps import apps

from accounts.models import Organization
from integrations import settings_file
from integrations.models import Integration
from integrations.registry import all_providers


class UnfitSettings(ValueError):
    """A provider's `demo.json` does not fit the demo's records."""


def add_integrations(organization: Organization) -> None:
    """Add what is missing; a provider's integration that is there already is left as it is. Raises UnfitSettings."""
    there = set(Integration.everywhere.non_polymorphic().filter(organization=organization).values_list("provider", flat=True))
    configs = {config.name: config for config in apps.get_app_configs()}
    for slug, provider in all_providers().items():
        config = configs[f"integrations.providers.{slug}"]
        path = Path(config.path) / "demo.json"
        if slug not in there and path.exists():
            model = next(model for model in config.get_models() if issubclass(model, Integration))
            integration = model.everywhere.create(organization=organization, provider=slug, name=provider.label)
            changes = settings_file.apply(integration, json.loads(path.read_text(encoding="utf-8")))
            if problems := [change for change in changes if change.problem]:
                raise UnfitSettings(f"{path} cannot be applied. {' '.join(f'{change.place}: {change.problem}' for change in problems)}")
