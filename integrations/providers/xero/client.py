"""Typed calls of Xero's Accounting API 2.0 for one organisation. Unknown fields are ignored, wrong types refused.

Documentation: https://developer.xero.com/documentation/api/accounting/overview
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from msgspec import Struct, field

from integrations.auth.hosts import ResolvedHosts
from integrations.http.client import Http

API = "/api.xro/2.0"
PAGE_SIZE = 1000  # the largest that Xero allows
_MILLISECONDS = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")

Row = TypeVar("Row", "Document", "Payment")
OVERLAP = timedelta(minutes=5)  # their replicas lag and their clock is not ours
IDS_A_CALL = 40  # more would make the address of a call too long
FOUR_PLACES = {"unitdp": "4"}  # documents only: unit amounts with four places instead of two


def moment(text: str) -> datetime:
    """`/Date(1763769600000+0000)/` or ISO 8601 without a zone: both are UTC."""
    if match := _MILLISECONDS.match(text):
        return datetime.fromtimestamp(int(match[1]) / 1000, UTC)
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _of_period(condition: str, first: date, last: date) -> dict[str, str]:
    return {"where": f"{condition} AND Date>=DateTime({first:%Y,%m,%d}) AND Date<=DateTime({last:%Y,%m,%d})"}


class Message(Struct):
    message: str = field(name="Message", default="")


class Contact(Struct):
    id: str = field(name="ContactID", default="")
    name: str = field(name="Name", default="")
    number: str = field(name="ContactNumber", default="")
    tax_number: str = field(name="TaxNumber", default="")
    email: str = field(name="EmailAddress", default="")
    status: str = field(name="ContactStatus", default="")
    errors: list[Message] = field(name="ValidationErrors", default_factory=list)


class Document(Struct):
    """An invoice or bill, a credit note or a purchase order."""

    invoice_id: str = field(name="InvoiceID", default="")
    credit_note_id: str = field(name="CreditNoteID", default="")
    purchase_order_id: str = field(name="PurchaseOrderID", default="")
    invoice_number: str = field(name="InvoiceNumber", default="")
    credit_note_number: str = field(name="CreditNoteNumber", default="")
    purchase_order_number: str = field(name="PurchaseOrderNumber", default="")
    type: str = field(name="Type", default="")
    status: str = field(name="Status", default="")
    reference: str = field(name="Reference", default="")
    address: str = field(name="Url", default="")
    contact: Contact | None = field(name="Contact", default=None)
    dated: str = field(name="Date", default="")
    currency: str = field(name="CurrencyCode", default="")
    sub_total: Decimal = field(name="SubTotal", default=Decimal(0))
    total_tax: Decimal = field(name="TotalTax", default=Decimal(0))
    total: Decimal = field(name="Total", default=Decimal(0))
    paid: str = field(name="FullyPaidOnDate", default="")
    changed: str = field(name="UpdatedDateUTC", default="")
    is_sent: bool = field(name="SentToContact", default=False)
    has_errors: bool = field(name="HasErrors", default=False)
    errors: list[Message] = field(name="ValidationErrors", default_factory=list)
    warnings: list[Message] = field(name="Warnings", default_factory=list)

    @property
    def id(self) -> str:
        return self.invoice_id or self.credit_note_id or self.purchase_order_id

    @property
    def number(self) -> str:
        return self.invoice_number or self.credit_note_number or self.purchase_order_number

    @property
    def paid_on(self) -> date | None:
        """When the last of it was paid; None while something is due."""
        return moment(self.paid).date() if self.status == "PAID" and self.paid else None

    @property
    def date(self) -> date:
        return moment(self.dated).date()


class Payment(Struct):
    id: str = field(name="PaymentID")
    amount: Decimal = field(name="Amount")
    dated: str = field(name="Date")
    status: str = field(name="Status", default="")
    reference: str = field(name="Reference", default="")
    invoice: Document | None = field(name="Invoice", default=None)
    credit_note: Document | None = field(name="CreditNote", default=None)
    changed: str = field(name="UpdatedDateUTC", default="")

    @property
    def document(self) -> Document | None:
        """What it pays."""
        return self.invoice or self.credit_note

    @property
    def currency(self) -> str:
        return self.document.currency if self.document else ""

    @property
    def date(self) -> date:
        return moment(self.dated).date()


class Account(Struct):
    id: str = field(name="AccountID")
    code: str = field(name="Code", default="")
    name: str = field(name="Name", default="")
    type: str = field(name="Type", default="")
    class_: str = field(name="Class", default="")
    status: str = field(name="Status", default="")


class TaxRate(Struct):
    name: str = field(name="Name")
    type: str = field(name="TaxType")
    status: str = field(name="Status", default="")
    rate: Decimal | None = field(name="EffectiveRate", default=None)
    for_revenue: bool = field(name="CanApplyToRevenue", default=False)
    for_expenses: bool = field(name="CanApplyToExpenses", default=False)


class Organisation(Struct):
    id: str = field(name="OrganisationID")
    name: str = field(name="Name")
    short_code: str = field(name="ShortCode", default="")
    currency: str = field(name="BaseCurrency", default="")
    country: str = field(name="CountryCode", default="")


class Connection(Struct):
    """One organisation that the consent covers; `id` is what disconnecting it takes."""

    id: str
    tenant_id: str = field(name="tenantId")
    type: str = field(name="tenantType", default="")
    name: str | None = field(name="tenantName", default=None)


class _Answer(Struct):
    """The envelope of every answer: only the list asked for is there."""

    contacts: list[Contact] = field(name="Contacts", default_factory=list)
    invoices: list[Document] = field(name="Invoices", default_factory=list)
    credit_notes: list[Document] = field(name="CreditNotes", default_factory=list)
    purchase_orders: list[Document] = field(name="PurchaseOrders", default_factory=list)
    payments: list[Payment] = field(name="Payments", default_factory=list)
    accounts: list[Account] = field(name="Accounts", default_factory=list)
    tax_rates: list[TaxRate] = field(name="TaxRates", default_factory=list)
    organisations: list[Organisation] = field(name="Organisations", default_factory=list)


@dataclass(frozen=True)
class Changed(Generic[Row]):
    """One page of what changed; everything changed before `until` has been seen with it."""

    rows: list[Row]
    until: datetime


class XeroClient:
    def __init__(self, http: Http, integration: Any, hosts: ResolvedHosts) -> None:
        self._http = http
        self.allowed = hosts.allowed
        self._web = hosts.auth["web"]
        self._short_code = integration.options.get("short_code", "")

    def document_url(self, document: Document) -> str:
        if document.purchase_order_id:
            page = "/Accounts/Payable/PurchaseOrders/Edit/"
        elif document.credit_note_id:
            page = "/AccountsReceivable/ViewCreditNote.aspx?creditNoteID="
        else:
            page = f"/Accounts{'Payable' if document.type == 'ACCPAY' else 'Receivable'}/View.aspx?InvoiceID="
        return self._deep_link(page + document.id)

    def contact_url(self, contact_id: str) -> str:
        return self._deep_link(f"/Contacts/View/{contact_id}")

    def _deep_link(self, page: str) -> str:
        """Opens the page in the right organisation: https://developer.xero.com/documentation/guides/how-to-guides/deep-link-xero/"""
        return f"{self._web}/organisationlogin/default.aspx?{urlencode({'shortcode': self._short_code, 'redirecturl': page})}"

    def connections(self) -> list[Connection]:
        return self._http.get("/connections").decode(list[Connection])

    def disconnect(self, connection_id: str) -> None:
        self._http.send("DELETE", f"/connections/{connection_id}", safe_to_repeat=True)

    def organisation(self) -> Organisation:
        return self._get("Organisation").organisations[0]

    def accounts(self) -> list[Account]:
        return self._get("Accounts").accounts

    def tax_rates(self) -> list[TaxRate]:
        return self._get("TaxRates").tax_rates

    def contacts(self) -> Iterator[Contact]:
        """All active contacts."""
        page = 1
        while contacts := self._get("Contacts", {"page": str(page), "pageSize": str(PAGE_SIZE)}).contacts:
            yield from contacts
            if len(contacts) < PAGE_SIZE:
                return
            page += 1

    def find_contacts(self, where: str) -> list[Contact]:
        return self._get("Contacts", {"where": where, "page": "1", "pageSize": str(PAGE_SIZE)}).contacts

    def create_contacts(self, contacts: Sequence[Mapping[str, Any]], key: str) -> list[Contact]:
        return self._write("PUT", "Contacts", contacts, key).contacts

    def update_contacts(self, contacts: Sequence[Mapping[str, Any]], key: str) -> list[Contact]:
        return self._write("POST", "Contacts", contacts, key).contacts

    def create_invoices(self, invoices: Sequence[Mapping[str, Any]], key: str) -> list[Document]:
        return self._write("PUT", "Invoices", invoices, key, FOUR_PLACES).invoices

    def update_invoices(self, invoices: Sequence[Mapping[str, Any]], key: str) -> list[Document]:
        return self._write("POST", "Invoices", invoices, key, FOUR_PLACES).invoices

    def create_credit_notes(self, credit_notes: Sequence[Mapping[str, Any]], key: str) -> list[Document]:
        return self._write("PUT", "CreditNotes", credit_notes, key, FOUR_PLACES).credit_notes

    def update_credit_notes(self, credit_notes: Sequence[Mapping[str, Any]], key: str) -> list[Document]:
        return self._write("POST", "CreditNotes", credit_notes, key, FOUR_PLACES).credit_notes

    def create_purchase_orders(self, orders: Sequence[Mapping[str, Any]], key: str) -> list[Document]:
        return self._write("PUT", "PurchaseOrders", orders, key).purchase_orders

    def update_purchase_orders(self, orders: Sequence[Mapping[str, Any]], key: str) -> list[Document]:
        return self._write("POST", "PurchaseOrders", orders, key).purchase_orders

    def invoices(self, ids: Sequence[str]) -> Iterator[Document]:
        """Those of these ids that our app made."""
        for start in range(0, len(ids), IDS_A_CALL):
            asked = {"IDs": ",".join(ids[start : start + IDS_A_CALL]), "createdByMyApp": "true", **FOUR_PLACES}
            yield from self._get("Invoices", asked).invoices

    def invoices_changed(self, since: datetime | None, **params: str) -> Iterator[Changed[Document]]:
        return self._changed("Invoices", since, lambda answer: answer.invoices, {**FOUR_PLACES, **params})

    def credit_notes_changed(self, since: datetime | None, **params: str) -> Iterator[Changed[Document]]:
        return self._changed("CreditNotes", since, lambda answer: answer.credit_notes, {**FOUR_PLACES, **params})

    def purchase_orders_changed(self, since: datetime | None) -> Iterator[Changed[Document]]:
        return self._changed("PurchaseOrders", since, lambda answer: answer.purchase_orders, {})

    def payments_changed(self, since: datetime | None, **params: str) -> Iterator[Changed[Payment]]:
        """Deleted ones are among them, with status DELETED."""
        return self._changed("Payments", since, lambda answer: answer.payments, params)

    def invoices_dated(self, first: date, last: date) -> Iterator[Document]:
        """The sales invoices of a period that count in the books."""
        return self._dated("Invoices", lambda answer: answer.invoices, _of_period('Type=="ACCREC"', first, last))

    def bills_dated(self, first: date, last: date) -> Iterator[Document]:
        return self._dated("Invoices", lambda answer: answer.invoices, _of_period('Type=="ACCPAY"', first, last))

    def credit_notes_dated(self, first: date, last: date) -> Iterator[Document]:
        return self._dated("CreditNotes", lambda answer: answer.credit_notes, _of_period('Type=="ACCRECCREDIT"', first, last))

    def purchase_orders_dated(self, first: date, last: date) -> Iterator[Document]:
        period = {"DateFrom": first.isoformat(), "DateTo": last.isoformat()}
        return self._dated("PurchaseOrders", lambda answer: answer.purchase_orders, period)

    def payments_dated(self, first: date, last: date) -> Iterator[Payment]:
        """What was paid of sales invoices and paid back of credit notes."""
        paid = '(PaymentType=="ACCRECPAYMENT" OR PaymentType=="ARCREDITPAYMENT")'
        return self._dated("Payments", lambda answer: answer.payments, _of_period(paid, first, last))

    def _dated(self, name: str, pick: Callable[[_Answer], list[Row]], period: Mapping[str, str]) -> Iterator[Row]:
        page = 1
        while True:
            rows = pick(self._get(name, {**period, "order": "Date ASC", "page": str(page), "pageSize": str(PAGE_SIZE)}))
            yield from (row for row in rows if row.status not in {"DELETED", "VOIDED"})
            if len(rows) < PAGE_SIZE:
                return
            page += 1

    def _changed(
        self, name: str, since: datetime | None, pick: Callable[[_Answer], list[Row]], params: Mapping[str, str]
    ) -> Iterator[Changed[Row]]:
        """What changed since then, page by page, oldest change first.

        Each page begins where the one before ended by time of change, not by page number: a row that changes while we
        read moves to the end, and page numbers would then step over its neighbour.
        """
        page, first_asked = 1, None
        while True:
            headers = {"If-Modified-Since": since.strftime("%Y-%m-%dT%H:%M:%S")} if since else {}
            asked = {"order": "UpdatedDateUTC ASC", "page": str(page), "pageSize": str(PAGE_SIZE), **params}
            response = self._http.get(f"{API}/{name}", params=asked, headers=headers)
            first_asked = first_asked or response.date()
            rows = pick(response.decode(_Answer))
            if len(rows) < PAGE_SIZE:
                yield Changed(rows, first_asked - OVERLAP)
                return
            reached = moment(rows[-1].changed) - timedelta(seconds=1)
            yield Changed(rows, reached)
            page, since = (1, reached) if since is None or reached > since else (page + 1, since)

    def _get(self, name: str, params: Mapping[str, str] | None = None) -> _Answer:
        return self._http.get(f"{API}/{name}", params=params or {}).decode(_Answer)

    def _write(
        self, method: str, name: str, elements: Sequence[Mapping[str, Any]], key: str, params: Mapping[str, str] | None = None
    ) -> _Answer:
        """Each element is judged by itself: what is wrong with one is in its own `errors`."""
        return self._http.send(
            method,
            f"{API}/{name}",
            json={name: elements},
            params={"summarizeErrors": "false", **(params or {})},
            headers={"Idempotency-Key": key} if key else {},
        ).decode(_Answer)
