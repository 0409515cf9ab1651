"""Invoices on their way, and how it is told that each arrived once."""

from __future__ import annotations

import json

from tests.crash.conftest import Installation

INVOICES = 120


def enqueue(installation: Installation) -> int:
    """The run of an export of all invoices."""
    return int(json.loads(installation.manage("export", str(installation.integration), "invoice", "--all", "--json"))["run"])


def assert_each_once(installation: Installation, run: int, invoices: int = INVOICES) -> None:
    books = installation.books
    assert len(books) == invoices
    assert set(books.values()) == {1}
    linked = installation.query("SELECT COUNT(*), COUNT(DISTINCT remote_id) FROM integrations_link WHERE kind = 'invoice'")
    assert linked == [(invoices, invoices)]
    assert installation.state(run) == "succeeded"
