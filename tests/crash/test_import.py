"""`kill -9` of the worker in the middle of an import: it goes on at its cursor, and every payment is here once."""

from __future__ import annotations

import json
import time

import pytest

from integrations.providers.xero.sandbox import XeroSandbox
from integrations.providers.xero.sandbox.books import INVOICE
from tests.crash.conftest import LEASE_SECONDS, Installation
from tests.crash.copies import INVOICES, assert_each_once, enqueue
from tests.figures import Figures

pytestmark = pytest.mark.crash

PAYMENTS_EACH = 10
PAYMENTS = INVOICES * PAYMENTS_EACH
"""More than one page of a thousand."""

POINTS = {
    "before the first page is committed": ("import.page_written", {}),
    "between a page and its cursor": ("import.page_written", {"nth": "2"}),
    "after a page": ("import.page", {}),
    "before a page is asked for": ("calling", {"method": "GET", "nth": "2"}),
}


def pay(installation: Installation) -> None:
    sandbox = installation.sandbox.sandboxes["xero"]
    assert isinstance(sandbox, XeroSandbox)
    for books in sandbox.books.values():
        ours = [document for document in books.documents[INVOICE.name].values() if "copy=" in str(document.row.get("Url"))]
        for document in ours:
            if document.status != "AUTHORISED":
                sandbox.bookkeeper.approve(document)
            for _ in range(PAYMENTS_EACH):
                sandbox.bookkeeper.pay(books, document, "1.00", reference="Bank transfer")


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_any_point_of_an_import_loses_and_doubles_nothing(
    installation: Installation, engine: str, point: str, figures: Figures
) -> None:
    exported = enqueue(installation)
    installation.works_off(exported, within=60)
    assert_each_once(installation, exported)
    pay(installation)
    run = int(json.loads(installation.manage("import", str(installation.integration), "payment", "--json"))["run"])
    event, wanted = POINTS[point]
    died_at = installation.dies_at(event, **wanted)
    fence = installation.fence(run)
    with installation.working():
        installation.wait_for(lambda: installation.fence(run) > fence, LEASE_SECONDS + 5, "the next worker's turn")
        took = time.time() - died_at
        installation.wait_for(lambda: installation.state(run) not in {"running", "queued"}, 60, "the end of the import")
    assert installation.state(run) == "succeeded"
    assert installation.query("SELECT COUNT(*), SUM(amount) FROM records_payment") == [(PAYMENTS, PAYMENTS)]
    links = installation.query("SELECT COUNT(*), COUNT(DISTINCT remote_id) FROM integrations_link WHERE kind = 'payment'")
    assert links == [(PAYMENTS, PAYMENTS)]
    assert took < LEASE_SECONDS + 5
    figures(f"killed {point} of an import, {engine}: {PAYMENTS} of {PAYMENTS} payments once, taken up again after {took:.1f} s")
