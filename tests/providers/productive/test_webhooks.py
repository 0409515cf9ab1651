"""Both published forms of signature, stamps that are too old, and what each event makes due."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import MsgspecError

from integrations import clock
from integrations.providers.productive.sandbox.hooks import body_of, signed, signed_plainly
from integrations.providers.productive.sandbox.store import Store
from integrations.providers.productive.webhooks import WEBHOOK, events, verify

KEY = "signature-token"


@pytest.fixture
def body() -> bytes:
    return body_of(Store().add("payments", {"amount": 100}), "4711")


def test_both_published_forms_are_believed(body: bytes) -> None:
    assert verify(signed(body, KEY), body, KEY)
    assert verify(signed_plainly(body, KEY, "payment.created"), body, KEY)


@pytest.mark.parametrize("headers", [signed, lambda body, key: signed_plainly(body, key, "payment.created")])
def test_another_key_and_another_body_are_not(headers: Any, body: bytes) -> None:
    assert not verify(headers(body, "another"), body, KEY)
    assert not verify(headers(body, KEY), body + b" ", KEY)


def test_a_stamp_that_is_not_of_now_or_was_changed_is_refused(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    told = signed(body, KEY)
    now = clock.timestamp()
    restamped = {**told, "productive-signature": told["productive-signature"].replace(f"t={int(now)}", f"t={int(now) - 1}")}
    assert restamped == told or not verify(restamped, body, KEY)
    for seconds in (-301, 302):
        monkeypatch.setattr("integrations.clock.timestamp", lambda at=now + seconds: at)
        assert not verify(told, body, KEY)


def test_the_same_state_told_twice_is_one_event_and_a_later_one_another(body: bytes) -> None:
    store = Store()
    payment = store.add("payments", {"amount": 100})
    (first,) = events(body_of(payment, "4711"))
    assert events(body_of(payment, "4711"))[0].id == first.id
    store.change(payment, amount=200)
    assert events(body_of(payment, "4711"))[0].id != first.id
    assert (first.realm_id, first.kind, first.remote_id, first.occurred_at is not None) == ("4711", "payments", payment.id, True)
    assert WEBHOOK.hints[first.kind] == ("payment", "invoice")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data": {"type": "invoices"}}', b'{"data": 1}'])
def test_what_is_no_document_is_an_error(body: bytes) -> None:
    with pytest.raises(MsgspecError):
        events(body)
