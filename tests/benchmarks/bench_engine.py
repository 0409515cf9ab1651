"""What the engine adds to the simplest loop that sends the same requests to the same vendor; workers side by side; memory in the long run.

    python -m tests.benchmarks.bench_engine [--items 100000]

The vendor is one that takes records fifty at a time and does nothing else, 50 ms away (0 ms where CPU and memory are measured).
On PostgreSQL where BENCH_POSTGRES answers, else on SQLite, in a database of its own. Prints one table and fails when a figure is
beyond its bound:

speed       seconds for an item with one worker of one thread : those of the bare loop, one request after the other
cpu         our CPU for an item : that of the bare loop which sends items one by one, as a program without an outbox would
cpu, 50     the same against the bare loop that sends fifty a request
2 workers   items a second of two workers : of one
4 workers   items a second of four workers : of one
memory      of a worker with four threads after all of the items : after a fifth of them
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.plain_vendor import BATCH, PATH

LATENCY, SOME = 0.05, 4_000
MOST = {"speed": 6.0, "cpu": 3.5, "cpu, 50": 120.0, "memory": 1.05}
LEAST = {"2 workers": 1.2, "4 workers": 1.2}
POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432")
TOKEN = "x1" * 400


@contextmanager
def vendor(latency: float) -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.plain_vendor", str(latency)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        os.environ["XERO_BASE_URL"] = f"http://127.0.0.1:{(port := int(process.stdout.readline()))}"
        yield port
        process.kill()


@contextmanager
def database() -> Iterator[str]:
    import psycopg

    name = f"bench_{uuid.uuid4().hex[:8]}"
    try:
        connection = psycopg.connect(f"{POSTGRES}/postgres", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/bench.sqlite3"
        return
    with connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield f"{POSTGRES}/{name}"
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@dataclass
class Office:
    """One organization with a connected integration; `fill` gives it companies that were never exported."""

    organization: Any
    integration: Any
    companies: int = 0

    def fill(self, count: int) -> None:
        from integrations.records.models import Company

        first = self.companies
        self.companies += count
        rows = (
            Company(organization=self.organization, name=f"Customer {n}", vat=f"DE{n:09}", default_currency="EUR")
            for n in range(first, self.companies)
        )
        Company.everywhere.bulk_create(rows, batch_size=2_000)

    def start(self) -> Any:
        from accounts.tenancy import within
        from integrations.sync.runs import start_export

        with within(self.organization):
            return start_export(self.integration, "company")


def make_office() -> Office:
    from datetime import timedelta

    from accounts.models import Organization
    from integrations import clock
    from integrations.auth.oauth2 import TokenSet
    from integrations.models import Connection
    from integrations.providers.xero.models import XeroIntegration
    from integrations.sync import credentials

    organization = Organization.objects.create(name="Bench", slug="bench")
    integration = XeroIntegration.everywhere.create(
        organization=organization, provider="xero", name="Plain", realm_id="plain", connection=Connection.CONNECTED
    )
    token = TokenSet(access_token=TOKEN, expires_at=clock.now() + timedelta(days=1))
    credentials.keep(integration, token)
    return Office(organization, integration)


class Workers:
    """Worker processes that are ready when the block begins, and end when it does."""

    def __init__(self, count: int, threads: int) -> None:
        self._command = [sys.executable, "-m", "tests.benchmarks.plain_vendor", "worker", str(threads)]
        self._count = count
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Workers:
        from integrations.models import Worker

        self.processes = [subprocess.Popen(self._command, stderr=subprocess.DEVNULL) for _ in range(self._count)]
        while Worker.objects.count() < self._count:
            assert all(process.poll() is None for process in self.processes), "a worker ended before it had begun"
            time.sleep(0.05)
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()

    def cpu(self) -> float:
        """Seconds, of all of them."""
        return sum(sum(map(int, _stat(process.pid)[11:13])) for process in self.processes) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Of the first."""
        status = Path(f"/proc/{self.processes[0].pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def finished(run: Any) -> bool:
    run.refresh_from_db()
    return bool(run.is_finished)


def work_off(office: Office, count: int, workers: int) -> tuple[float, float]:
    """Seconds, and our CPU seconds, for that many items."""
    office.fill(count)
    with Workers(workers, threads=1) as running:
        used = running.cpu()
        run = office.start()
        began = time.monotonic()
        while not finished(run):
            time.sleep(0.02)
        elapsed, used = time.monotonic() - began, running.cpu() - used
    assert (run.succeeded, run.rejected) == (count, 0), (run.state, run.succeeded, run.rejected)
    return elapsed, used


def bare_loop(port: int, count: int, size: int) -> tuple[float, float]:
    """The same for the simplest program that sends the same rows, `size` a request: serialise, send, read the answer."""
    import httpx2

    rows = [{"reference": f"tag-company-{n}-1", "name": f"Customer {n}", "vat": f"DE{n:09}", "currency": "EUR"} for n in range(count)]
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
        began, used = time.monotonic(), _cpu()
        for start in range(0, count, size):
            answer = client.put(PATH, content=json.dumps(rows[start : start + size]))
            assert len(answer.json()) == len(rows[start : start + size])
        return time.monotonic() - began, _cpu() - used


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def long_run(office: Office, items: int) -> tuple[list[float], float]:
    """Megabytes of one worker after each fifth of the items, and the seconds that all of them took."""
    from integrations.models import ItemState, OutboxItem

    office.fill(items)
    run = office.start()
    began, measured = time.monotonic(), []
    with Workers(1, threads=4) as running:
        for fifth in range(1, 6):
            while OutboxItem.everywhere.filter(run=run, state=ItemState.SUCCEEDED).count() < items * fifth // 5:
                time.sleep(0.25)
            measured.append(running.megabytes())
    elapsed = time.monotonic() - began
    assert finished(run)
    assert (run.succeeded, run.rejected) == (items, 0), (run.state, run.succeeded, run.rejected)
    return measured, elapsed


def measure(items: int) -> dict[str, tuple[float, float, str]]:
    """What was measured, what it is compared with, and their unit, by name."""
    import django

    django.setup()
    from django.core.management import call_command

    from tests.benchmarks.plain_vendor import declare

    declare()
    call_command("migrate", verbosity=0)
    office = make_office()
    with vendor(LATENCY) as port:
        bare, _used = bare_loop(port, SOME, BATCH)
        seconds = {workers: work_off(office, SOME, workers)[0] for workers in (1, 2, 4)}
    with vendor(0) as port:
        _elapsed, used = work_off(office, SOME, 1)
        alone, together = bare_loop(port, SOME, 1)[1], bare_loop(port, SOME, BATCH)[1]
        memory, elapsed = long_run(office, items)
    print(f"{items} items in a row: {' '.join(f'{size:.1f}' for size in memory)} MB, {items / elapsed:.0f} items a second")
    return {
        "speed": (seconds[1] / SOME * 1e6, bare / SOME * 1e6, "µs an item"),
        "cpu": (used / SOME * 1e6, alone / SOME * 1e6, "µs an item"),
        "cpu, 50": (used / SOME * 1e6, together / SOME * 1e6, "µs an item"),
        "2 workers": (SOME / seconds[2], SOME / seconds[1], "items a second"),
        "4 workers": (SOME / seconds[4], SOME / seconds[1], "items a second"),
        "memory": (memory[-1], memory[0], "MB"),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000, help="of the long run")
    options = parser.parse_args()
    with database() as url:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url, "LEASE_SECONDS": "60", "LOG_LEVEL": "ERROR"}
        figures = measure(options.items)
        from django.db import connections

        connections.close_all()
    print(f"{SOME} items but for the long run, {url.partition(':')[0]}")
    print(f"{'':<12}{'measured':>12}{'against':>12}{'ratio':>8}{'bound':>8}")
    failed = False
    for name, (measured, against, unit) in figures.items():
        ratio = measured / against
        failed |= ratio > MOST[name] if name in MOST else ratio < LEAST[name]
        bound = f"< {MOST[name]:g}" if name in MOST else f"> {LEAST[name]:g}"
        print(f"{name:<12}{measured:>12.1f}{against:>12.1f}{ratio:>8.2f}{bound:>8}  {unit}")
    return int(failed)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.exit(main())
