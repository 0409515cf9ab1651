"""Lists the integrations of all organizations with their states."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from integrations.models import Integration


class Command(BaseCommand):
    help = "List the integrations of all organizations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = [
            {
                "id": integration.pk,
                "provider": integration.provider,
                "name": integration.name,
                "organization": integration.organization.slug,
                "connection": integration.connection,
                "sync": integration.sync,
                "waiting": integration.waiting_count,
                "failed": integration.failed_count,
                "unmapped": integration.unmapped_count,
            }
            for integration in Integration.everywhere.non_polymorphic().select_related("organization").order_by("pk")
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2))
            return
        for row in rows:
            self.stdout.write(
                "{id:>5}  {provider:<14} {organization:<24} {name:<30} {connection:<16} {sync:<10} "
                "{waiting} waiting, {failed} failed, {unmapped} unmapped".format(**row)
            )
        if not rows:
            self.stdout.write("There are no integrations yet. `manage.py demo` makes an organization to try things out.")
