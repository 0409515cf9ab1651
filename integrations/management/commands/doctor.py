"""Says what is wrong with this installation."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.health.installation import DOCTOR
from integrations.health.looks import look


class Command(BaseCommand):
    help = "Say what is wrong with this installation and what to do about it. Exit status 1 if anything is."
    requires_system_checks = ()  # what they find is said with the rest

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        seen = look(DOCTOR)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in seen], indent=2))
        else:
            for one in seen:
                self.stdout.write(f"{'ok   ' if one.ok else 'WRONG'}  {one.name:<12} {one.text}")
                if not one.ok:
                    self.stdout.write(f"{'':<20} {one.cure}")
        if wrong := sum(not one.ok for one in seen):
            raise CommandError(f"{wrong} of {len(seen)} are not as they should be.")
