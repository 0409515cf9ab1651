"""What is old goes; what is under way, failed, or says that something was copied, stays."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.core.management import call_command
from django.utils import timezone

from integrations import clock
from integrations.models import Attempt, Batch, Delivery, Incident, Link, OutboxItem, Run
from integrations.providers.saml.models import Event, PendingRequest, SamlIntegration, SeenAssertion, SignOn
from integrations.sync import chores, pruning
from integrations.sync.incidents import close_incident, open_incident
from tests.integrations.sync.desk import Desk

DAY = 86_400.0


def prune(*arguments: str) -> dict[str, int]:
    out = StringIO()
    call_command("prune", "--json", *arguments, stdout=out)
    return {name: count for name, count in json.loads(out.getvalue()).items() if count}


@pytest.fixture
def exported(desk: Desk) -> Desk:
    """Invoices copied, one of them refused."""
    desk.invoices(3)
    desk.misbehave({"kind": "status", "status": 400, "message": "Not this one.", "method": "PUT", "path": "*/Invoices", "times": 2})
    desk.export()
    assert OutboxItem.everywhere.exists()
    return desk


def test_nothing_goes_before_its_time(exported: Desk) -> None:
    exported.later(29 * DAY)
    assert prune() == {}


def test_after_a_month_what_was_said_goes_and_who_is_who_stays(exported: Desk) -> None:
    calls, links = Attempt.everywhere.count(), Link.everywhere.count()
    exported.later(31 * DAY)
    assert prune("--dry-run") == {"calls": calls}
    assert prune() == {"calls": calls}
    assert prune() == {}
    assert Link.everywhere.count() == links
    assert Run.everywhere.exists()


def test_after_more_than_a_year_runs_go_and_nothing_is_copied_again(desk: Desk) -> None:
    desk.invoices(3)
    desk.export()
    held = len(desk.xero.state()["records"]["invoices"])
    desk.later(401 * DAY)
    prune()
    assert not OutboxItem.everywhere.exists()
    assert not Batch.everywhere.exists()
    assert not Run.everywhere.exists()
    assert desk.start().unchanged == 3
    assert len(desk.xero.state()["records"]["invoices"]) == held


def test_what_failed_waits_for_a_person_however_long(desk: Desk) -> None:
    record = desk.invoices(1)[0]
    desk.start()
    OutboxItem.everywhere.update(state="rejected", finished_at=clock.now(), waits_for=None)
    desk.later(2000 * DAY)
    prune()
    assert OutboxItem.everywhere.filter(record_id=record.pk, kind="invoice", state="rejected").exists()
    assert Run.everywhere.exists()


def test_what_waits_stays_however_long(desk: Desk) -> None:
    desk.invoices(1)
    desk.start()
    waiting = OutboxItem.everywhere.count()
    desk.later(2000 * DAY)
    prune()
    assert OutboxItem.everywhere.count() == waiting


def test_open_incidents_stay_and_closed_ones_go(desk: Desk) -> None:
    for cause in ("open", "closed"):
        open_incident(desk.integration, cause, cause)
    close_incident(desk.integration, "closed")
    desk.later(401 * DAY)
    assert prune()["incidents"] == 1
    assert Incident.everywhere.get().cause == "open"


def test_deliveries_that_nobody_has_looked_at_stay(desk: Desk) -> None:
    for number, state in enumerate(("received", "handled", "failed", "ignored")):
        Delivery.everywhere.create(organization=desk.organization, slug="xero", event_id=str(number), body=b"{}", state=state)
    desk.later(31 * DAY)
    assert prune()["deliveries"] == 3
    assert Delivery.everywhere.get().state == "received"


def test_what_single_sign_on_remembers_goes_after_it_protects_nothing_any_more(desk: Desk, settings: Any) -> None:
    integration = SamlIntegration.everywhere.create(organization=desk.organization, provider="saml", name="Single sign-on")
    own: dict[str, Any] = {"organization": desk.organization, "integration": integration}
    expires_at = clock.now() + timedelta(minutes=5)
    PendingRequest.everywhere.create(**own, purpose="login", request_id="a", relay="b", trust_version=1, expires_at=expires_at)
    SeenAssertion.everywhere.create(**own, digest="c", expires_at=expires_at)
    Event.everywhere.create(**own, kind="sign_on")
    desk.later(DAY)
    assert not {"sso requests", "sso assertions", "sso events"} & prune().keys()
    desk.later(31 * DAY)
    assert {"sso requests", "sso assertions"} <= prune().keys()
    assert Event.everywhere.exists()
    desk.later(370 * DAY)
    assert prune()["sso events"] == 1
    assert not SignOn.everywhere.exists()


def test_the_history_of_settings_stays_for_ever_unless_the_installation_says_otherwise(desk: Desk, settings: Any) -> None:
    LogEntry.objects.update(timestamp=timezone.now() - timedelta(days=5000))
    entries = LogEntry.objects.count()
    assert entries
    prune()
    assert LogEntry.objects.count() == entries
    settings.RETAIN_HISTORY_DAYS = 1000
    assert prune()["history"] == entries


def test_a_worker_prunes_daily_a_piece_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    monkeypatch.setattr(pruning, "CHUNKS_A_PIECE", 2)
    Delivery.everywhere.bulk_create(Delivery(slug="xero", event_id=str(number), body=b"{}", state="ignored") for number in range(7))
    monkeypatch.setattr(chores, "_routines", {})
    chores.register("prune", timedelta(days=1), pruning.prune_a_piece)
    chores.take_turn()
    desk.later(31 * DAY)
    left = []
    for _turn in range(3):
        assert chores.take_turn()
        left.append(Delivery.everywhere.count())
        desk.later(3)
    assert left == [3, 0, 0]
    assert not chores.take_turn()
