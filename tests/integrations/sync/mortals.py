"""Workers that die or fall asleep at a given point of the road, and may wake much later with the fence they had.

The points are the events that the core logs anyway and the two ends of the wire, so nothing of the core is replaced. A worker that
sleeps is a thread that shares the test's connection: only one of them ever runs, and none sleeps within a transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.db import connection, connections
from structlog.contextvars import get_contextvars

ON_THE_ROAD = (
    "batch.claimed",
    "batch.recovering",
    "batch.sending",
    "a write sets out",
    "a write was done",
    "a read sets out",
    "a read was done",
    "batch.answered",
)
"""Where a worker may sleep."""
WITHIN_TRANSACTIONS = ("batch.claiming", "batch.settling")
POINTS = (*ON_THE_ROAD, *WITHIN_TRANSACTIONS)
"""Where a worker may die."""

_here = threading.local()


class Killed(BaseException):
    """The worker is gone, in the middle of whatever it did."""


class Worker:
    """One turn, from `begin` to the end or to the `nth` time that `point` is reached. `batch` is the one it had in hand last."""

    def __init__(self, turn: Callable[[Worker], None], point: str = "", nth: int = 1, *, sleeps: bool = False) -> None:
        self.point, self.batch, self.has_slept = point, 0, False
        self.sleeps = sleeps
        self._turn, self._left = turn, nth
        self._thread = threading.Thread(target=self._run, name=f"worker that sleeps at {point}", daemon=True)
        self._at_rest, self._may_go = threading.Event(), threading.Event()
        self._is_killed = self._is_done = False
        self._error: BaseException | None = None
        self._connection = connections["default"]
        self._depth = len(connection.savepoint_ids)

    @property
    def is_asleep(self) -> bool:
        return self.has_slept and not self._is_done

    def begin(self) -> None:
        if self.sleeps:
            self._connection.inc_thread_sharing()
            self._thread.start()
            self._wait()
        else:
            self._do()

    def wake(self, *, to_die: bool = False) -> None:
        self._is_killed = to_die
        self._at_rest.clear()
        self._may_go.set()
        self._wait()

    def reached(self, point: str, batch: int) -> None:
        self.batch = batch or self.batch
        if point != self.point or self.has_slept:
            return
        self._left -= 1
        if self._left:
            return
        self.has_slept = True
        if not self.sleeps:
            raise Killed
        assert len(connection.savepoint_ids) == self._depth, f"a transaction is held at {point}"
        self._at_rest.set()
        self._may_go.wait()
        if self._is_killed:
            raise Killed

    def _run(self) -> None:
        connections["default"] = self._connection
        self._do()
        self._at_rest.set()

    def _do(self) -> None:
        _here.worker = self
        try:
            self._turn(self)
        except Killed:
            pass
        except BaseException as error:
            if not self.sleeps:
                raise
            self._error = error
        finally:
            _here.worker = None
            self._is_done = True

    def _wait(self) -> None:
        assert self._at_rest.wait(60), f"the worker at {self.point} never came to rest"
        if self._is_done:
            self._thread.join()
            self._connection.dec_thread_sharing()
        if self._error is not None:
            raise self._error


def reached(point: str, batch: int = 0) -> None:
    """Tell whoever works here."""
    worker: Worker | None = getattr(_here, "worker", None)
    if worker is not None:
        worker.reached(point, batch)


@contextmanager
def listening() -> Iterator[None]:
    """Within the block the events that the core logs are points."""

    def hear(logger: Any, method: str, values: dict[str, Any]) -> dict[str, Any]:
        if values["event"] in POINTS:
            reached(values["event"], {**get_contextvars(), **values}.get("batch") or 0)
        return values

    processors = structlog.get_config()["processors"]
    processors.insert(0, hear)
    try:
        yield
    finally:
        processors.remove(hear)
