"""A vendor that is down for an hour: it is hardly asked meanwhile, no record pays for it, and soon after it is back all is done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from integrations import clock
from integrations.sandbox.server import running_sandbox
from tests.crash.conftest import Installation
from tests.crash.copies import assert_each_once, enqueue
from tests.crash.hastened import Diary, hasten, hastened, tries, xero_of
from tests.figures import Figures

pytestmark = pytest.mark.crash

SCALE = 80
WAITING = 500
HOUR, TEN_MINUTES = 3600.0, 600.0
MOST_PROBES = 70


class Outage(ABC):
    """Begins when it is made; `end` brings the vendor back as it was."""

    def __init__(self, installation: Installation, diary: Diary) -> None:
        self.installation, self.diary = installation, diary
        self.begin()
        self._before = self.calls()

    @property
    def probes(self) -> int:
        return self.calls() - self._before

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def calls(self) -> int:
        """All calls so far."""

    @abstractmethod
    def end(self, stack: ExitStack) -> None: ...


class Refusing(Outage):
    """Nobody listens at the vendor's address. What was tried stands in the workers' log."""

    def begin(self) -> None:
        self.installation.sandbox.close()

    def calls(self) -> int:
        return sum('"event": "called"' in line for line in self.installation.said.splitlines())

    def end(self, stack: ExitStack) -> None:
        server = self.installation.sandbox
        for sandbox in server.sandboxes.values():
            sandbox.stopping.clear()
        stack.enter_context(running_sandbox(int(server.server_address[1]), sandboxes=server.sandboxes))


class Unavailable(Outage):
    """Everything is answered with 503, also who asks for new tokens."""

    def begin(self) -> None:
        xero_of(self.installation.sandbox).faults.replace({"kind": "status", "status": 503})

    def calls(self) -> int:
        return len(self.diary.visits)

    def end(self, stack: ExitStack) -> None:
        xero_of(self.installation.sandbox).faults.replace([])


@pytest.mark.parametrize(("outage", "engine"), [(Refusing, "sqlite-local"), (Unavailable, "postgres-local")], indirect=["engine"])
def test_an_hour_without_the_vendor_costs_few_calls_and_no_try(
    outage: type[Outage], engine: str, database_url: str, broker: dict[str, str], settings: Any, tmp_path: Path, figures: Figures
) -> None:
    environment = {**broker, **hasten(settings, SCALE), "LOG_LEVEL": "INFO"}
    with hastened(database_url, tmp_path, environment, WAITING) as (installation, diary), ExitStack() as stack:
        run = enqueue(installation)
        down = outage(installation, diary)
        with installation.working():
            installation.wait_for(lambda: down.probes > 0, 30, "the first call")
            clock.sleep(HOUR)
            probed = down.probes
            assert tries(installation) == 0
            assert installation.books == {}
            down.end(stack)
            back_at = clock.timestamp()
            installation.wait_for(lambda: installation.state(run) == "succeeded", 60, "the end of the export")
        drained = installation.finished_at(run) - back_at
        assert_each_once(installation, run, WAITING)
    assert 10 < probed <= MOST_PROBES
    assert tries(installation) == 0
    assert drained <= TEN_MINUTES
    figures(
        f"vendor {outage.__name__.lower()} for an hour, {engine}: {probed} calls meanwhile, no try burnt, "
        f"{WAITING} of {WAITING} once {drained:.0f} s after it was back"
    )
