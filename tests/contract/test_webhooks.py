"""A provider that declares a webhook: signed calls are believed, others are not, and each makes something due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations import clock
from integrations.auth.environment import variable
from integrations.models import Delivery, Run, Stream
from integrations.provider import Provider
from tests.contract.harness import Harness, claims

KEY = "canary-webhook-key-51c7"

has_webhook = claims(lambda provider: provider.webhook is not None)


@pytest.fixture
def listening(ready: Harness, monkeypatch: pytest.MonkeyPatch) -> Harness:
    """Connected, with every import switched on, and with the vendor's key."""
    monkeypatch.setenv(variable(ready.provider.slug, "WEBHOOK_KEY"), KEY)
    for declared in ready.provider.imports:
        if declared.creates:
            for switch in declared.switches:
                ready.switch_on(switch)
    ready.integration.save()
    for declared in ready.provider.imports:
        ready.bring(declared.kind)
    Stream.everywhere.filter(integration=ready.integration).update(next_run_at=clock.now() + timedelta(days=30))
    return ready


def send(harness: Harness, body: bytes, headers: dict[str, str]) -> int:
    given = {name.lower(): value for name, value in headers.items()}
    address = reverse("webhook", args=[harness.provider.slug])
    content_type = given.pop("content-type", "application/json")
    answer: Any = Client(enforce_csrf_checks=True).post(address, body, content_type=content_type, headers=given)
    assert answer.content == b""
    return int(answer.status_code)


def call(harness: Harness, realm_id: str = "", key: str = KEY) -> tuple[bytes, dict[str, str]]:
    body, headers = harness.scenario.call(realm_id or harness.integration.realm_id, key)
    return body, dict(headers)


@has_webhook
def test_hints_name_imports_and_where_to_enter_the_address_is_a_sentence(provider: Provider) -> None:
    assert provider.webhook is not None
    kinds = {kind for hinted in provider.webhook.hints.values() for kind in hinted}
    assert kinds
    assert kinds <= {declared.kind for declared in provider.imports}
    assert str(provider.webhook.set_up).endswith(".")


@has_webhook
def test_a_call_of_the_vendor_is_kept_and_what_changed_is_fetched(listening: Harness, later: Callable[[float], None]) -> None:
    assert send(listening, *call(listening)) == 200
    delivery = Delivery.everywhere.get()
    assert (delivery.integration_id, delivery.state) == (listening.integration.pk, "handled")
    before = Run.everywhere.count()
    later(60)
    while listening.turn():
        pass
    assert Run.everywhere.count() > before


@has_webhook
def test_what_is_signed_with_another_key_or_changed_on_the_way_is_refused(listening: Harness) -> None:
    body, headers = call(listening)
    unsigned = {name: value for name, value in headers.items() if name.lower() == "content-type"}
    assert send(listening, *call(listening, key="another key")) == 401
    assert send(listening, body + b" ", headers) == 401
    assert send(listening, body, unsigned) == 401
    assert send(listening, b"", headers) == 401
    assert not Delivery.everywhere.exists()


@has_webhook
def test_the_same_call_twice_is_one_delivery(listening: Harness) -> None:
    body, headers = call(listening)
    assert [send(listening, body, headers) for _time in range(2)] == [200, 200]
    assert Delivery.everywhere.count() == 1


@has_webhook
def test_a_call_about_an_account_of_nobody_is_kept_for_operators(listening: Harness) -> None:
    assert send(listening, *call(listening, realm_id="00000000-0000-0000-0000-000000000000")) == 200
    delivery = Delivery.everywhere.get()
    assert (delivery.organization_id, delivery.state) == (None, "ignored")
