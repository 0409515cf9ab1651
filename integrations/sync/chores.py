"""What is done by the clock for the whole installation, by one of its workers at a time: a registry of functions, and a row for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db.models import QuerySet

from integrations import clock
from integrations.models import Chore

log = structlog.get_logger(__name__)

AFTER_TROUBLE = timedelta(minutes=15)
"""When one is tried again that failed, or whose worker was killed: longer than any of them takes at once."""

Work = Callable[[], timedelta | None]
"""A piece of a chore: it ends within seconds. It answers how soon it wants to go on; None when it is done until the next time."""


@dataclass(frozen=True)
class Routine:
    """A chore's name, its rhythm and its work."""

    name: str
    every: timedelta
    work: Work


_routines: dict[str, Routine] = {}


def register(name: str, every: timedelta, work: Work) -> None:
    """From now on `work` is done once in every `every`, for the first time that long after a worker first sees it."""
    _routines[name] = Routine(name, every, work)


def routines() -> list[Routine]:
    return list(_routines.values())


def take_turn() -> bool:
    """Do a piece of the chore that has waited longest. False when none is due. Safe from several workers at once."""
    now = clock.now()
    waiting = dict(Chore.objects.filter(name__in=_routines).values_list("name", "next_run_at"))
    for name in _routines.keys() - waiting.keys():
        Chore.objects.get_or_create(name=name, defaults={"next_run_at": now + _routines[name].every})
    due = sorted((next_run_at, name) for name, next_run_at in waiting.items() if next_run_at <= now)
    if not due:
        return False
    next_run_at, name = due[0]
    again_at = now + AFTER_TROUBLE
    if Chore.objects.filter(name=name, next_run_at=next_run_at).update(next_run_at=again_at, begun_at=now):
        _do(_routines[name], Chore.objects.filter(name=name, next_run_at=again_at))
    return True


def _do(routine: Routine, taken: QuerySet[Chore]) -> None:
    try:
        soon = routine.work()
    except Exception:
        log.exception("chore.failed", chore=routine.name)
        return
    now = clock.now()
    if soon is None:
        taken.update(next_run_at=now + routine.every, completed_at=now)
    else:
        taken.update(next_run_at=now + soon)
