"""How it is known whether somebody does the work."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from integrations import clock
from integrations.engine.heart import Heart
from integrations.engine.repeating import Repeating
from integrations.models import Worker
from integrations.sync import heart


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_known_while_it_lives_and_not_when_it_has_ended() -> None:
    living = Heart("local")
    living.start()
    assert [worker.engine for worker in heart.alive()] == ["local"]
    living.stop()
    assert not Worker.objects.exists()


@pytest.mark.django_db
def test_a_worker_that_says_nothing_is_taken_for_dead_and_forgotten_after_a_day() -> None:
    Worker.objects.create(name="silent", engine="local", beat_at=clock.now() - heart.SILENT_AFTER - timedelta(seconds=1))
    Worker.objects.create(name="long gone", engine="local", beat_at=clock.now() - heart.FORGOTTEN_AFTER - timedelta(seconds=1))
    assert not heart.alive()
    heart.beat("new", "local")
    heart.beat("new", "local")
    assert [worker.name for worker in heart.alive()] == ["new"]
    assert set(Worker.objects.values_list("name", flat=True)) == {"silent", "new"}


def test_two_workers_of_one_machine_have_names_of_their_own() -> None:
    assert heart.new_name() != heart.new_name()


@pytest.mark.django_db(transaction=True)
def test_what_is_repeated_goes_on_after_it_failed_once() -> None:
    calls: list[int] = []

    def fail_first() -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            raise ConnectionError("not now")

    repeating = Repeating("test", 0.01, fail_first)
    repeating.start()
    deadline = time.monotonic() + 5
    while len(calls) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    repeating.stop()
    ended = len(calls)
    time.sleep(0.05)
    assert len(calls) == ended >= 3
