"""What is looked after from time to time: credentials by the core, certificates or documents by providers. Each has a stream that
says when next.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog
from django.db.models import Q, QuerySet

from integrations import clock
from integrations.errors import AuthLost, ProviderError
from integrations.http.deadline import at_most
from integrations.models import Connection, Incident, Integration, Stream
from integrations.sync.calling import open_client
from integrations.sync.importing import stream_of
from integrations.sync.incidents import close_settled, open_found
from integrations.sync.inside import inside
from integrations.sync.keeping_access import CREDENTIAL
from integrations.sync.losing import lose_connection
from integrations.upkeep import Upkeep

log = structlog.get_logger(__name__)

PREFIX = "upkeep:"  # of the streams' kinds
SECONDS = 20.0  # that one piece of upkeep may take: it holds one thread of a worker
AFTER_TROUBLE = timedelta(minutes=15)


def _declared(integration: Integration) -> tuple[Upkeep, ...]:
    own = () if integration.declaration.is_agreement else (CREDENTIAL,)
    return (*own, *integration.declaration.upkeep)


def plan(integration: Integration) -> None:
    """See that it is looked after at once; called when it is connected or its settings change."""
    for declared in _declared(integration):
        Stream.everywhere.filter(pk=stream_of(integration, PREFIX + declared.name).pk).update(next_run_at=clock.now())


def without(streams: QuerySet[Stream]) -> QuerySet[Stream]:
    """The streams that are no upkeep."""
    return streams.exclude(kind__startswith=PREFIX)


def take_turn(integration_id: int | None = None) -> bool:
    """Look after the one thing that waits longest. False when nothing is due."""
    now = clock.now()
    paused = Q(integration__connection=Connection.PAUSED, kind=PREFIX + CREDENTIAL.name)  # its access must not die meanwhile
    due = Stream.everywhere.filter(
        Q(integration__connection=Connection.CONNECTED) | paused,
        kind__startswith=PREFIX,
        next_run_at__lte=now,
        integration__deactivated_at=None,
    )
    stream = (due.filter(integration_id=integration_id) if integration_id else due).order_by("next_run_at").first()
    if stream is None:
        return False
    taken = Stream.everywhere.filter(pk=stream.pk, next_run_at=stream.next_run_at)
    if taken.update(next_run_at=now + AFTER_TROUBLE, begun_at=now):
        integration = Integration.everywhere.select_related("organization").get(pk=stream.integration_id)
        declared = next((one for one in _declared(integration) if PREFIX + one.name == stream.kind), None)
        if declared:
            _look_after(integration, declared, stream)
        else:
            Stream.everywhere.filter(pk=stream.pk).delete()
    return True


def _look_after(integration: Integration, declared: Upkeep, stream: Stream) -> None:
    with inside(integration):
        try:
            with at_most(SECONDS):
                looked = declared.run(open_client(integration), integration)
        except ProviderError as error:
            log.warning("upkeep.trouble", upkeep=declared.name, reason=error.message)
            if isinstance(error, AuthLost):
                lose_connection(integration, error)
            return
        except Exception:
            log.exception("upkeep.failed", upkeep=declared.name)
            return
        found = {f"{declared.name}:{finding.cause}": finding for finding in looked.findings}
        before = Incident.everywhere.filter(integration=integration, closed_at=None, cause__startswith=f"{declared.name}:")
        for cause in set(before.values_list("cause", flat=True)) - found.keys():
            close_settled(integration, cause)
        for cause, finding in found.items():
            open_found(integration, replace(finding, cause=cause))
        Stream.everywhere.filter(pk=stream.pk).update(next_run_at=looked.again_at, completed_at=clock.now())
