"""Pulls many records of a simulated Productive in another process: time, memory of the pulling process, and calls.

    .venv/bin/python -m tests.benchmarks.bench_productive [--records 100000]

Uses the empty database named by DATABASE_URL, or a new SQLite file. Fails where resident memory grows beyond 300 MB, or where ten changes
cost more than two calls for any of the lists that are read.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import timedelta
from resource import RUSAGE_SELF, getrusage
from typing import Any

from tests.benchmarks.vendors import Vendors, running_vendors

MEGABYTES, CALLS, CHANGES, FEW = 300, 2, 10, 20
TOKEN = {"token": "sandbox-token-of-northwind-studio", "organization_id": "4711"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    records = parser.parse_args().records
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    with tempfile.TemporaryDirectory() as folder, running_vendors("productive") as vendors:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
        os.environ["SANDBOX_URL"] = vendors.url
        return pull(vendors, records)


def peak() -> float:
    """Megabytes that this process has had in memory at most."""
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024


def pull(vendors: Vendors, records: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from accounts.models import Organization
    from accounts.tenancy import within
    from integrations.models import Action, Stream
    from integrations.providers.productive.listings import BUNDLES
    from integrations.providers.productive.models import ProductiveIntegration
    from integrations.records.models import TimeEntry
    from integrations.sync import connections, runs
    from integrations.sync.turns import take_turn

    call_command("migrate", verbosity=0)
    paths = [listing.path for bundle in BUNDLES.values() for listing in bundle]
    for path in paths:
        vendors.have("fill_productive", "productive", path, records if path == "time_entries" else FEW)
    organization = Organization.objects.create(name="Northwind Studio", slug="northwind-studio", time_zone="Europe/Berlin")
    integration = ProductiveIntegration.everywhere.create(
        organization=organization, provider="productive", name="Productive", pulls_pay=True, writes_by_itself=False
    )

    def bring(kind: str) -> Any:
        run = runs.start(integration, Action.IMPORT, kind)
        while not run.is_finished:
            if not take_turn(integration.pk):
                time.sleep(0.05)
            run.refresh_from_db()
        return run

    with within(organization):
        connections.connect_with(integration, TOKEN, None)
        integration.refresh_from_db()
        Stream.everywhere.update(next_run_at=timezone.now() + timedelta(days=1))  # nothing else begins by itself
        before, started = peak(), time.perf_counter()
        run = bring("time_entry")
        seconds, count = time.perf_counter() - started, TimeEntry.objects.count()
        print(f"{count} records in {seconds:.0f} s, {count / seconds:.0f} a second; {peak():.0f} MB at most, {before:.0f} MB before")
        good = run.succeeded == count == records + 3
        for kind in BUNDLES:
            good &= bring(kind).state == "succeeded"
        print(f"{'brought together':<18}{'changes':>10}{'calls':>8}{'at most':>10}")
        for kind, bundle in BUNDLES.items():
            for listing in bundle:
                vendors.have("change_productive", "productive", listing.path, CHANGES)
            since = vendors.calls("productive")
            again = bring(kind)
            cost, bound = vendors.calls("productive") - since, CALLS * len(bundle)
            print(f"{kind:<18}{again.total:>10}{cost:>8}{bound:>10}")
            good &= again.state == "succeeded" and again.total == CHANGES * len(bundle) and cost <= bound
    print(f"{peak():.0f} MB at most")
    return 0 if good and peak() <= MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
