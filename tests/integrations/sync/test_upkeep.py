"""What providers look after: begun in its time, told as incidents, and settled when it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integrations import clock
from integrations.auth.oauth2 import TokenSet
from integrations.errors import Transient
from integrations.findings import Finding, found, settled
from integrations.models import Connection, Incident, Run, Stream
from integrations.registry import all_providers
from integrations.sync import credentials, schedule, upkeep
from integrations.sync.turns import take_turn
from integrations.upkeep import Looked, Upkeep
from tests.books import make_books, make_xero
from tests.conftest import World


class Keeper:
    """A piece of upkeep that finds what it is told to find."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.trouble: Exception | None = None
        self.runs = 0

    def run(self, client: Any, integration: Any) -> Looked:
        self.runs += 1
        if self.trouble:
            raise self.trouble
        return Looked(findings=tuple(self.findings), again_at=clock.now() + timedelta(hours=6))


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    made = Keeper()
    provider = all_providers()["xero"]
    monkeypatch.setitem(provider.__dict__, "upkeep", (Upkeep(name="care", run=made.run),))
    return made


@pytest.fixture
def integration(scoped: World) -> Any:
    made = make_xero(make_books(scoped.organization))
    made.connection = Connection.CONNECTED
    made.save()
    credentials.keep(made, TokenSet("access", "refresh"))
    return made


def look_after_all() -> None:
    while upkeep.take_turn():
        pass


def open_causes() -> set[str]:
    return set(Incident.everywhere.filter(closed_at=None).values_list("cause", flat=True))


def test_it_is_looked_after_at_once_when_it_is_connected_and_then_in_its_time(integration: Any, keeper: Keeper) -> None:
    schedule.plan(integration)
    look_after_all()
    assert keeper.runs == 1
    stream = Stream.everywhere.get(integration=integration, kind="upkeep:care")
    assert stream.next_run_at > clock.now() + timedelta(hours=5)
    assert stream.completed_at is not None
    assert not Run.everywhere.filter(kind__startswith="upkeep").exists()


def test_what_is_found_is_an_incident_until_it_is_found_no_more(integration: Any, keeper: Keeper) -> None:
    keeper.findings = [Finding(cause="a", title="A ends."), Finding(cause="b", title="B ends.", message="Soon.", advice="Renew it.")]
    schedule.plan(integration)
    look_after_all()
    assert open_causes() == {"care:a", "care:b"}
    keeper.findings.pop()
    schedule.plan(integration)
    look_after_all()
    assert open_causes() == {"care:a"}
    assert Incident.everywhere.get(cause="care:a").seen == 2


@pytest.mark.parametrize("trouble", [Transient("No answer."), RuntimeError("a bug")])
def test_trouble_is_tried_again_soon_and_closes_nothing(integration: Any, keeper: Keeper, trouble: Exception) -> None:
    keeper.findings = [Finding(cause="a", title="A ends.")]
    schedule.plan(integration)
    look_after_all()
    keeper.trouble = trouble
    schedule.plan(integration)
    look_after_all()
    assert open_causes() == {"care:a"}
    stream = Stream.everywhere.get(integration=integration, kind="upkeep:care")
    assert clock.now() < stream.next_run_at <= clock.now() + upkeep.AFTER_TROUBLE


def test_nothing_is_looked_after_while_it_is_not_connected(integration: Any, keeper: Keeper) -> None:
    schedule.plan(integration)
    integration.connection = Connection.PAUSED
    integration.save()
    look_after_all()
    assert keeper.runs == 0


def test_upkeep_that_a_provider_declares_no_more_leaves(integration: Any) -> None:
    Stream.everywhere.create(organization=integration.organization, integration=integration, kind="upkeep:gone")
    assert upkeep.take_turn(integration.pk)
    assert not Stream.everywhere.filter(kind="upkeep:gone").exists()


def test_a_worker_s_turn_does_it(integration: Any, keeper: Keeper) -> None:
    schedule.plan(integration)
    Stream.everywhere.exclude(kind__startswith="upkeep").update(next_run_at=clock.now() + timedelta(days=1))
    while not keeper.runs:
        assert take_turn(integration.pk)


def test_what_cannot_wait_is_an_incident_at_once(integration: Any) -> None:
    found.send(sender=object, integration=integration, finding=Finding(cause="now", title="Now."))
    assert open_causes() == {"now"}
    settled.send(sender=object, integration=integration, cause="now")
    assert not open_causes()
