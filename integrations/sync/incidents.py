"""Incidents open once per cause and close on recovery. Each row says when somebody is to be told of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Value, When

from integrations import clock
from integrations.findings import Finding
from integrations.models import Incident, Integration

QUIET = timedelta(hours=1)
"""What comes back so soon after it was said to be over is told only when it has lasted as long: a vendor that is up and down by
turns makes two notices an hour, not one with every turn."""


def open_incident(integration: Integration, cause: str, title: str, *, message: str = "", advice: str = "", urgency: int = 0) -> None:
    """Open the incident of that cause, or note that it was seen again, and how; when it is more urgent than before, it is told again."""
    now = clock.now()
    seen = {"title": title[:300], "last_seen_at": now, "message": message, "advice": advice, "urgency": urgency}
    more_urgent = Case(When(urgency__lt=urgency, then=Value(now)), default=F("tell_at"))
    open_one = Incident.everywhere.filter(integration=integration, cause=cause, closed_at=None)
    if open_one.update(seen=F("seen") + 1, tell_at=more_urgent, **seen):
        return
    try:
        with transaction.atomic():
            Incident.everywhere.create(
                organization_id=integration.organization_id,
                integration=integration,
                cause=cause,
                tell_at=_first_told_at(integration, cause),
                **seen,
            )
    except IntegrityError:
        open_one.update(seen=F("seen") + 1, tell_at=more_urgent, **seen)


def close_incident(integration: Integration, cause: str) -> None:
    """Whoever was told that it is open is told that it is over, and nobody else."""
    now = clock.now()
    Incident.everywhere.filter(integration=integration, cause=cause, closed_at=None).update(
        closed_at=now, tell_at=Case(When(told__gt=0, then=Value(now)), default=None)
    )


def _first_told_at(integration: Integration, cause: str) -> datetime:
    now = clock.now()
    before = Incident.everywhere.filter(integration=integration, cause=cause, told__gt=0, closed_at__gt=now - QUIET)
    return now + QUIET if before.exists() else now


def open_found(integration: Integration, finding: Finding, **_signal: Any) -> None:
    """Receiver of `integrations.findings.found`."""
    open_incident(
        integration, finding.cause, str(finding.title), message=str(finding.message), advice=str(finding.advice), urgency=finding.urgency
    )


def close_settled(integration: Integration, cause: str, **_signal: Any) -> None:
    """Receiver of `integrations.findings.settled`."""
    close_incident(integration, cause)
