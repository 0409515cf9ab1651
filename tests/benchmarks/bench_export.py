"""10,000 finalised invoices to the Xero sandbox on a fast clock: calls, elapsed time and our own CPU, each against its floor.

    python -m tests.benchmarks.bench_export [--invoices 10000] [--scale 3]

Prints one table and fails when a ratio is above its bound:

calls    invoice calls : the floor of one call for 50 invoices (1.05)
elapsed  time of the clock : what the sandbox's limits allow, 60 calls in any 60 seconds (1.2)
cpu      our CPU for one invoice : serialising its payload with `json` and the request that carries it, with bare httpx2 (5)

The last line compares our CPU with a bare loop over batches of 50, for information: what records, mappings, outbox and links cost.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from math import ceil
from pathlib import Path

BATCH, CALLS_A_MINUTE = 50, 60
BOUNDS = {"calls": 1.05, "elapsed": 1.2, "cpu": 5.0}
PORT = 8987


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def configure(folder: str, scale: float) -> None:
    os.environ |= {
        "CLOCK_SCALE": str(scale),
        "CLOCK_EPOCH": str(time.time()),
        "SANDBOX_URL": f"http://127.0.0.1:{PORT}",
        "LEASE_SECONDS": str(120 * scale),
        "LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")


def start_sandbox() -> subprocess.Popen[bytes]:
    sandbox = subprocess.Popen([sys.executable, "manage.py", "sandbox", "--port", str(PORT)], stdout=subprocess.PIPE)
    assert sandbox.stdout is not None
    sandbox.stdout.readline()
    return sandbox


def state() -> dict:
    import httpx2

    return httpx2.get(f"http://127.0.0.1:{PORT}/xero/__state__", timeout=60).json()


def bare_loop(integration: object, payloads: list[dict], size: int) -> float:
    """CPU microseconds an invoice of the simplest program that sends these payloads `size` a request: serialise, send, read the answer."""
    import httpx2

    from integrations.sync.credentials import Credentials

    headers = {
        **Credentials(integration).headers(),
        "xero-tenant-id": integration.xero_organizations[1]["id"],
        "accept": "application/json",
    }
    address = "/api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4"
    with httpx2.Client(base_url=f"http://127.0.0.1:{PORT}/xero", headers=headers, timeout=60) as client:
        before = cpu()
        for start in range(0, len(payloads), size):
            body = json.dumps({"Invoices": payloads[start : start + size]})
            answer = client.put(address, content=body, headers={"content-type": "application/json"})
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["Invoices"]) == len(payloads[start : start + size])
        return (cpu() - before) / len(payloads) * 1e6


def simple(payload: dict) -> dict:
    """The payload for another organisation's books, with plain numbers for the json module."""
    return json.loads(json.dumps({**payload, "Contact": {"Name": "Bench"}}, default=float))


def measure(invoices: int, scale: float) -> dict[str, tuple[float, float]]:
    """What was measured and its floor, by name of the ratio."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from accounts.models import Organization
    from accounts.tenancy import within
    from integrations import clock
    from integrations.engine.local import LocalEngine
    from integrations.models import Run
    from integrations.models.outbox import OPEN
    from integrations.sync.dry_run import dry_run
    from integrations.sync.runs import start_export
    from tests.books import make_books, make_invoices, make_xero

    call_command("migrate", verbosity=0)
    organization = Organization.objects.create(name="Bench", slug=f"bench-{os.getpid()}")
    with within(organization):
        books = make_books(organization, companies=50)
        integration = make_xero(books, payments_import=False)
        call_command("connect", integration.pk, stdout=io.StringIO())
        integration.refresh_from_db()
        call_command("export", integration.pk, "company", "--all", "--wait", stdout=io.StringIO())
        make_invoices(books, invoices, lines=3)
        clock.sleep(61)  # a fresh minute

        before, began, used = state()["requests"]["by_call"].get("PUT /api.xro/2.0/Invoices", 0), clock.timestamp(), cpu()
        run = start_export(integration, "invoice")
        engine = LocalEngine(threads=4)
        engine.start()
        while Run.objects.filter(pk=run.pk, finished_at=None).exists():
            time.sleep(0.25)
        elapsed, used = clock.timestamp() - began, cpu() - used
        engine.stop()
        engine.join()
        run.refresh_from_db()
        assert (run.succeeded, run.rejected) == (invoices, 0), (run.succeeded, run.rejected)
        calls = state()["requests"]["by_call"]["PUT /api.xro/2.0/Invoices"] - before
        assert not run.items.filter(state__in=OPEN).exists()

        export = integration.declaration.export("invoice")
        sample = run.items.order_by("pk").values_list("record_id", flat=True)[: BATCH * 20]
        payloads = [simple(row["payload"]) for row in dry_run(integration, export, sample, {}, create_new=True).rows]
        clock.sleep(61)
        alone = bare_loop(integration, payloads[:CALLS_A_MINUTE], 1)
        clock.sleep(61)
        together = bare_loop(integration, payloads, BATCH)
    connection.close()
    floor_calls = ceil(invoices / BATCH)
    floor_elapsed = (ceil(floor_calls / CALLS_A_MINUTE) - 1) * 60.0
    return {
        "calls": (calls, floor_calls),
        "elapsed": (elapsed, floor_elapsed or elapsed),
        "cpu": (used / invoices * 1e6, alone),
        "cpu, batched": (used / invoices * 1e6, together),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--invoices", type=int, default=10_000)
    parser.add_argument("--scale", type=float, default=3.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        configure(folder, options.scale)
        sandbox = start_sandbox()
        try:
            figures = measure(options.invoices, options.scale)
        finally:
            sandbox.terminate()
            sandbox.wait()
    units = {"calls": "calls", "elapsed": "s", "cpu": "µs an invoice", "cpu, batched": "µs an invoice"}
    print(f"{options.invoices} invoices with three lines, clock x {options.scale:g}, {os.environ['DATABASE_URL'].partition(':')[0]}")
    print(f"{'':<14}{'measured':>12}{'floor':>12}{'ratio':>8}{'bound':>8}")
    failed = False
    for name, (measured, floor) in figures.items():
        ratio = measured / floor
        bound = BOUNDS.get(name)
        failed |= bound is not None and ratio > bound
        print(f"{name:<14}{measured:>12.1f}{floor:>12.1f}{ratio:>8.2f}{bound or '':>8}  {units[name]}")
    return int(failed)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.exit(main())
