"""What the pages for people show of each kind, column by column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations.providers.productive.sandbox.store import Resource, Store
from integrations.records.currencies import from_minor


@dataclass(frozen=True)
class Link:
    """A resource by its name; without one of them it is just said."""

    path: str
    id: str
    name: str


@dataclass(frozen=True)
class Status:
    """`look` is a class of the style sheet."""

    look: str
    words: str


@dataclass(frozen=True)
class Column:
    """`look` is a class of the style sheet."""

    label: Promise
    value: Callable[[Store, Resource], Any]
    look: str = ""


def name_of(resource: Resource) -> str:
    given = resource.attributes
    person = " ".join(filter(None, (given.get("first_name"), given.get("last_name"))))
    return str(given.get("number") or given.get("name") or person or given.get("title") or given.get("description") or resource.id)


def link(store: Store, path: str, remote_id: str) -> Link:
    there = store.of(path).get(remote_id) if path in store.resources else None
    return Link(path, remote_id, name_of(there)) if there else Link("", remote_id, remote_id)


def status_of(invoice: Resource) -> Status:
    if not invoice.attributes.get("finalized_on"):
        return Status("", _now("draft"))
    return Status("paid", _now("paid")) if invoice.attributes.get("paid_on") else Status("authorised", _now("sent"))


def units(resource: Resource, name: str) -> str:
    amount, currency = resource.attributes.get(name), resource.attributes.get("currency")
    return "" if amount is None or not currency else f"{from_minor(amount, currency):,.2f} {currency}"


def _own(label: Promise) -> Column:
    return Column(label, lambda store, row: Link(row.path, row.id, name_of(row)))


def _said(label: Promise, name: str) -> Column:
    return Column(label, lambda store, row: row.attributes.get(name) or "")


def _day(label: Promise, name: str) -> Column:
    return Column(label, lambda store, row: row.attributes.get(name) or "", look="nowrap")


def _amount(label: Promise, name: str) -> Column:
    return Column(label, lambda store, row: units(row, name), look="number")


def _of(label: Promise, name: str, path: str) -> Column:
    return Column(label, lambda store, row: link(store, path, row.links[name]) if row.links.get(name) else "")


def _copied(label: Promise) -> Column:
    return Column(label, lambda store, row: Status("paid", _now("copied")) if row.attributes.get("exported") else "")


COLUMNS: dict[str, tuple[Column, ...]] = {
    "": (_own(_("Name")),),
    "invoices": (
        _own(_("Number")),
        _of(_("Company"), "company", "companies"),
        _day(_("Date"), "invoiced_on"),
        Column(_("Status"), lambda store, row: status_of(row)),
        _copied(_("Elsewhere")),
        _amount(_("Total"), "amount_with_tax"),
        _amount(_("Unpaid"), "amount_unpaid"),
    ),
    "line_items": (_said(_("Description"), "description"), _said(_("Quantity"), "quantity"), _amount(_("Net"), "amount")),
    "payments": (
        _of(_("Invoice"), "invoice", "invoices"),
        _day(_("Paid on"), "paid_on"),
        _said(_("Note"), "note"),
        _amount(_("Amount"), "amount"),
    ),
    "expenses": (
        _own(_("Name")),
        _of(_("Vendor"), "vendor", "companies"),
        _day(_("Date"), "date"),
        _copied(_("Elsewhere")),
        _amount(_("Amount"), "total_amount_with_tax"),
    ),
    "companies": (_own(_("Name")), _said(_("Tax number"), "vat"), _said(_("Currency"), "default_currency")),
    "people": (_own(_("Name")), _said(_("E-mail"), "email"), _said(_("Title"), "title"), _of(_("Company"), "company", "companies")),
    "deals": (_own(_("Name")), _of(_("Company"), "company", "companies"), _of(_("Status"), "deal_status", "deal_statuses")),
    "bookings": (
        _of(_("Who"), "person", "people"),
        _of(_("Absence"), "event", "events"),
        _of(_("Service"), "service", "services"),
        _day(_("From"), "started_on"),
        _day(_("Until"), "ended_on"),
    ),
}
