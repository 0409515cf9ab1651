"""The simulated Xero: identity server, connections and Accounting API on one host, over books of several organisations.

It stands for `login.xero.com` (`/identity/connect/authorize`), `identity.xero.com` (`/connect/…`), `api.xero.com` (`/connections`,
`/api.xro/2.0/…`) and `go.xero.com` (the pages that deep links lead to). Bodies have to be JSON; answers are XML unless JSON is accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

import msgspec
from django.utils.translation import gettext_lazy as _

from integrations.providers.xero.sandbox.allocations import Allocations
from integrations.providers.xero.sandbox.batches import Answers
from integrations.providers.xero.sandbox.books import CREDIT_NOTE, INVOICE, PURCHASE_ORDER, Books
from integrations.providers.xero.sandbox.connecting import Connecting, authorization_server
from integrations.providers.xero.sandbox.contacts import Contacts
from integrations.providers.xero.sandbox.documents import CreditNotes, Invoices, PurchaseOrders
from integrations.providers.xero.sandbox.enclosures import Enclosures
from integrations.providers.xero.sandbox.gate import Gate, XeroLimits, remaining_headers, too_many
from integrations.providers.xero.sandbox.lists import Lists
from integrations.providers.xero.sandbox.organisations import contact_names
from integrations.providers.xero.sandbox.pages import Pages
from integrations.providers.xero.sandbox.payments import Payments
from integrations.providers.xero.sandbox.people import Bookkeeper
from integrations.providers.xero.sandbox.webhooks import Webhooks
from integrations.providers.xero.sandbox.wire import Row, not_found
from integrations.sandbox.base import Sandbox
from integrations.sandbox.caller import Caller
from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import Reply, Request, encode
from integrations.sandbox.faults import Fault
from integrations.sandbox.limits import Breach
from integrations.sandbox.oauth import Client

PROBLEMS = ("minute", "day", "appminute", "concurrent")
IDEMPOTENCY_SECONDS = 360  # https://developer.xero.com/documentation/guides/idempotent-requests/idempotency


class XeroOptions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `__reset__` understands. `clients` registers apps (none: any app will do); `keep_connections` keeps what was granted."""

    organisations: Annotated[int, msgspec.Meta(ge=1, le=50)] = 3
    contacts: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 5  # in each organisation
    seed: int | None = None
    limits: XeroLimits = XeroLimits()
    clients: dict[str, Client] = {}
    idempotency_seconds: Annotated[float, msgspec.Meta(ge=0)] = IDEMPOTENCY_SECONDS
    period_lock_date: date | None = None
    end_of_year_lock_date: date | None = None
    keep_connections: bool = False


class XeroSandbox(Sandbox):
    slug = "xero"
    title = "Xero"
    summary = _("Accounting: invoices, bills and purchase orders come in here, payments are entered here.")
    Options = XeroOptions

    def __init__(self, chance: Chance | None = None) -> None:
        self.contacts = Contacts(self)
        self.bookkeeper = Bookkeeper(self)
        self.caller = Caller(self.slug)
        self.webhooks = Webhooks(self)
        super().__init__(chance)
        documents = (Invoices(self), CreditNotes(self), PurchaseOrders(self), Payments(self), Allocations(self), Enclosures(self))
        parts = (Connecting(self), Lists(self), self.contacts, *documents, Pages(self), self.webhooks, self.caller)
        for resource in parts:
            self.mount(resource)

    def begin(self, options: XeroOptions) -> None:
        locks = {"period_lock": options.period_lock_date, "year_lock": options.end_of_year_lock_date}
        self.books: dict[str, Books] = {}
        for number in range(options.organisations):
            books = Books(number, **locks)
            self.books[books.id] = books
            for name in contact_names(books.pattern, options.contacts):
                self.contacts.commit(books, self.contacts.stage(books, {"Name": name}, None, set()))
        self.answers = Answers(options.idempotency_seconds)
        self.gate = Gate(self, options.limits)
        if not options.keep_connections or not hasattr(self, "authorization"):
            self.authorization = authorization_server(self, dict(options.clients))
            self.connections: dict[tuple[str, str], Row] = {}  # by app and organisation

    def records(self) -> dict[str, list[Any]]:
        """Rows as the API shows them, each with the `tenantId` of its organisation."""

        def of_all(rows_of: Any) -> list[Row]:
            return [{"tenantId": books.id, **row} for books in self.books.values() for row in rows_of(books)]

        return {
            "organisations": of_all(lambda books: [books.organisation]),
            "connections": [{"client_id": client, **row} for (client, _tenant), row in self.connections.items()],
            "contacts": of_all(lambda books: [contact.row for contact in books.contacts.values()]),
            "invoices": of_all(lambda books: [document.row for document in books.documents[INVOICE.name].values()]),
            "credit_notes": of_all(lambda books: [document.row for document in books.documents[CREDIT_NOTE.name].values()]),
            "purchase_orders": of_all(lambda books: [document.row for document in books.documents[PURCHASE_ORDER.name].values()]),
            "payments": of_all(lambda books: [payment.row for payment in books.payments.values()]),
        }

    def limits(self) -> dict[str, Any]:
        return self.gate.state()

    @contextmanager
    def admission(self, request: Request) -> Iterator[None]:
        with self.gate.admission(request):
            yield

    def finish(self, request: Request, reply: Reply) -> None:
        reply.headers["Xero-Correlation-Id"] = self.chance.uuid()
        if request.caller:
            reply.headers |= remaining_headers(request.caller)

    def missing(self, request: Request) -> Reply:
        return not_found()

    def crash_reply(self, request: Request) -> Reply:
        return Reply(500, encode({"ErrorNumber": 500, "Type": "InternalError", "Message": "An error occurred in Xero."}))

    def error_reply(self, request: Request, fault: Fault) -> Reply:
        if fault.status == 429:
            return too_many(Breach(fault.message if fault.message in PROBLEMS else "minute", fault.retry_after))
        if fault.status >= 500:
            reply = (
                self.crash_reply(request)
                if fault.status == 500
                else Reply(fault.status, b"The service is unavailable.", "text/html; charset=utf-8")
            )
        else:
            reply = Reply(
                fault.status, encode({"ErrorNumber": 10, "Type": "ValidationException", "Message": fault.message, "Elements": []})
            )
        reply.headers |= {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return reply

    def secrets(self) -> Collection[str]:
        return self.authorization.tokens()

    def end_grants(self) -> None:
        self.authorization.end_grants()
        self.connections.clear()

    def expire_token(self, request: Request) -> None:
        self.authorization.expire(request)

    def change_page(self, request: Request, change: str) -> None:
        plural = request.template.rpartition("/")[2]
        if change == "insert":
            self.bookkeeper.insert(request.caller.books, plural)
        else:
            self.bookkeeper.withdraw(request.caller.books, plural)
