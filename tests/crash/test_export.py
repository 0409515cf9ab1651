"""`kill -9` of the worker at every point of an export: each invoice is at the vendor once, whatever happened."""

from __future__ import annotations

import signal
import time

import pytest

from tests.crash.conftest import LEASE_SECONDS, Installation
from tests.crash.copies import INVOICES, assert_each_once, enqueue
from tests.crash.dying_worker import ASLEEP
from tests.figures import Figures

pytestmark = pytest.mark.crash

RECOVERED_WITHIN = LEASE_SECONDS + 5

POINTS = {
    "before the claim is committed": ("batch.claiming", {}),
    "after the claim": ("batch.claimed", {}),
    "after `sending` is committed": ("batch.sending", {}),
    "before the call": ("calling", {"method": "PUT"}),
    "after the answer": ("batch.answered", {}),
    "before the outcome is committed": ("batch.settling", {}),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_any_point_of_an_export_loses_and_doubles_nothing(
    installation: Installation, engine: str, point: str, figures: Figures
) -> None:
    run = enqueue(installation)
    event, wanted = POINTS[point]
    died_at = installation.dies_at(event, **wanted)
    installation.works_off(run, within=60)
    took = installation.finished_at(run) - died_at
    assert_each_once(installation, run)
    assert took < RECOVERED_WITHIN
    figures(f"killed {point} of an export, {engine}: {INVOICES} of {INVOICES} once, 0 lost, 0 doubled, all done after {took:.1f} s")


def test_a_worker_killed_after_the_vendor_committed_and_before_it_read_the_answer_doubles_nothing(
    installation: Installation, engine: str, figures: Figures
) -> None:
    run = enqueue(installation)
    installation.sandbox.sandboxes["xero"].faults.replace(
        {"kind": "lost_answer", "method": "PUT", "path": "*/Invoices", "times": 1, "seconds": 30}
    )
    worker = installation.start("manage.py", "worker", "--threads", "1", HTTP_TIMEOUT_SECONDS="20")
    installation.wait_for(lambda: bool(installation.books), 30, "the vendor's first invoice")
    worker.kill()
    worker.communicate(timeout=10)
    died_at = time.time()
    assert installation.query("SELECT COUNT(*) FROM integrations_link WHERE kind = 'invoice'") == [(0,)]
    installation.works_off(run, within=60)
    took = installation.finished_at(run) - died_at
    assert_each_once(installation, run)
    assert took < RECOVERED_WITHIN
    figures(f"killed before the answer was read of an export, {engine}: {INVOICES} of {INVOICES} once, all done after {took:.1f} s")


@pytest.mark.parametrize("point", ["after `sending` is committed", "before the call", "after the answer"])
def test_a_worker_that_sleeps_beyond_its_lease_changes_nothing_when_it_wakes(
    installation: Installation, engine: str, point: str, figures: Figures
) -> None:
    run = enqueue(installation)
    event, wanted = POINTS[point]
    sleeper = installation.start("-m", "tests.crash.dying_worker", "SIGSTOP", event, *(f"{name}={value}" for name, value in wanted.items()))
    assert sleeper.stdout is not None
    assert ASLEEP in map(str.strip, sleeper.stdout), f"the worker ended before it slept: {installation.said[-3000:]}"
    time.sleep(LEASE_SECONDS)
    installation.works_off(run, within=60)
    assert_each_once(installation, run)
    before = installation.query("SELECT id, fence, state FROM integrations_batch ORDER BY id")
    sleeper.send_signal(signal.SIGCONT)
    installation.wait_for(lambda: "batch.taken_by_another" in installation.said, 20, "the end of what it had in hand")
    sleeper.terminate()
    sleeper.communicate(timeout=30)
    assert_each_once(installation, run)
    assert installation.query("SELECT id, fence, state FROM integrations_batch ORDER BY id") == before
    figures(f"asleep {point} beyond the lease, {engine}: stale fence refused, {INVOICES} of {INVOICES} once")
