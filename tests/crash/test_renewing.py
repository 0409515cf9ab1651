"""`kill -9` of the worker while it has the vendor renew its access: nobody has to connect again."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from integrations.providers.xero.sandbox import XeroSandbox
from tests.crash.conftest import LEASE_SECONDS, Installation
from tests.crash.copies import assert_each_once, enqueue
from tests.figures import Figures

pytestmark = pytest.mark.crash

POINTS = {
    "before the vendor changed the tokens": "credential.renewing",
    "after the vendor changed the tokens": "credential.answered",
}


def expire(installation: Installation) -> XeroSandbox:
    sandbox = installation.sandbox.sandboxes["xero"]
    assert isinstance(sandbox, XeroSandbox)
    sandbox.faults.replace({"kind": "expired_token", "path": "*/Invoices", "times": 1})
    return sandbox


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_while_it_renews_its_access_costs_nobody_the_connection(
    installation: Installation, engine: str, point: str, figures: Figures
) -> None:
    run = enqueue(installation)
    expire(installation)
    died_at = installation.dies_at(POINTS[point])
    installation.works_off(run, within=60)
    took = installation.finished_at(run) - died_at
    assert_each_once(installation, run)
    assert installation.query("SELECT connection FROM integrations_integration") == [("connected",)]
    assert installation.query("SELECT COUNT(*) FROM integrations_incident") == [(0,)]
    assert took < LEASE_SECONDS + 5
    figures(f"killed {point}, {engine}: connected, all done after {took:.1f} s")


@pytest.mark.parametrize("engine", ["sqlite-local", "postgres-celery"], indirect=True)
def test_tokens_that_the_vendor_no_longer_takes_after_a_crash_are_one_incident(installation: Installation) -> None:
    run = enqueue(installation)
    sandbox = expire(installation)
    installation.dies_at("credential.answered")
    sandbox.authorization.lifetimes = structs.replace(sandbox.authorization.lifetimes, grace=0)
    with installation.working():
        installation.wait_for(
            lambda: installation.query("SELECT connection FROM integrations_integration") == [("needs_reconnect",)], 30, "the loss"
        )
    assert installation.query("SELECT cause, seen FROM integrations_incident") == [("connection", 1)]
    assert installation.state(run) == "running"
    installation.manage("connect", str(installation.integration))
    installation.works_off(run, within=60)
    assert_each_once(installation, run)
    assert json.loads(installation.manage("integrations", "--json"))[0]["connection"] == "connected"
