"""The pages at 1,000 integrations and 100,000 outbox items: queries and milliseconds of each, beside those of nearly empty tables.

    python -m tests.benchmarks.bench_pages [--integrations 1000] [--items 100000]

Fails where a page takes more queries than its bound, or more of them when there is more to show.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

BOUNDS = {"overview": 12, "catalogue": 12, "runs": 12, "incidents": 12, "integration": 20, "run": 15, "run, page 1000": 15, "progress": 15}
REPEATS = 5
CHUNK = 5000


def configure(folder: str) -> None:
    os.environ |= {"LOG_LEVEL": "ERROR", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")


def fill(organization: Any, integrations: int, items: int) -> tuple[Any, Any]:
    """The organization's rows; answers the first integration and its open run, which has most of the items."""
    from integrations import clock
    from integrations.models import Incident, Integration, ItemState, Limit, Run, Stream
    from integrations.records.models import Subsidiary
    from tests.integrations.admin.scenes import LOCKED, UNMAPPED, make_integration, make_invoices, make_items, make_run

    own = {"organization": organization}
    Subsidiary.everywhere.bulk_create([Subsidiary(**own, name=f"Subsidiary {n}") for n in range(10)])
    first = make_integration(organization, "Xero", failed_count=2)
    rows = [
        Integration(**own, provider="xero", integration_type_id=2, name=f"Xero {n:04}", connection="connected")
        for n in range(1, integrations)
    ]
    rows = [first, *Integration.everywhere.non_polymorphic().bulk_create(rows)]
    now = clock.now()
    for row in rows[:60]:  # a payment import every quarter of an hour for a fortnight, that found something every hour
        runs = (
            Run(
                **own,
                integration=row,
                action="import",
                kind="payment",
                state="succeeded",
                succeeded=int(n % 4 == 0),
                created_at=now - timedelta(minutes=15 * n),
            )
            for n in range(14 * 96 if integrations > 1 else 1)
        )
        Run.everywhere.bulk_create(runs, batch_size=CHUNK)
    Stream.everywhere.bulk_create([Stream(**own, integration=row, kind="payment", realm_id=row.realm_id) for row in rows])
    Incident.everywhere.bulk_create([Incident(**own, integration=row, cause="x", title="Trouble") for row in rows[:100]])
    Limit.everywhere.create(**own, integration=first)
    run = make_run(first, state="running", total=items)
    count = 0
    while count < items:
        size = min(CHUNK, items - count)
        invoices = make_invoices(organization, size, first=count + 1)
        make_items(run, invoices[: -size // 10])
        make_items(run, invoices[-size // 10 : -3], ItemState.WAITING)
        make_items(run, invoices[-3:-2], refusal=UNMAPPED)
        make_items(run, invoices[-2:], refusal=LOCKED)
        count += size
    return first, run


def visits(client: Any, integration: Any, run: Any) -> dict[str, Callable[[], Any]]:
    from django.urls import reverse

    def visit(name: str, *args: object, **query: object) -> Callable[[], Any]:
        return lambda: client.get(reverse(f"admin:{name}", args=args), query)

    return {
        "overview": visit("index"),
        "catalogue": visit("catalogue"),
        "runs": visit("runs"),
        "incidents": visit("incidents"),
        "integration": visit("integration", integration.pk),
        "run": visit("run", run.pk),
        "run, page 1000": visit("run", run.pk, show="all", page=1000),
        "progress": visit("run-progress", run.pk),
    }


def measure(integrations: int, items: int) -> dict[str, tuple[int, float]]:
    """Queries and milliseconds of each page, the fastest of a few visits."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from tests.accounts.pages import sign_in
    from tests.conftest import make_world

    world = make_world(f"Bench {integrations}")
    integration, run = fill(world.organization, integrations, items)
    client = Client()
    sign_in(client, world.admin)
    found = {}
    for name, visit in visits(client, integration, run).items():
        assert visit().status_code == 200, name
        with CaptureQueriesContext(connection) as caught:
            visit()
        queries = caught.captured_queries
        took = []
        for _repeat in range(REPEATS):
            began = time.perf_counter()
            visit()
            took.append((time.perf_counter() - began) * 1000)
        found[name] = (len(queries), min(took))
        if os.environ.get("SLOW"):
            print(name, *sorted(((query["time"], query["sql"][:600]) for query in queries), reverse=True)[:3], sep="\n  ")
    began, length = time.perf_counter(), 0
    for part in client.get(f"/admin/runs/{run.pk}/rows.csv").streaming_content:
        length += part.count(b"\n")
    print(f"CSV of {length - 1} records: {time.perf_counter() - began:.1f} s")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--integrations", type=int, default=1000)
    parser.add_argument("--items", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        configure(folder)
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        settings.ALLOWED_HOSTS.append("testserver")
        call_command("migrate", verbosity=0)
        small, large = measure(1, 100), measure(options.integrations, options.items)
    print(f"{options.integrations} integrations, {options.items} items, {os.environ['DATABASE_URL'].partition(':')[0]}")
    print(f"{'':<16}{'queries':>8}{'bound':>7}{'ms':>9}{'ms, empty':>11}")
    failed = False
    for name, (queries, took) in large.items():
        few, before = small[name]
        failed |= queries > min(few, BOUNDS[name])
        print(f"{name:<16}{queries:>8}{BOUNDS[name]:>7}{took:>9.0f}{before:>11.0f}{'' if queries == few else f'   {few} when empty'}")
    return int(failed)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.exit(main())
