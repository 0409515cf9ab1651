"""Credentials that nobody uses stay alive, and those that nothing can keep alive are told of in time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations import clock
from integrations.auth.oauth2 import TokenSet
from integrations.models import Connection, Credential, Incident, Integration
from integrations.sync import connections, credentials, upkeep
from tests.integrations.sync.conftest import Calls
from tests.integrations.sync.desk import Desk

DAY = 86_400.0


def look_after() -> None:
    while upkeep.take_turn():
        pass


@pytest.fixture(autouse=True)
def looked_after(desk: Desk) -> None:
    upkeep.plan(desk.integration)
    look_after()


def credential() -> Credential:
    return Credential.everywhere.get()


def connection() -> str:
    return Integration.everywhere.get().connection


def end_in(desk: Desk, days: float) -> None:
    ends_at = clock.now() + timedelta(days=days)
    credentials.keep(desk.integration, TokenSet("access", expires_at=ends_at, ends_at=ends_at))
    upkeep.plan(desk.integration)
    look_after()


def told() -> list[tuple[str, int]]:
    return list(Incident.everywhere.filter(closed_at=None).values_list("title", "urgency"))


def test_what_nobody_uses_is_renewed_once_a_day(desk: Desk, calls: Calls) -> None:
    version = credential().version
    for hours in (20, 5, 10, 10, 10):
        desk.later(hours * 3600)
        look_after()
    assert credential().version == version + 2
    assert len(calls.refreshes()) == 2


def test_what_is_in_use_is_not_renewed_beside_it(desk: Desk, calls: Calls) -> None:
    version = credential().version
    for _hour in range(30):
        desk.later(3600)
        connections.check_connection(desk.integration)
    used = credential().version
    look_after()
    assert used > version
    assert credential().version == used


@pytest.mark.parametrize("state", [Connection.CONNECTED, Connection.PAUSED])
def test_a_connection_that_is_not_used_for_months_still_works(desk: Desk, state: Connection) -> None:
    Integration.everywhere.non_polymorphic().update(connection=state)
    for _day in range(100):
        desk.later(DAY)
        look_after()
    Integration.everywhere.non_polymorphic().update(connection=Connection.CONNECTED)
    assert all(step.passed for step in connections.check_connection(desk.integration))


def test_access_that_ended_while_nobody_looked_is_one_incident(desk: Desk) -> None:
    desk.later(61 * DAY)
    look_after()
    desk.later(DAY)
    look_after()
    assert connection() == Connection.NEEDS_RECONNECT
    assert list(Incident.everywhere.values_list("cause", "seen")) == [("connection", 1)]


def test_a_vendor_that_does_not_answer_is_asked_again_and_costs_nothing(desk: Desk) -> None:
    desk.misbehave({"kind": "status", "status": 503, "path": "*token"})
    desk.later(DAY + 60)
    look_after()
    assert connection() == Connection.CONNECTED
    version = credential().version
    desk.later(16 * 60)
    look_after()
    assert credential().version == version + 1


def test_whoever_must_connect_anew_is_told_fourteen_seven_and_one_day_before(desk: Desk) -> None:
    end_in(desk, 20)
    assert told() == []
    desk.later(6.1 * DAY)
    look_after()
    assert told() == [("The access of Xero of Northwind Studio ends in 13 days.", 1)]
    desk.later(7 * DAY)
    look_after()
    assert told() == [("The access of Xero of Northwind Studio ends in 6 days.", 2)]
    desk.later(6 * DAY)
    look_after()
    assert told() == [("The access of Xero of Northwind Studio ends within a day.", 3)]


def test_connecting_anew_settles_it(desk: Desk) -> None:
    end_in(desk, 3)
    assert told()
    desk.connect(desk.integration)
    upkeep.plan(desk.integration)
    look_after()
    assert told() == []


@pytest.mark.parametrize(
    ("answer", "days"),
    [
        ({}, None),
        ({"refresh_token_expires_in": 7 * 86_400}, 7),
        ({"refresh_token": "another", "refresh_token_expires_in": 7 * 86_400}, None),
        ({"refresh_token": "another", "x_refresh_token_hard_expires_in": "864000"}, 10),
        ({"refresh_token_expires_in": "soon"}, None),
    ],
)
def test_when_a_refresh_token_ends_for_good_is_read_from_the_vendor_s_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: dict[str, object], days: int | None
) -> None:
    monkeypatch.setattr(desk.xero.authorization, "beside", lambda grant: answer)
    monkeypatch.setattr(
        desk.xero.authorization, "offline_scope", "none has it"
    )  # so the refresh token stays, unless the answer replaces it
    desk.later(DAY + 60)
    look_after()
    ends_at = credential().ends_at
    if days is None:
        assert ends_at is None
    else:
        assert ends_at is not None
        assert abs(ends_at - clock.now() - timedelta(days=days)) < timedelta(minutes=1)
