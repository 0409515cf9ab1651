"""Which engine this installation has: `TASK_ENGINE`."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from integrations.sync.bell import rung

LOCAL, CELERY = "local", "celery"


def is_celery() -> bool:
    return bool(settings.TASK_ENGINE == CELERY)


def connect_bell() -> None:
    """Have the chosen engine hear the bell. Raises `ImproperlyConfigured` for what it cannot work with, and says what to set."""
    if settings.TASK_ENGINE not in (LOCAL, CELERY):
        raise ImproperlyConfigured(f"TASK_ENGINE is {settings.TASK_ENGINE!r}. Set it to {LOCAL} or {CELERY}.")
    if not is_celery():
        return
    if not settings.BROKER_URL:
        raise ImproperlyConfigured("TASK_ENGINE=celery needs a broker. Set BROKER_URL to amqp://… (RabbitMQ) or redis://…")
    try:
        from integrations.engine.celery import ring
    except ImportError as error:
        raise ImproperlyConfigured("TASK_ENGINE=celery needs Celery: pip install --require-hashes -r requirements-celery.lock") from error
    if connection.vendor == "sqlite":
        raise ImproperlyConfigured("TASK_ENGINE=celery needs PostgreSQL, which all machines share. Set DATABASE_URL to postgres://…")
    rung.connect(ring, dispatch_uid="celery")


def reach_broker() -> str:
    """What keeps the broker from answering; '' when it does. Only with TASK_ENGINE=celery."""
    from integrations.engine.celery import app

    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except Exception as error:
        return str(error) or type(error).__name__
    return ""
