"""Which engine hears the bell, and what is said about one that cannot work."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from integrations.engine import choice
from integrations.sync.bell import ring, rung


@pytest.fixture(autouse=True)
def nobody_listens() -> Iterator[None]:
    before, rung.receivers = rung.receivers, []
    rung.sender_receivers_cache.clear()
    yield
    rung.receivers = before
    rung.sender_receivers_cache.clear()


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        ({"TASK_ENGINE": "threads"}, "Set it to local or celery"),
        ({"TASK_ENGINE": "celery", "BROKER_URL": ""}, "Set BROKER_URL"),
    ],
)
def test_an_engine_that_cannot_work_says_what_to_set(settings, given: dict[str, object], cure: str) -> None:
    for name, value in given.items():
        setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=cure):
        choice.connect_bell()


def test_an_installation_without_celery_says_how_to_get_it(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TASK_ENGINE, settings.BROKER_URL = "celery", "amqp://"
    monkeypatch.setitem(sys.modules, "celery", None)
    monkeypatch.delitem(sys.modules, "integrations.engine.celery", raising=False)
    with pytest.raises(ImproperlyConfigured, match=r"requirements-celery\.lock"):
        choice.connect_bell()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the database is one that machines can share")
def test_celery_does_not_work_on_a_database_that_machines_cannot_share(settings) -> None:
    settings.TASK_ENGINE, settings.BROKER_URL = "celery", "amqp://"
    with pytest.raises(ImproperlyConfigured, match="Set DATABASE_URL"):
        choice.connect_bell()


def test_nobody_hears_the_bell_of_the_local_engine(settings) -> None:
    settings.TASK_ENGINE = "local"
    choice.connect_bell()
    assert not rung.has_listeners()


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_once_what_was_written_is_seen_and_not_when_it_was_not_written() -> None:
    heard: list[str] = []

    def hear(sender: object = None, **signal: object) -> None:
        heard.append("ring")

    rung.connect(hear)
    with transaction.atomic():
        ring()
        assert heard == []
    assert heard == ["ring"]
    with transaction.atomic():
        ring()
        transaction.set_rollback(True)
    assert heard == ["ring"]


@pytest.mark.django_db(transaction=True)
def test_whoever_writes_something_down_does_not_mind_a_bell_that_breaks() -> None:
    def break_down(sender: object = None, **signal: object) -> None:
        raise ConnectionError("the broker is away")

    rung.connect(break_down)
    with transaction.atomic():
        ring()
