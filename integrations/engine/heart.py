"""Beats for a worker process, also while all that work in it are busy."""

from __future__ import annotations

from integrations import clock
from integrations.engine.repeating import Repeating
from integrations.sync import heart


class Heart:
    """`start()` beats once before it returns, and raises what the database answers; `stop()` says that the worker ended in peace."""

    def __init__(self, engine: str) -> None:
        self._name, self._engine = heart.new_name(), engine
        self._beats = Repeating("heart", clock.real_seconds(heart.BEAT), self._beat)

    def start(self) -> None:
        self._beat()
        self._beats.start()

    def stop(self) -> None:
        self._beats.stop()
        heart.end(self._name)

    def _beat(self) -> None:
        heart.beat(self._name, self._engine)
