"""The simulated Productive: one organization, its API v2, its pages for people, and its webhooks.

It stands for `api.productive.io` (`/api/v2/…`) and `app.productive.io` (the pages that links lead to). Lists may be narrowed by
`updated_at`, as the guide to filters has it, unless `by_change` is off: Productive's schema names that filter for few lists.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
from django.utils.translation import gettext_lazy as _

from integrations.providers.productive.sandbox import desk, staff
from integrations.providers.productive.sandbox.agency import settle
from integrations.providers.productive.sandbox.gate import Gate, ProductiveLimits
from integrations.providers.productive.sandbox.hooks import Hooks
from integrations.providers.productive.sandbox.lists import LARGEST_SIZE, Listing, asked_to_include, beside
from integrations.providers.productive.sandbox.pages import Pages
from integrations.providers.productive.sandbox.store import Resource, Store
from integrations.providers.productive.sandbox.tables import TABLES, Table
from integrations.providers.productive.sandbox.wire import answer, not_found, problem, refuse, too_many
from integrations.sandbox.base import Sandbox, route
from integrations.sandbox.caller import Caller
from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import Refusal, Reply, Request
from integrations.sandbox.faults import Fault

API = "/api/v2"
ORGANIZATION_ID = "4711"
TOKEN = "sandbox-token-of-northwind-studio"  # noqa: S105

Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class ProductiveOptions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `__reset__` understands. `time_entries` are that many more, for trying out large organizations; `documents` are
    resource objects that are there in place of the small agency; `largest_page` is the most that a page of a list has."""

    seed: int | None = None
    limits: ProductiveLimits = ProductiveLimits()
    empty: bool = False
    by_change: bool = True
    time_entries: Count = 0
    documents: list[dict[str, Any]] = []
    largest_page: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_SIZE)] = LARGEST_SIZE


class ProductiveSandbox(Sandbox):
    slug = "productive"
    title = "Productive"
    summary = _("The source of the records: invoices, people and budgets are kept here, payments come back.")
    Options = ProductiveOptions

    def __init__(self, chance: Chance | None = None) -> None:
        self.caller = Caller(self.slug)
        self.hooks = Hooks(self)
        super().__init__(chance)
        for part in (Pages(self), self.caller):
            self.mount(part)

    def begin(self, options: ProductiveOptions) -> None:
        self.organization_id = ORGANIZATION_ID
        self.tokens = {TOKEN}
        self.store = Store()
        self.by_change, self.largest_page = options.by_change, options.largest_page
        self.gate = Gate(self, options.limits)
        for document in options.documents:
            self.store.put(document)
        settle(self.store, self.organization_id, empty=options.empty or bool(options.documents), time_entries=options.time_entries)

    @property
    def token(self) -> str:
        """One that is good: somebody makes another where all were taken back."""
        if not self.tokens:
            self.tokens.add(f"{TOKEN}-{self.chance.token(8)}")
        return next(iter(self.tokens))

    def records(self) -> dict[str, list[Any]]:
        """Resources as the API shows them with all relationships; `copies` are those that say that they were copied."""
        shown = {
            path: [row.shown(table, frozenset(table.relations)) for row in self.store.of(path).values()] for path, table in TABLES.items()
        }
        copies = [row for path in ("invoices", "expenses") for row in shown[path] if row["attributes"].get("exported")]
        return {**{path: rows for path, rows in shown.items() if rows or path == "payments"}, "copies": copies}

    def limits(self) -> dict[str, Any]:
        return self.gate.state()

    @contextmanager
    def admission(self, request: Request) -> Iterator[None]:
        with self.gate.admission(request):
            yield

    def missing(self, request: Request) -> Reply:
        return not_found()

    def error_reply(self, request: Request, fault: Fault) -> Reply:
        if fault.status == 429:
            return too_many(100, 10, fault.retry_after or 10)
        reply = problem(fault.status, "Invalid Attribute" if fault.status < 500 else "Internal Server Error", fault.message or "simulated")
        reply.headers |= {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return reply

    def crash_reply(self, request: Request) -> Reply:
        return problem(500, "Internal Server Error", "Something went wrong.")

    def finish(self, request: Request, reply: Reply) -> None:
        reply.headers["X-Request-Id"] = self.chance.uuid()

    def secrets(self) -> Collection[str]:
        return self.tokens

    def end_grants(self) -> None:
        self.tokens.clear()

    def change_page(self, request: Request, change: str) -> None:
        path = request.params.get("path", "")
        if change == "insert":
            rows = self.store.of(path)
            first = next(iter(rows.values()), None)
            if first is not None:
                self.store.add(path, dict(first.attributes), **first.links)
        elif rows := self.store.of(path):
            desk.delete(self.store, next(iter(rows.values())))

    # The API

    @route("GET", f"{API}/{{path}}")
    def index(self, request: Request) -> Reply:
        listing = Listing(self.store, self._table(request), request, by_change=self.by_change, largest_page=self.largest_page)
        return answer(listing.document())

    @route("POST", f"{API}/{{path}}")
    def create(self, request: Request) -> Reply:
        table = self._table(request)
        made = desk.create(self.store, table, *desk.read(self.store, table, request, None))
        self.hooks.tell(made, "new")
        return self._one(request, table, made, 201)

    @route("GET", f"{API}/{{path}}/{{id}}")
    def show(self, request: Request) -> Reply:
        return self._one(request, self._table(request), self._resource(request))

    @route("PATCH", f"{API}/{{path}}/{{id}}")
    def update(self, request: Request) -> Reply:
        table, existing = self._table(request), self._resource(request)
        desk.update(self.store, existing, *desk.read(self.store, table, request, existing))
        self.hooks.tell(existing, "updated")
        return self._one(request, table, existing)

    @route("PATCH", f"{API}/people/{{id}}/deactivate")
    def deactivate(self, request: Request) -> Reply:
        return self._switched(request, on=False)

    @route("PATCH", f"{API}/people/{{id}}/activate")
    def activate(self, request: Request) -> Reply:
        return self._switched(request, on=True)

    def _switched(self, request: Request, *, on: bool) -> Reply:
        person = self.store.of("people").get(request.params["id"])
        if person is None:
            raise Refusal(not_found())
        staff.switch_access(self.store, person, on=on)
        self.hooks.tell(person, "updated")
        return self._one(request, TABLES["people"], person)

    @route("DELETE", f"{API}/{{path}}/{{id}}")
    def destroy(self, request: Request) -> Reply:
        existing = self._resource(request)
        desk.delete(self.store, existing)
        self.hooks.tell(existing, "deleted")
        return Reply(204, b"")

    @route("GET", f"{API}/reports/{{report}}")
    def report(self, request: Request) -> Reply:
        raise refuse(400, "Unsupported Group", "The sandbox draws no reports.")

    def _table(self, request: Request) -> Table:
        table = TABLES.get(request.params["path"])
        if table is None:
            raise Refusal(not_found())
        return table

    def _resource(self, request: Request) -> Resource:
        found = self.store.of(self._table(request).path).get(request.params["id"])
        if found is None:
            raise Refusal(not_found())
        return found

    def _one(self, request: Request, table: Table, resource: Resource, status: int = 200) -> Reply:
        included = asked_to_include(table, request.query)
        document: dict[str, Any] = {"data": resource.shown(table, included)}
        if included:
            document["included"] = beside(self.store, table, [resource], included)
        return answer(document, status)
