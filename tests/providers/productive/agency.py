"""An organization with its Productive connected, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Organization
from integrations import clock
from integrations.models import Action, Run, Stream
from integrations.providers.productive.listings import BUNDLES
from integrations.providers.productive.models import ProductiveIntegration
from integrations.providers.productive.sandbox import ProductiveSandbox
from integrations.sandbox.exchange import Exchange
from integrations.sandbox.server import SandboxServer
from integrations.sync import connections, runs
from integrations.sync.turns import next_due_at, take_turn

TURNS = 100


@dataclass
class Agency:
    """`later(seconds)` lets time pass; nothing begins by itself but what is to be written."""

    organization: Organization
    server: SandboxServer
    later: Callable[[float], None]
    integration: Any = None
    exchanges: list[Exchange] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.productive.watchers.append(self.exchanges.append)
        self.integration = ProductiveIntegration.everywhere.create(
            organization=self.organization, provider="productive", name="Productive", pulls_pay=True
        )
        self.connect()

    @property
    def productive(self) -> ProductiveSandbox:
        found = self.server.sandboxes["productive"]
        assert isinstance(found, ProductiveSandbox)
        return found

    def connect(self) -> None:
        keys = {"token": self.productive.token, "organization_id": self.productive.organization_id}
        connections.connect_with(self.integration, keys, None)
        self.integration.refresh_from_db()
        self.rest()

    def rest(self) -> None:
        Stream.everywhere.update(next_run_at=clock.now() + timedelta(days=3650))

    def bring(self, kind: str, **how: Any) -> Run:
        return self.work(runs.start(self.integration, Action.IMPORT, kind, **how), self.integration)

    def bring_all(self) -> None:
        for kind in BUNDLES:
            run = self.bring(kind)
            assert run.state == "succeeded", (kind, run.message)

    def work(self, run: Run, integration: Any) -> Run:
        for _turn in range(TURNS):
            run.refresh_from_db()
            if run.is_finished:
                return run
            if not take_turn(integration.pk):
                due = run.lease_until or next_due_at(integration.pk)
                assert due is not None
                self.later(max(0.0, (due - clock.now()).total_seconds()) + 0.01)
        pytest.fail(f"Run {run.pk} does not come to an end: {run.state} {run.message}")

    def write(self) -> None:
        """Let go what waits to be written to Productive."""
        for _turn in range(TURNS):
            if not take_turn(self.integration.pk):
                return

    def there(self, path: str, remote_id: str) -> dict[str, Any]:
        """Attributes of a resource, as they are in Productive now."""
        return self.productive.store.of(path)[remote_id].attributes

    def calls(self, since: int) -> list[str]:
        return [f"{exchange.request.method} {exchange.request.path}" for exchange in self.exchanges[since:]]
