"""A disk that is full: everybody is told so in words, and nothing of what was done before or is tried meanwhile is lost or doubled."""

from __future__ import annotations

import sqlite3

import pytest

from tests.crash.conftest import Installation
from tests.crash.copies import INVOICES, assert_each_once, enqueue
from tests.figures import Figures

pytestmark = [pytest.mark.crash, pytest.mark.parametrize("engine", ["sqlite-local"], indirect=True)]


def fill(installation: Installation, spare: int) -> dict[str, str]:
    """The environment in which the file may grow by so many pages and no more."""
    connection = sqlite3.connect(installation.database_url.removeprefix("sqlite:///"))
    try:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    finally:
        connection.close()
    assert free < 20
    return {"SQLITE_MAX_PAGES": str(pages + spare)}


def test_a_command_says_that_the_disk_is_full_and_leaves_nothing_half_done(installation: Installation, figures: Figures) -> None:
    full = fill(installation, 0)
    process = installation.start("manage.py", "export", str(installation.integration), "invoice", "--all", "--json", **full)
    output, _errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == ""
    assert "full" in installation.said
    assert "Traceback" not in installation.said
    assert installation.query("SELECT COUNT(*) FROM integrations_outboxitem WHERE kind = 'invoice'") == [(0,)]
    assert_all_arrive(installation, enqueue(installation))
    figures("disk full at `export`: refused in words, nothing half done, complete afterwards")


@pytest.mark.parametrize("spare", [0, 4, 12, 24])
def test_a_worker_whose_disk_becomes_full_loses_and_doubles_nothing(installation: Installation, spare: int, figures: Figures) -> None:
    run = enqueue(installation)
    with installation.working(**fill(installation, spare)) as worker:
        installation.wait_for(lambda: "worker.database_trouble" in installation.said, 60, "the full disk")
        assert worker.poll() is None
    assert "Traceback" not in installation.said
    assert installation.state(run) == "running"
    before = len(installation.books)
    assert_all_arrive(installation, run)
    figures(f"disk full after {spare} more pages, {before} invoices sent: {INVOICES} of {INVOICES} once afterwards")


def assert_all_arrive(installation: Installation, run: int) -> None:
    installation.works_off(run, within=60)
    assert_each_once(installation, run)
