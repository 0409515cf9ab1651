"""The engine on many machines: Celery carries the bell through a broker, and its workers take turns.

A message says no more than that somebody should look whether something is due: what is due, and who has it, stands in the
tables. So messages may be lost, doubled and late; every worker rings once a second anyway. Only loaded with TASK_ENGINE=celery.
"""

from __future__ import annotations

import threading
from typing import Any

import structlog
from celery import Celery
from celery.signals import setup_logging, worker_ready, worker_shutdown, worker_shutting_down
from django.conf import settings
from django.db import OperationalError, close_old_connections
from kombu.entity import Queue

from integrations.engine.heart import Heart
from integrations.engine.repeating import Repeating
from integrations.sync.holding import Places
from integrations.sync.turns import take_turn

log = structlog.get_logger(__name__)

RING_SECONDS = 1.0
STALE_SECONDS = 5.0  # a bell that nobody heard for so long is no news
UNUSED_SECONDS = 86_400.0  # then a broker may forget the queue
ONCE_MORE = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
"""Over a new connection, where the one at hand was cut; whoever rings does not wait for a broker that is away."""

app = Celery("patchbay")
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_connection_timeout=2,
    broker_connection_retry_on_startup=True,
    broker_transport_options=ONCE_MORE,
    task_queues=[Queue(settings.BROKER_QUEUE, message_ttl=STALE_SECONDS, expires=UNUSED_SECONDS)],
    task_default_queue=settings.BROKER_QUEUE,
    task_ignore_result=True,
    worker_pool="threads",
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
)

_stopping = threading.Event()
_places = Places(settings.WORKER_THREADS)


def _look() -> None:
    """Take turns until nothing is due, or this worker is to stop."""
    close_old_connections()
    try:
        while not _stopping.is_set() and take_turn(is_stopping=_stopping.is_set, places=_places):
            pass
    except OperationalError as error:  # away or full: nothing was written, and the next bell finds it all
        log.warning("worker.database_trouble", reason=str(error).strip())


look = app.task(_look, name="patchbay.look")


def ring(sender: object = None, **signal: Any) -> None:
    """Have a worker look. A broker that is away is no trouble of whoever has just written something down."""
    try:
        look.apply_async(expires=STALE_SECONDS, retry=True, retry_policy=ONCE_MORE)
    except Exception as error:
        log.warning("bell.not_heard", reason=str(error))


def work(threads: int) -> None:
    """Be a worker with so many threads until SIGTERM or Ctrl-C, which let each finish the batch or page in hand."""
    heart, bell = Heart("celery"), Repeating("bell", RING_SECONDS, ring)

    def begin(**signal: Any) -> None:
        heart.start()
        bell.start()

    def end(**signal: Any) -> None:
        bell.stop()
        heart.stop()

    def stop(**signal: Any) -> None:
        _stopping.set()

    setup_logging.connect(_keep_logging)
    worker_ready.connect(begin, weak=False)
    worker_shutting_down.connect(stop, weak=False)
    worker_shutdown.connect(end, weak=False)
    _places.threads = threads
    app.Worker(concurrency=threads, loglevel=settings.LOG_LEVEL, without_gossip=True, without_mingle=True).start()


def _keep_logging(**signal: Any) -> None:
    """A receiver, whatever it does, keeps Celery from configuring logs: they are as in every other process."""
