"""Whatever happens in whatever order: nothing is lost, nothing doubled, and it all comes to an end."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from integrations.models import Integration
from tests.books import make_xero
from tests.figures import Figures
from tests.integrations.sync.desk import Desk
from tests.integrations.sync.machine import RECORDS, Exporting, Stage
from tests.integrations.sync.mortals import listening
from tests.integrations.sync.wire import Hands, Wire

STEPS_EACH = 100
EXAMPLES = int(os.environ.get("STATE_MACHINE_EXAMPLES", "3"))
"""The crash stage wants many more."""


@pytest.fixture
def stage(wired: Desk, wire: Wire, hands: Hands, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    wired.invoices(RECORDS)
    made = Stage(wired, wire, hands, make_xero(wired.books, export_number=False, payments_import=False).pk)
    monkeypatch.setattr(Integration, "declaration", property(lambda integration: made.provider))
    with listening():
        yield made


def test_whatever_happens_nothing_is_lost_or_doubled(stage: Stage, monkeypatch: pytest.MonkeyPatch, figures: Figures) -> None:
    monkeypatch.setattr(Exporting, "stage", stage, raising=False)
    steps = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS_EACH,
        derandomize=True,
        print_blob=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Exporting, settings=steps)
    assert stage.drained >= EXAMPLES
    assert stage.steps["all"] >= EXAMPLES * STEPS_EACH / 2
    died, slept = (sum(count for name, count in stage.steps.items() if name.startswith(what)) for what in ("died", "slept"))
    figures(
        f"state machine of an export, {connection.vendor}: {stage.steps['all']} steps in {stage.drained} histories, "
        f"{died} workers died, {slept} slept, {stage.steps['stale']} of them beyond their fence: 0 lost, 0 doubled, all drained"
    )
