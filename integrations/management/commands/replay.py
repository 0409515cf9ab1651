"""Handles a webhook's delivery again."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.models import Delivery
from integrations.webhooks.receiving import replay


class Command(BaseCommand):
    help = "Handle a delivery again, with the integrations and settings of now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("delivery", type=int, help="the delivery's id, as the page of deliveries shows it")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        delivery = Delivery.everywhere.filter(pk=options["delivery"]).first() if abs(options["delivery"]) < 2**63 else None
        if delivery is None:
            raise CommandError(f"There is no delivery {options['delivery']}. The page of deliveries lists them.")
        delivery = replay(delivery)
        if options["json"]:
            self.stdout.write(json.dumps({"delivery": delivery.pk, "state": delivery.state, "message": delivery.message}, indent=2))
        else:
            self.stdout.write(f"Delivery {delivery.pk} is {delivery.state}. {delivery.message}".strip())
