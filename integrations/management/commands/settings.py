"""Writes an integration's settings into a file, or changes them as a file says."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from integrations.management.command import IntegrationCommand
from integrations.models import Integration
from integrations.settings_file import MOST_BYTES, Change, Unfit, apply, as_document, changes, read, written

STANDARD = "-"
"""In the place of a path: standard input or output."""


class Command(IntegrationCommand):
    help = "Write the settings and mappings into a JSON file, without secrets, or change them as such a file says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        way = parser.add_mutually_exclusive_group(required=True)
        way.add_argument("--export", metavar="PATH", help="write them into this file (- for stdout)")
        way.add_argument("--import", metavar="PATH", help="change what this file says (- for stdin), all of it or nothing")
        parser.add_argument("--dry-run", action="store_true", help="with --import: only tell what would be changed")

    def act(self, integration: Integration, options: dict[str, Any]) -> Any:
        if options["import"] is not None:
            return self._import(integration, options)
        if options["dry_run"]:
            raise CommandError("--dry-run belongs to --import: --export changes nothing.")
        document = as_document(integration)
        if options["export"] != STANDARD:
            try:
                Path(options["export"]).write_text(written(document), encoding="utf-8")
            except (OSError, ValueError) as error:
                raise CommandError(f"{options['export']!r} cannot be written: {_reason(error)}.") from None
            self.say(options, f"The settings of “{integration}” are in {options['export']}.")
        elif not options.get("json"):
            self.stdout.write(written(document), ending="")
        return document

    def _import(self, integration: Integration, options: dict[str, Any]) -> dict[str, Any]:
        try:
            document = read(self._bytes(options["import"]))
        except Unfit as unfit:
            raise CommandError(str(unfit)) from None
        found = (changes if options["dry_run"] else apply)(integration, document)
        problems = [change for change in found if change.problem]
        if problems:
            said = "\n".join(f"{change.place}: {change.problem}" for change in problems)
            raise CommandError(f"Nothing was changed.\n{said}")
        for change in found:
            self.say(options, f"{change.place}: {change.old or 'nothing'} → {change.new or 'nothing'}")
        done = "would be changed" if options["dry_run"] else "changed"
        self.say(options, f"{len(found)} {done}." if found else "Everything is set like this already.")
        return {"applied": bool(found) and not options["dry_run"], "changes": [_as_json(change) for change in found]}

    def _bytes(self, path: str) -> bytes:
        """No more than tells that there is too much."""
        try:
            if path == STANDARD:
                return sys.stdin.buffer.read(MOST_BYTES + 1)
            with Path(path).open("rb") as file:
                return file.read(MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            raise CommandError(f"{path!r} cannot be read: {_reason(error)}.") from None


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _as_json(change: Change) -> dict[str, str]:
    return {"field": change.field, "label": str(change.label), "row": change.row, "old": change.old, "new": change.new}
