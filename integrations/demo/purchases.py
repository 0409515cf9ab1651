"""What the organization buys: expenses with a vendor and a due date, and purchase orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from integrations.demo.house import House, Party
from integrations.demo.pricing import HUNDRED, cents
from integrations.demo.shelf import Shelf
from integrations.demo.work import Budget
from integrations.records import files
from integrations.records.choices import PurchaseOrderPaymentStatus, PurchaseOrderStatus, SentStatus
from integrations.records.models import Attachment, Expense, ExpenseLineItem, PurchaseOrder

BOUGHT = (
    ("Flyers, 2,000 pieces", "Hosting for three months", "Portraits of the team", "Train to the kick-off"),
    ("Poster proofs", "Domain and certificates", "Pictures of the shop", "Hotel for the workshop"),
    ("Paper samples", "Backup space", "Rights for the cover picture", "Flight to the client"),
)
ORDERED = (("Catalogue, printing", "Catalogue, binding"), ("Servers, set-up", "Servers, first year"))
DUE_DAYS = timedelta(days=14)


def buy(shelf: Shelf, house: House, budgets: Sequence[Budget]) -> None:
    """Three expenses from each vendor, each with its receipt and one of them with lines, and an order to each of the first two."""
    chance = shelf.chance("expenses")
    rows = []
    for names in BOUGHT:
        for vendor, name in zip(house.vendors, names, strict=False):
            price = Decimal(chance.randrange(4_000, 90_000)) / HUNDRED
            bought = _bought(house, vendor, chance.choice(budgets), name, Decimal(1), price)
            day = shelf.working_day(chance.randrange(3, 90))
            rows.append(bought | {"date": day, "pay_on": day + DUE_DAYS, "approved": True, "approved_at": shelf.morning(day)})
    expenses = shelf.put(Expense, rows)
    shelf.put(Attachment, [_receipt(shelf, expense) for expense in expenses])
    shelf.put(
        ExpenseLineItem,
        [
            {"name": f"{expense.name}, {part}", "quantity": Decimal(1), "currency": expense.currency, "unit_price": price}
            | {"position": position, "expense": expense, "tax_rate": expense.tax_rate}
            for expense in expenses[: len(house.vendors)]
            for position, (part, price) in enumerate(_halves(expense.amount or Decimal(0)), 1)
        ],
    )
    for number, (vendor, positions) in enumerate(zip(house.vendors, ORDERED, strict=False), 301):
        _order(shelf, house, vendor, budgets[number % len(budgets)], positions, f"{house.cast.prefix}PO-{number}")


def _receipt(shelf: Shelf, expense: Expense) -> dict[str, Any]:
    """A text that is kept here, as no address of the demo's leads anywhere."""
    text = f"{expense.vendor}\n{expense.date}\n\n{expense.name}: {expense.total_amount_with_tax:.2f} {expense.currency}\n".encode()
    return {
        "name": f"receipt-{expense.productive_id}.txt",
        "content_type": "text/plain",
        "size": str(len(text)),
        "digest": files.keep(shelf.organization.pk, text),
        "expense": expense,
        "created_at": expense.approved_at,
    }


def _bought(house: House, vendor: Party, budget: Budget, name: str, quantity: Decimal, price: Decimal) -> dict[str, Any]:
    """The columns of an expense: prices of one, totals of all, tax rounded half up once."""
    tax = house.taxes[vendor.business.tax]
    total = cents(quantity * price)
    total_with_tax = total + cents(total * tax.effective_rate / HUNDRED)
    _sold, service = budget.services[-1]
    return {
        "name": name,
        "quantity": quantity,
        "currency": vendor.business.currency,
        "exchange_rate": Decimal(1),
        "amount": price,
        "amount_with_tax": price + cents(price * tax.effective_rate / HUNDRED),
        "total_amount": total,
        "total_amount_with_tax": total_with_tax,
        "billable_amount": total,
        "tax_rate": tax,
        "deal": budget.deal,
        "service": service,
        "service_type": service.service_type,
        "vendor": vendor.company,
        "creator": house.staff[0],
        "person": house.staff[-1],
    }


def _halves(amount: Decimal) -> tuple[tuple[str, Decimal], ...]:
    half = cents(amount / 2)
    return ("material", half), ("work", amount - half)


def _order(shelf: Shelf, house: House, vendor: Party, budget: Budget, names: Sequence[str], number: str) -> None:
    chance = shelf.chance(number)
    issued = shelf.working_day(chance.randrange(20, 60))
    rows = [
        _bought(house, vendor, budget, name, Decimal(chance.randrange(1, 5)), Decimal(chance.randrange(20_000, 150_000)) / HUNDRED)
        for name in names
    ]
    (order,) = shelf.put(
        PurchaseOrder,
        [
            {
                "number": number,
                "subject": names[0].partition(",")[0],
                "status_id": PurchaseOrderStatus.FINALIZED,
                "issued_on": issued,
                "delivery_on": issued + timedelta(days=21),
                "sent_on": issued,
                "sent_status": SentStatus.SENT,
                "payment_status_id": PurchaseOrderPaymentStatus.NOT_RECEIVED,
                "created_at": shelf.morning(issued),
                "currency": vendor.business.currency,
                "exchange_rate": Decimal(1),
                "total_cost": sum(row["total_amount"] for row in rows),
                "total_cost_with_tax": sum(row["total_amount_with_tax"] for row in rows),
                "total_received": Decimal(0),
                "vendor": vendor.company,
                "deal": budget.deal,
                "creator": house.staff[0],
            }
        ],
    )
    shelf.put(
        Expense,
        [
            row | {"date": issued, "pay_on": issued + DUE_DAYS, "position": position, "purchase_order": order}
            for position, row in enumerate(rows, 1)
        ],
    )
