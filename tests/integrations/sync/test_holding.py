"""At how many threads of a worker one integration may be."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import Any

import pytest

from accounts.tenancy import within
from integrations.models import Action, OutboxItem, Run
from integrations.sync import runs
from integrations.sync.holding import Places
from integrations.sync.turns import take_turn
from tests.books import make_books, make_invoices, make_xero
from tests.conftest import World
from tests.integrations.sync.desk import Desk


def hold(places: Places, stack: ExitStack, *wanted: int) -> int | None:
    """Take a place at the first of the wanted ones that is not full."""

    def choose(full: frozenset[int]) -> int | None:
        return next((one for one in wanted if one not in full), None)

    chosen: int | None = stack.enter_context(places.hold(choose, lambda one: one))
    return chosen


@pytest.mark.parametrize(("threads", "most"), [(1, 1), (2, 1), (4, 3), (8, 7)])
def test_one_thread_is_left_for_the_others(threads: int, most: int) -> None:
    places = Places(threads)
    with ExitStack() as stack:
        assert [hold(places, stack, 1, 2) for _thread in range(most + 1)] == [1] * most + [2]


def test_a_place_is_free_again_when_its_work_is_done_or_has_failed() -> None:
    places = Places(2)
    for trouble in (None, ValueError):
        with suppress(ValueError), ExitStack() as stack:
            assert hold(places, stack, 1) == 1
            assert hold(places, stack, 1) is None
            if trouble:
                raise trouble
    with ExitStack() as stack:
        assert hold(places, stack, 1) == 1


@pytest.fixture
def full(desk: Desk) -> Any:
    """Places of a worker that has no more of them for the desk's integration, where an export and an import are due."""
    desk.export("company")
    desk.invoices(3)
    desk.start()
    runs.start(desk.integration, Action.IMPORT, "payment")
    places = Places(2)
    with ExitStack() as stack:
        hold(places, stack, desk.integration.pk)
        yield places


def test_what_is_due_for_a_full_integration_is_left_as_it_is(desk: Desk, full: Places) -> None:
    while take_turn(places=full):
        pass
    assert desk.states() == {"waiting": 3}
    assert Run.everywhere.get(action=Action.IMPORT).state == "queued"
    assert take_turn()
    assert desk.states() == {"succeeded": 3}


def test_the_next_integration_is_served_while_one_is_full(desk: Desk, stranger: World, full: Places) -> None:
    with within(stranger.organization):
        books = make_books(stranger.organization)
        other = desk.connect(make_xero(books), tenant=0)
        make_invoices(books, 2)
        run = runs.start_export(other, "company")
    while take_turn(places=full):
        pass
    run.refresh_from_db()
    assert run.state == "succeeded"
    assert OutboxItem.everywhere.filter(kind="invoice", state="waiting").count() == 3
