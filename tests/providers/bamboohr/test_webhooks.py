"""What BambooHR tells: signed over body and time, of the company that a header names."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from integrations import clock
from integrations.models import Delivery, Run, Stream
from integrations.providers.bamboohr.sandbox.calls import changed, signed
from integrations.providers.bamboohr.webhooks import events, signature, verify
from integrations.records.models import Person
from integrations.sync.turns import take_turn
from tests.providers.bamboohr.office import Office

KEY = "the private key"
BODY = changed("101", "Updated")


def test_a_call_is_believed_that_is_signed_over_body_and_time() -> None:
    headers = signed(BODY, KEY)
    assert verify(headers, BODY, KEY)
    assert verify({**headers, "x-bamboohr-signature": headers["x-bamboohr-signature"].upper()}, BODY, KEY)
    assert not verify({**headers, "x-bamboohr-timestamp": "1"}, BODY, KEY)
    assert not verify(headers, BODY, "another key")


@pytest.mark.parametrize("written", ["seconds", "iso"])
def test_a_call_that_somebody_kept_is_not_believed_any_more(written: str) -> None:
    for age, good in ((timedelta(minutes=50), True), (timedelta(minutes=70), False)):
        at = clock.now() - age
        timestamp = str(int(at.timestamp())) if written == "seconds" else at.isoformat()
        headers = {"x-bamboohr-timestamp": timestamp, "x-bamboohr-signature": signature(BODY, timestamp, KEY)}
        assert verify(headers, BODY, KEY) is good


def test_a_time_that_cannot_be_read_is_no_reason_to_refuse() -> None:
    assert verify({"x-bamboohr-timestamp": "noon", "x-bamboohr-signature": signature(BODY, "noon", KEY)}, BODY, KEY)


def test_both_families_of_webhooks_are_understood() -> None:
    (old,) = events(BODY)
    new = {"type": "employee.created", "timestamp": "2026-05-04T10:00:00Z", "data": {"employeeId": 7}}
    (created,) = events(json.dumps(new).encode())
    assert (old.kind, old.remote_id) == ("updated", "101")
    assert (created.kind, created.remote_id, created.occurred_at and created.occurred_at.hour) == ("created", "7", 10)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"employees": [{}]}'])
def test_a_body_that_names_nobody_is_none(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"names nobody|truncated|Expected|missing"):
        events(body)


def test_several_people_in_one_call_are_several_events() -> None:
    people = [{"id": str(number), "action": "Updated", "timestamp": "2026-05-04T10:00:00Z"} for number in range(3)]
    told = events(json.dumps({"employees": people}).encode())
    assert len({event.id for event in told}) == 3


def test_whoever_is_hired_comes_at_once_to_the_company_that_the_header_names(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAMBOOHR_WEBHOOK_KEY", f"old key,{KEY}")
    office.bring("person")
    row = office.company.hire("Ada Lovelace")
    Stream.objects.update(next_run_at=clock.now() + timedelta(days=1))
    body = changed(row["eeid"], "Created")
    for company in ("southwind", "northwind"):
        headers = signed(body, KEY, company)
        answer = Client().post(reverse("webhook", args=["bamboohr"]), body, content_type=headers.pop("content-type"), headers=headers)
        assert answer.status_code == 200
    assert set(Delivery.everywhere.values_list("realm_id", "state")) == {("southwind", "ignored"), ("northwind", "handled")}
    before = Run.objects.count()
    office.later(60)
    while take_turn(office.integration.pk):
        pass
    assert Run.objects.count() == before + 1
    assert Person.objects.get().first_name == "Ada"
