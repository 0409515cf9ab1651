"""The road without a browser, as an operator walks it: demo, connect, lists, invoices out, payments back, both sides compared."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from django.core.management.base import CommandError

from accounts.models import Organization
from accounts.tenancy import within
from integrations import clock
from integrations.models import Integration
from integrations.records.models import Invoice, Payment
from integrations.sync.outbox import current_links
from tests.integrations.sync.desk import Desk, run_command


@pytest.fixture
def demo(unconnected: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk at the demo's Xero integration, where who sleeps lets time pass."""
    Organization.objects.filter(pk=unconnected.organization.pk).update(slug="elsewhere")
    run_command("demo")
    unconnected.integration = Integration.everywhere.get(organization__slug="northwind-studio", provider="xero")
    monkeypatch.setattr(clock, "sleep", unconnected.later)
    return unconnected


def tell(desk: Desk, command: str, *arguments: Any) -> Any:
    """The JSON document that the command prints about the desk's integration."""
    return json.loads(run_command(command, desk.integration.pk, *arguments, "--json"))


def test_the_road_without_a_browser(demo: Desk):
    assert "is connected to" in run_command("connect", demo.integration.pk)
    assert all(step["passed"] for step in tell(demo, "test_connection"))
    assert set(tell(demo, "fetch_options")) == {source.name for source in demo.integration.declaration.options}

    first = tell(demo, "export", "invoice", "--all", "--wait")
    states = Counter(item["state"] for item in first["items"])
    assert states == {"succeeded": first["succeeded"], "rejected": 2}
    assert first["succeeded"] >= 50
    assert all(item["remote_id"] and item["number"] for item in first["items"] if item["state"] == "succeeded")
    assert all("Map it" in item["error"] for item in first["items"] if item["state"] == "rejected")

    again = tell(demo, "export", "invoice", "--all", "--wait")
    assert (again["succeeded"], again["rejected"], again["unchanged"]) == (0, 2, first["succeeded"])

    demo.integration.refresh_from_db()
    with within(demo.integration.organization):
        link = current_links(demo.integration, "invoice").order_by("pk")[0]
        invoice = Invoice.objects.get(pk=link.record_id)
        invoice.subject = "A better subject"
        invoice.save()
        edited = tell(demo, "export", "invoice", "--all", "--wait")
        assert [(item["record"], item["remote_id"]) for item in edited["items"] if item["state"] == "succeeded"] == [
            (invoice.pk, link.remote_id)
        ]

        before = Payment.objects.count()
        approved = next(document for document in demo.documents() if document.status == "AUTHORISED")
        demo.xero.bookkeeper.pay(demo.there, approved, "10.00")
        brought = tell(demo, "import", "payment", "--wait")
        assert (brought["succeeded"], Payment.objects.count()) == (1, before + 1)

    report = tell(demo, "reconcile")
    assert report["matched"] == first["succeeded"] + brought["succeeded"]
    assert (report["differs"], report["only_there"]) == ([], [])
    assert Counter(row["kind"] for row in report["only_here"])["payment"] == before, "what was paid before stays as it is there"


def test_what_failed_is_retried(demo: Desk):
    run_command("connect", demo.integration.pk)
    failed = tell(demo, "export", "invoice", "--all", "--wait")["rejected"]
    assert tell(demo, "retry") == {"retried": failed}
    (row,) = [row for row in json.loads(run_command("integrations", "--json")) if row["id"] == demo.integration.pk]
    assert (row["provider"], row["connection"], row["waiting"], row["failed"]) == ("xero", "connected", failed, 0)


def test_an_account_that_the_login_may_not_use_is_refused_with_those_that_it_may(demo: Desk):
    with pytest.raises(CommandError, match=r"may not use 'Nobody Ltd'\. It may use: "):
        run_command("connect", demo.integration.pk, "--tenant", "Nobody Ltd")


def test_nothing_is_sent_before_the_integration_is_connected(demo: Desk):
    for command in (["export", "invoice", "--all"], ["import", "payment"], ["reconcile"], ["fetch_options"]):
        with pytest.raises(CommandError, match=f"manage.py connect {demo.integration.pk}"):
            run_command(command[0], demo.integration.pk, *command[1:])


def test_a_dry_run_sends_nothing(demo: Desk):
    run_command("connect", demo.integration.pk)
    told = tell(demo, "export", "invoice", "--all", "--dry-run")
    demo.integration.refresh_from_db()
    assert told["reject"] == 2
    assert demo.documents() == []
