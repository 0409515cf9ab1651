"""The embedded engine: threads that take turns until they are told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from django.db import OperationalError, close_old_connections, connection

from integrations.engine.heart import Heart
from integrations.sync.holding import Places
from integrations.sync.turns import take_turn

log = structlog.get_logger(__name__)

IDLE_SECONDS = 0.5
TROUBLE_SECONDS = 5.0


class LocalEngine:
    """`threads` workers in this process. `stop()` lets each finish the batch or page in hand."""

    def __init__(self, threads: int) -> None:
        self._stopping = threading.Event()
        self._heart = Heart("local")
        self._places = Places(threads)
        self._threads = [threading.Thread(target=self._work, name=f"worker-{number}") for number in range(1, threads + 1)]

    def start(self) -> None:
        self._heart.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()
        self._heart.stop()

    def _work(self) -> None:
        while not self._stopping.is_set():
            close_old_connections()
            try:
                pause = 0.0 if take_turn(is_stopping=self._stopping.is_set, places=self._places) else IDLE_SECONDS
            except OperationalError as error:  # away, full or locked: nothing was written
                log.warning("worker.database_trouble", reason=str(error).strip())
                pause = TROUBLE_SECONDS
            except Exception:
                log.exception("worker.turn_failed")
                pause = TROUBLE_SECONDS
            self._stopping.wait(pause)
        connection.close()


def work_off_all(is_done: Callable[[], bool] = lambda: False) -> None:
    """Take turns in this thread until nothing is due, or `is_done`."""
    while not is_done() and take_turn():
        pass
