"""A backup restored while the vendor went on: what was sent after it was made is found there, and nothing is sent twice."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from tests.crash.backups import back_up, brought_back
from tests.crash.conftest import Installation
from tests.crash.copies import INVOICES, assert_each_once, enqueue
from tests.crash.test_renewing import expire
from tests.figures import Figures

pytestmark = [pytest.mark.crash, pytest.mark.parametrize("engine", ["sqlite-local", "postgres-local"], indirect=True)]

SETTLE = 30
"""Seconds until the vendor's lists are trusted."""


def begin(installation: Installation) -> int:
    """An export in whose middle the worker dies: some is sent and known, some is sent and not known, some waits."""
    run = enqueue(installation)
    installation.dies_at("batch.answered", nth="2")
    states = dict(installation.query("SELECT state, COUNT(*) FROM integrations_outboxitem WHERE kind = 'invoice' GROUP BY state"))
    assert set(states) == {"succeeded", "sending", "waiting"}
    return run


def writes(installation: Installation) -> int:
    return int(installation.sandbox.sandboxes["xero"].state()["requests"]["by_call"]["PUT /api.xro/2.0/Invoices"])


def test_what_was_sent_after_the_backup_is_found_and_linked(installation: Installation, engine: str, figures: Figures) -> None:
    run = begin(installation)
    back_up(installation)
    installation.works_off(run, within=60)
    assert_each_once(installation, run)
    sent = writes(installation)
    with brought_back(installation):
        assert installation.state(run) == "running"
        assert "1 integrations" in installation.manage("restored")
        installation.works_off(run, within=SETTLE + 60)
        assert_each_once(installation, run)
        assert writes(installation) == sent
        installation.manage("restored", "--finish")
    figures(f"backup restored in the middle of an export, {engine}: {INVOICES} of {INVOICES} once, 0 requests beside the look-ups")


def test_tokens_that_the_vendor_changed_after_the_backup_are_one_incident(installation: Installation) -> None:
    run = begin(installation)
    back_up(installation)
    expire(installation)
    installation.works_off(run, within=60)
    with brought_back(installation):
        installation.manage("restored")
        sandbox = expire(installation)
        sandbox.authorization.lifetimes = structs.replace(sandbox.authorization.lifetimes, grace=0)
        sandbox.faults.replace({"kind": "expired_token", "path": "*", "times": 1})
        with installation.working():
            installation.wait_for(
                lambda: installation.query("SELECT connection FROM integrations_integration") == [("needs_reconnect",)],
                SETTLE + 30,
                "the loss",
            )
        assert installation.query("SELECT cause, seen FROM integrations_incident") == [("connection", 1)]
        installation.manage("connect", str(installation.integration))
        installation.works_off(run, within=SETTLE + 60)
        assert_each_once(installation, run)
        assert installation.query("SELECT COUNT(*) FROM integrations_incident WHERE closed_at IS NULL") == [(0,)]
        assert json.loads(installation.manage("integrations", "--json"))[0]["connection"] == "connected"
