"""Which notices there are to be: made together with the mark on the incident that says so, so that each is made once."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Q

from integrations import clock
from integrations.models import Incident, Notice, NoticeKind, NoticeState
from integrations.notices.recipients import endpoints, people
from integrations.notices.rhythm import REPEATS, step

AT_ONCE = 200
"""Incidents in one go; the others follow with the next beat."""


def make_due() -> None:
    """Make the notices of every incident that is due. Those of a muted or disconnected integration wait while they are open."""
    now = clock.now()
    silent = Q(integration__muted_until__gt=now) | Q(integration__deactivated_at__isnull=False)
    due = Incident.everywhere.filter(tell_at__lte=now).exclude(silent, closed_at=None)
    for incident in due.select_related("integration").order_by("tell_at", "pk")[:AT_ONCE]:
        _make(incident)


@transaction.atomic
def _make(incident: Incident) -> None:
    """Nothing when another worker was quicker, or when it was closed meanwhile."""
    is_closed = incident.closed_at is not None
    next_at = None if is_closed else clock.now() + step(REPEATS, incident.told)
    unchanged = Incident.everywhere.filter(pk=incident.pk, told=incident.told, closed_at__isnull=not is_closed, tell_at=incident.tell_at)
    if unchanged.update(told=F("told") + 1, tell_at=next_at):
        Notice.everywhere.bulk_create(_closing(incident) if is_closed else _open(incident))


def _open(incident: Incident) -> list[Notice]:
    kind = NoticeKind.REMINDED if incident.told else NoticeKind.OPENED
    mails = [_notice(incident, kind, person_id=row.user_id) for row in people(incident.integration)]
    return [*mails, *(_notice(incident, kind, endpoint_id=row.pk) for row in endpoints(incident.integration))]


def _closing(incident: Incident) -> list[Notice]:
    told = Notice.everywhere.filter(incident=incident, state__in=(NoticeState.WAITING, NoticeState.SENT))
    mails = people(incident.integration).filter(user__in=told.values("person"))
    calls = endpoints(incident.integration).filter(pk__in=told.values("endpoint"))
    kind = NoticeKind.CLOSED
    return [
        *(_notice(incident, kind, person_id=row.user_id) for row in mails),
        *(_notice(incident, kind, endpoint_id=row.pk) for row in calls),
    ]


def _notice(incident: Incident, kind: NoticeKind, **recipient: int) -> Notice:
    return Notice(organization_id=incident.organization_id, incident=incident, kind=kind, number=incident.told, **recipient)
