"""What moved in a week, and what needs somebody now: the lines of the weekly digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum

from accounts.models import Organization
from integrations import clock
from integrations.models import Action, Incident, Integration, ItemState, OutboxItem, Run
from integrations.models.outbox import FAILED

WEEK = timedelta(days=7)
NOTHING: Mapping[str, Any] = {"exported": 0, "imported": 0, "failed": 0}


@dataclass(frozen=True)
class Line:
    """One integration: records that were exported, imported and refused in the week; what waits and the incidents that are open now."""

    id: int
    provider: str
    name: str
    exported: int
    imported: int
    failed: int
    waiting: int
    open_incidents: list[str]

    @property
    def says_something(self) -> bool:
        return any((self.exported, self.imported, self.failed, self.waiting, self.open_incidents))


def last_week(organization: Organization) -> date:
    """The Monday of the last week that is over, in the organization's time zone."""
    today = clock.now().astimezone(ZoneInfo(organization.time_zone)).date()
    return today - timedelta(days=today.weekday()) - WEEK


def last_day(monday: date) -> date:
    return monday + WEEK - timedelta(days=1)


def lines(organization: Organization, monday: date) -> list[Line]:
    """Of the integrations that have something to tell, by their names."""
    zone = ZoneInfo(organization.time_zone)
    begin, end = (datetime.combine(day, time.min, zone) for day in (monday, monday + WEEK))
    in_week = {"organization": organization, "finished_at__gte": begin, "finished_at__lt": end}
    arrived, refused = Q(state=ItemState.SUCCEEDED, step=""), Q(state__in=FAILED, replaced_by=None)
    items = OutboxItem.everywhere.filter(**in_week).order_by().values("integration")
    out: dict[int, Mapping[str, Any]] = {
        row["integration"]: row for row in items.annotate(exported=Count("pk", filter=arrived), failed=Count("pk", filter=refused))
    }
    imports = Run.everywhere.filter(**in_week, action=Action.IMPORT, dry=False).order_by().values("integration")
    brought: dict[int, Mapping[str, Any]] = {
        row["integration"]: row for row in imports.annotate(imported=Sum("succeeded"), failed=Sum("rejected"))
    }
    titles: dict[int, list[str]] = {}
    for incident in Incident.everywhere.filter(organization=organization, closed_at=None).order_by("opened_at"):
        titles.setdefault(incident.integration_id, []).append(incident.title)
    rows = Integration.everywhere.non_polymorphic().filter(organization=organization).order_by("name", "pk")
    made = [_line(row, {**NOTHING, **out.get(row.pk, {})}, {**NOTHING, **brought.get(row.pk, {})}, titles.get(row.pk, [])) for row in rows]
    return [line for line in made if line.says_something]


def _line(integration: Integration, out: Mapping[str, Any], brought: Mapping[str, Any], titles: list[str]) -> Line:
    return Line(
        id=integration.pk,
        provider=integration.provider,
        name=integration.name,
        exported=out["exported"],
        imported=brought["imported"],
        failed=out["failed"] + brought["failed"],
        waiting=integration.waiting_count,
        open_incidents=titles,
    )
