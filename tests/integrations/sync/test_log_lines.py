"""Whoever reads the log finds in each line whose work it was: organization, integration, run, items, attempt, and the vendor's own id."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.contextvars import merge_contextvars

from integrations.models import OutboxItem
from tests.integrations.sync.desk import Desk


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What the log would say from now on, at the level at which installations log."""
    kept: list[dict[str, Any]] = []

    def keep(_logger: Any, _method: str, event: Any) -> Any:
        kept.append(dict(event))
        raise structlog.DropEvent

    before, root = structlog.get_config()["processors"], logging.getLogger()
    level = root.level
    root.setLevel(logging.INFO)
    processors = [structlog.stdlib.filter_by_level, merge_contextvars, keep]
    before_list = list(before)
    before[:] = processors
    yield kept
    before[:] = before_list
    root.setLevel(level)


def of(lines: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == event]


def test_every_line_of_an_export_says_whose_it_is(desk: Desk, lines: list[dict[str, Any]]) -> None:
    desk.export("company")
    desk.invoices(2)
    lines.clear()
    run = desk.export()
    ids = [item.pk for item in desk.items()]
    assert {line["event"] for line in lines} >= {"batch.claimed", "batch.sending", "called", "batch.answered"}
    assert {line["organization"] for line in lines} == {desk.organization.slug}
    assert {line["integration"] for line in lines} == {desk.integration.pk}
    (sent,) = [line for line in of(lines, "called") if line["method"] == "PUT"]
    assert (sent["runs"], sorted(sent["items"]), sent["attempt"]) == ([run.pk], ids, 1)
    assert sent["request_id"]
    assert sent["request_id"] == OutboxItem.everywhere.get(pk=ids[0]).batch.attempts.filter(method="PUT").get().request_id  # type: ignore[union-attr]


def test_a_further_attempt_says_which_it_is(desk: Desk, lines: list[dict[str, Any]]) -> None:
    desk.export("company")
    desk.invoices(1)
    desk.misbehave({"kind": "lost_answer", "method": "PUT", "path": "*/Invoices"})
    lines.clear()
    desk.export()
    attempts = [line["attempt"] for line in of(lines, "called") if line["method"] == "PUT"]
    assert attempts == [1, 2]


def test_what_fails_is_told_item_by_item_with_the_vendor_s_id_of_the_request(desk: Desk, lines: list[dict[str, Any]]) -> None:
    desk.export("company")
    desk.invoices(1)
    desk.misbehave({"kind": "status", "status": 400, "message": "No.", "method": "PUT", "path": "*/Invoices"})
    lines.clear()
    desk.export()
    (failed,) = of(lines, "item.failed")
    item = desk.items()[0]
    assert (failed["item"], failed["record"], failed["error"], failed["organization"]) == (
        item.pk,
        item.record_id,
        "Rejected",
        desk.organization.slug,
    )
    assert failed["request_id"] == item.request_id != ""


def test_every_line_of_an_import_says_which_run_it_is(desk: Desk, lines: list[dict[str, Any]]) -> None:
    run = desk.bring("payment")
    assert {line["run"] for line in lines if line["event"] in ("run.started", "called", "import.page", "run.finished")} == {run.pk}
    assert {line["integration"] for line in lines} == {desk.integration.pk}
