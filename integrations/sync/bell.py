"""The bell: says that there may be work. Who does not hear it looks by himself a moment later, so one that is lost costs no more."""

from __future__ import annotations

from django.db import transaction
from django.dispatch import Signal

rung = Signal()


def ring() -> None:
    """Ring once what was written is to be seen by others."""
    transaction.on_commit(lambda: rung.send_robust(None), robust=True)
