"""Says that the database is a backup that was restored."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations import clock
from integrations.management.days import day
from integrations.sync import restoring


class Command(BaseCommand):
    help = (
        "Say that the database is a backup that was restored, before any worker is started again: whatever was sent since the backup "
        "was made is looked up at its vendor instead of being sent twice."
    )
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=day, metavar="DATE", help="a day before the backup was made; by default the database tells")
        parser.add_argument("--finish", action="store_true", help="everything is known again: stop looking up")

    def handle(self, *args: Any, **options: Any) -> None:
        since = options["since"] and datetime.combine(options["since"], time.min, UTC)
        if options["finish"]:
            if since:
                raise CommandError("--since is for the beginning, not for --finish.")
            count = restoring.finish()
            self.stdout.write(f"{count} integrations work as usual again. Their next imports look at everything once.")
            return
        if since and since > clock.now():
            raise CommandError(f"--since {options['since']} is still to come.")
        count = restoring.begin(since)
        self.stdout.write(
            f"{count} integrations look up at their vendors what was sent since the backup. Start the workers. "
            "When everything was exported (export --all) and compared (reconcile), end it: manage.py restored --finish"
        )
