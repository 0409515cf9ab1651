"""What begins by itself: imports in their rhythm, lists before they are stale."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from integrations import clock
from integrations.incoming import Import
from integrations.models import Action, Integration, Stream
from integrations.sync import runs, upkeep
from integrations.sync.importing import stream_of

OPTIONS = "options"  # the stream that refreshes the lists
SLEEP = timedelta(days=1)  # of a stream that is switched off, or of an account that is not the current one

SETTLE, APART = timedelta(seconds=2), timedelta(seconds=30)
"""How long a hint waits for others that belong to it, and how far apart the runs are that hints begin."""


def plan(integration: Integration) -> None:
    """See that everything which this integration brings in begins in its rhythm; called when it is connected or its settings change."""
    now = clock.now()
    upkeep.plan(integration)
    places = [(declared.kind, pace) for declared in integration.declaration.imports for pace in declared.paces()]
    for kind, pace in [*places, (OPTIONS, "")]:
        if every := _rhythm(integration, kind, pace):
            stream = stream_of(integration, kind, pace)
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


def start_over(integration_ids: Collection[int]) -> None:
    """The next imports of these integrations look at everything that there is."""
    upkeep.without(Stream.everywhere.filter(integration_id__in=integration_ids)).update(cursor={})


def start_due() -> int:
    """Queue a run for every stream that is due; returns how many. Safe from several workers at once."""
    now = clock.now()
    started = 0
    due = Stream.everywhere.filter(next_run_at__lte=now, integration__connection="connected", integration__deactivated_at=None)
    for stream in upkeep.without(due).order_by("next_run_at")[:100]:
        integration = Integration.everywhere.get(pk=stream.integration_id)
        every = _rhythm(integration, stream.kind, stream.partition) if stream.realm_id == integration.realm_id else None
        too_early = every is not None and _has_to_wait(integration, stream.kind)
        next_run_at = now + (APART if too_early else (every or SLEEP) * random.uniform(0.95, 1))  # noqa: S311
        begun = {} if too_early else {"begun_at": now}
        taken = Stream.everywhere.filter(pk=stream.pk, next_run_at=stream.next_run_at).update(next_run_at=next_run_at, **begun)
        if taken and every and not too_early:
            _start(integration, stream)
            started += 1
    return started


def _start(integration: Integration, stream: Stream) -> None:
    if stream.kind == OPTIONS:
        runs.start(integration, Action.OPTIONS)
        return
    rhythm = integration.declaration.import_of(stream.kind).paces()[stream.partition]
    how: dict[str, Any] = {"full": True} if rhythm.full else {}
    runs.start(integration, Action.IMPORT, stream.kind, pace=rhythm.name, **how)


def _has_to_wait(integration: Integration, kind: str) -> bool:
    """Whether the import is of records that belong to others, which have never come yet."""
    declared = _import(integration, kind)
    before = [other for other in (declared.after if declared else ()) if _rhythm(integration, other)]
    return any(stream_of(integration, other).completed_at is None for other in before)


def _rhythm(integration: Integration, kind: str, pace: str = "") -> timedelta | None:
    """How often the stream runs; None while its switch is off, and for one that is not declared any more."""
    if kind == OPTIONS:
        return min((source.fresh_for for source in integration.declaration.options), default=None)
    declared = _import(integration, kind)
    rhythm = declared.paces().get(pace) if declared and declared.is_on(integration) else None
    return rhythm.every if rhythm else None


def _import(integration: Integration, kind: str) -> Import | None:
    return next((declared for declared in integration.declaration.imports if declared.kind == kind), None)
