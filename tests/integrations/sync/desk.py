"""One organization at its desk: books, a Xero integration and the simulated Xero behind it, over real HTTP."""

from __future__ import annotations

import io
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Organization
from accounts.tenancy import current_organization, within
from integrations import clock
from integrations.models import Action, Batch, Integration, Link, OutboxItem, Run, Stream
from integrations.models.outbox import OPEN
from integrations.provider import Client
from integrations.providers.xero.models import XeroIntegration
from integrations.providers.xero.sandbox import XeroSandbox
from integrations.providers.xero.sandbox.books import CREDIT_NOTE, INVOICE, Document, Payment
from integrations.providers.xero.sandbox.books import Books as XeroBooks
from integrations.records.base import Record
from integrations.sandbox.consent import walk_consent
from integrations.sandbox.exchange import Request
from integrations.sandbox.server import SandboxServer
from integrations.sync import connections, runs
from integrations.sync.calling import open_client
from integrations.sync.outbox import current_links
from integrations.sync.turns import next_due_at, take_turn
from tests.books import Books, make_books, make_invoices, make_xero

TURNS = 200  # more than any test needs
FAR = timedelta(days=3650)


@dataclass
class Desk:
    """`later(seconds)` lets time pass. Streams of a connected integration begin nothing by themselves unless a test says so."""

    organization: Organization
    server: SandboxServer
    later: Callable[[float], None]
    books: Books = field(init=False)
    integration: Any = None

    def __post_init__(self) -> None:
        self.books = make_books(self.organization)

    @property
    def xero(self) -> XeroSandbox:
        found = self.server.sandboxes["xero"]
        assert isinstance(found, XeroSandbox)
        return found

    # Setting up

    def connect(self, integration: Any = None, *, tenant: int = 0, **settled: Any) -> Any:
        """A Xero integration with everything mapped, connected to one of the sandbox's organisations."""
        integration = integration or make_xero(self.books, **settled)
        self.integration = integration
        with within(integration.organization):
            offered = self.consent(integration)
            connections.choose_tenant(integration, offered[tenant].id)
            Stream.everywhere.filter(integration=integration).update(next_run_at=clock.now() + FAR)
        integration.refresh_from_db()
        return integration

    def consent(self, integration: Any) -> list[Any]:
        address, verifier = connections.begin(integration, "http://testserver/back/", secrets.token_urlsafe(16))
        code = walk_consent(integration.declaration, address)["code"]
        return connections.complete(integration, code=code, verifier=verifier, redirect_uri="http://testserver/back/", user=None)

    def set(self, **settings: Any) -> None:
        """Change settings of the integration, as an admin would."""
        for name, value in settings.items():
            setattr(self.integration, name, value)
        self.integration.save(update_fields=list(settings))

    def invoices(self, count: int, **options: Any) -> list[Any]:
        return make_invoices(self.books, count, **options)

    def client(self, **options: Any) -> Client:
        return open_client(self.integration, **options)

    def misbehave(self, *rules: dict[str, Any]) -> None:
        """What the sandbox does wrong from now on; without rules, nothing more."""
        self.xero.faults.replace([{"times": 1, **rule} for rule in rules])

    # Working

    def start(self, kind: str = "invoice", records: Iterable[Record] | None = None, **options: Any) -> Run:
        return runs.start_export(self.integration, kind, None if records is None else [record.pk for record in records], **options)

    def export(self, kind: str = "invoice", records: Iterable[Record] | None = None, **options: Any) -> Run:
        """Export to the end, letting pass the time that has to pass."""
        return self.work(self.start(kind, records, **options))

    def bring(self, kind: str = "payment", **options: Any) -> Run:
        return self.work(runs.start(self.integration, Action.IMPORT, kind, **options))

    def turn(self) -> bool:
        return take_turn(self.integration.pk)

    def work(self, run: Run) -> Run:
        for _turn in range(TURNS):
            run.refresh_from_db()
            if run.is_finished:
                return run
            if not self.turn():
                self.wait(run)
        pytest.fail(f"Run {run.pk} does not come to an end: {run.state} {run.message} {self.states(run)}")

    def work_now(self) -> None:
        """Take turns until nothing is due any more."""
        for _turn in range(TURNS):
            if not self.turn():
                return
        pytest.fail("There is always something due: the worker would never rest.")

    def wait(self, run: Run | None = None) -> None:
        """Let pass the time until something is due."""
        due = (run and run.lease_until) or next_due_at(self.integration.pk)
        assert due is not None, "Nothing would ever be due again."
        self.later(max(0.0, (due - clock.now()).total_seconds()) + 0.01)

    # Looking

    def items(self, kind: str = "invoice", **filters: Any) -> list[OutboxItem]:
        return list(OutboxItem.everywhere.filter(integration=self.integration, kind=kind, **filters).order_by("pk"))

    def item(self, record: Any) -> OutboxItem:
        """The latest of a record."""
        found = OutboxItem.everywhere.filter(integration=self.integration, kind=record.kind, record_id=record.pk).order_by("-pk").first()
        assert found is not None, f"{record} was never put into the outbox"
        return found

    def states(self, run: Run | None = None, kind: str = "invoice") -> dict[str, int]:
        items = OutboxItem.everywhere.filter(integration=self.integration, kind=kind)
        return dict(Counter((items.filter(run=run) if run else items).values_list("state", flat=True)))

    def open(self) -> int:
        return OutboxItem.everywhere.filter(integration=self.integration, state__in=OPEN).count()

    def links(self, kind: str = "invoice") -> list[Link]:
        return list(current_links(self.integration, kind).order_by("pk"))

    def link(self, record: Any) -> Link:
        return current_links(self.integration, record.kind).get(record_id=record.pk)

    def batches(self, **filters: Any) -> list[Batch]:
        return list(Batch.everywhere.filter(integration=self.integration, **filters).order_by("pk"))

    def row(self) -> Integration:
        """The integration's base row as it is in the database."""
        found: Integration = Integration.everywhere.non_polymorphic().get(pk=self.integration.pk)
        return found

    # At Xero

    @property
    def there(self) -> XeroBooks:
        return self.xero.books[self.integration.realm_id]

    def documents(self, kind: str = "invoice") -> list[Document]:
        return list(self.there.documents[(INVOICE if kind == "invoice" else CREDIT_NOTE).name].values())

    def document(self, record: Any) -> Document:
        return next(document for document in self.documents(record.kind) if document.id == self.link(record).remote_id)

    def numbers(self, kind: str = "invoice") -> Counter[str]:
        """How often each number stands in Xero's books."""
        return Counter(document.number for document in self.documents(kind))

    def pay(self, record: Any, amount: str, **options: Any) -> Payment:
        return self.xero.bookkeeper.pay(self.there, self.document(record), amount, **options)


