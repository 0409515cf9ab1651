"""What comes in by webhook: believed when it is signed, kept once, and taken as a hint."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tenancy import within
from integrations import clock
from integrations.models import Delivery, Run, Stream
from integrations.providers.xero.models import XeroIntegration
from integrations.providers.xero.sandbox.webhooks import event, headers
from integrations.sync import schedule
from integrations.sync.importing import stream_of
from integrations.webhooks import unclaimed
from integrations.webhooks.views import LARGEST_BODY
from tests.conftest import World
from tests.integrations.admin.scenes import REALM, make_integration
from tests.integrations.sync.desk import at_once

pytestmark = pytest.mark.django_db

KEY = "webhook-canary-key"
ADDRESS = "/webhooks/xero/"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XERO_WEBHOOK_KEY", KEY)


@pytest.fixture
def xero(world: World) -> XeroIntegration:
    """Connected, with payments switched on that are next due in an hour."""
    integration = make_integration(world.organization, payments_import=True)
    rest(integration)
    return integration


def rest(integration: XeroIntegration) -> Stream:
    stream = stream_of(integration, "payment")
    Stream.everywhere.filter(pk=stream.pk).update(next_run_at=clock.now() + timedelta(hours=1))
    return stream


def told(*resources: str, realm: str = REALM, category: str = "INVOICE") -> bytes:
    events = [event(realm, resource, category, "https://api.xero.com/") for resource in resources]
    return json.dumps({"events": events, "firstEventSequence": 1, "lastEventSequence": len(events), "entropy": "X"}).encode()


def call(body: bytes, key: str = KEY, **more: str) -> Any:
    given = {**headers(body, key), **more}
    return Client(enforce_csrf_checks=True).post(ADDRESS, body, content_type=given.pop("content-type"), headers=given)


def due_in(integration: XeroIntegration) -> float:
    return (stream_of(integration, "payment").next_run_at - clock.now()).total_seconds()


def test_a_signed_event_is_kept_and_makes_the_payments_due(xero: XeroIntegration):
    body = told("inv-1")
    answer = call(body)
    assert (answer.status_code, answer.content) == (200, b"")
    delivery = Delivery.everywhere.get()
    assert (delivery.state, delivery.kind, delivery.remote_id, delivery.integration_id) == ("handled", "INVOICE", "inv-1", xero.pk)
    assert json.loads(bytes(delivery.body)) == json.loads(body)["events"][0]
    assert due_in(xero) <= schedule.SETTLE.total_seconds()


def test_a_wrong_signature_leaves_no_trace(xero: XeroIntegration):
    body = told("inv-1")
    refused = [call(body, key="another"), call(body, **{"x-xero-signature": ""}), call(body, **{"x-xero-signature": "ä"})]
    refused.append(Client().post(ADDRESS, body, content_type="application/json"))
    assert {(answer.status_code, answer.content) for answer in refused} == {(401, b"")}
    assert not Delivery.everywhere.exists()
    assert due_in(xero) > 3000


def test_without_a_key_nothing_is_believed(xero: XeroIntegration, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XERO_WEBHOOK_KEY", "")
    assert call(told("inv-1"), key="").status_code == 401


def test_both_keys_are_good_while_the_key_is_changed(xero: XeroIntegration, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XERO_WEBHOOK_KEY", f"new-key, {KEY}")
    assert [call(told("inv-1"), key=key).status_code for key in ("new-key", KEY, "older")] == [200, 200, 401]


def test_intent_to_receive_is_answered_by_the_signature_alone(xero: XeroIntegration):
    assert [call(told(), key=key).status_code for key in (KEY, "wrong")] == [200, 401]
    assert not Delivery.everywhere.exists()


def test_other_addresses_and_methods_are_refused(xero: XeroIntegration):
    assert Client().post("/webhooks/nobody/", b"{}", content_type="application/json").status_code == 404
    assert Client().get(ADDRESS).status_code == 405


def test_a_body_that_is_too_large_is_not_read(xero: XeroIntegration):
    assert call(b" " * (LARGEST_BODY + 1)).status_code == 413
    assert call(told("x" * 1000) + b" " * 900_000).status_code == 200


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"events": [{}]}', b'{"events": 7}', b"\xff\xfe"])
def test_what_cannot_be_read_is_kept_whole_for_operators(xero: XeroIntegration, body: bytes):
    assert call(body).status_code == call(body).status_code == 200
    delivery = Delivery.everywhere.get()
    assert (delivery.state, delivery.organization_id, bytes(delivery.body)) == ("failed", None, body)
    assert "could not read it" in delivery.message


def test_the_same_event_told_twice_is_one_delivery_and_one_hint(xero: XeroIntegration):
    body = told("inv-1")
    call(body)
    rest(xero)
    call(body)
    assert Delivery.everywhere.get().attempts == 1
    assert due_in(xero) > 3000


def test_what_changes_nothing_that_is_imported_is_ignored(xero: XeroIntegration):
    call(told("c-1", category="CONTACT"))
    assert Delivery.everywhere.get().state == "ignored"
    assert due_in(xero) > 3000


def test_an_event_goes_to_every_integration_of_its_account_and_to_no_other(xero: XeroIntegration, stranger: World):
    same_account = make_integration(stranger.organization, payments_import=True)
    other_account = make_integration(stranger.organization, realm_id="elsewhere", payments_import=True)
    rest(same_account), rest(other_account)
    call(told("inv-1"))
    assert set(Delivery.everywhere.values_list("integration_id", "organization_id")) == {
        (row.pk, row.organization_id) for row in (xero, same_account)
    }
    assert max(due_in(xero), due_in(same_account)) < 5
    assert due_in(other_account) > 3000


def test_imports_that_are_switched_off_stay_off(world: World):
    integration = make_integration(world.organization, payments_import=False)
    rest(integration)
    call(told("inv-1"))
    assert due_in(integration) > 3000


def test_a_thousand_events_in_a_minute_begin_two_or_three_runs(xero: XeroIntegration, later: Callable[[float], None]):
    for second in range(60):
        call(told(*(f"inv-{second}-{number}" for number in range(17))))
        schedule.start_due()
        Run.everywhere.filter(state="queued").update(state="succeeded", finished_at=clock.now())
        later(1)
    assert Delivery.everywhere.filter(state="handled").count() == 1020
    assert 2 <= Run.everywhere.filter(kind="payment").count() <= 3


def test_events_are_kept_in_bulk(xero: XeroIntegration):
    counts = []
    for number in (1, 400):
        with CaptureQueriesContext(connection) as caught:
            call(told(*(f"{number}-{each}" for each in range(number))))
        counts.append(len(caught))
    assert max(counts) <= 20, counts


def test_replay_handles_a_delivery_again(xero: XeroIntegration):
    call(told("inv-1"))
    rest(xero)
    said = StringIO()
    call_command("replay", Delivery.everywhere.get().pk, json=True, stdout=said)
    assert json.loads(said.getvalue())["state"] == "handled"
    assert Delivery.everywhere.get().attempts == 2
    assert due_in(xero) < 5


def test_replay_finds_the_integration_that_was_connected_since(world: World):
    call(told("inv-1", realm="later"))
    orphan = Delivery.everywhere.get()
    assert (orphan.state, orphan.organization_id) == ("ignored", None)
    integration = make_integration(world.organization, realm_id="later", payments_import=True)
    rest(integration)
    said = StringIO()
    call_command("replay", orphan.pk, stdout=said)
    delivery = Delivery.everywhere.get()
    assert f"Delivery {delivery.pk} is handled." in said.getvalue()
    assert (delivery.integration_id, delivery.organization_id, delivery.state) == (integration.pk, world.organization.pk, "handled")
    assert due_in(integration) < 5


def test_replay_of_what_still_cannot_be_read_says_so(xero: XeroIntegration):
    call(b"not json")
    call_command("replay", Delivery.everywhere.get().pk, stdout=StringIO())
    delivery = Delivery.everywhere.get()
    assert (delivery.state, delivery.attempts) == ("failed", 2)


def test_replay_reads_a_body_that_can_be_read_now(xero: XeroIntegration):
    Delivery.everywhere.create(slug="xero", event_id="sha256:x", body=told("inv-1"), state="failed")
    call_command("replay", Delivery.everywhere.get().pk, stdout=StringIO())
    assert set(Delivery.everywhere.values_list("remote_id", "state")) == {("", "handled"), ("inv-1", "handled")}


@pytest.mark.parametrize("delivery", [0, 999_999, -1, 10**30])
def test_replay_of_nothing_is_a_clear_error(delivery: int):
    with pytest.raises(CommandError, match=f"There is no delivery {delivery}"):
        call_command("replay", delivery)


def test_of_what_belongs_to_nobody_the_newest_are_kept(xero: XeroIntegration, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unclaimed, "MOST_ROWS", 20)
    call(told("ours"))
    Delivery.everywhere.create(slug="another", event_id="of another vendor", body=b"x", state="ignored")
    for number in range(12):
        call(told(*(f"{number}-{each}" for each in range(5)), realm="nobodys"))
    kept = list(Delivery.everywhere.filter(slug="xero", integration=None).order_by("pk").values_list("remote_id", flat=True))
    assert kept == [f"{number}-{each}" for number in range(8, 12) for each in range(5)]
    assert Delivery.everywhere.count() == 22


def test_what_cannot_be_read_takes_no_more_room_than_a_bound(xero: XeroIntegration, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unclaimed, "MOST_BYTES", 1_000)
    for number in range(10):
        call(f"not json {number}".encode() + b"x" * 290)
    kept = [bytes(row.body) for row in Delivery.everywhere.order_by("pk")]
    assert [body[:10] for body in kept] == [b"not json 7", b"not json 8", b"not json 9"]


def test_requests_that_are_not_the_vendors_store_nothing_however_many_and_large(xero: XeroIntegration):
    for number in range(50):
        body = told(f"forged-{number}") + b" " * 10_000 * number
        assert call(body, key="guessed").status_code == 401
    assert not Delivery.everywhere.exists()


def test_the_key_and_the_signature_are_kept_nowhere(xero: XeroIntegration):
    body = told("inv-1")
    call(body)
    call(b"not json")
    kept = str([(row.headers, bytes(row.body), row.message) for row in Delivery.everywhere.all()])
    assert KEY not in kept
    assert headers(body, KEY)["x-xero-signature"] not in kept


@pytest.mark.django_db(transaction=True)
def test_the_same_events_told_at_the_same_moment_are_handled_once(xero: XeroIntegration):
    resources = [f"inv-{number}" for number in range(20)]
    events = [event(REALM, resource, "INVOICE", "https://api.xero.com/") for resource in resources]
    bodies = [json.dumps({"events": order, "entropy": "X"}).encode() for order in (events, events[::-1], events[10:], events[:10]) * 3]
    answers: list[int] = []
    with within(xero.organization):
        at_once(*[lambda body=body: answers.append(call(body).status_code) for body in bodies])
    assert answers == [200] * len(bodies)
    assert set(Delivery.everywhere.values_list("state", "attempts")) == {("handled", 1)}
    assert Delivery.everywhere.count() == 20


def test_what_was_told_before_writes_nothing(xero: XeroIntegration):
    body = told("inv-1", "inv-2")
    call(body)
    with CaptureQueriesContext(connection) as caught:
        call(body)
    assert not [query["sql"] for query in caught if not query["sql"].startswith("SELECT")]


def test_an_event_told_again_reaches_who_was_connected_since(xero: XeroIntegration, stranger: World):
    body = told("inv-1")
    call(body)
    later = make_integration(stranger.organization, payments_import=True)
    call(body)
    assert dict(Delivery.everywhere.values_list("integration_id", "attempts")) == {xero.pk: 1, later.pk: 1}
