"""What the organization buys: expenses as bills of Xero, and purchase orders. Pure functions; amounts are Decimal.

Shapes: https://developer.xero.com/documentation/api/accounting/invoices, …/purchaseorders
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext as _

from integrations.errors import Rejected
from integrations.incoming import Incoming
from integrations.mappings.resolve import resolve
from integrations.provider import Copy
from integrations.providers.xero.client import Document
from integrations.providers.xero.payloads import Payload, plain, status_of, tax_type
from integrations.records.models import Expense, ExpenseLineItem, PurchaseOrder

CENT = Decimal("0.01")
BILL_PLACES, ORDER_PLACES = 4, 2
"""Decimals of a unit amount: four cannot be asked for on purchase orders."""


def build_bill(copy: Copy, expense: Expense) -> Payload:
    """A bill of the net cost, without markup. `InvoiceNumber` is what Xero shows as its reference; it need not be unique."""
    if expense.deal and expense.deal.expense_approval and not expense.approved:
        advice = _("Approve it in Productive.")
        raise Rejected(_("Expenses of this budget need approval, and this one has none."), field="approved", advice=advice)
    if expense.vendor_id is None:
        raise Rejected(
            _("The expense has no vendor, and a bill in Xero is somebody's."), field="vendor", advice=_("Choose the vendor in Productive.")
        )
    bill: dict[str, Any] = {
        "Type": "ACCPAY",
        "Contact": {"ContactID": copy.linked("company", expense.vendor_id)},
        "InvoiceNumber": (expense.company_reference_id or f"EXP-{expense.productive_id or expense.pk}")[:255],
        "Date": _day(expense.date, "date", _("The expense has no date.")),
        "DueDate": _day(expense.pay_on, "pay_on", _("The expense has no payment due date, and a bill in Xero needs one.")),
        "Url": f"{copy.address}?copy={copy.reference}",
        **_bill_lines(copy, expense),
    }
    if status := status_of(copy, "xero_expense_status_id"):
        bill["Status"] = status
    if expense.currency:
        bill["CurrencyCode"] = expense.currency
    if copy.remote_id:
        bill["InvoiceID"] = copy.remote_id
    return bill, _expected(expense.total_amount, expense.total_amount_with_tax)


def _bill_lines(copy: Copy, expense: Expense) -> dict[str, Any]:
    """The lines of the expense where they add up to its cost, before tax or with it; else one line of the cost."""
    if expense.total_amount is None:
        raise Rejected(_("The expense has no cost."), field="total_amount", advice=_("Set it in Productive."))
    parts = [part for part in expense.expense_line_items.all() if part.remote_deleted_at is None]
    added = sum((_total(part) for part in parts), Decimal(0))
    includes_tax = expense.tax_inclusion and added == expense.total_amount_with_tax and added != expense.total_amount
    account = resolve(copy.integration, "expense_account_code_mapping", expense.service_type)
    if parts and (includes_tax or added == expense.total_amount):
        lines = [
            {
                "Description": _description(part.name or expense.name),
                **_priced(part.quantity, part.unit_price, _total(part), BILL_PLACES),
                "AccountCode": account,
                "TaxType": tax_type(copy, part.tax_rate or _taxed(expense).tax_rate, "purchases"),
            }
            for part in parts
        ]
        return {"LineAmountTypes": "Inclusive" if includes_tax else "Exclusive", "LineItems": lines}
    return {"LineAmountTypes": "Exclusive", "LineItems": [_line(copy, expense, account, BILL_PLACES)]}


def build_purchase_order(copy: Copy, order: PurchaseOrder) -> Payload:
    if order.vendor_id is None:
        raise Rejected(_("The purchase order has no vendor."), field="vendor", advice=_("Choose the vendor in Productive."))
    document: dict[str, Any] = {
        "Contact": {"ContactID": copy.linked("company", order.vendor_id)},
        "Date": _day(order.issued_on, "issued_on", _("The purchase order has no date of issue.")),
        "LineAmountTypes": "Exclusive",
        "LineItems": _order_lines(copy, order),
    }
    if order.delivery_on:
        document["DeliveryDate"] = order.delivery_on.isoformat()
    if order.subject:
        document["Reference"] = order.subject[:255]
    if order.currency:
        document["CurrencyCode"] = order.currency
    if status := status_of(copy, "xero_purchase_order_status_id"):
        document["Status"] = status
    if copy.integration.export_purchase_order_number:
        if not order.number:
            raise Rejected(_("The purchase order has no number to send."), field="number", advice=_("Finalise it in Productive."))
        document["PurchaseOrderNumber"] = order.number
    if copy.remote_id:
        document["PurchaseOrderID"] = copy.remote_id
    return document, _expected(order.total_cost, order.total_cost_with_tax)


def _order_lines(copy: Copy, order: PurchaseOrder) -> list[dict[str, Any]]:
    positions: Sequence[Expense] = [position for position in order.expenses.all() if position.remote_deleted_at is None]
    if not positions:
        raise Rejected(_("The purchase order has no positions."), field="expenses", advice=_("Add one in Productive."))
    return [
        _line(copy, position, resolve(copy.integration, "purchase_order_account_code_mapping", position.service_type), ORDER_PLACES)
        for position in sorted(positions, key=lambda position: (position.position or 0, position.pk))
    ]


def _line(copy: Copy, expense: Expense, account: str, places: int) -> dict[str, Any]:
    """One line of the net cost of an expense."""
    return {
        "Description": _description(expense.name),
        **_priced(expense.quantity, expense.amount, expense.total_amount or Decimal(0), places),
        "AccountCode": account,
        "TaxType": tax_type(copy, _taxed(expense).tax_rate, "purchases"),
    }


def _taxed(expense: Expense) -> Expense:
    if expense.tax_rate is None:
        message = _("“%(expense)s” has no tax rate.") % {"expense": expense}
        raise Rejected(message, field="tax_rate", advice=_("Choose one in Productive."))
    return expense


def _description(name: str) -> str:
    if not name.strip():
        raise Rejected(_("The expense has no description."), field="name", advice=_("Describe it in Productive."))
    return name.strip()[:4000]


def _total(part: ExpenseLineItem) -> Decimal:
    quantity = Decimal(1) if part.quantity is None else part.quantity
    return _cents(quantity * (part.unit_price or Decimal(0)))


def _priced(quantity: Decimal | None, price: Decimal | None, total: Decimal, places: int) -> dict[str, Decimal]:
    """Quantity and price where Xero would make the total of them, else the total once."""
    if quantity and price is not None and _cents(quantity * price) == total and price == round(price, places):
        return {"Quantity": plain(quantity), "UnitAmount": plain(price)}
    return {"Quantity": plain(Decimal(1)), "UnitAmount": plain(total)}


def _day(day: date | None, field: str, message: str) -> str:
    if day is None:
        raise Rejected(message, field=field, advice=_("Set it in Productive."))
    return day.isoformat()


def _expected(net: Decimal | None, total: Decimal | None) -> dict[str, Decimal]:
    tax = None if net is None or total is None else total - net
    return {name: _cents(amount) for name, amount in (("net", net), ("tax", tax), ("total", total)) if amount is not None}


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def read_bill(bill: Document) -> Incoming:
    """Whether a bill of which somebody entered, edited or deleted a payment is paid now."""
    return Incoming(remote_id=bill.id, number=bill.number, values={"paid_on": bill.paid_on})
