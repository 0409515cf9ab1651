"""Writing: what Productive takes, what it refuses, and what follows from a payment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from integrations.providers.productive.sandbox import staff
from integrations.providers.productive.sandbox.store import Resource, Store
from integrations.providers.productive.sandbox.tables import READ_ONLY, TABLES, Table
from integrations.providers.productive.sandbox.wire import invalid, refuse
from integrations.sandbox.exchange import NotJson, Request

DAYS = frozenset(
    [
        "paid_on",
        "written_off_on",
        "invoiced_on",
        "pay_on",
        "delivery_on",
        "sent_on",
        "started_on",
        "ended_on",
        "start_date",
        "end_date",
        "issued_on",
        "reimbursed_on",
    ]
)
WHOLE = frozenset({"amount", "cost", "time", "unit_price", "salary_type_id", "booking_method_id", "booking_type_id"})
FLAGS = frozenset({"default_salary", "overhead", "alternating_hours", "draft"})


def read(store: Store, table: Table, request: Request, existing: Resource | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Attributes and links of a request's document. Raises `Refusal` in Productive's words."""
    try:
        data = request.json()["data"]
        attributes, relationships = dict(data.get("attributes") or {}), dict(data.get("relationships") or {})
        named = data["type"]
    except (NotJson, KeyError, TypeError, ValueError, AttributeError):
        raise refuse(400, "Bad Request", "The document is not a valid JSON:API document.") from None
    if named != table.path or (existing is not None and data.get("id") != existing.id):
        raise refuse(409, "Conflict", "Type and id of the document do not belong to this endpoint.")
    if table.path in READ_ONLY:
        raise refuse(405, "Method Not Allowed", "This resource cannot be written.")
    for name, value in attributes.items():
        if name not in table.writable:
            raise invalid(name, f"{name} is not allowed")
        _check(name, value)
    links = {name: _linked(store, table, name, relationship) for name, relationship in relationships.items()}
    if existing is None:
        needed = [*table.required, *(name for name, relation in table.relations.items() if relation.required)]
        for name in sorted(needed):
            if attributes.get(name) is None and links.get(name) is None:
                raise invalid(name, f"{name} can't be blank", part="attributes" if name in table.attributes else "relationships")
    return attributes, links


def _check(name: str, value: Any) -> None:
    if value is None:
        return
    if name in DAYS:
        try:
            date.fromisoformat(value)
        except (TypeError, ValueError):
            raise invalid(name, f"{name} is not a date") from None
    if name in WHOLE and (isinstance(value, bool) or not isinstance(value, int)):
        raise invalid(name, f"{name} is not a whole number")
    if name in FLAGS and not isinstance(value, bool):
        raise invalid(name, f"{name} is neither true nor false")


def _linked(store: Store, table: Table, name: str, relationship: Any) -> Any:
    relation = table.relations.get(name)
    if relation is None or not relation.writable:
        raise invalid(name, f"{name} is not allowed", part="relationships")
    data = relationship.get("data") if isinstance(relationship, Mapping) else None
    if relation.many:
        return [one["id"] for one in data or ()]
    if data is None:
        return None
    if data.get("type") != relation.target or (relation.target in TABLES and data.get("id") not in store.of(relation.target)):
        raise invalid(name, f"{name} must exist", part="relationships")
    return data["id"]


def create(store: Store, table: Table, attributes: dict[str, Any], links: dict[str, Any]) -> Resource:
    if table.path == "payments":
        invoice = store.of("invoices")[links["invoice"]]
        _check_payment(invoice, attributes)
        attributes = {**attributes, "currency": invoice.attributes.get("currency"), "external_id": None}
        made = store.add("payments", attributes, **links)
        follow_payments(store, invoice)
        return made
    attributes |= staff.made(store, table.path, attributes, links)
    made = store.add(table.path, attributes, **links)
    _follow_time_off(store, made)
    return made


def update(store: Store, existing: Resource, attributes: dict[str, Any], links: dict[str, Any]) -> None:
    both = {**existing.attributes, **attributes}
    attributes |= staff.changed(store, existing, both, {**existing.links, **links})
    existing.links |= links
    store.change(existing, **attributes)
    if existing.path == "payments":
        follow_payments(store, store.of("invoices")[existing.links["invoice"]])
    _follow_time_off(store, existing)


def delete(store: Store, existing: Resource) -> None:
    store.delete(existing)
    if existing.path == "payments" and existing.links.get("invoice") in store.of("invoices"):
        follow_payments(store, store.of("invoices")[existing.links["invoice"]])
    _follow_time_off(store, existing)


def _follow_time_off(store: Store, changed: Resource) -> None:
    if changed.path in ("bookings", "entitlements") and changed.links.get("event"):
        staff.count_used(store, changed.links["person"], changed.links["event"])


def _check_payment(invoice: Resource, attributes: Mapping[str, Any]) -> None:
    if not invoice.attributes.get("sent_on"):
        raise invalid("invoice", "Invoice must be sent before payments can be added", part="relationships")
    if not attributes.get("paid_on") and not attributes.get("written_off_on"):
        raise invalid("paid_on", "paid_on can't be blank")


def follow_payments(store: Store, invoice: Resource) -> None:
    """An invoice shows what is paid of it, and counts as changed by that."""
    payments = [payment for payment in store.of("payments").values() if payment.links.get("invoice") == invoice.id]
    paid = sum(payment.attributes["amount"] for payment in payments if payment.attributes.get("paid_on"))
    off = sum(payment.attributes["amount"] for payment in payments if payment.attributes.get("written_off_on"))
    total = invoice.attributes.get("amount_with_tax") or 0
    unpaid = total - paid - off - (invoice.attributes.get("amount_credited") or 0)
    days = [payment.attributes["paid_on"] for payment in payments if payment.attributes.get("paid_on")]
    paid_on = max(days, default=None) if unpaid <= 0 else None
    store.change(invoice, amount_paid=paid, amount_unpaid=unpaid, amount_written_off=off, paid_on=paid_on)
