"""Invoices and credit notes of the last 120 days. Every total is the sum of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from integrations.demo.house import House
from integrations.demo.pricing import Document, document, line
from integrations.demo.shelf import Shelf
from integrations.demo.work import Budget
from integrations.records.choices import InvoiceType
from integrations.records.models import Invoice, LineItem

OLDEST = 118  # days; a weekend before makes 120
CREDITED_AFTER = timedelta(days=7)
NOTES = ("", "", "", "Payable without deduction.", "Thank you for the good work together.")


def bill(shelf: Shelf, house: House, budgets: Sequence[Budget]) -> None:
    """The finalised invoices, numbered by date, the drafts, and the credit notes."""
    chance = shelf.chance("invoices")
    cast = house.cast
    days = sorted(shelf.working_day(chance.randrange(1, OLDEST + 1)) for _ in range(cast.invoices))
    ordered = _ordered(chance, budgets, cast.invoices)
    documents = [document(chance, house, budget, day) for budget, day in zip(ordered, days, strict=True)]
    drafts = [document(chance, house, budget, shelf.today) for budget in ordered[: cast.drafts]]
    notes = _credit_notes(shelf, house, documents, cast.credit_notes)

    remarks = shelf.chance("remarks")
    heads = [_head(house, each) | _remarks(remarks, house) for each in documents + drafts]
    for number, (head, each) in enumerate(zip(heads, documents, strict=False), 1001):
        head.update(_finalized(shelf, each, f"{cast.prefix}{number}"))
    for note in notes:
        if note.credits is not None:
            credited = note.total("amount_with_tax")
            heads[note.credits] |= {"credited": True, "amount_credited": credited}
            heads[note.credits]["amount_unpaid"] -= credited
    invoices = _put(shelf, documents + drafts, heads)
    _put(
        shelf,
        notes,
        [
            _head(house, note)
            | _finalized(shelf, note, f"{cast.prefix}C{number}")
            | {"invoice_type_id": InvoiceType.CREDIT_NOTE, "parent_invoice": None if note.credits is None else invoices[note.credits]}
            for number, note in enumerate(notes, 101)
        ],
    )


def _ordered(chance: Random, budgets: Sequence[Budget], count: int) -> list[Budget]:
    """Whose invoice comes when: clients with a fixed number have theirs, everybody else at least one for each budget."""
    fixed = [budget for budget in budgets for _ in range(budget.client.business.invoices or 0)]
    others = [budget for budget in budgets if budget.client.business.invoices is None]
    ordered = [*fixed, *others, *chance.choices(others, k=count - len(fixed) - len(others))]
    chance.shuffle(ordered)
    return ordered


def _credit_notes(shelf: Shelf, house: House, documents: Sequence[Document], count: int) -> list[Document]:
    """Half of them take the first line of an invoice back, the others give a service for nothing."""
    chance = shelf.chance("credit notes")
    notes = []
    plain = [
        place
        for place, each in enumerate(documents)
        if each.budget.client.business.invoices is None and not each.discount and not each.lines[0]["discount"]
    ]
    for number, place in enumerate(sorted(chance.sample(plain, count))):
        credited = documents[place]
        day = min(credited.day + CREDITED_AFTER, shelf.today)
        if number % 2 == 0:
            lines = [credited.lines[0] | {"description": f"Taken back: {credited.lines[0]['description']}"}]
            notes.append(Document(credited.budget, day, f"Correction of {credited.subject}", lines, credits=place))
        else:
            sold, service = credited.budget.services[0]
            lines = [line(chance, house, credited.budget, sold, service, f"{service.name}, our gift") | {"position": 1}]
            notes.append(Document(credited.budget, day, f"{credited.budget.project.name}: goodwill", lines))
    return notes


def _head(house: House, each: Document) -> dict[str, Any]:
    """The columns of a document that is not finalised yet."""
    client = each.budget.client
    return {
        "subject": each.subject,
        "invoice_type_id": InvoiceType.INVOICE,
        "invoiced_on": each.day,
        "pay_on": each.day + timedelta(days=client.business.due_days),
        "pay_on_relative": True,
        "payment_terms_days": client.business.due_days,
        "currency": client.business.currency,
        "discount": each.discount,
        "amount": each.total("amount"),
        "amount_tax": each.total("amount_tax"),
        "amount_with_tax": each.total("amount_with_tax"),
        "amount_paid": 0,
        "amount_unpaid": each.total("amount_with_tax"),
        "company": client.company,
        "subsidiary": house.subsidiary,
        "document_type": house.invoice_type,
        "bill_to": client.address,
        "bill_from": house.bill_from,
        "creator": house.staff[0],
        "issuer": house.staff[0],
    }


def _finalized(shelf: Shelf, each: Document, number: str) -> dict[str, Any]:
    return {
        "number": number,
        "finalized_on": each.day,
        "sent_on": each.day,
        "delivery_on": each.day,
        "created_at": shelf.morning(each.day),
    }


def _remarks(chance: Random, house: House) -> dict[str, Any]:
    return {
        "purchase_order_number": f"PO-{chance.randrange(10_000, 99_999)}" if chance.random() < 0.4 else "",
        "note": chance.choice(NOTES),
        "custom_fields": {house.cost_centre.productive_id: chance.choice(house.cost_centres).productive_id},
    }


def _put(shelf: Shelf, documents: Sequence[Document], heads: Sequence[dict[str, Any]]) -> list[Invoice]:
    invoices = shelf.put(Invoice, heads)
    shelf.put(LineItem, (row | {"invoice": invoice} for invoice, each in zip(invoices, documents, strict=True) for row in each.lines))
    return invoices
