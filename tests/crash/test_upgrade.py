"""Databases of every release before this one, with rows of everything, migrated to today: on both databases nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.conftest import Installation, new_postgres
from tests.crash.old_estate import later_migrations
from tests.figures import Figures
from tests.isolation.estates import ROWS

pytestmark = [pytest.mark.crash, pytest.mark.long]

MIGRATIONS = later_migrations()
OLDEST = [next(one for one in MIGRATIONS if one[0] == app) for app in sorted({app for app, _name in MIGRATIONS})]
YOUNGEST = max(MIGRATIONS, key=lambda one: one[1])
BEFORE = [("sqlite", migration) for migration in (*OLDEST, YOUNGEST)] + [("postgres", OLDEST[0]), ("postgres", YOUNGEST)]
"""From the oldest of each app, which goes through all that came after it, and from the youngest."""


@pytest.fixture
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """An installation whose database has no tables yet."""
    if request.param == "sqlite":
        yield Installation(f"sqlite:///{tmp_path / 'patchbay.sqlite3'}", None, tmp_path)
        return
    request.getfixturevalue("postgres")
    with new_postgres() as url:
        yield Installation(url, None, tmp_path)


@pytest.mark.parametrize(("empty", "migration"), BEFORE, ids=str, indirect=["empty"])
def test_a_database_from_before_a_migration_keeps_every_value(empty: Installation, migration: tuple[str, str], figures: Figures) -> None:
    found = json.loads(empty.run("-m", "tests.crash.old_estate", *migration))
    assert found["lost"] == {}
    assert {"integrations_outboxitem", "integrations_credential", "integrations_link", "accounts_organization"} <= set(found["tables"])
    providers = {row["provider"] for row in found["integrations"]}
    assert len(found["integrations"]) == ROWS * len(providers) >= ROWS
    assert found["read"] > 400
    engine = "SQLite" if empty.is_sqlite else "PostgreSQL"
    kept = f"{found['values']} of {found['values']} values of {len(found['tables'])} tables kept"
    figures(f"from before {'.'.join(migration)} to today, {engine}: {kept}")


def test_there_are_older_databases_to_come_from() -> None:
    assert ("integrations", "0002_workers") in MIGRATIONS
    assert {app for app, _name in MIGRATIONS} >= {"accounts", "integrations"}
