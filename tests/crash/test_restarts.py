"""Database and broker go away in the middle of an export, and come back: the workers stay, and everything arrives once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.sandbox.server import running_sandbox
from tests.crash.conftest import BROKER, Installation, migrate
from tests.crash.copies import INVOICES, assert_each_once, enqueue
from tests.crash.servers import OwnPostgres, OwnRabbit, OwnRedis, Server
from tests.figures import Figures

pytestmark = pytest.mark.crash

BROKERS: dict[str, type[Server]] = {"redis": OwnRedis, "rabbitmq": OwnRabbit}


def install(database_url: str, folder: Path, more: dict[str, str]) -> Iterator[Installation]:
    with running_sandbox() as server:
        made = Installation(database_url, server, folder, more)
        made.integration = int(made.run("-m", "tests.crash.seed", "xero", str(INVOICES)))
        yield made


def celery(broker_url: str) -> dict[str, str]:
    return {"TASK_ENGINE": "celery", "BROKER_URL": broker_url, "BROKER_QUEUE": f"crash-{uuid.uuid4().hex[:8]}"}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnPostgres]:
    server = OwnPostgres(tmp_path_factory.mktemp("own") / "postgres")
    yield server
    server.stop()


def export_and_restart(installation: Installation, server: Server) -> None:
    """Restart the server once the vendor has the first invoices, and wait for the end of the export."""
    run = enqueue(installation)
    installation.sandbox.sandboxes["xero"].faults.replace({"kind": "latency", "path": "*/Invoices", "seconds": 0.6})
    with installation.working() as worker:
        installation.wait_for(lambda: len(installation.books) > 0, 30, "the vendor's first invoice")
        assert len(installation.books) < INVOICES
        server.restart()
        installation.wait_for(lambda: installation.state(run) not in {"running", "queued"}, 60, "the end of the export")
        assert worker.poll() is None
    assert_each_once(installation, run)


@pytest.mark.parametrize("engine", ["local", "celery"])
def test_a_database_that_restarts_in_the_middle_loses_and_doubles_nothing(
    database: OwnPostgres, engine: str, tmp_path: Path, figures: Figures
) -> None:
    with_name = f"{database.url.rpartition('/')[0]}/{engine}"
    installation = next(made := prepared(database, with_name, tmp_path, celery(BROKER) if engine == "celery" else {}))
    export_and_restart(installation, database)
    figures(f"PostgreSQL killed and started in the middle, {engine}: {INVOICES} of {INVOICES} once, the worker stayed")
    made.close()


def prepared(database: OwnPostgres, url: str, folder: Path, more: dict[str, str]) -> Iterator[Installation]:
    import psycopg

    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{url.rpartition("/")[2]}"')
    migrate(url)
    yield from install(url, folder, more)


@pytest.mark.parametrize("engine", ["postgres-celery"], indirect=True)
@pytest.mark.parametrize("kind", BROKERS)
def test_a_broker_that_restarts_in_the_middle_loses_and_doubles_nothing(
    database_url: str, kind: str, tmp_path: Path, figures: Figures
) -> None:
    broker = BROKERS[kind](tmp_path / "broker")
    try:
        for installation in install(database_url, tmp_path, celery(broker.url)):
            export_and_restart(installation, broker)
    finally:
        broker.stop()
    figures(f"{kind} killed and started in the middle: {INVOICES} of {INVOICES} once, the worker stayed")
