"""Retries what failed."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from integrations.management.command import IntegrationCommand
from integrations.management.days import day
from integrations.models import Integration, OutboxItem
from integrations.models.outbox import FAILED
from integrations.sync.outbox import retry


class Command(IntegrationCommand):
    help = "Put every rejected and parked record of the integration back into the outbox."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--since", type=day, metavar="DATE", help="only what failed on this day or later, in the organization's time")
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def act(self, integration: Integration, options: dict[str, Any]) -> Any:
        failed = OutboxItem.objects.filter(integration=integration, state__in=FAILED, replaced_by=None)
        if since := options["since"]:
            zone = ZoneInfo(integration.organization.time_zone)
            failed = failed.filter(finished_at__gte=datetime.combine(since, time.min, zone))
        if options["dry_run"]:
            count = failed.count()
            self.say(options, f"{count} records would be tried again.")
            return {"would_retry": count}
        count = retry(failed)
        self.say(options, f"{count} records wait again.")
        return {"retried": count}
