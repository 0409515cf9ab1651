"""Deletes what is older than the installation keeps it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from integrations.sync import pruning


class Command(BaseCommand):
    help = "Delete what is older than the settings RETAIN_…_DAYS keep it. A worker does so daily by itself."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        counts: dict[str, int] = {}
        for retention in pruning.retentions():
            rows = pruning.over(retention)
            dry = options["dry_run"]
            counts[retention.name] = (rows.count() if rows is not None else 0) if dry else sum(pruning.prune(retention))
        if options["json"]:
            self.stdout.write(json.dumps(counts, indent=2))
            return
        for name, count in counts.items():
            self.stdout.write(f"{count:>9}  {name}")