@dataclass
class Calls:
    """The requests that the sandbox got, in their order."""

    requests: list[Request] = field(default_factory=list)

    def writes(self, path: str = "/Invoices") -> list[Request]:
        return [request for request in self.requests if request.method in {"PUT", "POST"} and request.path.endswith(path)]

    def reads(self, path: str = "/Invoices") -> list[Request]:
        return [request for request in self.requests if request.method == "GET" and request.path.endswith(path)]

    def refreshes(self) -> list[Request]:
        return [request for request in self.requests if b"grant_type=refresh_token" in request.body]

    def api(self) -> list[Request]:
        """The calls beside those that sign in."""
        return [request for request in self.requests if "/api.xro/" in request.path]

    def clear(self) -> None:
        self.requests.clear()


def numbers_of(request: Request) -> list[str]:
    """Of the invoices of a write request."""
    return [element["InvoiceNumber"] for element in msgspec.json.decode(request.body)["Invoices"]]


def settings_of(integration: XeroIntegration) -> dict[str, Any]:
    """What an admin decided."""
    names = [name for section in integration.declaration.sections for name in section.fields]
    return {name: getattr(integration, name) for name in names}


def run_command(name: str, *arguments: Any, **options: Any) -> str:
    """What a command prints on stdout."""
    output = io.StringIO()
    call_command(name, *map(str, arguments), stdout=output, **options)
    return output.getvalue()


def at_once(*works: Callable[[], Any]) -> None:
    """Do each in a thread of its own, within the same organization; what one raises is raised here."""
    organization = current_organization()
    errors: list[BaseException] = []
    together = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> None:
        try:
            together.wait()
            with within(organization):
                work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
