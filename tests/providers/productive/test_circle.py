"""The circle: an invoice of Productive goes to Xero, is paid there, and Productive learns of both."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

from integrations.models import Action, Option, OutboxItem
from integrations.providers.xero.models import XeroIntegration
from integrations.providers.xero.sandbox import XeroSandbox
from integrations.providers.xero.sandbox.books import INVOICE
from integrations.records.models import Invoice, Payment, TaxRate
from integrations.registry import get
from integrations.sandbox.consent import walk_consent
from integrations.sync import connections, runs
from integrations.sync.calling import open_client
from integrations.sync.options import fetch_options
from tests.providers.productive.agency import Agency

REDIRECT_URI = "http://127.0.0.1:8000/connect/callback/xero/"


def connected_xero(agency: Agency) -> Any:
    xero = XeroIntegration.everywhere.create(organization=agency.organization, provider="xero", name="Xero")
    address, verifier = connections.begin(xero, REDIRECT_URI, secrets.token_urlsafe(32))
    code = walk_consent(get("xero"), address)["code"]
    (tenant, *_others) = connections.complete(xero, code=code, verifier=verifier, redirect_uri=REDIRECT_URI, user=None)
    xero.refresh_from_db()
    connections.choose_tenant(xero, tenant.id)
    fetch_options(xero, open_client(xero, interactive=True))
    offered = Option.everywhere.filter(integration=xero, gone_at=None).order_by("position")
    sales = {option.source: option.value for option in reversed(offered) if "sales" in option.uses}
    xero.refresh_from_db()
    xero.account_code = sales["accounts"]
    xero.tax_rate_mapping = {str(rate.pk): sales["tax_rates"] for rate in TaxRate.objects.all()}
    xero.payments_import = True
    xero.xero_invoice_status_id = 3
    xero.save()
    agency.rest()
    return xero


def test_an_invoice_goes_round_once_and_nothing_goes_round_twice(agency: Agency) -> None:
    agency.bring_all()
    invoice = Invoice.objects.order_by("pk")[0]
    remote_id = str(invoice.productive_id)
    assert (invoice.line_items.count(), invoice.company.name, invoice.amount_with_tax) == (2, "Alpine Outdoor", Decimal(2380))
    xero = connected_xero(agency)

    run = agency.work(runs.start_export(xero, "invoice", [invoice.pk]), xero)
    assert run.succeeded == 1, list(run.items.values_list("kind", "message"))
    agency.write()
    sandbox = agency.server.sandboxes["xero"]
    assert isinstance(sandbox, XeroSandbox)
    books = next(books for books in sandbox.books.values() if books.documents[INVOICE.name])
    (document,) = books.documents[INVOICE.name].values()
    marked = agency.there("invoices", remote_id)
    assert (marked["exported"], marked["export_id"]) == (True, document.id)
    assert document.id in marked["export_invoice_url"]

    sandbox.bookkeeper.pay(books, document, "1000.00", reference="Bank transfer")
    assert agency.work(runs.start(xero, Action.IMPORT, "payment"), xero).succeeded == 1
    agency.write()
    (written,) = agency.productive.store.of("payments").values()
    assert (written.attributes["amount"], written.links["invoice"]) == (100_000, remote_id)
    assert agency.there("invoices", remote_id)["amount_paid"] == 100_000

    agency.bring_all()
    payment = Payment.objects.get()
    assert (payment.productive_id, payment.origin, payment.external_id != "") == (written.id, "import", True)
    invoice.refresh_from_db()
    assert (invoice.amount_paid, invoice.amount_unpaid, invoice.exported) == (Decimal(1000), Decimal(1380), True)
    since = len(agency.exchanges)
    agency.write()
    assert agency.work(runs.start_export(xero, "invoice", None), xero).succeeded == 3
    assert len(books.documents[INVOICE.name]) == 3, "the two others, beside the one whose copy is as it should be"
    agency.write()
    written_again = [call for call in agency.calls(since) if not call.startswith("GET")]
    assert sorted(written_again) == sorted(
        f"PATCH /api/v2/invoices/{pk}" for pk in agency.productive.store.of("invoices") if pk != remote_id
    )
    agency.bring_all()
    agency.write()
    assert Payment.objects.count() == len(agency.productive.store.of("payments")) == 1
    assert not OutboxItem.everywhere.exclude(state="succeeded").exists()
