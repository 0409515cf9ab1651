"""Productive's own pages, for a person: what the organization has, what became of it elsewhere, and invoices to draft and finalise."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from integrations.providers.productive.sandbox import billing
from integrations.providers.productive.sandbox.columns import COLUMNS, link, name_of, status_of, units
from integrations.providers.productive.sandbox.store import Resource
from integrations.providers.productive.sandbox.tables import TABLES
from integrations.providers.productive.sandbox.wire import not_found
from integrations.records.currencies import to_minor
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Refusal, Reply, Request, redirect
from integrations.sandbox.pages import html

if TYPE_CHECKING:
    from integrations.providers.productive.sandbox.world import ProductiveSandbox

SHOWN = 50  # rows at once
PARTS = ("line_items", "payments")
TABS = (
    ("invoices", _("Invoices")),
    ("payments", _("Payments")),
    ("expenses", _("Expenses")),
    ("companies", _("Companies")),
    ("people", _("People")),
    ("deals", _("Deals and budgets")),
    ("bookings", _("Bookings")),
)
SAID = {
    "drafted": _("The draft is here. Finalise it, and it has a number."),
    "finalised": _("The invoice is finalised and sent. It can be copied and paid now."),
}


def words(path: str) -> str:
    return path.replace("_", " ").capitalize()


class Pages:
    def __init__(self, world: ProductiveSandbox) -> None:
        self.world = world

    @route("GET", "/", page=True)
    def home(self, request: Request) -> Reply:
        return self._home(request)

    @route("GET", "/{organization}/{path}/{id}", page=True)
    def record(self, request: Request) -> Reply:
        store, resource = self.world.store, self._resource(request.params["path"], request.params["id"])
        table = TABLES[resource.path]
        attributes = [(name, resource.attributes.get(name)) for name in sorted(table.attributes)]
        shown = {
            "resource": resource,
            "name": name_of(resource),
            "status": status_of(resource) if resource.path == "invoices" else None,
            "url": resource.attributes.get("export_invoice_url") or resource.attributes.get("export_url"),
            "sums": [(name, units(resource, name)) for name in ("amount_with_tax", "amount_paid", "amount_unpaid")],
            "parts": [self._listed(path, rows) for path, rows in self._parts(resource)],
            "attributes": [(name, value) for name, value in attributes if value not in (None, "", [], {})],
            "relations": [
                (name, link(store, relation.target, resource.links[name]))
                for name, relation in table.relations.items()
                if not relation.many and resource.links.get(name)
            ],
        }
        return html("productive/sandbox/record.html", self._frame(request, resource.path) | shown)

    @route("POST", "/pages/draft", page=True)
    def draft(self, request: Request) -> Reply:
        like = billing.billed(self.world.store).get(request.form_value("company"))
        if like is None:
            return self._home(request, str(_("Choose the company that is invoiced.")))
        try:
            net = to_minor(Decimal(request.form_value("amount")), like.attributes["currency"])
        except (InvalidOperation, ValueError):
            return self._home(request, str(_("The amount has to be a number such as 1250.00.")))
        made = billing.draft(self.world.store, like, net)
        self.world.hooks.tell(made, "new")
        return self._back("drafted")

    @route("POST", "/pages/finalise", page=True)
    def finalise(self, request: Request) -> Reply:
        invoice = self._resource("invoices", request.form_value("invoice"))
        if not invoice.attributes.get("finalized_on"):
            billing.finalise(self.world.store, invoice)
            self.world.hooks.tell(invoice, "updated")
        return self._back("finalised")

    def _home(self, request: Request, problem: str = "") -> Reply:
        store = self.world.store
        asked = request.query.get("tab", "")
        tab = asked if asked in TABLES else TABS[0][0]
        shown = {
            "token": self.world.token,
            "listed": self._listed(tab, list(reversed(store.of(tab).values()))),
            "billed": [link(store, "companies", company) for company in billing.billed(store)],
            "problem": problem,
        }
        return html("productive/sandbox/home.html", self._frame(request, tab) | shown, status=400 if problem else 200)

    def _frame(self, request: Request, tab: str) -> dict[str, Any]:
        labels = dict(TABS)
        others = [path for path in TABLES if path not in labels and self.world.store.of(path)]
        return {
            "root": f"/{self.world.slug}",
            "organization": self.world.organization_id,
            "studio": next(iter(self.world.store.of("organizations").values())).attributes["name"],
            "tab": tab,
            "tabs": TABS,
            "others": {path: words(path) for path in others},
            "said": SAID.get(request.query.get("said", "")),
        }

    def _listed(self, path: str, rows: list[Resource]) -> dict[str, Any]:
        store = self.world.store
        columns = COLUMNS.get(path, COLUMNS[""])
        return {
            "path": path,
            "title": dict(TABS).get(path, words(path)),
            "columns": columns,
            "rows": [(row, [(column, column.value(store, row)) for column in columns]) for row in rows[:SHOWN]],
            "count": len(rows),
            "shown": min(len(rows), SHOWN),
        }

    def _parts(self, resource: Resource) -> list[tuple[str, list[Resource]]]:
        """What hangs on an invoice: its lines and what was paid of it."""
        if resource.path != "invoices":
            return []
        found = {path: [row for row in self.world.store.of(path).values() if row.links.get("invoice") == resource.id] for path in PARTS}
        return [(path, rows) for path, rows in found.items() if rows]

    def _resource(self, path: str, remote_id: str) -> Resource:
        found = self.world.store.of(path).get(remote_id) if path in TABLES else None
        if found is None:
            raise Refusal(not_found())
        return found

    def _back(self, said: str) -> Reply:
        return redirect(f"/{self.world.slug}/?{urlencode({'said': said})}")
