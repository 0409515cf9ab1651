"""Refreshes the lists of a vendor's options."""

from __future__ import annotations

from typing import Any

from integrations.management.command import IntegrationCommand, require_connection
from integrations.models import Integration
from integrations.sync.calling import open_client
from integrations.sync.options import fetch_options


class Command(IntegrationCommand):
    help = "Refresh the lists of accounts, tax rates and whatever else the vendor has to choose from."

    def act(self, integration: Integration, options: dict[str, Any]) -> Any:
        require_connection(integration)
        counts = fetch_options(integration, open_client(integration, interactive=True))
        for source, count in counts.items():
            self.say(options, f"{source:<20} {count}")
        return counts
