"""Something small that a process does again and again beside its work."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from django.db import close_old_connections, connection

log = structlog.get_logger(__name__)


class Repeating:
    """Calls `what` every `seconds` in a thread of its own until `stop()`. What fails is logged and tried again at its time."""

    def __init__(self, name: str, seconds: float, what: Callable[[], None]) -> None:
        self._seconds, self._what = seconds, what
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _repeat(self) -> None:
        while not self._stopping.wait(self._seconds):
            close_old_connections()
            try:
                self._what()
            except Exception as error:
                log.warning("worker.repeating_failed", what=self._thread.name, reason=str(error))
        connection.close()
