"""Sixteen processes that use one connection: whenever its access ends, one of them renews it, and the single-use token is used once."""

from __future__ import annotations

import os
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import django
import pytest
from msgspec import structs

from integrations import clock
from integrations.sandbox.exchange import Exchange
from tests.crash.hastened import hasten, hastened, xero_of
from tests.figures import Figures

pytestmark = [pytest.mark.crash, pytest.mark.long]

PROCESSES, EXPIRIES = 16, 100
SCALE = 60.0
MARGIN, LIFE = 300, 330
"""Seconds: how long before its end access is renewed, and how long it lives. So it is due every half minute of the fast clock."""


def use(integration_id: int, stop: Path) -> None:
    """What each process does: use the connection again and again, until the file is there."""
    django.setup()
    from accounts.tenancy import within
    from integrations.errors import RateLimited
    from integrations.models import Integration
    from integrations.sync.calling import open_client

    integration = Integration.everywhere.select_related("organization").get(pk=integration_id)
    with within(integration.organization):
        while not stop.exists():
            try:
                integration.declaration.checks[0].run(open_client(integration))
            except RateLimited as error:
                clock.sleep(min(error.retry_after, 5))
            time.sleep(0.25)


@pytest.mark.parametrize("engine", ["sqlite-local", "postgres-local"], indirect=True)
def test_sixteen_processes_renew_once_for_each_of_a_hundred_expiries(
    database_url: str, engine: str, settings: Any, tmp_path: Path, figures: Figures
) -> None:
    environment = {**hasten(settings, SCALE), "HTTP_TIMEOUT_SECONDS": "10"}
    with hastened(database_url, tmp_path, environment, invoices=1) as (installation, _diary):
        sandbox = xero_of(installation.sandbox)
        answered: list[tuple[float, int]] = []
        refused: list[int] = []

        def watch(exchange: Exchange) -> None:
            if b"grant_type=refresh_token" in exchange.request.body:
                answered.append((clock.timestamp(), exchange.reply.status))
            elif exchange.reply.status == 401:
                refused.append(401)

        sandbox.watchers.append(watch)
        sandbox.authorization.lifetimes = structs.replace(sandbox.authorization.lifetimes, grace=0, access=LIFE)
        installation.manage("connect", str(installation.integration))
        stop, began = tmp_path / "stop", time.monotonic()
        arguments = ("-m", "tests.crash.test_refreshing", str(installation.integration), str(stop))
        users = [installation.start(*arguments) for _process in range(PROCESSES)]
        try:
            installation.wait_for(lambda: len(answered) >= EXPIRIES, 240, f"{EXPIRIES} renewals")
        finally:
            stop.touch()
            for user in users:
                user.communicate(timeout=60)
        assert [user.returncode for user in users] == [0] * PROCESSES, installation.said[-3000:]
        assert {status for _at, status in answered} == {200}
        assert refused == []
        apart = [later - earlier for (earlier, _), (later, _) in pairwise(answered)]
        assert min(apart) >= LIFE - MARGIN - 1, "two renewed the same access"
        versions = int(str(installation.query("SELECT version FROM integrations_credential")[0][0]))
        assert versions >= len(answered)
        assert installation.query("SELECT connection FROM integrations_integration") == [("connected",)]
        assert installation.query("SELECT COUNT(*) FROM integrations_incident") == [(0,)]
        figures(
            f"{PROCESSES} processes, {engine}: {len(answered)} expiries, {len(answered)} refreshes, 0 refused, "
            f"{time.monotonic() - began:.0f} s"
        )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    use(int(sys.argv[1]), Path(sys.argv[2]))
