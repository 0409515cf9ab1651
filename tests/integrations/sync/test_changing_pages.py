"""Lists that change while they are read: once the vendor is quiet, nothing is missed and nothing is here twice."""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from integrations.models import Action, Link, Run
from integrations.providers.xero import client as xero_client
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Payment
from integrations.sync import runs
from integrations.sync.turns import take_turn
from tests.books import make_xero
from tests.figures import Figures
from tests.integrations.sync.desk import Desk
from tests.integrations.sync.wire import Hands, Wire

EXAMPLES = int(os.environ.get("CHANGING_PAGES_EXAMPLES", "5"))
"""The crash stage wants many more."""
PAGE = 2
MANY = 300  # pages, more than any of these lists has

CHANGE = st.tuples(st.sampled_from(["enter", "edit", "delete", "hide", "wait", "fail", "die"]), st.integers(0, 30))
WHILE_READING = st.lists(st.lists(CHANGE, min_size=1, max_size=3), min_size=1, max_size=8)
"""What happens before the first page is asked for, before the second, and so on."""


class Killed(BaseException):
    """The worker is gone."""


class Reading:
    """One history: payments that were there before, an import while people go on with them, and what is here in the end."""

    def __init__(self, desk: Desk, integration: int, counts: Counter[str]) -> None:
        self.desk, self.counts = desk, counts
        desk.xero.reset({"organisations": 1, "contacts": 0, "seed": 1})
        desk.connect(XeroIntegration.everywhere.get(pk=integration))
        (self.invoice,) = desk.invoices(1, lines=9)
        desk.export("invoice")
        self.schedule: list[list[tuple[str, int]]] = []

    def change(self, what: str, which: int) -> None:
        """Raises what the network, or the end of the worker, would."""
        self.counts[what] += 1
        living = [payment for payment in self.desk.there.payments.values() if payment.row["Status"] == "AUTHORISED"]
        if what == "enter":
            self.desk.pay(self.invoice, "1.00")
        elif what == "wait":
            self.desk.later(which)
        elif what == "fail":
            raise httpx2.ConnectError("nobody there")
        elif what == "die":
            raise Killed
        elif living:
            chosen = living[which % len(living)]
            if what == "edit":
                self.desk.xero.bookkeeper.repay(self.desk.there, chosen, "2.00")
            elif what == "delete":
                self.desk.xero.bookkeeper.delete_payment(chosen)
            else:
                self.desk.xero.bookkeeper.delete_payment(chosen)
                del self.desk.there.payments[chosen.id]

    def page_is_asked_for(self, request: httpx2.Request) -> None:
        if request.url.path.endswith("/Payments") and request.method == "GET":
            self.counts["pages"] += 1
            changes = self.schedule.pop(0) if self.schedule else []
            for what, which in changes:
                self.change(what, which)

    def bring(self, **how: Any) -> Run:
        """Work the import off; where a worker died, another one goes on when its lease is over."""
        run = runs.start(self.desk.integration, Action.IMPORT, "payment", **how)
        for _turn in range(MANY):
            run.refresh_from_db()
            if run.is_finished:
                return run
            try:
                if not take_turn(self.desk.integration.pk):
                    self.desk.later(60)
            except Killed:
                self.desk.later(1)
        raise AssertionError(f"the import does not come to an end: {run.state} {run.message}")

    def assert_nothing_is_twice(self) -> None:
        links = Link.everywhere.filter(integration=self.desk.integration, kind="payment")
        assert Payment.everywhere.count() == links.count() == links.values("remote_id").distinct().count()

    def assert_all_is_here(self) -> None:
        self.assert_nothing_is_twice()
        there = {payment.id: payment.amount for payment in self.desk.there.payments.values() if payment.row["Status"] == "AUTHORISED"}
        alive = Payment.everywhere.filter(remote_deleted_at=None).values_list("pk", "amount")
        remote = dict(Link.everywhere.filter(integration=self.desk.integration, kind="payment").values_list("record_id", "remote_id"))
        assert {remote[pk]: amount for pk, amount in alive} == there
        self.invoice.refresh_from_db()
        assert (self.invoice.amount_paid or Decimal(0)) == sum(there.values())


def settled(examples: int) -> settings:
    return settings(
        max_examples=examples,
        derandomize=True,
        print_blob=True,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.parametrize("full", [False, True], ids=["what changed", "everything"])
def test_lists_that_change_while_they_are_read_lose_and_double_nothing(
    wired: Desk, wire: Wire, hands: Hands, full: bool, monkeypatch: pytest.MonkeyPatch, figures: Figures
) -> None:
    """Hidden ones go without a word: only a full import, told that they may go, tells that they are gone."""
    monkeypatch.setattr(xero_client, "PAGE_SIZE", PAGE)
    integration = make_xero(wired.books, export_number=False).pk
    counts: Counter[str] = Counter()

    @settled(EXAMPLES)
    @given(before=st.lists(st.integers(0, 2), min_size=2, max_size=7), changes=WHILE_READING, known=st.booleans())
    def history(before: list[int], changes: list[list[tuple[str, int]]], known: bool) -> None:
        began_at = hands.at
        with transaction.atomic():
            reading = Reading(wired, integration, counts)
            for seconds in before:
                wired.later(seconds)
                reading.change("enter", 0)
            if known:
                reading.bring()
            wire.setting_out, reading.schedule = reading.page_is_asked_for, [list(some) for some in changes]
            reading.bring(full=full)
            reading.assert_nothing_is_twice()
            reading.schedule = []
            wired.later(60)
            hidden = any(what == "hide" for some in changes for what, _which in some)
            reading.bring(full=hidden, unguarded=hidden)
            reading.assert_all_is_here()
            wire.setting_out = lambda request: None
            transaction.set_rollback(True)
        hands.at = began_at
        counts["histories"] += 1

    history()
    assert all(counts[what] for what in ("enter", "edit", "delete", "hide", "fail", "die")), counts
    changed = sum(counts[what] for what in ("enter", "edit", "delete", "hide"))
    figures(
        f"import of {'everything' if full else 'what changed'} while lists change, {connection.vendor}: {counts['histories']} histories, "
        f"{counts['pages']} pages, {changed} changes between them, {counts['die']} workers died: 0 missed, 0 doubled"
    )
