"""How people work in Xero, for the contract suite."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.models import Link
from integrations.providers.xero.sandbox import XeroSandbox
from integrations.providers.xero.sandbox.books import CREDIT_NOTE, INVOICE, Books, Document, DocumentKind, Payment
from integrations.providers.xero.sandbox.webhooks import event, headers
from integrations.records.models import TaxRate
from tests.contract.scenario import Entered, Scenario

KINDS: dict[str, DocumentKind] = {"invoice": INVOICE, "credit_note": CREDIT_NOTE, "expense": INVOICE}


class XeroScenario(Scenario):
    sandbox: XeroSandbox
    one_copy_only = frozenset({"company"})  # names are unique among Xero's active contacts

    @property
    def books(self) -> Books:
        return next(iter(self.sandbox.books.values()))

    def let_follow(self, integration: Any) -> None:
        integration.export_attachment = integration.update_invoice_sent_status = integration.export_expense_attachment = True

    def settle(self, integration: Any) -> None:
        """What expenses are taxed with needs a rate for purchases, and purchases need accounts."""
        integration.tax_rate_mapping |= {str(TaxRate.objects.get(name__startswith="Input").pk): "INPUT"}

    def enter(self, kind: str, links: Mapping[str, Link]) -> Entered:
        return self._entered(self._pay(self._document(links["invoice"]), "33.33"))

    def edit(self, kind: str, entered: Entered) -> Entered:
        return self._entered(self.sandbox.bookkeeper.repay(self.books, self.books.payments[entered.remote_id], "44.44"))

    def remove(self, kind: str, entered: Entered) -> None:
        self.sandbox.bookkeeper.delete_payment(self.books.payments[entered.remote_id])

    def enter_foreign(self, kind: str) -> None:
        self.sandbox.bookkeeper.insert(self.books, "Invoices")
        walk_in = list(self.books.documents[INVOICE.name].values())[-1]
        self._pay(walk_in, "10.00")

    def touch(self, kind: str, link: Link) -> Entered:
        document = self._document(link, kind)
        if kind == "expense":
            payment = self._pay(document, str(document.total))
            return Entered(link.remote_id, {"paid_on": payment.day})
        old, number = document.number, f"{document.number}-A"
        document.row[document.kind.number_key] = number
        self.books.index(document, old)
        document.settle()
        return Entered(link.remote_id, {"number": number})

    def call(self, realm_id: str, key: str) -> tuple[bytes, Mapping[str, str]]:
        body = self.sandbox.webhooks.body([event(realm_id, self.sandbox.chance.uuid(), "INVOICE", "https://api.xero.com/")])
        return body, headers(body, key)

    def _document(self, link: Link, kind: str = "invoice") -> Document:
        return self.books.documents[KINDS[kind].name][link.remote_id]

    def _pay(self, document: Document, amount: str) -> Payment:
        if document.status != "AUTHORISED":
            self.sandbox.bookkeeper.approve(document)
        return self.sandbox.bookkeeper.pay(self.books, document, amount, reference="Bank transfer")

    def _entered(self, payment: Payment) -> Entered:
        values = {"amount": Decimal(payment.amount), "paid_on": payment.day, "currency": "EUR", "note": "Bank transfer"}
        return Entered(payment.id, values)


SCENARIO = XeroScenario
