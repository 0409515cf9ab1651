"""The heartbeat of workers: how everybody else knows that somebody does the work."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import timedelta

from django.db.models import QuerySet

from integrations import clock
from integrations.models import Worker

BEAT = timedelta(seconds=5)
SILENT_AFTER = timedelta(seconds=30)
"""A worker that has said nothing for so long is taken for dead: six beats, so that one that waits for the database is not."""
FORGOTTEN_AFTER = timedelta(days=1)


def new_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def beat(name: str, engine: str) -> None:
    """The worker of that name is alive. Rows of workers that died long ago go."""
    now = clock.now()
    _worker, is_new = Worker.objects.update_or_create(name=name, defaults={"engine": engine, "beat_at": now})
    if is_new:
        Worker.objects.filter(beat_at__lt=now - FORGOTTEN_AFTER).delete()


def end(name: str) -> None:
    """The worker of that name ends in peace."""
    Worker.objects.filter(name=name).delete()


def alive() -> QuerySet[Worker]:
    return Worker.objects.filter(beat_at__gte=clock.now() - SILENT_AFTER)
