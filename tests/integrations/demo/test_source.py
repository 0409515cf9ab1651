"""The demo's records are the simulated Productive's too: bringing them changes nothing, and what is copied can be told back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Organization
from integrations.demo.source import furnish_sources
from integrations.models import Action, Integration, Run
from integrations.records.models import Invoice
from integrations.sandbox.server import SandboxServer, running_sandbox
from integrations.sync import connections, runs
from integrations.sync.turns import take_turn

COUNTS = {"invoices": 71, "people": 13, "companies": 18, "time_entries": 96}


@pytest.fixture
def source(settings: Any, northwind: Organization) -> Iterator[SandboxServer]:
    with running_sandbox() as server:
        settings.SANDBOX_URL = server.url
        furnish_sources(northwind)
        yield server


def work(integration: Integration, run: Run) -> Run:
    while not run.is_finished:
        assert take_turn(integration.pk)
        run.refresh_from_db()
    return run


def test_the_source_has_what_the_demo_has_and_bringing_it_changes_nothing(source: SandboxServer) -> None:
    productive: Any = source.sandboxes["productive"]
    assert {path: len(productive.store.of(path)) for path in COUNTS} == COUNTS
    integration = Integration.objects.get(provider="productive")
    keys = {"token": productive.token, "organization_id": productive.organization_id}
    connections.connect_with(integration, keys, None)
    integration.refresh_from_db()
    for declared in integration.declaration.imports:
        if declared.is_on(integration):
            run = work(integration, runs.start(integration, Action.IMPORT, declared.kind))
            assert (run.state, run.succeeded, run.rejected) == ("succeeded", 0, 0), declared.kind


def test_what_came_in_later_is_there_too_and_what_is_new_there_gets_an_id_of_its_own(
    source: SandboxServer, northwind: Organization
) -> None:
    Invoice.objects.filter(number="NW-1003").update(exported=True, export_id="copy")
    furnish_sources(northwind)
    productive: Any = source.sandboxes["productive"]
    invoices = productive.store.of("invoices")
    (copied,) = [invoice for invoice in invoices.values() if invoice.attributes["exported"]]
    assert (copied.attributes["number"], copied.attributes["export_id"]) == ("NW-1003", "copy")
    known = set(invoices)
    assert productive.store.add("invoices", {"number": "new"}).id not in known
