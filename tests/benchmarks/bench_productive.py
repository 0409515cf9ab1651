"""Pulls many records of a simulated Productive in another process: time, memory of the pulling process, and calls.

    .venv/bin/python -m tests.benchmarks.bench_productive [--records 100000]

Uses the empty database named by DATABASE_URL, or a new SQLite file. Fails where resident memory grows beyond 300 MB, or where ten changes
cost more than two calls.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[2]
MEGABYTES, CALLS, CHANGES = 300, 2, 10


def ask(address: str, document: Any = None, method: str = "GET", **headers: str) -> Any:
    body = None if document is None else json.dumps(document).encode()
    with urlopen(Request(address, body, headers, method=method), timeout=600) as answer:
        return json.loads(answer.read() or b"null")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    records = parser.parse_args().records
    folder = tempfile.TemporaryDirectory()
    port = free_port()
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder.name}/bench.sqlite3")
    os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "SANDBOX_URL": f"http://127.0.0.1:{port}"}
    sandbox = subprocess.Popen([sys.executable, "-m", "django", "sandbox", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        return pull(f"http://127.0.0.1:{port}/productive", records)
    finally:
        sandbox.terminate()
        sandbox.wait()
        folder.cleanup()


def wait_for(vendor: str) -> None:
    for _attempt in range(100):
        try:
            ask(f"{vendor}/__faults__")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("The sandbox did not come up.")


def pull(vendor: str, records: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from accounts.models import Organization
    from accounts.tenancy import within
    from integrations.models import Action, Stream
    from integrations.providers.productive.models import ProductiveIntegration
    from integrations.records.models import TimeEntry
    from integrations.sync import connections, runs
    from integrations.sync.importing import stream_of
    from integrations.sync.turns import take_turn

    call_command("migrate", verbosity=0)
    wait_for(vendor)
    limits = {"token": 1_000_000, "organization": 1_000_000}
    ask(f"{vendor}/__reset__", {"time_entries": records, "limits": limits}, "POST")
    organization = Organization.objects.create(name="Northwind Studio", slug="northwind-studio", time_zone="Europe/Berlin")
    integration = ProductiveIntegration.everywhere.create(organization=organization, provider="productive", name="Productive")
    token = {"token": "sandbox-token-of-northwind-studio", "organization_id": "4711"}
    with within(organization):
        connections.connect_with(integration, token, None)
        integration.refresh_from_db()
        Stream.everywhere.update(next_run_at=timezone.now() + timedelta(days=1))  # nothing else begins by itself

        def bring() -> Any:
            run = runs.start(integration, Action.IMPORT, "time_entry")
            while not run.is_finished:
                if not take_turn(integration.pk):
                    time.sleep(0.05)
                run.refresh_from_db()
            return run

        def calls() -> int:
            return int(ask(f"{vendor}/__state__?records=0")["requests"]["by_call"].get("GET /api/v2/{path}", 0))

        before, started = getrusage(RUSAGE_SELF).ru_maxrss, time.perf_counter()
        run = bring()
        seconds, grown = time.perf_counter() - started, (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1024
        peak = getrusage(RUSAGE_SELF).ru_maxrss / 1024
        count = TimeEntry.objects.count()
        print(f"{count} records in {seconds:.0f} s, {count / seconds:.0f} a second; peak {peak:.0f} MB, {grown:.0f} MB more than before")
        stream = stream_of(integration, "time_entry")
        type(stream).everywhere.filter(pk=stream.pk).update(cursor={"since": timezone.now().isoformat(), "whole": []})
        headers = {"X-Auth-Token": token["token"], "X-Organization-Id": "4711", "Content-Type": "application/vnd.api+json"}
        for entry in TimeEntry.objects.order_by("pk")[:CHANGES]:
            data = {"type": "time_entries", "id": entry.productive_id, "attributes": {"time": 777}}
            ask(f"{vendor}/api/v2/time_entries/{entry.productive_id}", {"data": data}, "PATCH", **headers)
        since = calls()
        again = bring()
        cost = calls() - since
        print(f"{again.succeeded} changes among {count}: {cost} calls")
    good = run.succeeded == count == records + 3 and again.succeeded == CHANGES
    return 0 if good and peak <= MEGABYTES and cost <= CALLS else 1


if __name__ == "__main__":
    sys.exit(main())
