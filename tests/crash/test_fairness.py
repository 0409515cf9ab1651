"""Two organizations at one worker: neither the long queue of one nor a vendor that hangs for it delays the other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integrations.sandbox.server import running_sandbox
from tests.crash.conftest import Installation
from tests.crash.hastened import xero_of
from tests.crash.seed_two import FEW, WAITING
from tests.figures import Figures

pytestmark = [pytest.mark.crash, pytest.mark.parametrize("engine", ["sqlite-local", "postgres-local"], indirect=True)]

THREADS = 4
ONE_PERCENT = WAITING // 100


@dataclass
class Neighbours:
    installation: Installation
    many: int
    few: int

    def links(self, integration: int, kind: str = "invoice") -> int:
        found = self.installation.query(f"SELECT COUNT(*) FROM integrations_link WHERE kind = '{kind}' AND integration_id = {integration}")
        return int(str(found[0][0]))

    def misbehave(self, **fault: object) -> None:
        xero_of(self.installation.sandbox).faults.replace([fault] if fault else [])

    def hanging(self) -> int:
        """How many calls the vendor keeps waiting."""
        return sum(quota.running for quota in xero_of(self.installation.sandbox).gate.quotas.values())

    def export_few(self, kind: str) -> int:
        return int(json.loads(self.installation.manage("export", str(self.few), kind, "--all", "--json"))["run"])


@pytest.fixture
def neighbours(database_url: str, broker: dict[str, str], tmp_path: Path) -> Iterator[Neighbours]:
    """An organization of which 50,000 invoices wait, and one that has ten to send, each at an account of its own."""
    with running_sandbox() as server:
        xero_of(server).reset({"organisations": 4})
        made = Installation(database_url, server, tmp_path, {**broker, "LEASE_SECONDS": "100", "HTTP_TIMEOUT_SECONDS": "50"})
        many, few = made.run("-m", "tests.crash.seed_two").split()
        yield Neighbours(made, int(many), int(few))


def test_ten_of_one_organization_are_out_before_one_percent_of_the_fifty_thousand_of_another(
    neighbours: Neighbours, engine: str, figures: Figures
) -> None:
    installation = neighbours.installation
    neighbours.misbehave(kind="latency", path="*/Invoices", seconds=1)
    with installation.working("--threads", str(THREADS)):
        installation.wait_for(lambda: neighbours.links(neighbours.many) > 0, 60, "the first of the fifty thousand")
        run = neighbours.export_few("invoice")
        installation.wait_for(lambda: installation.state(run) == "succeeded", 60, "the end of the ten")
    assert neighbours.links(neighbours.few) == FEW
    meanwhile = f"""
        SELECT COUNT(*) FROM integrations_link WHERE kind = 'invoice' AND integration_id = {neighbours.many}
        AND created_at BETWEEN (SELECT MIN(created_at) FROM integrations_outboxitem WHERE run_id = {run})
                       AND (SELECT MAX(created_at) FROM integrations_link WHERE integration_id = {neighbours.few})
    """
    before = int(str(installation.query(meanwhile)[0][0]))
    assert before < ONE_PERCENT
    figures(f"{FEW} beside {WAITING:,} of another organization, {THREADS} threads, {engine}: out after {before} of those")


def test_a_vendor_that_hangs_for_one_integration_never_has_all_threads_of_a_worker(
    neighbours: Neighbours, engine: str, figures: Figures
) -> None:
    installation = neighbours.installation
    neighbours.misbehave(kind="timeout", path="*/Invoices")
    with installation.working("--threads", str(THREADS)) as worker:
        installation.wait_for(lambda: neighbours.hanging() == THREADS - 1, 30, "the vendor to hang")
        began = time.monotonic()
        run = neighbours.export_few("company")
        installation.wait_for(lambda: installation.state(run) == "succeeded", 15, "the end of the ten")
        took = time.monotonic() - began
        assert neighbours.hanging() == THREADS - 1
        worker.kill()
    assert neighbours.links(neighbours.few, "company") == 3 + FEW
    held = f"it holds {THREADS - 1} of {THREADS} threads"
    figures(f"vendor hangs for one of two, {engine}: {held}, the other's {FEW} are out after {took:.1f} s")
