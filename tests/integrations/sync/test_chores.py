"""What workers do by the clock for the whole installation: once, by one of them, and again after trouble."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from integrations import clock
from integrations.models import Chore
from integrations.sync import chores
from integrations.sync.turns import take_turn
from tests.integrations.sync.desk import at_once

DAY = timedelta(days=1)


class Sweeping:
    """A chore's work that answers, or fails, as it is told."""

    def __init__(self) -> None:
        self.times = 0
        self.soon: timedelta | None = None
        self.trouble: Exception | None = None

    def work(self) -> timedelta | None:
        self.times += 1
        if self.trouble:
            raise self.trouble
        return self.soon


@pytest.fixture
def sweeping(db: None, monkeypatch: pytest.MonkeyPatch) -> Sweeping:
    monkeypatch.setattr(chores, "_routines", {})
    made = Sweeping()
    chores.register("sweeping", DAY, made.work)
    return made


def row() -> Chore:
    return Chore.objects.get(name="sweeping")


def make_due() -> None:
    Chore.objects.update_or_create(name="sweeping", defaults={"next_run_at": clock.now()})


def test_it_is_due_for_the_first_time_when_its_rhythm_has_passed_once(sweeping: Sweeping, later: Callable[[float], None]) -> None:
    assert not chores.take_turn()
    later(DAY.total_seconds() - 60)
    assert not chores.take_turn()
    later(61)
    assert chores.take_turn()
    assert sweeping.times == 1


def test_done_it_rests_for_its_rhythm(sweeping: Sweeping) -> None:
    make_due()
    assert chores.take_turn()
    assert not chores.take_turn()
    assert sweeping.times == 1
    assert row().completed_at is not None
    assert row().next_run_at > clock.now() + DAY - timedelta(minutes=1)


def test_what_is_not_finished_goes_on_when_it_wants_to(sweeping: Sweeping) -> None:
    make_due()
    sweeping.soon = timedelta(0)
    assert chores.take_turn()
    assert row().completed_at is None
    assert chores.take_turn()
    assert sweeping.times == 2


def test_trouble_is_tried_again_soon(sweeping: Sweeping) -> None:
    make_due()
    sweeping.trouble = RuntimeError("a bug")
    assert chores.take_turn()
    assert not chores.take_turn()
    assert clock.now() < row().next_run_at <= clock.now() + chores.AFTER_TROUBLE
    assert row().completed_at is None


def test_a_worker_that_was_thought_dead_does_not_undo_what_another_did_since(sweeping: Sweeping) -> None:
    make_due()
    taken_over = clock.now() + timedelta(days=7)

    def late() -> None:
        Chore.objects.filter(name="sweeping").update(next_run_at=taken_over)

    chores.register("sweeping", DAY, late)
    assert chores.take_turn()
    assert row().next_run_at == taken_over


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_at_once_one_does_it(sweeping: Sweeping) -> None:
    make_due()
    at_once(*[chores.take_turn] * 4)
    assert sweeping.times == 1


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_that_see_it_first_each_goes_on(sweeping: Sweeping) -> None:
    at_once(*[chores.take_turn] * 4)
    assert Chore.objects.count() == 1


def test_a_worker_s_turn_does_it_and_a_command_that_works_one_integration_off_does_not(sweeping: Sweeping) -> None:
    make_due()
    take_turn(integration_id=1)
    assert sweeping.times == 0
    assert take_turn()
    assert sweeping.times == 1
