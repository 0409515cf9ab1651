"""Loads many invoices with three lines each from one file, beside the bare writing of such rows that need not be read or checked.

    .venv/bin/python -m tests.benchmarks.bench_load_records [--invoices 100000] [--lines-first] [--twice]

Uses the empty database named by DATABASE_URL, or a new SQLite file. Prints rows, the peak of resident memory and CPU time a row;
fails where memory exceeds 400 MB, or a row takes more than BOUND times the CPU time of Django's `bulk_create`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEY = "bench:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
LINES = 3
MEGABYTES = 400
BOUND = 4.0
BARE_ROWS = 40_000
BARE = """
import time
from accounts.models import Organization
from integrations.records.models import LineItem
organization = Organization.objects.get()
started = time.process_time()
for first in range(0, {rows}, 1000):
    LineItem.everywhere.bulk_create(
        LineItem(organization=organization, productive_id=f"bare-{{n}}", description="Design", quantity=10, unit_price=100, currency="EUR")
        for n in range(first, first + 1000)
    )
print((time.process_time() - started) / {rows})
"""


def jsonapi(type: str, id: int, attributes: dict[str, Any], **related: tuple[str, int]) -> dict[str, Any]:
    relationships = {name: {"data": {"type": target, "id": str(key)}} for name, (target, key) in related.items()}
    relationships["organization"] = {"data": {"type": "organizations", "id": "1"}}
    return {"id": str(id), "type": type, "attributes": attributes, "relationships": relationships}


def masters() -> Iterator[dict[str, Any]]:
    yield jsonapi("subsidiaries", 1, {"name": "Northwind Ltd"})
    yield jsonapi("tax_rates", 1, {"name": "VAT", "primary_component_name": "VAT", "primary_component_value": "19.0"})
    yield jsonapi("document_types", 1, {"name": "Invoice"}, subsidiary=("subsidiaries", 1))
    for number in range(1, 11):
        yield jsonapi("service_types", number, {"name": f"Service {number}"})
    for number in range(1, 501):
        yield jsonapi("companies", number, {"name": f"Client {number}", "default_currency": "EUR"})


def invoice(number: int) -> dict[str, Any]:
    amounts = {"amount": "300000", "amount_tax": "57000", "amount_with_tax": "357000", "amount_paid": "0", "amount_unpaid": "357000"}
    attributes = {
        "number": f"2024-{number}", "subject": "Work in May", "invoice_type_id": 1, "invoiced_on": "2024-05-31",
        "finalized_on": "2024-05-31", "pay_on": "2024-06-30", "pay_on_relative": True, "payment_terms": 30, "delivery_on": None,
        "sent_on": "2024-06-01", "paid_on": None, "created_at": "2024-05-31T10:00:00.000+02:00", "currency": "EUR",
        "currency_default": "EUR", "currency_normalized": "EUR", "discount": None, "credited": False, "tag_list": ["retainer"],
        "purchase_order_number": "PO-1", "note": "<p>Thanks</p>", "custom_fields": {"123": "x"}, "exported": False,
        **amounts, **{f"{name}_default": value for name, value in amounts.items()},
        **{f"{name}_normalized": value for name, value in amounts.items()},
    }  # fmt: skip
    related = jsonapi(
        "invoices", number, attributes, company=("companies", number % 500 + 1), subsidiary=("subsidiaries", 1),
        document_type=("document_types", 1),
    )  # fmt: skip
    lines = [{"type": "line_items", "id": str(number * LINES + position)} for position in range(LINES)]
    related["relationships"] |= {"line_items": {"data": lines}, "creator": {"meta": {"included": False}}, "bill_to": {"data": None}}
    return related


def line(number: int, position: int) -> dict[str, Any]:
    attributes = {
        "description": f"Design, part {position}", "quantity": "10.0", "unit_id": 1, "unit_price": "10000", "discount": None,
        "position": position, "tax_name": "VAT", "tax_value": "19.0", "amount": "100000", "amount_tax": "19000",
        "amount_with_tax": "119000", "currency": "EUR",
    }  # fmt: skip
    return jsonapi(
        "line_items", number * LINES + position, attributes, invoice=("invoices", number),
        service_type=("service_types", number % 10 + 1), tax_rate=("tax_rates", 1),
    )  # fmt: skip


def write(path: Path, invoices: int, lines_first: bool) -> int:
    """One document with everything in it; returns the number of its rows."""
    numbers = range(1, invoices + 1)
    parts: list[tuple[str, Any]] = [
        ("data", (invoice(number) for number in numbers)),
        ("included", (row for rows in (masters(), (line(n, p) for n in numbers for p in range(LINES))) for row in rows)),
    ]
    count = 0
    with path.open("w") as file:
        for position, (member, rows) in enumerate(reversed(parts) if lines_first else parts):
            file.write(f'{"," if position else "{"}"{member}":[')
            for number, row in enumerate(rows):
                file.write(("," if number else "") + json.dumps(row))
                count += 1
            file.write("]")
        file.write("}")
    return count


class Peak(threading.Thread):
    """The most memory that a process has resident, in megabytes."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.status = Path(f"/proc/{process}/status")
        self.megabytes = 0.0

    def run(self) -> None:
        while True:
            try:
                lines = self.status.read_text().splitlines()
            except OSError:
                return
            self.megabytes = max([self.megabytes, *(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))])
            time.sleep(0.05)


def manage(*arguments: str, environment: dict[str, str]) -> tuple[str, float, float]:
    """Run a command; returns its output, its seconds of CPU and its peak of resident megabytes."""
    before = children_cpu()
    process = subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    peak = Peak(process.pid)
    peak.start()
    output, _ = process.communicate()
    if process.returncode:
        sys.exit(f"manage.py {arguments[0]} failed")
    peak.join()
    return output, children_cpu() - before, peak.megabytes


def children_cpu() -> float:
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--lines-first", action="store_true", help="the lines stand before their invoices")
    parser.add_argument("--twice", action="store_true", help="load the same file again")
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        own = {
            "SECRET_KEY": "benchmark",
            "ENCRYPTION_KEYS": KEY,
            "ENV_FILE": os.devnull,
            "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
        }
        environment = own | os.environ
        path = Path(folder) / "everything.json"
        rows = write(path, options.invoices, options.lines_first)
        print(f"{rows} rows, {path.stat().st_size / 1e6:.0f} MB, {environment['DATABASE_URL'].split(':')[0]}")
        manage("migrate", "--verbosity", "0", environment=environment)
        make = "from accounts.models import Organization; Organization.objects.create(name='Bench', slug='bench')"
        manage("shell", "--verbosity", "0", "-c", make, environment=environment)
        bare = float(manage("shell", "--verbosity", "0", "-c", BARE.format(rows=BARE_ROWS), environment=environment)[0])
        for _ in range(2 if options.twice else 1):
            output, seconds, megabytes = manage("load_records", str(path), "--organization", "bench", "--json", environment=environment)
            told = json.loads(output)
            outcomes = ", ".join(f"{told[outcome]} {outcome}" for outcome in ("created", "updated", "unchanged", "failed", "unresolved"))
            ratio = seconds / rows / bare
            print(f"{outcomes}: peak {megabytes:.0f} MB, bound {MEGABYTES}")
            print(f"CPU a row: {seconds / rows * 1e6:.0f} µs, bulk_create {bare * 1e6:.0f} µs, ratio {ratio:.2f}, bound {BOUND}")
            failed |= megabytes > MEGABYTES or ratio > BOUND
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
