"""Brings records from a vendor."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from integrations.management.command import IntegrationCommand, require_connection
from integrations.models import Action, Integration, Run, RunState
from integrations.sync import runs


class Command(IntegrationCommand):
    help = "Bring what changed at the vendor since the last time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("kind", help="kind of record, such as payment")
        parser.add_argument("--full", action="store_true", help="everything there is; what is gone there is marked as deleted")
        parser.add_argument(
            "--accept-deletions",
            action="store_true",
            help="with --full: mark as deleted whatever is gone there, also when it is so much that the import would stop and ask",
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would change; change nothing")
        parser.add_argument("--wait", action="store_true", help="work the run off here and report its end")

    def act(self, integration: Integration, options: dict[str, Any]) -> Any:
        kinds = {declared.kind: declared for declared in integration.declaration.imports}
        kind = options["kind"]
        if kind not in kinds:
            raise CommandError(f"{integration.declaration.label} brings no {kind!r}. It brings: {', '.join(kinds) or 'nothing'}.")
        if off := kinds[kind].switched_off(integration):
            raise CommandError(f"Bringing this kind is switched off: switch on {' and '.join(off)} in the settings of “{integration}”.")
        if options["accept_deletions"] and not options["full"]:
            raise CommandError("Only a full import tells what is gone there: --accept-deletions goes with --full.")
        require_connection(integration)
        how = {"full": options["full"], "unguarded": options["accept_deletions"], "dry": options["dry_run"]}
        run = runs.start(integration, Action.IMPORT, kind, **how)
        if options["wait"] or options["dry_run"]:
            self.work_off(run)
        else:
            self.say(options, f"Run {run.pk} was queued; a worker does it.")
        run.refresh_from_db()
        if run.message and run.is_finished:
            raise CommandError(" ".join(filter(None, [run.message, run.advice, self.how_to_go_on(run)])))
        rows = [
            {
                "record": entry.record_id,
                "state": entry.state,
                "remote_id": entry.remote_id,
                "number": entry.number or None,
                "error": " ".join(filter(None, [entry.message, entry.advice])) or None,
                "action": entry.action,
            }
            for entry in run.entries.order_by("pk")
        ]
        for row in rows:
            self.say(options, f"{row['action'] or row['state']:<10} {row['record'] or ''} {row['remote_id']} {row['error'] or ''}")
        self.say(options, f"Run {run.pk} {run.state}: {run.succeeded} changed, {run.unchanged} unchanged, {run.rejected} rejected")
        return {
            "run": run.pk,
            "state": run.state,
            "succeeded": run.succeeded,
            "rejected": run.rejected,
            "uncertain": run.uncertain,
            "unchanged": run.unchanged,
            "items": rows,
        }

    @staticmethod
    def how_to_go_on(run: Run) -> str:
        """What to add when the guard stopped a full import."""
        stopped = run.full and run.state == RunState.PARTIAL
        return f"Here: manage.py import {run.integration_id} {run.kind} --full --accept-deletions" if stopped else ""
