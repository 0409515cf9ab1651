"""The declaration of purchases: expenses that become bills, what is paid of them, and purchase orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.comparison import Reconciliation
from integrations.incoming import Import, Page
from integrations.provider import Choice, Export, Section
from integrations.providers.xero import exports, payloads, purchases, receipts
from integrations.providers.xero.client import XeroClient
from integrations.providers.xero.models import InvoiceStatus
from integrations.records.choices import PurchaseOrderStatus

DRAFT = _("It is a draft still: save it in Productive first.")
NOT_FINALIZED = _("It is not finalised yet.")
BATCH = 50  # Xero recommends about 50 elements a call, https://developer.xero.com/documentation/guides/oauth2/limits/
KEY_WINDOW = timedelta(minutes=5)  # how long Xero keeps an idempotency key is not published; shorter is safe
VENDOR = Choice(name="contact", label=_("Vendor in Xero"), source="contacts", binds="vendor")


def status_choice(setting: str) -> Choice:
    return Choice(
        name="status",
        label=_("Status in Xero"),
        values=(("DRAFT", _("Draft")), ("SUBMITTED", _("Submitted for approval")), ("AUTHORISED", _("Approved"))),
        required=lambda integration: getattr(integration, setting) == InvoiceStatus.MANUAL,
    )


def since(cursor: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(cursor["since"]) if cursor else None


def bill_pages(client: XeroClient, cursor: Mapping[str, Any]) -> Iterator[Page]:
    """The bills whose payments changed, as they are now. Of those that nobody paid there, Xero has nothing to say."""
    for page in client.payments_changed(since(cursor), where='PaymentType=="ACCPAYPAYMENT"'):
        ids = list(dict.fromkeys(payment.invoice.id for payment in page.rows if payment.invoice))
        yield Page(records=[purchases.read_bill(bill) for bill in client.invoices(ids)], cursor={"since": page.until.isoformat()})


SECTIONS = (
    Section(
        name="purchase_orders",
        label=_("Purchase orders"),
        about=_("How a copied purchase order looks in Xero, and where its positions are booked."),
        fields=(
            "export_purchase_order_number",
            "xero_purchase_order_status_id",
            "xero_default_purchase_order_account_code",
            "purchase_order_account_code_mapping",
        ),
        required=("xero_default_purchase_order_account_code",),
        shown_when=("use_purchase_orders_export",),
    ),
    Section(
        name="expenses",
        label=_("Expenses"),
        about=_("Whether expenses become bills in Xero, how such a bill looks, and where it is booked."),
        fields=(
            "use_expenses_in_xero",
            "xero_expense_status_id",
            "export_expense_attachment",
            "xero_default_expense_account_code",
            "expense_account_code_mapping",
        ),
        required=("xero_default_expense_account_code",),
        shown_when=("use_expense_sync",),
    ),
)
EXPORTS = (
    Export(
        kind="purchase_order",
        label=_("Purchase orders"),
        switches=("use_purchase_orders_export",),
        select={"status_id": PurchaseOrderStatus.FINALIZED},
        not_ready=NOT_FINALIZED,
        needs={"vendor": "company"},
        choices=(status_choice("xero_purchase_order_status_id"), VENDOR),
        reads=("expenses__tax_rate", "expenses__service_type"),
        incidental=("PurchaseOrderID", "Status"),
        build=purchases.build_purchase_order,
        create=exports.create_purchase_orders,
        update=exports.update_purchase_orders,
        find_existing=exports.find_purchase_orders,
        batch_size=BATCH,
        key_window=KEY_WINDOW,
    ),
    Export(
        kind="expense",
        label=_("Expenses"),
        switches=("use_expenses_in_xero", "use_expense_sync"),
        select={"draft": False},
        not_ready=DRAFT,
        needs={"vendor": "company"},
        choices=(status_choice("xero_expense_status_id"), VENDOR),
        reads=("tax_rate", "service_type", "deal", "expense_line_items__tax_rate"),
        incidental=("InvoiceID", "Status"),
        build=purchases.build_bill,
        then=("receipts",),
        create=exports.create_invoices,
        update=exports.update_invoices,
        find_existing=exports.find_invoices,
        batch_size=BATCH,
        key_window=KEY_WINDOW,
    ),
    Export(
        kind="expense",
        step="receipts",
        label=_("Receipts"),
        switches=("export_expense_attachment",),
        select={"draft": False},
        not_ready=DRAFT,
        reads=("attachment", "attachments"),
        build=receipts.build_receipts,
        create=receipts.attach_receipts,
        update=receipts.attach_receipts,
        adds=True,
        find_existing=receipts.find_receipts,
    ),
)
PAYMENTS_OF_BILLS = Import(
    kind="expense",
    label=_("Payments of expenses"),
    switches=("payments_import", "use_expenses_in_xero", "use_expense_sync"),
    pages=bill_pages,
    creates=False,
    every=timedelta(minutes=15),
)
RECONCILIATIONS = (
    Reconciliation(
        kind="purchase_order",
        sign=0,
        amount="total_cost_with_tax",
        dated="issued_on",
        fetch=lambda client, first, last: payloads.booked(client.purchase_orders_dated(first, last), client.document_url),
    ),
    Reconciliation(
        kind="expense",
        sign=-1,
        amount="total_amount_with_tax",
        dated="date",
        fetch=lambda client, first, last: payloads.booked(client.bills_dated(first, last), client.document_url),
    ),
)
