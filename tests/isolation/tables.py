"""What the database holds, beneath the models: every table, every column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.db import connection, transaction

from tests.isolation.estates import Estate

WRITE = re.compile(r'\s*(INSERT|UPDATE|DELETE|REPLACE|COPY|TRUNCATE)\b(?:\s+OR\s+\w+)?(?:\s+INTO|\s+FROM)?\s+"?(\w+)"?', re.IGNORECASE)

Dump = Mapping[str, frozenset[tuple[Any, ...]]]


@cache
def columns() -> Mapping[str, tuple[str, ...]]:
    """The names of the columns of every table, the primary key first."""
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        found = {}
        for table in tables:
            key = connection.introspection.get_primary_key_column(cursor, table)
            names = [column.name for column in connection.introspection.get_table_description(cursor, table)]
            found[table] = tuple(sorted(names, key=lambda name: (name != key, name)))
        return found


def everything() -> Iterator[tuple[str, str, Any, Any]]:
    """(table, column, primary key, value) of every value there is."""
    with connection.cursor() as cursor:
        for table, names in columns().items():
            cursor.execute(f"SELECT {', '.join(map(connection.ops.quote_name, names))} FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    yield table, name, row[0], value


def dump(estate: Estate) -> Dump:
    """Every row of the organization's, by table: those that name it; where rows name none, those under its numbers."""
    found = {}
    with connection.cursor() as cursor:
        for table, names in columns().items():
            quoted = [connection.ops.quote_name(name) for name in names]
            owner = connection.ops.quote_name("organization_id") if "organization_id" in names else ""
            if not owner and not keys_are_numbers(table):
                continue
            own = estate.integration_ids if names[0].endswith("_ptr_id") else estate.ids
            condition = f"{owner} = {estate.organization.pk}" if owner else f"{quoted[0]} BETWEEN {own.start} AND {own.stop - 1}"
            cursor.execute(f"SELECT {', '.join(quoted)} FROM {connection.ops.quote_name(table)} WHERE {condition}")
            found[table] = frozenset(tuple(str(value) for value in row) for row in cursor.fetchall())
    return found


@cache
def keys_are_numbers(table: str) -> bool:
    key = columns()[table][0]
    with connection.cursor() as cursor:
        described = {found.name: found for found in connection.introspection.get_table_description(cursor, table)}
        return "IntegerField" in str(connection.introspection.get_field_type(described[key].type_code, described[key]))


def changes(before: Dump, after: Dump) -> list[str]:
    """What is different, row by row, in words."""
    found = []
    for table in sorted(before.keys() | after.keys()):
        gone, new = (
            before.get(table, frozenset()) - after.get(table, frozenset()),
            after.get(table, frozenset()) - before.get(table, frozenset()),
        )
        found += [f"{table}: {dict(zip(columns()[table], row, strict=True))} is gone or changed" for row in sorted(gone)]
        found += [f"{table}: {dict(zip(columns()[table], row, strict=True))} is new" for row in sorted(new)]
    return found


@contextmanager
def undone() -> Iterator[None]:
    """Whatever the block writes is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def written() -> Iterator[set[str]]:
    """Collects what the block writes, as `UPDATE records_invoice`."""
    found: set[str] = set()

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if match := WRITE.match(sql):
            found.add(f"{match[1].upper()} {match[2]}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield found
