"""Installations to kill: real processes on a database of their own, with a sandbox that counts what it received."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from integrations.providers.xero.sandbox import XeroSandbox
from integrations.sandbox.server import SandboxServer, running_sandbox

LEASE_SECONDS = 2
POSTGRES = os.environ.get("CRASH_POSTGRES", "postgres://postgres@127.0.0.1:5432")
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Installation:
    """One installation: commands run as processes of their own."""

    database_url: str
    sandbox: SandboxServer
    integration: int = 0
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": self.database_url,
            "SANDBOX_URL": self.sandbox.url,
            "LEASE_SECONDS": str(LEASE_SECONDS),
            "HTTP_TIMEOUT_SECONDS": "20",
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, env=self.environment, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments: str) -> str:
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        return output

    def manage(self, *arguments: str) -> str:
        return self.run("manage.py", *arguments)

    def dies_at(self, event: str) -> None:
        """Run a worker that is killed at that point, and see that it was."""
        process = self.start("-m", "tests.crash.dying_worker", event)
        _output, errors = process.communicate(timeout=60)
        assert process.returncode == -9, f"the worker was not killed at {event}: {errors}"

    def works_off(self, run: int, within: float) -> float:
        """Run workers until the run is finished; the seconds it took, at most `within`."""
        began = time.monotonic()
        worker = self.start("manage.py", "worker", "--threads", "2")
        try:
            while self.state(run) in {"running", "queued"}:
                assert time.monotonic() - began < within, f"run {run} was not finished within {within} seconds"
                time.sleep(0.1)
        finally:
            worker.terminate()
            worker.communicate(timeout=60)
        return time.monotonic() - began

    def query(self, sql: str) -> list[tuple[object, ...]]:
        if self.database_url.startswith("sqlite"):
            import sqlite3

            connection = sqlite3.connect(self.database_url.removeprefix("sqlite:///"), timeout=20)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(sql).fetchall()

    def state(self, run: int) -> str:
        return str(self.query(f"SELECT state FROM integrations_run WHERE id = {run}")[0][0])

    @property
    def books(self) -> Counter[str]:
        """How often each of our references stands on an invoice at the sandbox."""
        return Counter(str(row.get("Url")).rpartition("copy=")[2] for row in self.received("invoices"))

    def received(self, kind: str) -> list[dict[str, object]]:
        sandbox = self.sandbox.sandboxes["xero"]
        assert isinstance(sandbox, XeroSandbox)
        return list(sandbox.state()["records"][kind])


def migrate(database_url: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database_url}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=environment, cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("crash") / "template.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[str]:
    name = f"crash_template_{uuid.uuid4().hex[:8]}"
    try:
        connection = psycopg.connect(f"{POSTGRES}/postgres", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"PostgreSQL is not to be had at CRASH_POSTGRES={POSTGRES}: {error}")
    with connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        migrate(f"{POSTGRES}/{name}")
        yield name
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "crash.sqlite3")
        yield f"sqlite:///{tmp_path / 'crash.sqlite3'}"
        return
    template, name = request.getfixturevalue("migrated_postgres"), f"crash_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        yield f"{POSTGRES}/{name}"
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def installation(database_url: str) -> Iterator[Installation]:
    """Connected, with 120 finalised invoices, none of them copied yet."""
    with running_sandbox() as server:
        made = Installation(database_url, server)
        made.integration = int(made.run("-m", "tests.crash.seed", "120"))
        yield made
