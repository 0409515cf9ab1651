"""Mails the weekly digest."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from msgspec import to_builtins

from accounts.models import Membership, Organization
from integrations.models import Notice, NoticeKind, NoticeState
from integrations.notices.digest import Line, last_week, lines
from integrations.notices.recipients import readers
from integrations.notices.sending import mails, work_off


class Command(BaseCommand):
    help = "Mail owners and admins what moved in the last week and what needs somebody now; once a week, however often it is called."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="only of this organization")
        parser.add_argument("--again", action="store_true", help="also to those who were sent this week's already")
        parser.add_argument("--dry-run", action="store_true", help="send nothing, only show")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["organization"]
        organizations = Organization.objects.all() if slug is None else Organization.objects.filter(slug=slug)
        if slug is not None and not organizations:
            raise CommandError(f"There is no organization with the short name {slug[:60]!r}.")
        told = [self._tell(organization, options) for organization in organizations]
        if options["json"]:
            self.stdout.write(json.dumps(told, indent=2))

    def _tell(self, organization: Organization, options: dict[str, Any]) -> dict[str, Any]:
        week = last_week(organization)
        shown = lines(organization, week)
        people = list(readers(organization).select_related("user")) if shown else []
        if not options["dry_run"]:
            _make(organization, week, people, again=options["again"])
            _send(organization)
        rows = _digests(organization, week)
        counts = {state: rows.filter(state=state).count() for state in (NoticeState.SENT, NoticeState.WAITING)}
        if not options["json"]:
            self._show(organization, week, shown, counts)
        return {
            "organization": organization.slug,
            "week": week.isoformat(),
            "integrations": to_builtins(shown),
            "recipients": [row.user.email for row in people],
            "sent": counts[NoticeState.SENT],
            "waiting": counts[NoticeState.WAITING],
        }

    def _show(self, organization: Organization, week: date, shown: list[Line], counts: dict[NoticeState, int]) -> None:
        heading = f"{organization.slug}, the week from {week}: "
        if not shown:
            self.stdout.write(heading + "nothing to tell.")
            return
        self.stdout.write(f"{heading}{counts[NoticeState.SENT]} sent, {counts[NoticeState.WAITING]} waiting for the mail server.")
        for line in shown:
            self.stdout.write(
                f"  {line.name}: {line.exported} exported, {line.imported} imported, {line.failed} failed, {line.waiting} waiting, "
                f"{len(line.open_incidents)} open incidents"
            )


def _digests(organization: Organization, week: date) -> Any:
    return Notice.everywhere.filter(organization=organization, kind=NoticeKind.DIGEST, week=week)


@transaction.atomic
def _make(organization: Organization, week: date, people: list[Membership], *, again: bool) -> None:
    """A row for each person who has none of that week yet."""
    if again:
        _digests(organization, week).delete()
    rows = [Notice(organization=organization, kind=NoticeKind.DIGEST, week=week, person_id=row.user_id) for row in people]
    Notice.everywhere.bulk_create(rows, ignore_conflicts=True)


def _send(organization: Organization) -> None:
    """What a mail server does not take now, workers go on with."""
    while work_off(mails().filter(organization=organization, kind=NoticeKind.DIGEST)) is not None:
        pass
