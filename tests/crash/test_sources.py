"""`kill -9` in the middle of every import from the vendors from which much comes in: it goes on at its cursor, and all is here once."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from integrations.records.kinds import get_kind
from integrations.sandbox.base import Sandbox
from integrations.sandbox.exchange import Exchange
from integrations.sandbox.server import installed_sandboxes, running_sandbox
from tests.crash.conftest import LEASE_SECONDS, Installation
from tests.crash.hastened import hasten
from tests.crash.sources import SOURCES, Bringing, SourceAtVendor
from tests.crowds import KEYS
from tests.figures import Figures

pytestmark = pytest.mark.crash

RECOVERED_WITHIN = LEASE_SECONDS + 5
AFTER_A_PAGE = ("import.page", {})
BEFORE_A_PAGE = ("calling", {})
"""Where whoever goes on is killed, by the engine."""
SECOND_DEATH = {"sqlite-local": AFTER_A_PAGE, "postgres-local": BEFORE_A_PAGE, "postgres-celery": AFTER_A_PAGE}


@dataclass
class Watched:
    """A connected installation, and what its vendor was asked since the last `listen`."""

    source: SourceAtVendor
    installation: Installation
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)

    @property
    def sandbox(self) -> Sandbox:
        return self.installation.sandbox.sandboxes[self.source.slug]

    def __call__(self, exchange: Exchange) -> None:
        self.asked.append((exchange.request.path, exchange.request.query_string, exchange.request.body))

    def workers(self) -> int:
        """How many ever were there and did not end in peace."""
        return int(str(self.installation.query("SELECT COUNT(*) FROM integrations_worker")[0][0]))

    def again(self) -> int:
        """How many calls were made that had been made before."""
        return sum(times - 1 for times in Counter(self.asked).values())


@contextmanager
def watched_at(source: SourceAtVendor, database_url: str, broker: dict[str, str], folder: Path, settings: Any) -> Iterator[Watched]:
    more = dict(broker)
    if source.hasten != 1:
        more |= {**hasten(settings, source.hasten), "LEASE_SECONDS": str(LEASE_SECONDS * source.hasten)}
    with running_sandbox(sandboxes=installed_sandboxes(source.slug)) as server:
        sandbox = server.sandboxes[source.slug]
        source.fill(sandbox)
        installation = Installation(database_url, server, folder, more)
        keys = {"SEED_KEYS": json.dumps(KEYS[source.slug](sandbox))}
        installation.integration = int(installation.run("-m", "tests.crash.seed", source.slug, str(source.people), **keys))
        watched = Watched(source, installation)
        sandbox.watchers.append(watched)
        yield watched
        installation.assert_no_secret_was_told()


def bring_and_kill(watched: Watched, bringing: Bringing, second_death: tuple[str, dict[str, str]] | None = None) -> float:
    """Killed between a page and its cursor, and where whoever goes on is killed as well. How long a worker that is there then needed to
    take it up."""
    installation = watched.installation
    watched.asked.clear()
    command = ("import", str(installation.integration), bringing.kind, "--wait")
    installation.dies_at("import.page_written", *command, nth=str(bringing.pages))
    run = int(str(installation.query("SELECT MAX(id) FROM integrations_run")[0][0]))
    deaths = 1
    if second_death:
        event, wanted = second_death
        installation.dies_at(event, **wanted)
        deaths = 2
    fence, workers = installation.fence(run), watched.workers()
    with installation.working():
        installation.wait_for(lambda: watched.workers() > workers, 60, "the next worker")
        began = time.monotonic()
        installation.wait_for(lambda: installation.fence(run) > fence, RECOVERED_WITHIN, "the next worker's turn")
        took = time.monotonic() - began
        installation.wait_for(lambda: installation.state(run) not in {"running", "queued"}, 60, f"the end of the import of {bringing.kind}")
    there = bringing.there(watched.sandbox)
    count = sum(map(len, there.values()))
    columns = "state, total, succeeded, fence"
    assert installation.query(f"SELECT {columns} FROM integrations_run WHERE id = {run}") == [("succeeded", count, count, deaths + 1)]
    for kinds, ids in there.items():
        table = get_kind(kinds[0]).model._meta.db_table
        named = ", ".join(f"'{kind}'" for kind in kinds)
        links = installation.query(f"SELECT remote_id, record_id FROM integrations_link WHERE kind IN ({named})")
        assert sorted(str(remote_id) for remote_id, _record in links) == sorted(ids)
        assert len({record for _remote_id, record in links}) == len(ids)
        assert installation.query(f"SELECT COUNT(*) FROM {table} WHERE origin <> 'demo' AND remote_deleted_at IS NULL") == [(len(ids),)]
    assert len(watched.asked) >= bringing.pages
    assert watched.again() <= bringing.calls + deaths * bringing.anew
    return took


@pytest.mark.parametrize("engine", ["sqlite-local", "postgres-local"], indirect=True)
@pytest.mark.parametrize("slug", SOURCES)
def test_a_worker_killed_in_any_import_of_a_source_loses_and_doubles_nothing_and_asks_for_no_page_again(
    slug: str, engine: str, database_url: str, broker: dict[str, str], tmp_path: Path, settings: Any, figures: Figures
) -> None:
    source = SOURCES[slug]
    with watched_at(source, database_url, broker, tmp_path, settings) as watched:
        first, *others = imports = source.imports_on(engine)
        times = [bring_and_kill(watched, first, SECOND_DEATH[engine]), *(bring_and_kill(watched, bringing) for bringing in others)]
    figures(f"killed in each of {len(imports)} imports of {slug}, {engine}: all once, taken up again within {max(times):.1f} s")


@pytest.mark.parametrize("engine", ["postgres-celery"], indirect=True)
@pytest.mark.parametrize("slug", SOURCES)
def test_with_celery_as_well(
    slug: str, engine: str, database_url: str, broker: dict[str, str], tmp_path: Path, settings: Any, figures: Figures
) -> None:
    source = SOURCES[slug]
    with watched_at(source, database_url, broker, tmp_path, settings) as watched:
        took = bring_and_kill(watched, source.imports[0], SECOND_DEATH[engine])
    figures(f"killed twice in an import of {slug}, {engine}: all once, taken up again after {took:.1f} s")
