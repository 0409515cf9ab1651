"""Installations whose clock runs faster than real time, in every process and in the sandbox, which keeps what came when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from integrations import clock
from integrations.providers.xero.sandbox import XeroSandbox
from integrations.sandbox.exchange import Exchange
from integrations.sandbox.server import SandboxServer, running_sandbox
from tests.crash.conftest import Installation

HTTP_SECONDS = 1  # real ones


@dataclass
class Visit:
    """One call as the vendor saw it; `at` in seconds of the fast clock, when it was answered."""

    at: float
    method: str
    path: str
    status: int


@dataclass
class Diary:
    """What the vendor was asked, in order."""

    visits: list[Visit] = field(default_factory=list)

    def __call__(self, exchange: Exchange) -> None:
        self.visits.append(Visit(clock.timestamp(), exchange.request.method, exchange.request.path, exchange.reply.status))

    def api(self) -> list[Visit]:
        """The calls beside those that sign in."""
        return [visit for visit in self.visits if "/api.xro/" in visit.path]

    def writes(self, path: str = "/Invoices") -> list[Visit]:
        return [visit for visit in self.visits if visit.method in {"PUT", "POST"} and visit.path.endswith(path)]


def xero_of(server: SandboxServer) -> XeroSandbox:
    sandbox = server.sandboxes["xero"]
    assert isinstance(sandbox, XeroSandbox)
    return sandbox


def hasten(settings: Any, scale: float) -> dict[str, str]:
    """From now on the clock of this process is so much faster; the environment of others that shall share it."""
    settings.CLOCK_SCALE, settings.CLOCK_EPOCH = scale, time.time()
    return {
        "CLOCK_SCALE": str(scale),
        "CLOCK_EPOCH": repr(settings.CLOCK_EPOCH),
        "HTTP_TIMEOUT_SECONDS": str(HTTP_SECONDS),
        "LEASE_SECONDS": str(4 * HTTP_SECONDS * scale),
    }


@contextmanager
def hastened(database_url: str, folder: Path, environment: dict[str, str], invoices: int) -> Iterator[tuple[Installation, Diary]]:
    """Connected, with so many finalised invoices that are not copied yet, and the diary of the vendor."""
    with running_sandbox() as server:
        installation = Installation(database_url, server, folder, environment)
        installation.integration = int(installation.run("-m", "tests.crash.seed", "xero", str(invoices)))
        diary = Diary()
        xero_of(server).watchers.append(diary)
        yield installation, diary


def tries(installation: Installation) -> int:
    """The most that any invoice has burnt."""
    return int(str(installation.query("SELECT MAX(tries) FROM integrations_outboxitem WHERE kind = 'invoice'")[0][0]))
