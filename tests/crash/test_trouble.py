"""Whatever a vendor answers, or does not: in the end it has every invoice once, tries are burnt by failures of items alone, and it is
left alone for as long as it asks. With real workers, over HTTP, on a clock that runs faster, on one database: what a vendor answers is
judged before either is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integrations import clock
from tests.crash.conftest import Installation
from tests.crash.copies import INVOICES, assert_each_once, enqueue
from tests.crash.hastened import Diary, hasten, hastened, tries, xero_of
from tests.figures import Figures

pytestmark = [pytest.mark.crash, pytest.mark.parametrize("engine", ["postgres-local"], indirect=True)]

SCALE = 100
MINUTES = 60.0
WRITES = {"method": "PUT", "path": "*/Invoices"}


@dataclass
class Scene:
    installation: Installation
    diary: Diary

    def misbehave(self, *faults: dict[str, Any]) -> None:
        xero_of(self.installation.sandbox).faults.replace(list(faults))

    def struck(self) -> int:
        return sum(fault.struck for fault in xero_of(self.installation.sandbox).faults.faults)

    def assert_all_arrive(self) -> int:
        """Export all invoices; returns how many tries the unluckiest of them burnt."""
        run = enqueue(self.installation)
        self.installation.works_off(run, within=45)
        assert self.struck() > 0
        assert_each_once(self.installation, run)
        return tries(self.installation)

    def weather(self, fault: dict[str, Any], seconds: float) -> int:
        """Misbehave for so long from the first call on; returns how many calls were struck."""
        self.misbehave(fault)
        self.installation.wait_for(lambda: self.struck() > 0, 30, "the first call of the storm")
        clock.sleep(seconds)
        struck = self.struck()
        self.misbehave()
        return struck


@pytest.fixture
def scene(database_url: str, broker: dict[str, str], settings: Any, tmp_path: Path) -> Iterator[Scene]:
    with hastened(database_url, tmp_path, {**broker, **hasten(settings, SCALE)}, INVOICES) as (installation, diary):
        yield Scene(installation, diary)


@pytest.mark.parametrize(("said", "wait"), [({"retry_after": 300}, 300.0), ({}, 60.0)], ids=["with Retry-After", "without"])
def test_a_vendor_that_is_called_too_often_is_left_alone_for_as_long_as_it_says(
    scene: Scene, engine: str, said: dict[str, int], wait: float, figures: Figures
) -> None:
    scene.misbehave({"kind": "status", "status": 429, **WRITES, **said, "times": 2})
    assert scene.assert_all_arrive() == 0
    visits = scene.diary.api()
    refused = [number for number, visit in enumerate(visits) if visit.status == 429]
    assert len(refused) == 2
    waited = [visits[number + 1].at - visits[number].at for number in refused if number + 1 < len(visits)]
    assert min(waited) >= wait
    asked = f"asked again after {min(waited):.0f} s"
    figures(f"429, {said or 'no Retry-After'}, {engine}: {asked}, {INVOICES} of {INVOICES} once, no try burnt")


STORMS: dict[str, tuple[dict[str, Any], range]] = {
    "500 for everything": ({"path": "*/api.xro/*"}, range(1)),
    "500 for everything, the work done": ({"path": "*/api.xro/*", "after_commit": True}, range(1)),
    "500 for writes alone": (WRITES, range(1, 12)),
    "500 for half of the calls": ({"probability": 0.5}, range(12)),
}


@pytest.mark.parametrize("storm", STORMS)
def test_a_storm_of_errors_passes(scene: Scene, engine: str, storm: str, figures: Figures) -> None:
    rule, burnt = STORMS[storm]
    run = enqueue(scene.installation)
    with scene.installation.working():
        struck = scene.weather({"kind": "status", "status": 500, **rule}, 12 * MINUTES)
        scene.installation.wait_for(lambda: scene.installation.state(run) == "succeeded", 45, "the end of the export")
    assert_each_once(scene.installation, run)
    most = tries(scene.installation)
    assert most in burnt
    figures(f"{storm} for 12 minutes, {engine}: {struck} calls failed, {INVOICES} of {INVOICES} once, at most {most} tries burnt")


LOST = {
    "a timeout before the work": {"kind": "timeout", "times": 2},
    "a timeout after the work": {"kind": "lost_answer", "seconds": 10 * SCALE, "times": 2},
    "half an answer": {"kind": "truncated", "times": 3},
    "an answer that is no JSON": {"kind": "not_json", "times": 3},
    "an answer of the wrong type": {"kind": "wrong_type", "times": 3},
}


@pytest.mark.parametrize("loss", LOST)
def test_an_answer_that_is_lost_or_spoilt_costs_nothing(scene: Scene, engine: str, loss: str, figures: Figures) -> None:
    scene.misbehave({**WRITES, **LOST[loss]})
    assert scene.assert_all_arrive() == 0
    assert scene.struck() == LOST[loss]["times"]
    figures(f"{loss}, {engine}: {INVOICES} of {INVOICES} once, no try burnt")


def test_half_of_a_batch_that_is_refused_waits_for_a_person_and_the_rest_is_kept(scene: Scene, engine: str, figures: Figures) -> None:
    scene.misbehave({"kind": "half_failed", **WRITES, "times": 1, "message": "Not today."})
    run = enqueue(scene.installation)
    scene.installation.works_off(run, within=30)
    assert scene.installation.state(run) == "partial"
    refused = "SELECT COUNT(*), MIN(message), MAX(tries) FROM integrations_outboxitem WHERE state = 'rejected'"
    assert scene.installation.query(refused) == [(25, "Not today.", 0)]
    assert len(scene.installation.books) == INVOICES - 25
    scene.installation.manage("retry", str(scene.installation.integration))
    scene.installation.works_off(run, within=30)
    assert_each_once(scene.installation, run)
    figures(f"half of a batch refused, {engine}: 25 rejected in the vendor's words, {INVOICES} of {INVOICES} once after a retry")
