"""Copies records to a vendor."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError

from integrations.management.command import IntegrationCommand, require_connection
from integrations.models import Integration, ItemState, Run
from integrations.models.outbox import FAILED
from integrations.provider import Export
from integrations.records.kinds import get_kind
from integrations.sync.dry_run import dry_run
from integrations.sync.outbox import current_links
from integrations.sync.runs import start_export


def ids(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ArgumentTypeError("expected numbers with commas between them, such as 1,2") from None


def setting(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise ArgumentTypeError(f"expected name=value, got {text!r}")
    return name, value


class Command(IntegrationCommand):
    help = "Copy records: all that were never copied or changed since, or those named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("kind", help="kind of record, such as invoice")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--all", action="store_true", help="every record that was never copied, or changed since")
        which.add_argument("--ids", type=ids, help="these records, by their ids here, such as 1,2")
        parser.add_argument(
            "--set", type=setting, action="append", default=[], metavar="KEY=VALUE", help="decide a choice for these copies"
        )
        parser.add_argument("--create-new", action="store_true", help="make another copy of what was copied before")
        parser.add_argument("--dry-run", action="store_true", help="show what would be created, updated and rejected; send nothing")
        parser.add_argument("--wait", action="store_true", help="work the run off here and report its end")

    def act(self, integration: Integration, options: dict[str, Any]) -> Any:
        export = self._export(integration, options["kind"])
        choices = self._choices(export, dict(options["set"]))
        wanted = self._records(export, options["ids"])
        if options["dry_run"]:
            return self._dry_run(integration, export, wanted, choices, options)
        require_connection(integration)
        run = start_export(integration, export.kind, wanted, choices=choices, create_new=options["create_new"])
        if options["wait"]:
            self.work_off(run)
        else:
            self.say(options, f"Run {run.pk} was queued; a worker does it.")
        return self._report(integration, run, options)

    def _export(self, integration: Integration, kind: str) -> Export:
        exports = {export.kind: export for export in integration.declaration.exports if not export.step}
        if kind not in exports:
            raise CommandError(f"{integration.declaration.label} takes no {kind!r}. It takes: {', '.join(exports) or 'nothing'}.")
        export = exports[kind]
        if off := export.switched_off(integration):
            raise CommandError(f"Copying this kind is switched off: switch on {' and '.join(off)} in the settings of “{integration}”.")
        return export

    def _choices(self, export: Export, given: dict[str, str]) -> dict[str, str]:
        known = {choice.name: choice for choice in export.choices}
        for name, value in given.items():
            if name not in known:
                raise CommandError(f"There is no choice {name!r} for this. There are: {', '.join(known) or 'none'}.")
            values = [value for value, _label in known[name].values]
            if values and value not in values:
                raise CommandError(f"{name} cannot be {value!r}. It can be: {', '.join(values)}.")
        return given

    def _records(self, export: Export, wanted: list[int] | None) -> list[int] | None:
        if wanted is not None:
            possible = [pk for pk in wanted if pk.bit_length() < 64]  # no database has others, and SQLite refuses the question
            found = set(get_kind(export.kind).queryset().filter(pk__in=possible).values_list("pk", flat=True))
            if missing := [str(pk) for pk in wanted if pk not in found]:
                raise CommandError(f"There is no {export.kind} with id {', '.join(missing)} in this organization.")
        return wanted

    def _dry_run(self, integration: Integration, export: Export, wanted: list[int] | None, choices: dict[str, str], options: Any) -> Any:
        outcome = dry_run(integration, export, wanted, choices, create_new=options["create_new"])
        for row in outcome.rows:
            self.say(options, f"{row['record']:>8}  {row['would']:<10} {row['number']:<20} {row['error']}")
        self.say(options, ", ".join(f"{count} {word}" for word, count in outcome.counts().items()))
        return {**outcome.counts(), "items": outcome.rows}

    def _report(self, integration: Integration, run: Run, options: dict[str, Any]) -> Any:
        run.refresh_from_db()
        items = list(run.items.filter(kind=run.kind, step="").order_by("pk"))
        links = {
            link.record_id: link for link in current_links(integration, run.kind).filter(record_id__in=[item.record_id for item in items])
        }
        rows = []
        for item in items:
            link = links.get(item.record_id) if item.state == ItemState.SUCCEEDED else None
            error = " ".join(filter(None, [item.message, item.advice])) if item.state != ItemState.SUCCEEDED else ""
            rows.append(
                {
                    "record": item.record_id,
                    "state": item.state,
                    "remote_id": link.remote_id if link else None,
                    "number": link.number if link else None,
                    "error": error or None,
                }
            )
            if item.state in FAILED:
                self.say(options, f"{item.record_id:>8}  {item.state:<10} {error}")
        counts = {
            "succeeded": sum(row["state"] == ItemState.SUCCEEDED for row in rows),
            "rejected": sum(row["state"] in FAILED for row in rows),
            "uncertain": sum(row["state"] == ItemState.UNCERTAIN for row in rows),
            "unchanged": run.unchanged,
        }
        self.say(options, f"Run {run.pk} {run.state}: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
        return {"run": run.pk, "state": run.state, **counts, "items": rows}
