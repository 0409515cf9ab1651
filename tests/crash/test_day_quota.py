"""The vendor's day is nearly used up: workers stop at the reserve, who waits at a page is still served, and a new day goes on by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from integrations import clock
from integrations.http.limits import DAY, SLOTS
from integrations.providers.xero.provider import PROVIDER
from tests.crash.conftest import Installation
from tests.crash.copies import INVOICES, assert_each_once, enqueue
from tests.crash.hastened import Diary, hasten, hastened, xero_of
from tests.crash.seed import OWNER, PASSWORD
from tests.crash.servers import free_port
from tests.crash.test_several_machines import Browser, answers, command, machine
from tests.figures import Figures

pytestmark = [pytest.mark.crash, pytest.mark.parametrize("engine", ["postgres-local"], indirect=True)]

SCALE = 120
LEFT = 2
"""Calls above the reserve; the export needs one more."""
SLOT = DAY / SLOTS


@dataclass
class Scene:
    installation: Installation
    diary: Diary

    def use_up(self) -> float:
        """Nearly all calls of the day were made long ago, by the vendor's count and by ours; returns when they no longer count."""
        day = next(window for window in PROVIDER.limits.windows if window.seconds == DAY)
        made = day.calls - PROVIDER.limits.reserve(day) - LEFT
        slot = int(clock.timestamp() // SLOT) - SLOTS + 2
        usage = json.dumps({"slots": {str(float(DAY)): [[slot, made]]}})
        self.installation.execute(f"UPDATE integrations_limit SET usage = '{usage}'")
        for (_client, tenant), quota in xero_of(self.installation.sandbox).gate.quotas.items():
            if tenant:
                calls = quota.windows["day"]
                calls._taken.clear()
                calls._taken.extend([slot * SLOT + SLOT / 2] * made)
        return (slot + SLOTS) * SLOT + SLOT / 2


@pytest.fixture
def scene(database_url: str, broker: dict[str, str], settings: Any, tmp_path: Path) -> Iterator[Scene]:
    with hastened(database_url, tmp_path, {**broker, **hasten(settings, SCALE)}, INVOICES) as (installation, diary):
        yield Scene(installation, diary)


def test_workers_leave_the_reserve_of_the_day_to_those_who_wait_at_a_page(scene: Scene, engine: str, figures: Figures) -> None:
    installation, port = scene.installation, free_port()
    address = f"http://127.0.0.1:{port}"
    web = [word.replace("127.0.0.1:8000", f"127.0.0.1:{port}") for word in command("gunicorn")]
    page = f"/admin/integrations/{installation.integration}"
    with machine(installation, web, PUBLIC_URL=address), httpx2.Client(base_url=address, follow_redirects=True, timeout=30) as client:
        browser = Browser(client)
        installation.wait_for(lambda: answers(browser), 60, "the web server")
        browser.press("/login/", username=OWNER, password=PASSWORD)
        run = enqueue(installation)
        renewed_at = scene.use_up()
        with installation.working():
            installation.wait_for(lambda: len(scene.diary.api()) == LEFT, 30, "the last calls above the reserve")
            clock.sleep(300)
            assert len(scene.diary.api()) == LEFT
            assert len(installation.books) < INVOICES
            assert "was read:" in browser.press(f"{page}/do/refresh/", source="accounts").text
            assert "cannot" not in browser.press(f"{page}/do/test/").text
            by_people = len(scene.diary.api()) - LEFT
            assert by_people >= 2
            assert clock.timestamp() < renewed_at, "the people were too slow for this test"
            installation.wait_for(lambda: installation.state(run) == "succeeded", 60, "the end of the export")
    assert_each_once(installation, run)
    gone_on = scene.diary.api()[LEFT + by_people :]
    assert gone_on
    assert min(visit.at for visit in gone_on) >= renewed_at
    assert 429 not in {visit.status for visit in scene.diary.api()}
    figures(
        f"day quota, {engine}: workers stopped after {LEFT} calls at the reserve, {by_people} of people went through, "
        f"and {INVOICES} of {INVOICES} once on the new day"
    )
