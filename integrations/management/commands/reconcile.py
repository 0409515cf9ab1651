"""Compares a period on both sides, to the cent."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from integrations import clock
from integrations.management.command import IntegrationCommand, require_connection
from integrations.management.days import day
from integrations.models import Integration
from integrations.sync.calling import open_client
from integrations.sync.reconcile import reconcile


class Command(IntegrationCommand):
    help = "Compare what is here and what is there: by record, and the sums by currency."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--kind", action="append", metavar="KIND", help="compare only this kind; may be repeated (default: all)")
        parser.add_argument("--since", type=day, metavar="DATE", help="first day of the period (default: a year ago)")
        parser.add_argument("--until", type=day, metavar="DATE", help="last day of the period (default: today)")

    def act(self, integration: Integration, options: dict[str, Any]) -> Any:
        require_connection(integration)
        kinds = options["kind"] or []
        known = [declared.kind for declared in integration.declaration.reconciliations]
        if unknown := [kind for kind in kinds if kind not in known]:
            raise CommandError(
                f"“{unknown[0][:100]}” is not compared with “{integration}”. Compared are: {', '.join(known) or 'no kinds'}."
            )
        last = options["until"] or clock.now().date()
        first = options["since"] or last - timedelta(days=365)
        if first > last:
            raise CommandError(f"--since {first} is after --until {last}: give the first day before the last.")
        report = reconcile(integration, open_client(integration, interactive=True), first, last, kinds)
        for title, rows in (("Only here", report.only_here), ("Only there", report.only_there), ("Differs", report.differs)):
            for row in rows:
                self.say(options, f"{title}: " + ", ".join(f"{name} {value}" for name, value in row.items()))
        for currency, sums in report.as_json()["currencies"].items():
            self.say(options, f"{currency}: {sums['here']} here, {sums['there']} there")
        self.say(options, f"{report.matched} matched")
        return report.as_json()
