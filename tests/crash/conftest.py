"""Installations to kill: real processes on a database of their own, with a sandbox that counts what it received."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from integrations.providers.xero.sandbox import XeroSandbox
from integrations.sandbox.server import SandboxServer, running_sandbox

LEASE_SECONDS = 2
POSTGRES = os.environ.get("CRASH_POSTGRES", "postgres://postgres@127.0.0.1:5432")
PATIENCE = 600  # seconds that a command may take, also on a machine that has much else to do
NO_VENDOR = "http://127.0.0.1:1"  # where nobody listens
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Installation:
    """One installation: commands run as processes of their own, which write what they say to files in `folder`."""

    database_url: str
    server: SandboxServer | None
    folder: Path
    more: dict[str, str] = field(default_factory=dict)
    integration: int = 0
    environment: dict[str, str] = field(init=False)
    arguments: str = ""
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": self.database_url,
            "SANDBOX_URL": self.server.url if self.server else NO_VENDOR,
            "LEASE_SECONDS": str(LEASE_SECONDS),
            "HTTP_TIMEOUT_SECONDS": "1",
            **self.more,
        }

    @property
    def sandbox(self) -> SandboxServer:
        assert self.server is not None
        return self.server

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    def use(self, database_url: str) -> None:
        """Have another database from now on."""
        self.database_url = self.environment["DATABASE_URL"] = database_url

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        with (self.folder / f"{len(self.processes) + 1}.err").open("w") as errors:
            started = subprocess.Popen(
                [sys.executable, *arguments],
                env={**self.environment, **more},
                cwd=ROOT,
                text=True,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self.processes.append(started)
        return started

    def end(self) -> None:
        """Whatever a test that failed has left behind, running or asleep."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()

    @property
    def said(self) -> str:
        """What all of them wrote to their logs."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.err")))

    def assert_no_secret_was_told(self) -> None:
        """Nothing that the vendors ever gave out, and no key, stands in a log or among the arguments of a process."""
        given = {secret for sandbox in self.sandbox.sandboxes.values() for secret in sandbox.secrets()}
        keys = {entry.partition(":")[2] for entry in self.environment["ENCRYPTION_KEYS"].split(",")}
        told = self.said + self.arguments
        assert given
        assert not [secret for secret in {*given, *keys, self.environment["SECRET_KEY"]} if secret in told]

    def run(self, *arguments: str, **more: str) -> str:
        process = self.start(*arguments, **more)
        output, _errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, self.said[-3000:]
        return output

    def manage(self, *arguments: str, **more: str) -> str:
        return self.run("manage.py", *arguments, **more)

    def dies_at(self, event: str, *command: str, **wanted: str) -> float:
        """Run a worker (or another command that works) that is killed at that point, see that it was, and tell when."""
        arguments = [*(f"{name}={value}" for name, value in wanted.items()), *(["--", *command] if command else [])]
        process = self.start("-m", "tests.crash.dying_worker", "SIGKILL", event, *arguments)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, f"the worker was not killed at {event}: {self.said[-3000:]}"
        return time.time()

    @contextmanager
    def working(self, *arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
        """A worker that does its work meanwhile, and has to end when it is told to."""
        worker = self.start("manage.py", "worker", "--threads", "2", *arguments, **more)
        try:
            yield worker
            self.arguments += Path(f"/proc/{worker.pid}/cmdline").read_text()
        finally:
            worker.terminate()
            worker.communicate(timeout=60)

    def wait_for(self, what: Callable[[], bool], within: float, why: str) -> None:
        began = time.monotonic()
        while not what():
            assert time.monotonic() - began < within, f"{why} did not come within {within} seconds: {self.said[-3000:]}"
            time.sleep(0.05)

    def works_off(self, run: int, within: float) -> None:
        """Run a worker until the run is finished."""
        with self.working():
            self.wait_for(lambda: self.state(run) not in {"running", "queued"}, within, f"the end of run {run}")

    def fence(self, run: int) -> int:
        """How often the run was taken."""
        return int(str(self.query(f"SELECT fence FROM integrations_run WHERE id = {run}")[0][0]))

    def finished_at(self, run: int) -> float:
        """When, in seconds since 1970."""
        seconds = "(julianday(finished_at) - 2440587.5) * 86400" if self.is_sqlite else "EXTRACT(EPOCH FROM finished_at)"
        return float(str(self.query(f"SELECT {seconds} FROM integrations_run WHERE id = {run}")[0][0]))

    def query(self, sql: str) -> list[tuple[object, ...]]:
        if self.is_sqlite:
            import sqlite3

            connection = sqlite3.connect(self.database_url.removeprefix("sqlite:///"), timeout=20)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(sql).fetchall()

    def execute(self, sql: str) -> None:
        """Change rows as no command would."""
        if self.database_url.startswith("sqlite"):
            import sqlite3

            connection = sqlite3.connect(self.database_url.removeprefix("sqlite:///"), timeout=20)
            with connection:
                connection.execute(sql)
            connection.close()
        else:
            with psycopg.connect(self.database_url) as postgres:
                postgres.execute(sql)

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
def postgres() -> None:
    """That there is one."""
    try:
        psycopg.connect(f"{POSTGRES}/postgres", connect_timeout=3).close()
    except psycopg.OperationalError as error:
        pytest.skip(f"PostgreSQL is not to be had at CRASH_POSTGRES={POSTGRES}: {error}")


@pytest.fixture(scope="session")
def migrated_postgres(postgres: None) -> Iterator[str]:
    with new_postgres() as url:
        migrate(url)
        yield url.rpartition("/")[2]


BROKER = os.environ.get("CRASH_BROKER", "amqp://guest:guest@127.0.0.1:5672//")


@pytest.fixture(params=["sqlite-local", "postgres-local", "postgres-celery"])
def engine(request: pytest.FixtureRequest) -> str:
    """Database and engine of the installation."""
    return str(request.param)


@contextmanager
def new_database(request: pytest.FixtureRequest, engine: str, folder: Path) -> Iterator[str]:
    """The address of a migrated and empty one, which is gone after the block."""
    if engine.startswith("sqlite"):
        shutil.copy(request.getfixturevalue("migrated_sqlite"), folder / "patchbay.sqlite3")
        yield f"sqlite:///{folder / 'patchbay.sqlite3'}"
        return
    with new_postgres(request.getfixturevalue("migrated_postgres")) as url:
        yield url


@contextmanager
def new_postgres(template: str = "template0") -> Iterator[str]:
    name = f"crash_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        yield f"{POSTGRES}/{name}"
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def database_url(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> Iterator[str]:
    with new_database(request, engine, tmp_path) as url:
        yield url


@pytest.fixture
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Installation]]:
    """Makes installations with nothing in them, each in a folder of its own; vendors are not there."""
    with ExitStack() as stack:

        def make(engine: str) -> Installation:
            folder = tmp_path / uuid.uuid4().hex[:8]
            folder.mkdir()
            return Installation(stack.enter_context(new_database(request, engine, folder)), None, folder)

        yield make


@pytest.fixture
def broker(engine: str) -> dict[str, str]:
    """What the environment says of the engine. Each installation has a queue of its own."""
    if not engine.endswith("celery"):
        return {}
    address = urlsplit(BROKER)
    try:
        socket.create_connection((address.hostname or "127.0.0.1", address.port or 5672), timeout=3).close()
    except OSError as error:
        pytest.skip(f"A broker is not to be had at CRASH_BROKER={address.hostname}:{address.port}: {error}")
    return {"TASK_ENGINE": "celery", "BROKER_URL": BROKER, "BROKER_QUEUE": f"crash-{uuid.uuid4().hex[:8]}"}


@pytest.fixture
def installation(database_url: str, broker: dict[str, str], tmp_path: Path) -> Iterator[Installation]:
    """Connected, with 120 finalised invoices, none of them copied yet."""
    with running_sandbox() as server:
        made = Installation(database_url, server, tmp_path, broker)
        made.integration = int(made.run("-m", "tests.crash.seed", "xero", "120"))
        try:
            yield made
        finally:
            made.end()
        made.assert_no_secret_was_told()
