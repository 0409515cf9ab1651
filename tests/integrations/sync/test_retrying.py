"""Failed records go again from the command line: all of them, or those of the last days."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from integrations.models import OutboxItem
from tests.integrations.sync.desk import Desk, run_command


@pytest.fixture
def failed(desk: Desk) -> list[Any]:
    """Two invoices that were refused a minute before midnight, and a minute after it, in the organization's own time."""
    invoices = desk.invoices(2)
    desk.misbehave(*[{"kind": "status", "status": 400, "message": "No.", "method": "PUT", "path": "*/Invoices"}] * 3)
    desk.export("invoice", invoices)
    assert desk.states() == {"rejected": 2}
    zone = ZoneInfo(desk.organization.time_zone)
    for invoice, moment in zip(
        invoices, (datetime(2026, 11, 1, 23, 59, tzinfo=zone), datetime(2026, 11, 2, 0, 1, tzinfo=zone)), strict=True
    ):
        OutboxItem.everywhere.filter(kind="invoice", record_id=invoice.pk).update(finished_at=moment)
    return invoices


def told(desk: Desk, *line: str) -> Any:
    return json.loads(run_command("retry", desk.integration.pk, *line, "--json"))


def test_what_failed_since_a_day_goes_again_and_is_counted_before(desk: Desk, failed: list[Any]) -> None:
    assert told(desk, "--since", "2026-11-02", "--dry-run") == {"would_retry": 1}
    assert desk.states() == {"rejected": 2}
    assert told(desk, "--since", "2026-11-02") == {"retried": 1}
    assert [desk.item(invoice).state for invoice in failed] == ["rejected", "waiting"]
    assert told(desk) == {"retried": 1}
    assert desk.states() == {"waiting": 2}
