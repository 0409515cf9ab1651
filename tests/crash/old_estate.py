"""An installation of an older release, brought up to date: run as `python -m tests.crash.old_estate APP MIGRATION`; prints JSON.

The database is migrated to the state before that migration, filled through the models of that time, and migrated to today.
"""

from __future__ import annotations

import json
import sys
from functools import cached_property
from io import StringIO
from typing import Any

import django

FIRST = 6_000_001
OURS = ("accounts", "records", "integrations")


def our_apps() -> set[str]:
    from integrations.registry import all_providers

    return {*OURS, *all_providers()}


def later_migrations() -> list[tuple[str, str]]:
    """Every migration of ours behind the first one of its app."""
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None)
    return sorted(key for key, migration in loader.disk_migrations.items() if key[0] in our_apps() and not migration.initial)


def migrate_to_before(migration: tuple[str, str]) -> Any:
    """Everything but that migration and what builds on it; the apps of that state."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    kept = set(graph.nodes) - set(graph.backwards_plan(migration))
    ends = [key for key in kept if not any(child.key in kept and child.key[0] == key[0] for child in graph.node_map[key].children)]
    return executor.migrate(sorted(ends)).apps


def make_estate(apps: Any) -> Any:
    from django.db.models import ForeignKey
    from django.db.models.fields.related import OneToOneField

    from tests.isolation.estates import KEPT, ROWS, Estate

    class OldEstate(Estate):
        """Rows of every model of ours as it was then."""

        @cached_property
        def kinds_of_integrations(self) -> list[str]:
            return [model._meta.label for model in self.models if self.parent_of(model)]

        @cached_property
        def models(self) -> list[Any]:
            found = [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in our_apps()]
            return sorted(
                (model for model in found if not model._meta.proxy), key=lambda model: (self.parent_of(model) is None, model._meta.label)
            )

        def parent_of(self, model: Any) -> Any:
            return next((column for column in model._meta.local_fields if isinstance(column, OneToOneField) and column.primary_key), None)

        def ids_of(self, model: Any) -> range:
            if not self.parent_of(model):
                return self.ids
            first = self.first_id + ROWS * self.kinds_of_integrations.index(model._meta.label)
            return range(first, first + ROWS)

        def fill(self) -> None:
            bases = {self.parent_of(model).related_model._meta.label for model in self.models if self.parent_of(model)}
            for model in self.models:
                if model._meta.label not in bases:
                    for number in range(ROWS):
                        self._row(model, number).save(force_insert=True)

        def _row(self, model: Any, number: int) -> Any:
            row = model()
            for column in model._meta.concrete_fields:
                value = self._value(column, model, number)
                if column.name == "polymorphic_ctype":
                    kind = {"app_label": model._meta.app_label, "model": model._meta.model_name}
                    value = apps.get_model("contenttypes", "ContentType").objects.get_or_create(**kind)[0].pk
                if value is not KEPT and not column.primary_key:
                    setattr(row, column.attname, value)
            row.id = row.pk = self.ids_of(model)[number]
            return row

        def _reference(self, column: ForeignKey[Any, Any], number: int) -> int | None:
            target = column.related_model
            if target._meta.label == "accounts.Organization":
                return self.first_id
            if target is column.model:
                return self.first_id if number == ROWS - 1 else None
            return self.ids_of(target)[number]

    return OldEstate("Studio", "Canary", 314_159_265, FIRST)


def values() -> dict[str, str]:
    """Every value of every row of ours, by table, row and column."""
    from tests.isolation.tables import columns, everything

    columns.cache_clear()
    prefixes = tuple(f"{label}_" for label in our_apps())
    return {f"{table} {pk} {column}": str(value) for table, column, pk, value in everything() if table.startswith(prefixes)}


def main(migration: tuple[str, str]) -> dict[str, Any]:
    from django.core.management import call_command
    from django.db import connection, transaction

    apps = migrate_to_before(migration)
    with transaction.atomic():
        make_estate(apps).fill()
        connection.check_constraints()
    before = values()
    call_command("migrate", verbosity=0)
    after = values()
    listed = StringIO()
    call_command("integrations", "--json", stdout=listed)
    call_command("check", stdout=sys.stderr)
    from tests.crash.full_estate import rows

    return {
        "values": len(before),
        "tables": sorted({place.split()[0] for place in before}),
        "lost": {place: [value, after.get(place)] for place, value in before.items() if after.get(place) != value},
        "integrations": json.loads(listed.getvalue()),
        "read": sum(map(len, rows().values())),
    }


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main((sys.argv[1], sys.argv[2]))))
