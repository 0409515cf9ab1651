"""The addresses of invoices, credit notes and purchase orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import ClassVar

from integrations.providers.xero.sandbox.batches import Resource, Staged, once, write
from integrations.providers.xero.sandbox.books import CREDIT_NOTE, INVOICE, PURCHASE_ORDER, Books, Document, DocumentKind
from integrations.providers.xero.sandbox.desk import Desk, lightweight, shown, summary
from integrations.providers.xero.sandbox.lines import CENT, FOUR_PLACES
from integrations.providers.xero.sandbox.listing import chosen, filtered, listed, modified_since, page_wanted, switched_on
from integrations.providers.xero.sandbox.wire import Row, answer, envelope, not_found, parse_date, query_invalid
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Refusal, Reply, Request

COMMON_FIELDS = (
    "Type",
    "Contact",
    "Date",
    "DueDate",
    "Status",
    "LineAmountTypes",
    "Reference",
    "SubTotal",
    "TotalTax",
    "Total",
    "UpdatedDateUTC",
    "CurrencyCode",
    "CurrencyRate",
    "FullyPaidOnDate",
    "BrandingThemeID",
    "SentToContact",
    "HasAttachments",
)
INVOICE_FIELDS = (
    *COMMON_FIELDS,
    "InvoiceID",
    "InvoiceNumber",
    "AmountDue",
    "AmountPaid",
    "AmountCredited",
    "Url",
    "IsDiscounted",
    "TotalDiscount",
)
PURCHASE_ORDER_FIELDS = (
    *(field for field in COMMON_FIELDS if field not in ("Type", "DueDate", "FullyPaidOnDate")),
    "PurchaseOrderID",
    "PurchaseOrderNumber",
    "DeliveryDate",
    "ExpectedArrivalDate",
)
CREDIT_NOTE_FIELDS = (*COMMON_FIELDS, "CreditNoteID", "CreditNoteNumber", "RemainingCredit", "AppliedAmount")


class Documents(Resource):
    kind: ClassVar[DocumentKind]
    fields: ClassVar[tuple[str, ...]]

    def _list(self, request: Request) -> Reply:
        documents = self._wanted(request)
        since = modified_since(request)
        if since is not None:
            documents = (document for document in documents if document.updated >= since)
        if contacts := {key.lower() for key in chosen(request, "ContactIDs")}:
            documents = (document for document in documents if document.contact.id in contacts)
        if statuses := {status.upper() for status in chosen(request, "Statuses")}:
            documents = (document for document in documents if document.status in statuses)
        if switched_on(request, "createdByMyApp"):
            documents = (document for document in documents if document.created_by == request.caller.client_id)
        if term := request.query.get("searchTerm", "").lower():
            documents = (document for document in documents if _mentions(document, term))
        books: Books = request.caller.books
        rows = filtered(request, (document.row for document in documents), self.kind.name, self.fields)
        found = [books.documents[self.kind.name][row[self.kind.id_key]] for row in rows]
        if switched_on(request, "summaryOnly"):
            return listed(request, self.world.chance, self.kind.plural, found, lightweight)
        show = summary if page_wanted(request) is None else partial(shown, places=_places(request), whole=False)
        return listed(request, self.world.chance, self.kind.plural, found, show)

    def _wanted(self, request: Request) -> Iterable[Document]:
        books: Books = request.caller.books
        ids, numbers = chosen(request, "IDs"), chosen(request, f"{self.kind.name}Numbers")
        if not ids and not numbers:
            return books.documents[self.kind.name].values()
        found = (
            [books.documents[self.kind.name].get(key.lower()) for key in ids] if ids else [books.holder(self.kind, key) for key in numbers]
        )
        return [document for document in found if document]

    def _one(self, request: Request) -> Reply:
        document = request.caller.books.find(self.kind, request.params["key"])
        if document is None:
            return not_found()
        rows = [shown(document, _places(request), whole=True)]
        return answer(request, envelope(self.world.chance, self.kind.plural, rows))

    def _create(self, request: Request) -> Reply:
        desk = self._desk(request)
        return self._written(request, desk, lambda raw: desk.stage(raw, None, []))

    def _save(self, request: Request) -> Reply:
        desk = self._desk(request)
        return self._written(request, desk, lambda raw: desk.stage(raw, *desk.match(raw)))

    def _update(self, request: Request) -> Reply:
        desk = self._desk(request)
        document = request.caller.books.find(self.kind, request.params["key"])
        if document is None:
            raise Refusal(not_found())
        return self._written(request, desk, lambda raw: desk.stage(raw, document, []), {self.kind.id_key: document.id})

    def _written(self, request: Request, desk: Desk, stage: Callable[[Row], Staged], only: Row | None = None) -> Reply:
        def commit(staged: Staged) -> Row:
            return shown(desk.commit(staged), desk.places, whole=True)

        return write(request, self.world.chance, self.kind.plural, stage=stage, commit=commit, only=only)

    def _desk(self, request: Request) -> Desk:
        caller = request.caller
        return Desk(self.kind, caller.books, self.world.chance, self.world.contacts, caller.client_id, _places(request))


class Invoices(Documents):
    kind = INVOICE
    fields = INVOICE_FIELDS

    @route("GET", "/api.xro/2.0/Invoices")
    def listing(self, request: Request) -> Reply:
        return self._list(request)

    @route("GET", "/api.xro/2.0/Invoices/{key}")
    def one(self, request: Request) -> Reply:
        return self._one(request)

    @route("PUT", "/api.xro/2.0/Invoices")
    @once
    def create(self, request: Request) -> Reply:
        return self._create(request)

    @route("POST", "/api.xro/2.0/Invoices")
    @once
    def save(self, request: Request) -> Reply:
        return self._save(request)

    @route("POST", "/api.xro/2.0/Invoices/{key}")
    @once
    def update(self, request: Request) -> Reply:
        return self._update(request)


class CreditNotes(Documents):
    kind = CREDIT_NOTE
    fields = CREDIT_NOTE_FIELDS

    @route("GET", "/api.xro/2.0/CreditNotes")
    def listing(self, request: Request) -> Reply:
        return self._list(request)

    @route("GET", "/api.xro/2.0/CreditNotes/{key}")
    def one(self, request: Request) -> Reply:
        return self._one(request)

    @route("PUT", "/api.xro/2.0/CreditNotes")
    @once
    def create(self, request: Request) -> Reply:
        return self._create(request)

    @route("POST", "/api.xro/2.0/CreditNotes")
    @once
    def save(self, request: Request) -> Reply:
        return self._save(request)

    @route("POST", "/api.xro/2.0/CreditNotes/{key}")
    @once
    def update(self, request: Request) -> Reply:
        return self._update(request)


class PurchaseOrders(Documents):
    """Lists know `Status`, `DateFrom` and `DateTo` in place of an expression, and unit amounts always have two decimals."""

    kind = PURCHASE_ORDER
    fields = PURCHASE_ORDER_FIELDS

    @route("GET", "/api.xro/2.0/PurchaseOrders")
    def listing(self, request: Request) -> Reply:
        return self._list(request)

    @route("GET", "/api.xro/2.0/PurchaseOrders/{key}")
    def one(self, request: Request) -> Reply:
        return self._one(request)

    @route("PUT", "/api.xro/2.0/PurchaseOrders")
    @once
    def create(self, request: Request) -> Reply:
        return self._create(request)

    @route("POST", "/api.xro/2.0/PurchaseOrders")
    @once
    def save(self, request: Request) -> Reply:
        return self._save(request)

    @route("POST", "/api.xro/2.0/PurchaseOrders/{key}")
    @once
    def update(self, request: Request) -> Reply:
        return self._update(request)

    def _wanted(self, request: Request) -> Iterable[Document]:
        first, last = (self._day(request, name) for name in ("DateFrom", "DateTo"))
        status = request.query.get("Status", "")
        return [
            document
            for document in super()._wanted(request)
            if (not first or document.day >= first)
            and (not last or document.day <= last)
            and (document.status == status if status else document.status != "DELETED")
        ]

    def _day(self, request: Request, name: str) -> date | None:
        value = request.query.get(name, "")
        try:
            return parse_date(value) if value else None
        except (ValueError, OverflowError) as error:
            raise query_invalid(request, f"{name} is not a date: {value}") from error


def _places(request: Request) -> Decimal:
    return FOUR_PLACES if request.query.get("unitdp") == "4" else CENT


def _mentions(document: Document, term: str) -> bool:
    texts = (document.number, document.row.get("Reference"), document.contact.row["Name"])
    return any(term in str(text or "").lower() for text in texts)
