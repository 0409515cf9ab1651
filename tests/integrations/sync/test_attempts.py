"""Every call about a batch is kept as an attempt: without secrets, and also when the answer never came."""

from __future__ import annotations

import json

import pytest

from integrations.models import Attempt, Credential
from integrations.sync.attempts import note
from tests.integrations.sync.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)


def attempts() -> list[Attempt]:
    return list(Attempt.everywhere.order_by("pk"))


def test_a_batch_of_fifty_is_one_attempt(desk: Desk):
    records = desk.invoices(50)
    desk.export("company")
    Attempt.everywhere.all().delete()
    desk.export(records=records)
    (attempt,) = attempts()
    assert (attempt.method, attempt.status, attempt.failure) == ("PUT", 200, "")
    assert attempt.url.partition("?")[0].endswith("/api.xro/2.0/Invoices")
    assert attempt.request_id
    assert attempt.request_body.startswith('{"Invoices":[{')
    assert max(len(attempt.request_body), len(attempt.response_body)) <= 4_000
    assert set(attempt.batch.items.values_list("record_id", flat=True)) == {record.pk for record in records}


def test_each_try_is_kept_and_belongs_to_the_item(desk: Desk):
    (record,) = desk.invoices(1)
    desk.export("company")
    Attempt.everywhere.all().delete()
    desk.misbehave({"kind": "status", "status": 429, "retry_after": 3, "path": "*/Invoices"})
    desk.export(records=[record])
    item = desk.item(record)
    batches = [*item.earlier_batches.order_by("pk"), item.batch]
    told = [attempt for batch in batches for attempt in batch.attempts.all()]
    assert [attempt.status for attempt in told] == [429, 200]
    assert "429" in told[0].failure


def test_an_answer_that_never_came_is_an_attempt_without_status(desk: Desk):
    (record,) = desk.invoices(1)
    desk.export("company")
    desk.misbehave({"kind": "lost_answer", "path": "*/Invoices"})
    desk.export(records=[record])
    lost = [attempt for attempt in attempts() if attempt.status is None]
    assert len(lost) == 1
    assert lost[0].failure


def test_no_secret_is_kept(desk: Desk):
    desk.export(records=desk.invoices(2))
    payload = Credential.everywhere.get(integration=desk.integration).payload
    kept = json.dumps([list(Attempt.everywhere.values())], default=str)
    assert attempts()[0].request_headers["authorization"] == "[redacted]"
    for name in ("access_token", "refresh_token"):
        assert payload[name] not in kept


def test_calls_that_are_about_no_batch_are_not_kept(desk: Desk):
    desk.bring("payment")
    list(desk.client(interactive=True).connections())
    assert not attempts()
    note(None)  # type: ignore[arg-type]  # never looked at
