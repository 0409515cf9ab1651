"""`manage.py load_records PATH [--organization SLUG] [--dry-run] [--json]`"""

from __future__ import annotations

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organization
from integrations.records.kinds import all_kinds
from integrations.records.loading.files import NothingToLoad
from integrations.records.loading.load import load_files
from integrations.records.loading.report import Report

EXPLANATION = """
JSON: documents as Productive's API answers them, one or several in a file (data, included). Amounts are in minor units (cents)
of the row's currency, as Productive sends them. Attributes that are not kept are ignored and counted.

CSV: a table with a header, its kind told by the file's name (invoices.csv, credit_notes.csv) or by a column "type". Columns are
"id", attributes, and "<relationship>_id" with Productive's id. Amounts are in units with a decimal point: 1234.50. An empty cell
empties the value; a column that is not there leaves it as it is.

Both may be compressed (.json.gz, .csv.gz). Times without an offset are UTC. Order does not matter, within files and across
them: a reference to a record that is not here is kept, listed as unresolved, and set when a later load brings the record.
Loading the same again changes nothing. On SQLite nobody else can write while a dry run is under way.

Kinds: {kinds}.
"""


class Command(BaseCommand):
    help = "Load records from a JSON:API or CSV file, or from all such files of a directory."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        kwargs["epilog"] = EXPLANATION.format(kinds=", ".join(kind.name for kind in all_kinds()))
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", metavar="PATH", type=Path)
        parser.add_argument("--organization", metavar="SLUG", help="may be left out where there is only one")
        parser.add_argument("--dry-run", action="store_true", help="write nothing and report the same")
        parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = self._organization(options["organization"])
        try:
            report = load_files(options["path"], organization, options["dry_run"], self._progress())
        except NothingToLoad as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
        else:
            self._print(report, options["dry_run"])
        if report.errors and not report.rows:
            raise CommandError(f"Nothing could be read of {options['path']}: {report.errors[0]['reason']}")

    def _organization(self, slug: str | None) -> Organization:
        organizations = Organization.objects.order_by("slug")
        slugs = ", ".join(organization.slug for organization in organizations[:20])
        if slug is not None:
            organization = organizations.filter(slug=slug).first()
            if organization is None:
                raise CommandError(f"There is no organization {slug!r}. There are: {slugs or 'none'}.")
            return organization
        if not slugs:
            raise CommandError("There is no organization yet: make one with `manage.py create_organization`.")
        if len(organizations) > 1:
            raise CommandError(f"There are several organizations: name one with --organization SLUG. There are: {slugs}.")
        return organizations[0]

    def _progress(self) -> Callable[[int, int], None] | None:
        """A bar on stderr, where that is a terminal."""
        if not self.stderr.isatty():
            return None
        shown = -1

        def draw(done: int, total: int) -> None:
            nonlocal shown
            percent = min(100, done * 100 // max(total, 1))
            if percent != shown:
                shown = percent
                self.stderr.write(f"\r[{'#' * (percent // 2):<50}] {percent:3} %", ending="\n" if percent == 100 else "")
                self.stderr.flush()

        return draw

    def _print(self, report: Report, dry_run: bool) -> None:
        told = report.as_json()
        outcomes = ("created", "updated", "unchanged", "failed")
        self.stdout.write("".join(f"{title:>12}" for title in outcomes) + ("  (dry run: nothing was written)" if dry_run else ""))
        for kind, counts in told["by_kind"].items():
            self.stdout.write("".join(f"{counts[outcome]:>12}" for outcome in outcomes) + f"  {kind}")
        self.stdout.write("".join(f"{told[outcome]:>12}" for outcome in outcomes) + "  all")
        for error in told["errors"]:
            where = f"line {error['line']}" if "line" in error else error["pointer"]
            what = " ".join(part for part in (error["kind"], error["id"], error["field"]) if part)
            self.stdout.write(": ".join(part for part in (error["file"], where, what, error["reason"]) if part))
        if told["errors_left_out"]:
            self.stdout.write(f"... and {told['errors_left_out']} errors more")
        for reference in told["unresolved_references"]:
            self.stdout.write("unresolved: {kind} {id} {field} {target_id}: {missing} is not here".format(**reference))
        if told["unresolved"] > len(told["unresolved_references"]):
            self.stdout.write(f"... and {told['unresolved'] - len(told['unresolved_references'])} unresolved references more")
        for kind, names in told["unknown_attributes"].items():
            self.stdout.write(f"ignored of {kind}: " + ", ".join(f"{name} ({count})" for name, count in names.items()))
