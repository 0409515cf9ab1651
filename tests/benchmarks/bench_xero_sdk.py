"""1,000 invoices to the same sandbox, 100 ms away: Xero's own SDK invoice by invoice, the SDK in batches of 50, and Patchbay.

    python -m tests.benchmarks.bench_xero_sdk [--invoices 1000] [--latency 0.1]

Prints calls, elapsed time and the CPU of the calling process. The SDK is handed finished payloads; Patchbay begins at its records,
and ends with links, numbers and compared totals in its database. Fails when Patchbay needs more calls than the SDK in batches, or
takes longer than the SDK invoice by invoice. The sandbox's limits are lifted, as they would hide the difference.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.benchmarks.bench_export import BATCH, PORT, configure, cpu, start_sandbox, state

SANDBOX = f"http://127.0.0.1:{PORT}/xero"


@dataclass(frozen=True)
class Figures:
    calls: int
    elapsed: float
    cpu: float


def measured(work: Callable[[], None]) -> Figures:
    calls, began, used = invoice_calls(), time.monotonic(), cpu()
    work()
    return Figures(invoice_calls() - calls, time.monotonic() - began, cpu() - used)


def invoice_calls() -> int:
    return sum(count for call, count in state()["requests"]["by_call"].items() if call.endswith("/Invoices") and not call.startswith("GET"))


def sdk(token: str, tenant: str, payloads: list[dict], size: int) -> None:
    from xero_python.accounting import AccountingApi, Contact, CurrencyCode, Invoice, Invoices, LineAmountTypes, LineItem
    from xero_python.api_client import ApiClient
    from xero_python.api_client.configuration import Configuration
    from xero_python.api_client.oauth2 import OAuth2Token

    granted = {"access_token": token, "token_type": "Bearer", "expires_in": 1800, "expires_at": time.time() + 1800, "scope": []}
    client = ApiClient(
        Configuration(oauth2_token=OAuth2Token(client_id="bench", client_secret="bench")),
        oauth2_token_getter=lambda: granted,
        oauth2_token_saver=lambda token: None,
    )
    api = AccountingApi(client, base_url=f"{SANDBOX}/api.xro/2.0")
    for start in range(0, len(payloads), size):
        invoices = [
            Invoice(
                type=payload["Type"],
                contact=Contact(contact_id=payload["Contact"]["ContactID"]),
                date=date.fromisoformat(payload["Date"]),
                due_date=date.fromisoformat(payload["DueDate"]),
                currency_code=CurrencyCode(payload["CurrencyCode"]),
                line_amount_types=LineAmountTypes(payload["LineAmountTypes"]),
                line_items=[
                    LineItem(
                        description=line["Description"],
                        quantity=float(line["Quantity"]),
                        unit_amount=float(line["UnitAmount"]),
                        account_code=line["AccountCode"],
                        tax_type=line["TaxType"],
                    )
                    for line in payload["LineItems"]
                ],
            )
            for payload in payloads[start : start + size]
        ]
        answer = api.create_invoices(tenant, Invoices(invoices=invoices), summarize_errors=False, unitdp=4)
        assert all(invoice.invoice_id for invoice in answer.invoices)


def measure(invoices: int, latency: float) -> dict[str, Figures]:
    import django

    django.setup()
    import httpx2
    from django.core.management import call_command

    from accounts.models import Organization
    from accounts.tenancy import within
    from integrations.sync.credentials import Credentials
    from integrations.sync.dry_run import dry_run
    from integrations.sync.runs import start_export
    from integrations.sync.turns import take_turn
    from tests.books import make_books, make_invoices, make_xero

    call_command("migrate", verbosity=0)
    organization = Organization.objects.create(name="Bench", slug=f"bench-{os.getpid()}")
    with within(organization):
        books = make_books(organization, companies=20)
        integration = make_xero(books, payments_import=False)
        call_command("connect", integration.pk, stdout=io.StringIO())
        lifted = {"keep_connections": True, "limits": {"minute": 1_000_000, "day": 1_000_000, "app_minute": 1_000_000}}
        httpx2.post(f"{SANDBOX}/__reset__", json=lifted, timeout=60).raise_for_status()
        integration.refresh_from_db()
        call_command("export", integration.pk, "company", "--all", "--wait", stdout=io.StringIO())
        make_invoices(books, invoices, lines=3)
        payloads = [row["payload"] for row in dry_run(integration, integration.declaration.export("invoice"), None, {}).rows]
        far = [{"kind": "latency", "seconds": latency, "path": "*/Invoices"}]
        httpx2.post(f"{SANDBOX}/__faults__", json=far, timeout=60).raise_for_status()

        def ours() -> None:
            run = start_export(integration, "invoice")
            while not run.is_finished:
                take_turn(integration.pk)
                run.refresh_from_db()
            assert run.succeeded == invoices, (run.succeeded, run.rejected)

        found = {"Patchbay": measured(ours)}
        token = Credentials(integration).headers()["authorization"].removeprefix("Bearer ")
        elsewhere = integration.realm_id
        found["SDK, batches of 50"] = measured(lambda: sdk(token, elsewhere, payloads, BATCH))
        found["SDK, one by one"] = measured(lambda: sdk(token, elsewhere, payloads, 1))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--invoices", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        configure(folder, 1.0)
        sandbox = start_sandbox()
        try:
            found = measure(options.invoices, options.latency)
        finally:
            sandbox.terminate()
            sandbox.wait()
    print(f"{options.invoices} invoices with three lines, {options.latency * 1000:g} ms away")
    print(f"{'':<20}{'calls':>8}{'elapsed s':>12}{'CPU s':>9}")
    for name, figures in found.items():
        print(f"{name:<20}{figures.calls:>8}{figures.elapsed:>12.1f}{figures.cpu:>9.2f}")
    ours, batched, single = found["Patchbay"], found["SDK, batches of 50"], found["SDK, one by one"]
    return int(ours.calls > batched.calls or ours.elapsed > single.elapsed)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.exit(main())
