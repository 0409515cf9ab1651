"""What people do with invoices in Productive: draft one like the company's last, finalise it and send it."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from integrations import clock
from integrations.providers.productive.sandbox.store import Resource, Store

DUE = timedelta(days=14)
PARTIES = ("company", "subsidiary", "document_type", "bill_to", "bill_from", "creator")
WORK = ("service", "service_type", "tax_rate")


def billed(store: Store) -> dict[str, Resource]:
    """The newest invoice of each company, by the company's id."""
    return {
        invoice.links["company"]: invoice
        for invoice in store.of("invoices").values()
        if invoice.links.get("company") and invoice.attributes.get("invoice_type_id") == 1
    }


def draft(store: Store, like: Resource, net: int) -> Resource:
    """A draft of one line, in minor units, with the parties and the tax of the company's invoice `like`."""
    today, currency = clock.now().date(), like.attributes["currency"]
    model = next((line for line in store.of("line_items").values() if line.links.get("invoice") == like.id), None)
    taxed = model.attributes if model else {}
    tax = int(net * Decimal(str(taxed.get("tax_value") or 0)) / 100)
    sums = {"amount": net, "amount_tax": tax, "amount_with_tax": net + tax}
    made = store.add(
        "invoices",
        {
            "number": "",
            "subject": f"Work of {today:%B}",
            "invoice_type_id": 1,
            "currency": currency,
            "invoiced_on": today.isoformat(),
            "pay_on": (today + DUE).isoformat(),
            "exported": False,
            "credited": False,
            "amount_unpaid": net + tax,
            **dict.fromkeys(("amount_paid", "amount_written_off", "amount_credited"), 0),
            **sums,
        },
        **{name: like.links.get(name) for name in PARTIES},
    )
    line = {
        "description": "What was agreed",
        "quantity": "1.0",
        "unit_id": 1,
        "unit_price": net,
        "position": 1,
        "currency": currency,
        **sums,
    }
    named = {name: taxed.get(name) for name in ("tax_name", "tax_value")}
    store.add("line_items", line | named, invoice=made, **{name: model.links.get(name) if model else None for name in WORK})
    return made


def finalise(store: Store, invoice: Resource) -> None:
    """Give the invoice the next number and send it to the customer, without which Productive takes no payment for it."""
    numbers = [str(other.attributes.get("number") or "") for other in store.of("invoices").values() if _is_alike(other, invoice)]
    found = [match for number in numbers if (match := re.fullmatch(r"(.*?)(\d+)", number))]
    last = max(found, key=lambda match: int(match[2]), default=None)
    number = f"{last[1]}{int(last[2]) + 1:0{len(last[2])}}" if last else "1"
    today = clock.now().date().isoformat()
    store.change(invoice, number=number, finalized_on=today, sent_on=today)


def _is_alike(one: Resource, other: Resource) -> bool:
    return bool(one.attributes.get("invoice_type_id") == other.attributes.get("invoice_type_id"))
