"""What begins by itself: imports in their rhythm, lists before they are stale."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import timedelta

from integrations import clock
from integrations.models import Action, Integration, Stream
from integrations.sync import runs
from integrations.sync.importing import stream_of

OPTIONS = "options"  # the stream that refreshes the lists
SLEEP = timedelta(days=1)  # of a stream that is switched off, or of an account that is not the current one

SETTLE, APART = timedelta(seconds=2), timedelta(seconds=30)
"""How long a hint waits for others that belong to it, and how far apart the runs are that hints begin."""


def plan(integration: Integration) -> None:
    """See that everything which this integration brings in begins in its rhythm; called when it is connected or its settings change."""
    now = clock.now()
    for kind in [*(declared.kind for declared in integration.declaration.imports), OPTIONS]:
        if every := _rhythm(integration, kind):
            stream = stream_of(integration, kind)
            if stream.next_run_at > now + every:
                Stream.everywhere.filter(pk=stream.pk).update(next_run_at=now)


def bring_forward(integration: Integration, kinds: Collection[str]) -> None:
    """Something changed there: the imports of these kinds are due in a moment, however often that is said; those switched off are not."""
    now = clock.now()
    for kind in sorted(kinds):  # in one order, so that two at once never wait for each other
        if _rhythm(integration, kind):
            stream = stream_of(integration, kind)
            due = max(now + SETTLE, stream.begun_at + APART) if stream.begun_at else now + SETTLE
            Stream.everywhere.filter(pk=stream.pk, next_run_at__gt=due).update(next_run_at=due)


def start_due() -> int:
    """Queue a run for every stream that is due; returns how many. Safe from several workers at once."""
    now = clock.now()
    started = 0
    due = Stream.everywhere.filter(next_run_at__lte=now, integration__connection="connected", integration__deactivated_at=None)
    for stream in due.order_by("next_run_at")[:100]:
        integration = Integration.everywhere.get(pk=stream.integration_id)
        every = _rhythm(integration, stream.kind) if stream.realm_id == integration.realm_id else None
        next_run_at = now + (every or SLEEP) * random.uniform(0.95, 1)  # noqa: S311
        if Stream.everywhere.filter(pk=stream.pk, next_run_at=stream.next_run_at).update(next_run_at=next_run_at, begun_at=now) and every:
            action, kind = (Action.OPTIONS, "") if stream.kind == OPTIONS else (Action.IMPORT, stream.kind)
            runs.start(integration, action, kind)
            started += 1
    return started


def _rhythm(integration: Integration, kind: str) -> timedelta | None:
    """How often the stream runs; None while its switch is off."""
    if kind == OPTIONS:
        return min((source.fresh_for for source in integration.declaration.options), default=None)
    declared = next((declared for declared in integration.declaration.imports if declared.kind == kind), None)
    return declared.every if declared and declared.is_on(integration) else None
