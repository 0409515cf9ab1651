"""What people do inside Xero, on its own pages, while the API is not looking."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING

from integrations import clock
from integrations.providers.xero.sandbox.books import INVOICE, Books, Document, DocumentKind, Payment
from integrations.providers.xero.sandbox.desk import Desk
from integrations.providers.xero.sandbox.lines import CENT, FOUR_PLACES
from integrations.providers.xero.sandbox.payments import Plan, delete, enter
from integrations.providers.xero.sandbox.wire import Row, ms_time

if TYPE_CHECKING:
    from integrations.providers.xero.sandbox.world import XeroSandbox


class NotPossible(ValueError):
    """The message tells the person why, and what to enter instead."""


class Bookkeeper:
    def __init__(self, world: XeroSandbox) -> None:
        self.world = world

    def pay(
        self, books: Books, document: Document, amount: str | Decimal, *, day: date | None = None, reference: str = "", account_id: str = ""
    ) -> Payment:
        """Enter a payment, into the first bank account unless told otherwise. Raises `NotPossible`."""
        paid = _amount(amount)
        if document.status != "AUTHORISED":
            raise NotPossible(f"{document.number} is {document.status}: only approved documents that are not paid yet can be paid.")
        if paid > document.outstanding:
            raise NotPossible(f"{paid} is more than the {document.outstanding} that are due: enter that or less.")
        bank = books.account_by_id.get(account_id) if account_id else next(row for row in books.accounts if row["Type"] == "BANK")
        if bank is None:
            raise NotPossible("This account is not there any more: choose another one.")
        plan = Plan(document, bank, paid, day or clock.now().date(), reference, document.row["CurrencyRate"])
        return enter(books, self.world.chance, plan)

    def repay(self, books: Books, payment: Payment, amount: str | Decimal) -> Payment:
        """Another amount: the payment is deleted and entered anew, as Xero cannot change one. Raises `NotPossible`."""
        paid = _amount(amount)
        if payment.row["Status"] == "DELETED":
            raise NotPossible("This payment has been deleted before.")
        most = payment.document.outstanding + payment.amount
        if paid > most:
            raise NotPossible(f"{paid} is more than the {most} that would be due without this payment: enter that or less.")
        delete(payment)
        account_id = payment.row["Account"]["AccountID"]
        return self.pay(books, payment.document, paid, day=payment.day, reference=payment.row["Reference"], account_id=account_id)

    def delete_payment(self, payment: Payment) -> None:
        if payment.row["Status"] == "DELETED":
            raise NotPossible("This payment has been deleted before.")
        delete(payment)

    def approve(self, document: Document) -> None:
        """Raises `NotPossible` when something is missing that an approved document needs."""
        self._change(document, {"Status": "AUTHORISED"})

    def void(self, document: Document) -> None:
        """Void an approved document, or delete a draft. Raises `NotPossible`."""
        self._change(document, {"Status": "VOIDED" if document.status == "AUTHORISED" and document.kind.is_owed else "DELETED"})

    def switch_account(self, books: Books, account_id: str) -> None:
        """Archive an account, or bring an archived one back."""
        row = books.account_by_id.get(account_id)
        if row is None:
            raise NotPossible("This account is not there any more.")
        row["Status"] = "ACTIVE" if row["Status"] == "ARCHIVED" else "ARCHIVED"
        row["UpdatedDateUTC"] = ms_time(clock.timestamp())

    def bill(self, order: Document) -> None:
        """Mark an approved purchase order as billed. Raises `NotPossible`."""
        self._change(order, {"Status": "BILLED"})

    def insert(self, books: Books, plural: str) -> None:
        """Add a record to a list: a contact, a payment of one hundredth, or an approved invoice."""
        if plural == "Contacts":
            self.world.contacts.commit(
                books, self.world.contacts.stage(books, {"Name": f"0 Inserted {self.world.chance.token(8)}"}, None, set())
            )
        elif plural == "Payments":
            due = next((document for document in books.documents[INVOICE.name].values() if document.status == "AUTHORISED"), None)
            if due:
                self.pay(books, due, CENT)
        elif plural == "Invoices":
            self._enter_invoice(books)

    def withdraw(self, books: Books, plural: str) -> None:
        """Make the first living record of a list disappear from it: contacts are archived, payments deleted, documents voided."""
        if plural == "Contacts":
            contact = next((contact for contact in books.contacts.values() if contact.row["ContactStatus"] == "ACTIVE"), None)
            if contact:
                raw: Row = {"ContactStatus": "ARCHIVED"}
                self.world.contacts.commit(books, self.world.contacts.stage(books, raw, contact, set()))
        elif plural == "Payments":
            payment = next((payment for payment in books.payments.values() if payment.row["Status"] == "AUTHORISED"), None)
            if payment:
                delete(payment)
        elif plural == "Invoices":
            live = (
                document for document in books.documents[INVOICE.name].values() if document.status in ("DRAFT", "SUBMITTED", "AUTHORISED")
            )
            document = next((document for document in live if not document.is_settled_with), None)
            if document:
                self.void(document)

    def _enter_invoice(self, books: Books) -> None:
        today = clock.now().date().isoformat()
        account = next(row["Code"] for row in books.accounts if row["Class"] == "REVENUE" and row["Status"] == "ACTIVE")
        line: Row = {"Description": "Entered by hand", "Quantity": 1, "UnitAmount": 100, "AccountCode": account}
        raw: Row = {
            "Type": "ACCREC",
            "Status": "AUTHORISED",
            "Date": today,
            "DueDate": today,
            "LineItems": [line],
            "Contact": {"Name": "Walk-in Customer"},
        }
        desk = self._desk(books, INVOICE)
        desk.commit(desk.stage(raw, None, []))

    def _change(self, document: Document, raw: Row) -> None:
        books = next(books for books in self.world.books.values() if document.id in books.documents[document.kind.name])
        desk = self._desk(books, document.kind)
        staged = desk.stage(raw, document, [])
        if staged.errors:
            raise NotPossible(" ".join(staged.errors))
        desk.commit(staged)

    def _desk(self, books: Books, kind: DocumentKind) -> Desk:
        return Desk(kind, books, self.world.chance, self.world.contacts, "", FOUR_PLACES)


def _amount(text: str | Decimal) -> Decimal:
    try:
        amount = Decimal(str(text).strip().replace(",", "."))
    except InvalidOperation as error:
        raise NotPossible(f"{text!r} is no amount: enter a number such as 120.50.") from error
    if not amount.is_finite() or amount.adjusted() > 12 or amount.quantize(CENT, ROUND_HALF_UP) <= 0:
        raise NotPossible(f"{text} is no amount to pay: enter a number greater than 0.")
    return amount.quantize(CENT, ROUND_HALF_UP)
