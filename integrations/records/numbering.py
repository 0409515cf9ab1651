"""The numbers of records: addresses and references that stand at vendors are made of them, so each is given once."""

from __future__ import annotations

from django.db import connection

from integrations.records.kinds import all_kinds

GAP = 1_000_000


def leave_a_gap() -> None:
    """Let the next records have numbers that nobody has had since this database was backed up."""
    with connection.cursor() as cursor:
        for table in sorted({kind.model._meta.db_table for kind in all_kinds()}):
            if connection.vendor == "postgresql":
                cursor.execute(
                    "SELECT setval(place, nextval(place) + %s) FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS place) AS found",
                    [GAP, table],
                )
            else:
                cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s", [GAP, table])
                if not cursor.rowcount:
                    cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, GAP])
