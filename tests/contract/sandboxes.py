"""The sandboxes as fixtures: whatever a test drives through them is held against the vendors' descriptions when the test ends."""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings

from integrations.sandbox.exchange import Exchange
from integrations.sandbox.server import SandboxServer, running_sandbox
from tests.contract.specs import Description, Violation, assert_conforms


@dataclass
class Witness:
    """Sees every exchange of the running sandboxes, and checks them against the descriptions."""

    server: SandboxServer
    seen: list[tuple[str, Exchange, bool]] = field(default_factory=list)
    _deliberate: bool = False

    @contextmanager
    def deliberately_wrong(self) -> Iterator[None]:
        """What is asked inside the block is wrong on purpose: only the answers are checked."""
        self._deliberate = True
        try:
            yield
        finally:
            self._deliberate = False

    def watch(self) -> None:
        for slug, sandbox in self.server.sandboxes.items():
            sandbox.watchers.append(lambda exchange, slug=slug: self.seen.append((slug, exchange, self._deliberate)))

    def check(self, folder: Path) -> None:
        """Raise `Violation` that names every exchange which is not as described."""
        found: list[str] = []
        for slug, exchange, deliberate in self.seen:
            for description in descriptions(slug):
                if not description.covers(exchange.request.path):
                    continue
                try:
                    assert_conforms(exchange, description.load(folder), with_request=not deliberate)
                except Violation as violation:
                    found.append(str(violation))
                break
        if found:
            raise Violation("\n".join(found[:5]))


def descriptions(slug: str) -> list[Description]:
    """Those of `tests/providers/<slug>/descriptions.py`; the first that covers an address is the one that counts."""
    name = f"tests.providers.{slug}.descriptions"
    if importlib.util.find_spec(name) is None:
        return []
    return list(importlib.import_module(name).DESCRIPTIONS)


@pytest.fixture
def witness() -> Iterator[Witness]:
    """The sandboxes of all installed providers, on a free port, with clean books, under observation."""
    with running_sandbox() as server:
        watching = Witness(server)
        watching.watch()
        yield watching
    if settings.SPECS_DIR is not None and settings.SPECS_DIR.is_dir():
        watching.check(settings.SPECS_DIR)


@pytest.fixture
def sandbox_server(witness: Witness) -> SandboxServer:
    return witness.server


@pytest.fixture
def later(settings) -> Callable[[float], None]:
    """Let so many seconds pass at once, for everything that reads `integrations.clock`."""

    def jump(seconds: float) -> None:
        if settings.CLOCK_SCALE == 1:
            settings.CLOCK_SCALE, settings.CLOCK_EPOCH = 1.001, time.time()
        settings.CLOCK_EPOCH -= seconds / (settings.CLOCK_SCALE - 1)

    return jump
