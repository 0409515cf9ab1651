"""`kill -9` of the worker at every point of an export: each invoice is at the vendor once, whatever happened."""

from __future__ import annotations

import json
import time

import pytest

from tests.crash.conftest import LEASE_SECONDS, Installation

pytestmark = pytest.mark.crash

INVOICES = 120
RECOVERED_WITHIN = LEASE_SECONDS + 5


def enqueue(installation: Installation) -> int:
    return int(json.loads(installation.manage("export", str(installation.integration), "invoice", "--all", "--json"))["run"])


def assert_each_once(installation: Installation, run: int) -> None:
    books = installation.books
    assert len(books) == INVOICES
    assert set(books.values()) == {1}
    linked = installation.query("SELECT COUNT(*), COUNT(DISTINCT remote_id) FROM integrations_link WHERE kind = 'invoice'")
    assert linked == [(INVOICES, INVOICES)]
    assert installation.state(run) == "succeeded"


@pytest.mark.parametrize("event", ["batch.claimed", "batch.sending", "batch.answered"])
def test_a_worker_killed_at_any_point_of_an_export_loses_and_doubles_nothing(installation: Installation, event: str) -> None:
    run = enqueue(installation)
    installation.dies_at(event)
    took = installation.works_off(run, within=60)
    assert_each_once(installation, run)
    assert took < RECOVERED_WITHIN + 10  # the rest of the run included


def test_a_worker_killed_after_the_vendor_committed_and_before_it_read_the_answer_doubles_nothing(installation: Installation) -> None:
    run = enqueue(installation)
    installation.sandbox.sandboxes["xero"].faults.replace(
        {"kind": "lost_answer", "method": "PUT", "path": "*/Invoices", "times": 1, "seconds": 30}
    )
    worker = installation.start("manage.py", "worker", "--threads", "1")
    deadline = time.monotonic() + 30
    while not installation.books:
        assert time.monotonic() < deadline, "the vendor received nothing"
        time.sleep(0.05)
    worker.kill()
    worker.communicate(timeout=10)
    assert installation.query("SELECT COUNT(*) FROM integrations_link WHERE kind = 'invoice'") == [(0,)]
    installation.works_off(run, within=60)
    assert_each_once(installation, run)
