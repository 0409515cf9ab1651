"""Credit given to invoices: what a credit note still has goes to what an invoice still owes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from integrations.providers.xero.sandbox.batches import Resource, Staged, once, write
from integrations.providers.xero.sandbox.books import CREDIT_NOTE, INVOICE, Allocation, Books, Document
from integrations.providers.xero.sandbox.lines import CENT, NotConvertible, number, text
from integrations.providers.xero.sandbox.wire import NO_ID, Row, ms_date, not_found, parse_date
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Refusal, Reply, Request


class Allocations(Resource):
    @route("PUT", "/api.xro/2.0/CreditNotes/{key}/Allocations")
    @once
    def allocate(self, request: Request) -> Reply:
        books: Books = request.caller.books
        note = books.find(CREDIT_NOTE, request.params["key"])
        if note is None:
            raise Refusal(not_found())

        def commit(staged: Staged) -> Row:
            invoice, amount, day = staged.plan
            allocation = Allocation(self.world.chance.uuid(), note, invoice, amount, day)
            for document in (note, invoice):
                document.allocations.append(allocation)
                document.settle()
            return _shown(allocation)

        return write(request, self.world.chance, "Allocations", stage=lambda raw: _stage(books, note, raw), commit=commit)


def _stage(books: Books, note: Document, raw: Row) -> Staged:
    sent = raw.get("Invoice") or {}
    if not isinstance(sent, dict):
        raise NotConvertible("Invoice is not an object")
    key = text(sent, INVOICE.id_key) or text(sent, INVOICE.number_key)
    invoice, amount, errors = books.find(INVOICE, key) if key else None, number(raw, "Amount"), []
    if invoice is None:
        errors.append("An existing Invoice could not be found")
    elif invoice.status != "AUTHORISED" or note.status != "AUTHORISED":
        errors.append("Credit can only be allocated from an approved credit note to an approved invoice")
    elif invoice.contact is not note.contact or invoice.row["CurrencyCode"] != note.row["CurrencyCode"]:
        errors.append("The Invoice must have the same contact and currency as the Credit Note")
    if amount is None or amount <= 0:
        errors.append("The Amount has to be greater than 0.")
    elif invoice and amount > invoice.outstanding:
        errors.append("Amount exceeds the amount outstanding on the Invoice")
    elif amount > note.outstanding:
        errors.append("Amount exceeds the remaining credit of the Credit Note")
    day = _day(raw, errors)
    plan = (invoice, (amount or Decimal(0)).quantize(CENT), day)
    return Staged(raw, errors, blank={"AllocationID": NO_ID}, plan=plan)


def _day(raw: Row, errors: list[str]) -> date | None:
    try:
        return parse_date(str(raw["Date"]))
    except (KeyError, ValueError, OverflowError):
        errors.append("A valid Date is required.")
        return None


def _shown(allocation: Allocation) -> Row:
    return {
        "AllocationID": allocation.id,
        "Amount": allocation.amount,
        "Date": ms_date(allocation.day),
        "Invoice": {INVOICE.id_key: allocation.invoice.id, INVOICE.number_key: allocation.invoice.number},
        "CreditNote": {CREDIT_NOTE.id_key: allocation.note.id, CREDIT_NOTE.number_key: allocation.note.number},
    }
