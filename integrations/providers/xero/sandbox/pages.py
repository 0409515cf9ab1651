"""Xero's own pages, for a person: the books of each organisation, payments to enter, and the switch for misbehaviour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations import clock
from integrations.providers.xero.sandbox.batches import Resource
from integrations.providers.xero.sandbox.books import KINDS, PURCHASE_ORDER, Books, Document, Payment
from integrations.providers.xero.sandbox.people import NotPossible
from integrations.providers.xero.sandbox.wire import not_found
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Refusal, Reply, Request, redirect, whole_number
from integrations.sandbox.pages import html

SHOWN = 50  # documents, contacts or payments at once
FAULTS: dict[str, tuple[Promise | str, dict[str, Any]]] = {
    "429": (_("answer 429, too many requests (wait 5 seconds)"), {"kind": "status", "status": 429, "retry_after": 5}),
    "500": (_("answer 500, an internal error"), {"kind": "status", "status": 500}),
    "503": (_("answer 503, not available"), {"kind": "status", "status": 503}),
    "expired": (_("let the access token expire"), {"kind": "expired_token"}),
    "slow": (_("take 5 seconds longer"), {"kind": "latency", "seconds": 5}),
    "timeout": (_("do nothing and never answer"), {"kind": "timeout"}),
    "lost": (_("do the work and lose the answer"), {"kind": "lost_answer"}),
    "truncated": (_("do the work and cut the answer short"), {"kind": "truncated"}),
    "not_json": (_("do the work and answer with HTML"), {"kind": "not_json"}),
    "half": (_("refuse every second document of a batch"), {"kind": "half_failed"}),
}
SAID = {
    "paid": _("The payment was entered."),
    "repaid": _("The payment was deleted and entered again with the other amount."),
    "unpaid": _("The payment was deleted."),
    "approved": _("The document was approved."),
    "voided": _("The document was voided or deleted."),
    "billed": _("The purchase order was marked as billed."),
    "switched": _("The account was archived or brought back."),
    "faults": _("The next calls will misbehave."),
    "behaves": _("The sandbox behaves again."),
    "webhook_kept": _("Whoever is at this address is told of every change from now on."),
    "webhook_wrong": _("This is no address. Enter one such as http://127.0.0.1:8000/webhooks/xero/."),
    "webhook_asked": _("The address was called, once signed rightly and once signed wrongly. It has to answer 200 and 401."),
    "emptied": _("The books are new. Connections were kept."),
}
TABS = (
    ("invoices", _("Invoices")),
    ("bills", _("Bills")),
    ("orders", _("Purchase orders")),
    ("contacts", _("Contacts")),
    ("payments", _("Payments")),
    ("accounts", _("Accounts")),
    ("webhooks", _("Webhooks")),
    ("faults", _("Misbehave")),
)


class Pages(Resource):
    @route("GET", "/", page=True)
    def home(self, request: Request) -> Reply:
        return self._home(request)

    @route("GET", "/organisationlogin/default.aspx", page=True)
    def deep_link(self, request: Request) -> Reply:
        """Where links from outside arrive first; there is no one to sign in here."""
        target = request.query.get("redirecturl", "/")
        return redirect(f"/{self.world.slug}{target}" if target.startswith("/") else f"/{self.world.slug}/")

    @route("GET", "/AccountsReceivable/View.aspx", page=True)
    @route("GET", "/AccountsReceivable/Edit.aspx", page=True)
    @route("GET", "/AccountsPayable/View.aspx", page=True)
    def invoice(self, request: Request) -> Reply:
        return self._document_page(request, request.query.get("InvoiceID", ""))

    @route("GET", "/AccountsReceivable/ViewCreditNote.aspx", page=True)
    def credit_note(self, request: Request) -> Reply:
        return self._document_page(request, request.query.get("creditNoteID", ""))

    @route("GET", "/Accounts/Payable/PurchaseOrders/Edit/{key}", page=True)
    def purchase_order(self, request: Request) -> Reply:
        return self._document_page(request, request.params["key"])

    @route("GET", "/Contacts/View/{key}", page=True)
    def contact(self, request: Request) -> Reply:
        for books in self.world.books.values():
            if contact := books.contacts.get(request.params["key"].lower()):
                documents = [document for document in _newest(books) if document.contact is contact]
                context = {"contact": contact.row, "documents": documents[:SHOWN]}
                return html("xero/sandbox/contact.html", {**self._frame(request, books, "contacts"), **context})
        return not_found()

    @route("POST", "/pages/pay", page=True)
    def pay(self, request: Request) -> Reply:
        books, document = self._document(request.form_value("document"))

        def act() -> None:
            day = _day(request.form_value("day"))
            account, reference = request.form_value("account"), request.form_value("reference")
            self.world.bookkeeper.pay(books, document, request.form_value("amount"), day=day, reference=reference, account_id=account)

        return self._done(request, act, document, "paid")

    @route("POST", "/pages/repay", page=True)
    def repay(self, request: Request) -> Reply:
        books, payment = self._payment(request.form_value("payment"))
        amount = request.form_value("amount")
        return self._done(request, lambda: self.world.bookkeeper.repay(books, payment, amount), payment.document, "repaid")

    @route("POST", "/pages/unpay", page=True)
    def unpay(self, request: Request) -> Reply:
        _books, payment = self._payment(request.form_value("payment"))
        return self._done(request, lambda: self.world.bookkeeper.delete_payment(payment), payment.document, "unpaid")

    @route("POST", "/pages/approve", page=True)
    def approve(self, request: Request) -> Reply:
        _books, document = self._document(request.form_value("document"))
        return self._done(request, lambda: self.world.bookkeeper.approve(document), document, "approved")

    @route("POST", "/pages/void", page=True)
    def void(self, request: Request) -> Reply:
        _books, document = self._document(request.form_value("document"))
        return self._done(request, lambda: self.world.bookkeeper.void(document), document, "voided")

    @route("POST", "/pages/bill", page=True)
    def bill(self, request: Request) -> Reply:
        _books, document = self._document(request.form_value("document"))
        return self._done(request, lambda: self.world.bookkeeper.bill(document), document, "billed")

    @route("POST", "/pages/account", page=True)
    def account(self, request: Request) -> Reply:
        books = self._books(request.form_value("org"))
        try:
            self.world.bookkeeper.switch_account(books, request.form_value("account"))
        except NotPossible as problem:
            return self._home(request, books, "accounts", str(problem))
        return self._back(books, "accounts", "switched")

    @route("POST", "/pages/faults", page=True)
    def faults(self, request: Request) -> Reply:
        books = self._books(request.form_value("org"))
        choice, times = FAULTS.get(request.form_value("fault")), whole_number(request.form_value("times"))
        if choice is None:
            return self._home(request, books, "faults", gettext("Choose what to misbehave."))
        if not times or times > 1000:
            return self._home(request, books, "faults", gettext("How often has to be a number from 1 to 1000."))
        self.world.faults.replace(choice[1] | {"times": times})
        return self._back(books, "faults", "faults")

    @route("POST", "/pages/behave", page=True)
    def behave(self, request: Request) -> Reply:
        self.world.faults.replace([])
        return self._back(self._books(request.form_value("org")), "faults", "behaves")

    @route("POST", "/pages/reset", page=True)
    def empty(self, request: Request) -> Reply:
        self.world.reset({"organisations": len(self.world.books), "keep_connections": True})
        return self._back(self._books(request.form_value("org")), "invoices", "emptied")

    # What the pages share

    def _home(self, request: Request, books: Books | None = None, tab: str = "", problem: str = "") -> Reply:
        books = books or self._books(request.query.get("org", ""))
        tab = tab or request.query.get("tab", "invoices")
        page = whole_number(request.query.get("page", "")) or 1
        rows = _rows(books, tab)
        context = {
            "rows": rows[(page - 1) * SHOWN : page * SHOWN],
            "total": len(rows),
            "previous": page - 1,
            "next": page + 1 if page * SHOWN < len(rows) else 0,
            "caller": self.world.caller,
            "choices": [(key, label) for key, (label, _rule) in FAULTS.items()],
            "faults": self.world.faults.faults,
            "problem": problem,
        }
        return html("xero/sandbox/home.html", {**self._frame(request, books, tab), **context}, status=422 if problem else 200)

    def _document_page(self, request: Request, key: str, problem: str = "") -> Reply:
        books, document = self._document(key)
        context = {
            "document": document,
            "row": document.row,
            "banks": [
                row for row in books.accounts if row["Status"] == "ACTIVE" and (row["Type"] == "BANK" or row["EnablePaymentsToAccount"])
            ],
            "today": clock.now().date(),
            "problem": problem,
        }
        return html(
            "xero/sandbox/document.html", {**self._frame(request, books, _tab_of(document)), **context}, status=422 if problem else 200
        )

    def _frame(self, request: Request, books: Books, tab: str) -> dict[str, Any]:
        root = f"/{self.world.slug}"
        return {
            "root": root,
            "books": books,
            "organisations": list(self.world.books.values()),
            "tab": tab,
            "tabs": TABS,
            "said": SAID.get(request.query.get("said", "")),
        }

    def _done(self, request: Request, act: Callable[[], object], document: Document, said: str) -> Reply:
        try:
            act()
        except NotPossible as problem:
            return self._document_page(request, document.id, str(problem))
        books, _document = self._document(document.id)
        self.world.webhooks.changed(books, document)
        return redirect(f"/{self.world.slug}{document.page}{'&' if '?' in document.page else '?'}said={said}")

    def _back(self, books: Books, tab: str, said: str) -> Reply:
        return redirect(f"/{self.world.slug}/?{urlencode({'org': books.id, 'tab': tab, 'said': said})}")

    def _books(self, tenant: str) -> Books:
        return self.world.books.get(tenant) or next(iter(self.world.books.values()))

    def _document(self, key: str) -> tuple[Books, Document]:
        for books in self.world.books.values():
            for kind in KINDS:
                if document := books.documents[kind.name].get(key.lower()):
                    return books, document
        raise Refusal(not_found())

    def _payment(self, key: str) -> tuple[Books, Payment]:
        for books in self.world.books.values():
            if payment := books.payments.get(key.lower()):
                return books, payment
        raise Refusal(not_found())


def _tab_of(document: Document) -> str:
    """The tab in whose table a document stands."""
    if document.kind is PURCHASE_ORDER:
        return "orders"
    return "invoices" if document.kind.types[document.type] else "bills"


def _rows(books: Books, tab: str) -> list[Any]:
    """What stands in the table of a tab."""
    if tab in ("invoices", "bills", "orders"):
        return [document for document in _newest(books) if _tab_of(document) == tab]
    if tab == "contacts":
        return [contact.row for contact in books.contacts.values()]
    if tab == "payments":
        return list(reversed(books.payments.values()))
    return books.accounts if tab == "accounts" else []


def _newest(books: Books) -> list[Document]:
    documents = [document for kind in KINDS for document in books.documents[kind.name].values()]
    return sorted(documents, key=lambda document: document.updated, reverse=True)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise NotPossible(f"{text} is no date: enter one such as 2026-11-30.") from error
