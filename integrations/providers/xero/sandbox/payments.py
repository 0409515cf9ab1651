"""Payments of invoices and credit notes. They cannot be changed: whoever wants another amount deletes one and enters another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integrations import clock
from integrations.providers.xero.sandbox.batches import Resource, Staged, once, write
from integrations.providers.xero.sandbox.books import CREDIT_NOTE, INVOICE, Books, Document, Payment
from integrations.providers.xero.sandbox.lines import CENT, NotConvertible, number, text
from integrations.providers.xero.sandbox.listing import filtered, listed, modified_since
from integrations.providers.xero.sandbox.wire import NO_ID, Row, answer, envelope, ms_date, not_found, parse_date
from integrations.sandbox.base import route
from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import Refusal, Reply, Request

FIELDS = (
    "PaymentID",
    "Date",
    "Amount",
    "BankAmount",
    "Reference",
    "CurrencyRate",
    "PaymentType",
    "Status",
    "UpdatedDateUTC",
    "IsReconciled",
    "Account",
    "Invoice",
)
LONGEST_REFERENCE = 255


@dataclass
class Plan:
    document: Document
    account: Row
    amount: Decimal
    day: date
    reference: str
    rate: Decimal


class Payments(Resource):
    @route("GET", "/api.xro/2.0/Payments")
    def listing(self, request: Request) -> Reply:
        books: Books = request.caller.books
        since = modified_since(request)
        rows = [payment.row for payment in books.payments.values() if since is None or payment.updated >= since]
        rows = filtered(request, rows, "Payment", FIELDS)
        return listed(request, self.world.chance, "Payments", rows, lambda row: row)

    @route("GET", "/api.xro/2.0/Payments/{key}")
    def one(self, request: Request) -> Reply:
        payment = request.caller.books.payments.get(request.params["key"].lower())
        if payment is None:
            return not_found()
        return answer(request, envelope(self.world.chance, "Payments", [_with_document(payment)]))

    @route("PUT", "/api.xro/2.0/Payments")
    @once
    def create(self, request: Request) -> Reply:
        return self._create(request)

    @route("POST", "/api.xro/2.0/Payments")
    @once
    def create_one(self, request: Request) -> Reply:
        return self._create(request)

    @route("POST", "/api.xro/2.0/Payments/{key}")
    @once
    def delete(self, request: Request) -> Reply:
        """`Status: DELETED` is all that may be sent."""
        payment = request.caller.books.payments.get(request.params["key"].lower())
        if payment is None:
            raise Refusal(not_found())

        def stage(raw: Row) -> Staged:
            errors = [] if text(raw, "Status") == "DELETED" else ["Payments cannot be changed, only deleted: the Status has to be DELETED."]
            if payment.row["Status"] == "DELETED":
                errors.append("This payment has already been deleted.")
            return Staged(raw, errors, blank={"PaymentID": payment.id, "HasValidationErrors": True})

        def commit(staged: Staged) -> Row:
            delete(payment)
            return _with_document(payment)

        return write(request, self.world.chance, "Payments", stage=stage, commit=commit, only={"PaymentID": payment.id})

    def _create(self, request: Request) -> Reply:
        books: Books = request.caller.books
        promised: dict[str, Decimal] = {}

        def stage(raw: Row) -> Staged:
            return _stage(books, raw, promised)

        def commit(staged: Staged) -> Row:
            plan: Plan = staged.plan
            payment = enter(books, self.world.chance, plan)
            return _with_document(payment)

        return write(request, self.world.chance, "Payments", stage=stage, commit=commit)


def _stage(books: Books, raw: Row, promised: dict[str, Decimal]) -> Staged:
    """`promised` is what earlier payments of the same request will pay, by document."""
    errors: list[str] = []
    document = _document(books, raw)
    account = _account(books, raw.get("Account"))
    amount = number(raw, "Amount")
    day = _day(raw)
    if document is None:
        errors.append("The Invoice or Credit Note that is paid could not be found.")
    if account is None:
        errors.append("Account could not be found.")
    elif account["Type"] != "BANK" and not account["EnablePaymentsToAccount"]:
        errors.append("The account has to be a bank account, or one that payments to are enabled for.")
    if amount is None or amount <= 0:
        errors.append("The payment Amount has to be greater than 0.")
    if len(text(raw, "Reference")) > LONGEST_REFERENCE:
        errors.append(f"The Reference field has more than {LONGEST_REFERENCE} characters.")
    for name, lock in books.locks.items():
        if lock and day <= lock:
            errors.append(f"The document date cannot be before the {name}, currently set at {lock:%d-%b-%Y}")
    if document and document.status != "AUTHORISED":
        errors.append("Payments can only be made against Authorised documents")
    blank = {"PaymentID": NO_ID, "HasValidationErrors": True, "Date": ms_date(day)}
    if errors or document is None or account is None or amount is None:
        return Staged(raw, errors, blank=blank)
    amount = amount.quantize(CENT)
    promised[document.id] = promised.get(document.id, Decimal(0)) + amount
    if promised[document.id] > document.outstanding:
        errors.append("Payment amount exceeds the amount outstanding on this document")
    rate = number(raw, "CurrencyRate") or document.row["CurrencyRate"]
    return Staged(raw, errors, blank=blank, plan=Plan(document, account, amount, day, text(raw, "Reference"), rate))


def enter(books: Books, chance: Chance, plan: Plan) -> Payment:
    document, payment_id = plan.document, chance.uuid()
    contact = {**document.contact.brief, "ContactNumber": document.contact.row.get("ContactNumber", "")}
    nothing: Row = {"Payments": [], "CreditNotes": [], "Prepayments": [], "Overpayments": [], "HasErrors": False, "IsDiscounted": False}
    row: Row = {
        "PaymentID": payment_id,
        "Date": ms_date(plan.day),
        "BankAmount": plan.amount,
        "Amount": plan.amount,
        "Reference": plan.reference,
        "CurrencyRate": plan.rate,
        "PaymentType": document.kind.payment_types[document.type],
        "Status": "AUTHORISED",
        "UpdatedDateUTC": "",
        "UpdatedDateUTCString": "",
        "HasAccount": True,
        "IsReconciled": False,
        "Account": {key: plan.account[key] for key in ("AccountID", "Code") if key in plan.account},
        "Invoice": {
            "Type": document.type,
            "InvoiceID": document.id,
            "InvoiceNumber": document.number,
            **nothing,
            "Contact": contact,
            "LineItems": [],
            "CurrencyCode": document.row["CurrencyCode"],
        },
        "HasValidationErrors": False,
    }
    payment = Payment(payment_id, row, document, plan.amount, plan.day)
    books.payments[payment_id] = payment
    document.payments.append(payment)
    payment.touch()
    document.settle()
    return payment


def delete(payment: Payment) -> None:
    payment.row["Status"] = "DELETED"
    payment.document.payments.remove(payment)
    payment.touch()
    payment.document.settle()


def _with_document(payment: Payment) -> Row:
    """A payment as the answer to one alone: with what its document has become."""
    document = payment.document
    if document.kind is not INVOICE:
        return payment.row
    return {**payment.row, "Invoice": document.row}


def _document(books: Books, raw: Row) -> Document | None:
    for kind in (INVOICE, CREDIT_NOTE):
        sent = raw.get(kind.name) or {}
        if not isinstance(sent, dict):
            raise NotConvertible(f"{kind.name} is not an object")
        key = text(sent, kind.id_key) or text(sent, kind.number_key) or text(raw, kind.number_key)
        if key:
            return books.find(kind, key)
    return None


def _account(books: Books, sent: object) -> Row | None:
    if not isinstance(sent, dict):
        return None
    account_id, code = text(sent, "AccountID").lower(), text(sent, "Code")
    account = books.account_by_id.get(account_id) if account_id else books.account_by_code.get(code)
    return account if account and account["Status"] == "ACTIVE" else None


def _day(raw: Row) -> date:
    value = raw.get("Date")
    if not value:
        return clock.now().date()
    try:
        return parse_date(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotConvertible(f"Could not convert string to DateTime: {value}. Path 'Date'") from error
