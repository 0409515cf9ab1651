"""Brings many people from each vendor that has them, in a process of its own: calls of everything, calls of ten changes, and memory.

    .venv/bin/python -m tests.benchmarks.bench_people [--people 5000]

Neither what ten changes cost nor memory depends on how many there are: 20,000 were within the same bounds.

Uses the empty database named by DATABASE_URL, or a new SQLite file. The floor is what the vendor's API needs at least for ten changes:

    Productive  one call for whoever changed, and one to count them: its bin knows no people
    BambooHR    one call for who changed, and one for what is known of up to 200 of them
    HiBob       has no list of changed people, and none of its people come: for ten requests for time off that changed, one call
                for the changes, and one for how they are now, as far as they are near each other

Fails where ten changes cost more than the floor, or where resident memory grows beyond 300 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from resource import RUSAGE_SELF, getrusage
from typing import Any

from tests.benchmarks.vendors import ROOT, Vendors, running_vendors

MEGABYTES, CHANGES = 300, 10
FLOOR = {"productive": 2, "bamboohr": 2, "hibob": 2}


@dataclass
class Figures:
    """What a provider cost. `people` are those who are known here in the end, `brought` what came."""

    people: int
    brought: int
    calls_of_all: int
    seconds: float
    changed: int
    calls_of_changes: int
    megabytes: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--provider", choices=FLOOR)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    if options.provider:
        print(json.dumps(asdict(bring(options.provider, options.people))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
        return table({slug: measured(slug, options.people) for slug in FLOOR}, options.people)


def measured(slug: str, people: int) -> Figures:
    command = [sys.executable, "-m", "tests.benchmarks.bench_people", "--provider", slug, "--people", str(people)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def table(measures: dict[str, Figures], people: int) -> int:
    print(f"{'provider':<12}{'people':>8}{'brought':>9}{'calls':>7}{'a second':>10}{'changes':>9}{'calls':>7}{'floor':>7}{'MB':>6}")
    good = True
    for slug, found in measures.items():
        print(
            f"{slug:<12}{found.people:>8}{found.brought:>9}{found.calls_of_all:>7}{found.brought / found.seconds:>10.0f}"
            f"{found.changed:>9}{found.calls_of_changes:>7}{FLOOR[slug]:>7}{found.megabytes:>6.0f}"
        )
        good &= found.people >= people and found.brought >= people and found.changed == CHANGES
        good &= found.calls_of_changes <= FLOOR[slug] and found.megabytes <= MEGABYTES
    return 0 if good else 1


def bring(slug: str, people: int) -> Figures:
    import django

    django.setup()
    from django.utils import timezone

    from accounts.models import Organization
    from accounts.tenancy import within
    from integrations.models import Action, Run, Stream
    from integrations.records.models import Person
    from integrations.sync import connections, runs
    from integrations.sync.turns import take_turn

    with running_vendors(slug) as vendors:
        os.environ["SANDBOX_URL"] = vendors.url
        django.conf.settings.SANDBOX_URL = vendors.url
        organization = Organization.objects.create(name=f"Users of {slug}", slug=slug, time_zone="Europe/Berlin")
        with within(organization):
            kind, integration, keys = SET_UP[slug](vendors, organization, people)
            connections.connect_with(integration, keys, None)
            integration.refresh_from_db()
            Stream.everywhere.update(next_run_at=timezone.now() + timedelta(days=1))  # nothing else begins by itself
            while take_turn(integration.pk):
                pass

            def calls_of() -> tuple[int, Run]:
                since, run = vendors.calls(slug), runs.start(integration, Action.IMPORT, kind)
                while not run.is_finished:
                    if not take_turn(integration.pk):
                        time.sleep(0.05)
                    run.refresh_from_db()
                assert run.state == "succeeded", run.message
                return vendors.calls(slug) - since, run

            started = time.perf_counter()
            calls_of_all, everything = calls_of()
            seconds = time.perf_counter() - started
            vendors.have(f"change_{slug}", slug, *(["people"] if slug == "productive" else []), CHANGES)
            calls_of_changes, changes = calls_of()
            return Figures(
                people=Person.objects.count(),
                brought=everything.succeeded,
                calls_of_all=calls_of_all,
                seconds=seconds,
                changed=changes.succeeded,
                calls_of_changes=calls_of_changes,
                megabytes=getrusage(RUSAGE_SELF).ru_maxrss / 1024,
            )


def productive(vendors: Vendors, organization: Any, people: int) -> SetUp:
    from integrations.providers.productive.models import ProductiveIntegration

    keys = vendors.have("fill_productive", "productive", "people", people)
    own = {"organization": organization, "provider": "productive", "name": "Productive"}
    return "person", ProductiveIntegration.everywhere.create(**own, writes_by_itself=False), keys


def bamboohr(vendors: Vendors, organization: Any, people: int) -> SetUp:
    from integrations.providers.bamboohr.models import BamboohrIntegration
    from integrations.records.models import Subsidiary

    vendors.have("reset", "bamboohr", {"employees": 0})
    keys = vendors.have("fill_bamboohr", "bamboohr", people)
    own = {"organization": organization, "provider": "bamboohr", "name": "BambooHR"}
    subsidiary = Subsidiary.everywhere.create(organization=organization, name="Northwind GmbH")
    return "person", BamboohrIntegration.everywhere.create(**own, bamboo_default_subsidiary=subsidiary), keys


def hibob(vendors: Vendors, organization: Any, people: int) -> SetUp:
    """They are here already, and each takes a day off."""
    from integrations.providers.hibob.models import HibobIntegration
    from integrations.records.models import Event, Person

    vendors.have("reset", "hibob", {"populated": False})
    keys = vendors.have("fill_hibob", "hibob", people)
    own = {"organization": organization, "provider": "hibob", "name": "HiBob"}
    for first in range(0, people, 1000):  # so that what the set-up needs is not what is measured
        names = [f"p{number}" for number in range(first, min(first + 1000, people))]
        made = [Person(organization=organization, first_name=name, last_name="Smith", email=f"{name}@northwind.example") for name in names]
        Person.everywhere.bulk_create(made)
    holiday = Event.everywhere.create(organization=organization, name="Holiday")
    return "booking", HibobIntegration.everywhere.create(**own, hibob_policy_type_mapping={"Holiday": str(holiday.pk)}), keys


SetUp = tuple[str, Any, dict[str, str]]
"""The kind that is brought, the integration, and the keys that it is connected with."""
SET_UP: dict[str, Callable[[Vendors, Any, int], SetUp]] = {"productive": productive, "bamboohr": bamboohr, "hibob": hibob}

if __name__ == "__main__":
    sys.exit(main())
