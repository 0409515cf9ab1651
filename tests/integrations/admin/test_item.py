from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from integrations import clock
from integrations.admin.integration.steps import setting_url
from integrations.models import Attempt, Batch, OutboxItem, Run
from integrations.records.models import Salary
from tests.conftest import World
from tests.integrations.admin.scenes import LOCKED, UNMAPPED, Refusal, make_integration, make_invoices, make_items, make_run

pytestmark = pytest.mark.django_db


def make_batch(item: OutboxItem, calls: int = 1, **fields: object) -> Batch:
    """The batch in which an item went last, with its calls."""
    owner = {"organization_id": item.organization_id}
    body = json.dumps([{"item": item.pk, "record": 1, "payload": {"InvoiceNumber": "2026-0001", "Total": 1190.5}}])
    batch = Batch.everywhere.create(
        integration_id=item.integration_id, kind=item.kind, state="settled", key="k1", lease_until=clock.now(), body=body, **owner
    )
    given = {
        "method": "PUT",
        "url": "https://api.xero.com/api.xro/2.0/Invoices?summarizeErrors=false",
        "status": 400,
        "failure": "Invoice # must be unique.",
        "milliseconds": 340,
        "request_id": "req-77",
        "request_headers": {"authorization": "[redacted]", "idempotency-key": "k1"},
        "request_body": '{"Invoices":[{"InvoiceNumber":"2026-0001"}]}',
        "response_headers": {"content-type": "application/json"},
        "response_body": '{"Message":"A validation exception occurred"}',
        **fields,
    }
    Attempt.everywhere.bulk_create([Attempt(batch=batch, **owner, **given) for _call in range(calls)])
    item.batch = batch
    item.save(update_fields=["batch"])
    return batch


