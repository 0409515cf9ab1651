"""Whether the installation can do its work now. Each look is quick, reads base rows only, and never raises."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min

from integrations import clock
from integrations.models import Connection, Integration, Run, RunState
from integrations.models.run import Action
from integrations.sync import heart


@dataclass(frozen=True)
class Look:
    """What was seen of one thing. `cure` says what to do where it is not `ok`."""

    name: str
    ok: bool
    text: str
    cure: str = ""


def database() -> Look:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Look("database", True, f"{connection.vendor} answers.")


@cache
def _all_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.nodes)


def migrations() -> Look:
    missing = sorted(_all_migrations() - MigrationRecorder(connection).applied_migrations().keys())
    if not missing:
        return Look("migrations", True, "The tables are those of this version.")
    names = ", ".join(" ".join(one) for one in missing[:5])
    return Look("migrations", False, f"{len(missing)} are not applied: {names}.", "Run manage.py migrate.")


def workers() -> Look:
    alive = heart.alive().count()
    if alive:
        return Look("workers", True, f"{alive} alive.")
    return Look("workers", False, "No worker has said for half a minute that it is alive.", "Start manage.py worker, or look into its log.")


def overdue() -> Look:
    """Whether something has waited longer than `OVERDUE_SECONDS` past its time."""
    age = oldest_due_age()
    text = f"What has been due longest waits for {round(age.total_seconds())} s."
    cure = "Start more workers, or look into their log for what holds them up."
    return Look("overdue", age <= timedelta(seconds=settings.OVERDUE_SECONDS), text, cure)


def oldest_due_age() -> timedelta:
    """How long the outbox or the run that waits longest has been due; nothing is due for an integration that cannot work."""
    now = clock.now()
    workable = Integration.everywhere.non_polymorphic().filter(connection=Connection.CONNECTED, deactivated_at=None)
    runs = Run.everywhere.filter(state=RunState.QUEUED, integration__in=workable).exclude(action=Action.EXPORT).exclude(lease_until__gt=now)
    first = [
        workable.filter(work_due_at__lte=now).aggregate(first=Min("work_due_at"))["first"],
        runs.aggregate(first=Min("created_at"))["first"],
    ]
    return max((now - due for due in first if due), default=timedelta())


READINESS = (database, migrations, workers, overdue)


def look(at: Iterable[Callable[[], Look]]) -> list[Look]:
    """All of them, in their order; where the database fails, that is what was seen, unless what was seen before explains it."""
    seen = []
    for one in at:
        try:
            seen.append(one())
        except DatabaseError as error:
            if not all(one.ok for one in seen):
                continue
            cure = "See that the database of DATABASE_URL runs, and that it may be used."
            seen.append(Look("database", False, f"It does not answer: {str(error).strip()}", cure))
    return seen
