"""How people work in Productive, for the contract suite."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.models import Link
from integrations.providers.productive.listings import PATH_OF
from integrations.providers.productive.sandbox import ProductiveSandbox, desk
from integrations.providers.productive.sandbox.hooks import body_of, signed
from integrations.providers.productive.sandbox.store import Resource
from integrations.providers.productive.sandbox.tables import TABLES
from integrations.providers.productive.writing import ADDRESS, BROUGHT
from integrations.records.choices import HrmType
from integrations.records.currencies import to_minor
from integrations.records.loading.shapes import shape_of
from integrations.records.models import Person
from integrations.source import plain
from tests.contract.scenario import Entered, Scenario

# attributes as Productive has them, and what our record says of them
MADE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "subsidiary": ({"name": "Northwind Ltd"}, {"name": "Northwind Ltd"}),
    "company": ({"name": "Delta Foods", "vat": "DE999", "default_currency": "EUR"}, {"name": "Delta Foods", "vat": "DE999"}),
    "person": ({"first_name": "Ben", "last_name": "Cole", "email": "ben@northwind.example"}, {"last_name": "Cole"}),
    "deal": ({"name": "Pitch", "budget": False, "currency": "EUR", "revenue": 123450}, {"name": "Pitch", "revenue": Decimal("1234.50")}),
    "invoice": (
        {"number": "2026-99", "invoice_type_id": 1, "currency": "EUR", "amount_with_tax": 11901, "invoiced_on": "2026-09-30"},
        {"number": "2026-99", "amount_with_tax": Decimal("119.01"), "invoiced_on": date(2026, 9, 30)},
    ),
    "expense": (
        {"name": "Flight", "currency": "EUR", "amount": 20050, "quantity": "1.0", "date": "2026-09-29"},
        {"name": "Flight", "amount": Decimal("200.50"), "date": date(2026, 9, 29)},
    ),
    "payment": (
        {"amount": 3333, "currency": "EUR", "paid_on": "2026-10-01"},
        {"amount": Decimal("33.33"), "paid_on": date(2026, 10, 1)},
    ),
    "salary": (
        {"cost": 500000, "currency": "EUR", "salary_type_id": 1, "started_on": "2026-01-01", "working_hours": [8, 8, 8, 8, 8, 0, 0]},
        {"cost": Decimal(5000), "started_on": date(2026, 1, 1), "working_hours": [8, 8, 8, 8, 8, 0, 0]},
    ),
    "entitlement": (
        {"start_date": "2026-01-01", "end_date": "2026-12-31", "allocated": "25.0"},
        {"end_date": date(2026, 12, 31), "allocated": Decimal(25)},
    ),
    "booking": (
        {"started_on": "2026-09-07", "ended_on": "2026-09-11", "booking_method_id": 1, "time": 480, "note": "Away"},
        {"started_on": date(2026, 9, 7), "time": 480},
    ),
    "time_entry": ({"date": "2026-09-02", "time": 90, "note": "Talks"}, {"date": date(2026, 9, 2), "time": 90, "note": "Talks"}),
    "attachment": ({"name": "receipt.pdf", "attachable_type": "Task", "attachable_id": "1"}, {"name": "receipt.pdf"}),
    "calendar_event": ({"name": "Review"}, {"name": "Review"}),
    "task": ({"title": "Draw it"}, {"title": "Draw it"}),
}
EDITED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "invoice": ({"amount_with_tax": 11902}, {"amount_with_tax": Decimal("119.02")}),
    "payment": ({"amount": 4444}, {"amount": Decimal("44.44")}),
    "salary": ({"cost": 510000}, {"cost": Decimal(5100)}),
    "entitlement": ({"allocated": "26.5"}, {"allocated": Decimal("26.5")}),
    "booking": ({"note": "Away, approved"}, {"note": "Away, approved"}),
    "time_entry": ({"time": 120}, {"time": 120}),
    "task": ({"title": "Draw it again"}, {"title": "Draw it again"}),
    "person": ({"last_name": "Coleman"}, {"last_name": "Coleman"}),
}


class ProductiveScenario(Scenario):
    sandbox: ProductiveSandbox
    one_copy_only = frozenset({"invoice", "credit_note", "expense", "event", *BROUGHT})  # marked, or there once

    def __init__(self, sandbox: ProductiveSandbox) -> None:
        super().__init__(sandbox)
        sandbox.reset({"empty": True})

    def keys(self) -> Mapping[str, str]:
        return {"token": self.sandbox.token, "organization_id": self.sandbox.organization_id}

    def settle(self, integration: Any) -> None:
        integration.writes_by_itself = False
        self.integration = integration

    def prepare(self, record: Any) -> None:
        """Productive has the record, or the sent invoice that was paid; and what is marked there was copied."""
        if record.kind in BROUGHT:
            self._own_company()
        if record.kind == "payment":
            self._mirror(record.invoice, sent_on="2026-09-30")
        elif record.kind == "person":
            record.manager = self._manager(record.organization)
            record.save()
        elif record.kind in ADDRESS:
            self._mirror(record)
            record.exported, record.export_id = True, f"copy-{record.pk}"
            setattr(record, ADDRESS[record.kind], f"https://books.example/{record.pk}")
            record.save()

    def _own_company(self) -> None:
        """For whom people work."""
        store = self.sandbox.store
        organization = store.of("organizations")[self.sandbox.organization_id]
        if not organization.links.get("company"):
            organization.links["company"] = store.add("companies", {"name": "Northwind Studio"}).id

    def _manager(self, organization: Any) -> Person:
        """Somebody whom Productive has told of."""
        known = {"organization": organization, "email": "boss@northwind.example", "hrm_type_id": HrmType.EMPLOYEE}
        manager, is_new = Person.everywhere.get_or_create(**known)
        if is_new:
            self._mirror(manager)
            to = {"realm_id": self.integration.realm_id, "kind": "person", "record_id": manager.pk, "remote_id": manager.productive_id}
            Link.everywhere.create(organization=organization, integration=self.integration, is_import=True, revision=1, **to)
        return manager

    def rework(self, record: Any) -> None:
        if record.kind in ADDRESS:
            setattr(record, ADDRESS[record.kind], f"https://books.example/{record.pk}/moved")
            record.save()

    def _mirror(self, record: Any, **more: Any) -> None:
        """The same at Productive, as far as our record says something."""
        path, shape = PATH_OF[record.kind], shape_of(type(record))
        values = {name: getattr(record, column) for name, (column, _read) in shape.columns.items() if name in TABLES[path].attributes}
        attributes = {name: plain(value) for name, value in values.items() if value not in (None, "", [], {})}
        amounts = {name: getattr(record, name) for name in shape.amounts if name in TABLES[path].attributes}
        attributes |= {name: to_minor(amount, record.currency) for name, amount in amounts.items() if amount is not None}
        made = self.sandbox.store.add(path, {**attributes, **more})
        type(record).everywhere.filter(pk=record.pk).update(productive_id=made.id)
        record.productive_id = made.id

    def enter(self, kind: str, links: Mapping[str, Link]) -> Entered:
        attributes, values = MADE.get(kind, ({"name": f"A {kind}"}, {"name": f"A {kind}"}))
        made = self.sandbox.store.add(PATH_OF[kind], dict(attributes))
        return Entered(made.id, values)

    def edit(self, kind: str, entered: Entered) -> Entered:
        attributes, values = EDITED.get(kind, ({"name": "Another name"}, {"name": "Another name"}))
        self.sandbox.store.change(self._resource(kind, entered.remote_id), **attributes)
        return Entered(entered.remote_id, values)

    def remove(self, kind: str, entered: Entered) -> None:
        """Among others, so that a person need not be asked whether all may vanish."""
        for _other in range(4):
            self.enter(kind, {})
        desk.delete(self.sandbox.store, self._resource(kind, entered.remote_id))

    def call(self, realm_id: str, key: str) -> tuple[bytes, Mapping[str, str]]:
        body = body_of(self.sandbox.store.add("invoices", {"number": "2026-1"}), realm_id)
        return body, signed(body, key)

    def _resource(self, kind: str, remote_id: str) -> Resource:
        return self.sandbox.store.of(PATH_OF[kind])[remote_id]


SCENARIO = ProductiveScenario
