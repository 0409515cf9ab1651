"""What probes and gatherers of metrics are answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from integrations import clock
from integrations.models import Action, Integration, Worker
from integrations.sync import heart, runs
from tests.integrations.sync.desk import Desk

TOKEN = "gather-4711"


@pytest.fixture
def alive(db: None) -> None:
    heart.beat("one", "local")


def gather(client: Client, settings: Any) -> Callable[..., float]:
    """What a sample was, by its name and the values of its labels."""
    settings.METRICS_TOKEN = TOKEN
    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    samples = {frozenset({sample.name, *sample.labels.values()}): sample.value for family in families for sample in family.samples}
    return lambda name, *labels: samples[frozenset({f"patchbay_{name}", *labels})]


def test_healthz_answers_without_a_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_it_is_ready_while_a_worker_is_alive_and_nothing_waits(client: Client, alive: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": True, "migrations": True, "workers": True, "overdue": True}


def test_it_is_not_ready_when_the_last_worker_fell_silent(client: Client, alive: None) -> None:
    Worker.objects.update(beat_at=clock.now() - timedelta(minutes=1))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["workers"]) == (503, False)


def test_it_is_not_ready_before_the_tables_are_those_of_this_version(client: Client, alive: None) -> None:
    MigrationRecorder.Migration.objects.filter(app="integrations").order_by("-pk")[0].delete()
    assert client.get("/readyz").json()["migrations"] is False


@pytest.mark.parametrize(("minutes", "ready"), [(14, True), (16, False)])
def test_it_is_not_ready_when_something_waits_too_long(client: Client, alive: None, desk: Desk, minutes: int, ready: bool) -> None:
    Integration.everywhere.non_polymorphic().update(work_due_at=clock.now() - timedelta(minutes=minutes))
    assert client.get("/readyz").json()["overdue"] is ready


def test_a_run_that_nobody_begins_is_overdue_as_well(client: Client, alive: None, desk: Desk, later: Any) -> None:
    runs.start(desk.integration, Action.OPTIONS)
    later(1000)
    heart.beat("one", "local")
    assert client.get("/readyz").json() == {"ready": False, "database": True, "migrations": True, "workers": True, "overdue": False}


def test_what_waits_for_a_person_is_not_overdue(client: Client, alive: None, desk: Desk) -> None:
    Integration.everywhere.non_polymorphic().update(work_due_at=clock.now() - timedelta(days=1), connection="needs_reconnect")
    assert client.get("/readyz").json()["ready"] is True


def test_there_are_no_metrics_without_a_token_in_the_settings(client: Client, db: None) -> None:
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer ümläut"])
def test_metrics_are_for_who_has_the_token(client: Client, settings: Any, header: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", headers={"authorization": header}).status_code == 401


def test_probes_are_answered_over_plain_http_although_people_are_sent_to_https(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 301


def test_metrics_tell_what_waits_what_failed_and_how_calls_went(client: Client, settings: Any, desk: Desk) -> None:
    before = gather(client, settings)
    desk.misbehave({"kind": "status", "status": 500, "method": "PUT", "path": "*/Invoices"})
    desk.invoices(3)
    desk.start()
    waiting = gather(client, settings)
    desk.work_now()
    desk.later(3600)
    desk.work_now()
    after = gather(client, settings)

    assert before("items", "xero", "waiting") == 0
    assert waiting("items", "xero", "waiting") >= 3
    assert waiting("integrations", "xero", "connected") == 1
    assert after("items", "xero", "waiting") == 0
    made, failed = (after("vendor_calls_total", "xero", end) - before("vendor_calls_total", "xero", end) for end in ("ok", "failed"))
    assert failed == 1
    assert made >= 3
    assert after("vendor_call_seconds_count", "xero") - before("vendor_call_seconds_count", "xero") == made + failed
    assert after("vendor_call_seconds_bucket", "xero", "+Inf") == after("vendor_call_seconds_count", "xero")
    assert 0.9 < after("limit_left_ratio", "xero", "86400") < 1
    assert after("vendors_down", "xero") == 0
    assert before("credential_access_seconds", "xero") > 1700


def test_metrics_name_no_organization(client: Client, settings: Any, desk: Desk) -> None:
    settings.METRICS_TOKEN = TOKEN
    told = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).content.decode()
    assert desk.integration.name not in told
    assert desk.organization.slug not in told


def test_metrics_take_as_many_queries_for_many_integrations_as_for_one(
    client: Client, settings: Any, desk: Desk, django_assert_max_num_queries: Any
) -> None:
    settings.METRICS_TOKEN = TOKEN
    with django_assert_max_num_queries(15):
        client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
