"""Incidents open once per cause and close on recovery."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F

from integrations import clock
from integrations.models import Incident, Integration


def open_incident(integration: Integration, cause: str, title: str, *, message: str = "", advice: str = "") -> None:
    """Open the incident of that cause, or note that it was seen again."""
    seen = {"last_seen_at": clock.now(), "message": message, "advice": advice}
    if Incident.everywhere.filter(integration=integration, cause=cause, closed_at=None).update(seen=F("seen") + 1, **seen):
        return
    try:
        with transaction.atomic():
            Incident.everywhere.create(
                organization_id=integration.organization_id, integration=integration, cause=cause, title=title[:300], **seen
            )
    except IntegrityError:
        Incident.everywhere.filter(integration=integration, cause=cause, closed_at=None).update(seen=F("seen") + 1, **seen)


def close_incident(integration: Integration, cause: str) -> None:
    Incident.everywhere.filter(integration=integration, cause=cause, closed_at=None).update(closed_at=clock.now())
