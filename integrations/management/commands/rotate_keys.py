"""Brings every secret under the newest key of `ENCRYPTION_KEYS`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations import crypto
from integrations.sync import keys


class Command(BaseCommand):
    help = "Encrypt every secret with the newest key. May be interrupted, and begun again, while everything runs."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            newest = crypto.keyring().newest
        except crypto.KeyringProblem as problem:
            raise CommandError(str(problem)) from None
        report = {keys.name_of(column): Counter(keys.rotate(column)) for column in keys.columns()}
        rotated, unreadable = (sum(counts[done] for counts in report.values()) for done in (True, False))
        if options["json"]:
            self.stdout.write(json.dumps({"key": newest, "rotated": rotated, "unreadable": unreadable}, indent=2))
        else:
            for name, counts in report.items():
                self.stdout.write(f"{name}: {counts[True]} rotated")
            self.stdout.write(f"Every other secret was under {newest} already." if not unreadable else "")
        if unreadable:
            where = ", ".join(name for name, counts in report.items() if counts[False])
            raise CommandError(
                f"{unreadable} secrets cannot be decrypted ({where}): add the key that they were encrypted with to ENCRYPTION_KEYS, "
                "then run this again. manage.py doctor names the key."
            )
