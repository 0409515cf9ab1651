"""Retries what failed."""

from __future__ import annotations

from typing import Any

from integrations.management.command import IntegrationCommand
from integrations.models import Integration, OutboxItem
from integrations.models.outbox import FAILED
from integrations.sync.outbox import retry


class Command(IntegrationCommand):
    help = "Put every rejected and parked record of the integration back into the outbox."

    def act(self, integration: Integration, options: dict[str, Any]) -> Any:
        count = retry(OutboxItem.objects.filter(integration=integration, state__in=FAILED))
        self.say(options, f"{count} records wait again.")
        return {"retried": count}