def shown(client: Client, item: OutboxItem) -> str:
    answer = client.get(reverse("admin:item", args=[item.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def one(world: World, refusal: Refusal | None = LOCKED, **fields: object) -> OutboxItem:
    run = make_run(make_integration(world.organization), state="partial")
    (item,) = make_items(run, make_invoices(world.organization, 1), refusal=refusal, **fields)
    return item


def test_a_refused_record_tells_what_happened_and_what_to_do(admin: Client, world: World):
    item = one(world)
    make_batch(item)
    page = shown(admin, item)
    assert LOCKED.message in page
    assert LOCKED.advice in page
    assert "1,190.50" in page
    for words in (
        "PUT",
        "https://api.xero.com/api.xro/2.0/Invoices",
        "400",
        "340",
        "req-77",
        "idempotency-key: k1",
        "validation exception",
    ):
        assert words in page
    assert "What was sent of this record" in page
    for name in ("item-retry", "item-skip"):
        assert reverse(f"admin:{name}", args=[item.pk]) in page
    assert f'href="{reverse("admin:run", args=[item.run_id])}"' in page


def test_a_missing_mapping_leads_to_its_row(admin: Client, world: World):
    item = one(world, UNMAPPED)
    address = setting_url(item.integration_id, "accounts", UNMAPPED.field, UNMAPPED.value)
    assert UNMAPPED.value in address
    assert f'href="{escape(address)}"' in shown(admin, item)


def test_what_was_refused_before_anything_was_sent_had_no_call(admin: Client, world: World):
    item = one(world, UNMAPPED)
    batch = make_batch(item, request_id="req-of-others")
    Batch.everywhere.filter(pk=batch.pk).update(body=json.dumps([{"item": item.pk + 1, "record": 2, "payload": {}}]))
    page = shown(admin, item)
    assert "req-of-others" not in page
    assert "Each call to the vendor" not in page
    assert UNMAPPED.message in page


def test_a_record_that_arrived_links_to_it_there(admin: Client, world: World):
    page = shown(admin, one(world, None))
    assert "https://go.xero.com/AccountsReceivable/View.aspx" in page
    assert "Retry" not in page


def test_attempts_of_earlier_batches_are_there_too(admin: Client, world: World):
    item = one(world)
    first = make_batch(item, request_id="req-first")
    make_batch(item, request_id="req-second")
    item.earlier_batches.add(first)
    page = shown(admin, item)
    assert page.index("req-first") < page.index("req-second")


def test_diagnostics_hold_ids_and_no_secrets_or_names(admin: Client, world: World, stranger: World):
    item = one(world)
    make_batch(item)
    page = shown(admin, item)
    text = page.partition("<textarea")[2].partition("</textarea>")[0]
    for words in (
        f"item: {item.pk}, invoice",
        f"run: {item.run_id}",
        f"integration: {item.integration_id}",
        "req-77",
        "Django 5.2",
        "batch: ",
    ):
        assert words in text
    for words in ("Contoso", "2026-0001", world.organization.name, "Canary", "redacted"):
        assert words not in text


def test_auditors_see_and_cannot_change(auditor: Client, world: World):
    item = one(world)
    make_batch(item)
    page = shown(auditor, item)
    assert "req-77" in page
    for name in ("item-retry", "item-skip"):
        assert reverse(f"admin:{name}", args=[item.pk]) not in page
        assert auditor.post(reverse(f"admin:{name}", args=[item.pk])).status_code == 403
    item.refresh_from_db()
    assert item.state == "rejected"


def test_retry_puts_it_back_and_stays_here(admin: Client, world: World):
    item = one(world)
    answer = admin.post(reverse("admin:item-retry", args=[item.pk]), follow=True)
    assert answer.redirect_chain == [(reverse("admin:item", args=[item.pk]), 302)]
    assert "1 record is tried again." in answer.content.decode()
    item.refresh_from_db()
    assert item.state == "waiting"


def test_skip_asks_for_a_reason_and_keeps_it(admin: Client, world: World):
    item = one(world)
    address = reverse("admin:item-skip", args=[item.pk])
    assert "Skip 2026-0001?" in admin.get(address).content.decode()
    assert "Error:" in admin.post(address, {"reason": " "}).content.decode()
    page = admin.post(address, {"reason": "Written off."}, follow=True).content.decode()
    assert "Skipped: Written off." in page
    assert "Nothing is left to skip" in admin.post(address, {"reason": "Again."}, follow=True).content.decode()


def test_items_of_other_organizations_are_missing(admin: Client, stranger: World):
    item = one(stranger)
    for name in ("item", "item-skip"):
        assert admin.get(reverse(f"admin:{name}", args=[item.pk])).status_code == 404
    assert admin.post(reverse("admin:item-retry", args=[item.pk])).status_code == 404


def test_every_state_has_a_page(admin: Client, world: World):
    run = make_run(make_integration(world.organization))
    states = ("waiting", "sending", "uncertain", "parked", "skipped", "succeeded", "rejected")
    invoices = make_invoices(world.organization, len(states))
    for state, invoice in zip(states, invoices, strict=True):
        (item,) = make_items(run, [invoice], state)
        OutboxItem.everywhere.filter(pk=item.pk).update(run=None)
        assert item.get_state_display() in shown(admin, item)


def test_item_of_a_provider_that_is_gone_still_has_its_page(admin: Client, world: World):
    item = one(world)
    Run.everywhere.filter(pk=item.run_id).update(message="")
    type(item.integration).everywhere.non_polymorphic().filter(pk=item.integration_id).update(provider="gone_books")
    page = shown(admin, item)
    assert LOCKED.message in page
    assert "Retry" not in page


def test_page_stays_within_its_queries(admin: Client, world: World):
    item = one(world, UNMAPPED, due_at=clock.now() + timedelta(hours=1))
    make_batch(item)
    shown(admin, item)
    counts = []
    for _time in range(2):
        with CaptureQueriesContext(connection) as caught:
            shown(admin, item)
        counts.append(len(caught))
        make_batch(item, calls=40)
    assert counts[0] == counts[1] <= 20


def test_run_rows_lead_to_the_item(admin: Client, auditor: Client, world: World):
    item = one(world)
    for client in (admin, auditor):
        page = client.get(reverse("admin:run", args=[item.run_id])).content.decode()
        assert f'href="{reverse("admin:item", args=[item.pk])}"' in page
        assert "versions: Patchbay" in page


def test_pay_on_its_way_is_read_by_those_alone_who_may_see_pay(world: World) -> None:
    run = make_run(make_integration(world.organization), kind="salary")
    salary = Salary.everywhere.create(organization=world.organization, cost=Decimal("4321.09"))
    item = OutboxItem.everywhere.create(
        organization=world.organization, integration=run.integration, run=run, kind="salary", record_id=salary.pk, revision=1
    )
    batch = make_batch(item, request_body='{"cost":432109}', response_body='{"cost":432109}')
    Batch.everywhere.filter(pk=batch.pk).update(body=json.dumps([{"item": item.pk, "record": 1, "payload": {"cost": 432109}}]))
    for user, times in ((world.admin, 0), (world.owner, 3)):
        client = Client()
        client.force_login(user)
        assert shown(client, item).count("432109") == times
