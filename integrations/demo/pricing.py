"""What documents of the demo say and cost: lines whose amounts are right to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from integrations.demo.cast import Sold
from integrations.demo.house import House
from integrations.demo.work import Budget
from integrations.records.choices import Unit
from integrations.records.models import Service

CENT = Decimal("0.01")
HUNDRED = Decimal(100)
LINES, SHARE_OF_LINES = (1, 2, 3, 4, 5, 6), (3, 4, 4, 3, 2, 1)
THIRDS_OF_HOURS = ("3.3333", "6.6667", "7.33", "12.67", "4.1667")
LINE_DISCOUNTS = (None, None, None, None, None, "5", "7.5", "12.5")
DOCUMENT_DISCOUNTS = (None, None, None, None, None, None, None, None, "2", "3")
ROUNDS = ("first phase", "second phase", "corrections", "sprint 3", "sprint 4", "as agreed")


@dataclass
class Document:
    """An invoice or credit note to be. A credit note `credits` the invoice at that place, or none."""

    budget: Budget
    day: date
    subject: str
    lines: list[dict[str, Any]]
    discount: Decimal | None = None
    credits: int | None = None

    def total(self, name: str) -> Decimal:
        return sum((line[name] for line in self.lines), Decimal(0))


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def document(chance: Random, house: House, budget: Budget, day: date) -> Document:
    """One to six lines on the budget's services, some of them and some documents with a discount."""
    count = chance.choices(LINES, SHARE_OF_LINES)[0]
    discount = _percent(chance.choice(DOCUMENT_DISCOUNTS))
    chosen = [budget.services[place % len(budget.services)] for place in range(count)]
    rounds = chance.sample(ROUNDS, len(ROUNDS))
    lines = [
        line(chance, house, budget, sold, service, f"{service.name}, {rounds[place]}", discount, _percent(chance.choice(LINE_DISCOUNTS)))
        | {"position": place + 1}
        for place, (sold, service) in enumerate(chosen)
    ]
    return Document(budget, day, f"{budget.project.name}: {rounds[0]}", lines, discount)


def line(
    chance: Random,
    house: House,
    budget: Budget,
    sold: Sold,
    service: Service,
    description: str,
    document_discount: Decimal | None = None,
    discount: Decimal | None = None,
) -> dict[str, Any]:
    """The columns of one line item: net after both discounts and tax, each rounded half up."""
    tax = house.tax_of(budget.client.business, sold)
    quantity = _quantity(chance, sold)
    kept = (1 - (discount or 0) / HUNDRED) * (1 - (document_discount or 0) / HUNDRED)
    net = cents(quantity * sold.price * kept)
    tax_amount = cents(net * tax.effective_rate / HUNDRED)
    return {
        "description": description,
        "quantity": quantity,
        "unit_id": sold.unit_id,
        "unit_price": sold.price,
        "currency": budget.deal.currency,
        "discount": discount,
        "tax_name": tax.name,
        "tax_value": tax.effective_rate,
        "amount": net,
        "amount_tax": tax_amount,
        "amount_with_tax": net + tax_amount,
        "service": service,
        "service_type": service.service_type,
        "tax_rate": tax,
    }


def _percent(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


def _quantity(chance: Random, sold: Sold) -> Decimal:
    """Quarters of hours and now and then thirds, half days, a few pieces or, of the cheap ones, hundreds."""
    if sold.unit_id == Unit.HOUR:
        return Decimal(chance.choice(THIRDS_OF_HOURS)) if chance.random() < 0.15 else Decimal(chance.randrange(8, 160)) / 4
    if sold.unit_id == Unit.DAY:
        return Decimal(chance.randrange(1, 7)) / 2
    if sold.price < 1:
        return Decimal(chance.randrange(2, 21) * 250)
    return Decimal(1) if sold.price > 1000 else Decimal(chance.randrange(1, 7))
