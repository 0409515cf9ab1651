"""Which of Productive's lists become which records, and what is asked to be included.

A relationship that is not included says nothing, so those that records keep are asked for, and no more. Lists are in the order in
which they are best read: what others refer to comes first.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Listing:
    """`path` is also the type of its resources, `kinds` are what they are here. `binned` are the names by which Productive's bin
    knows what was deleted of it; what has none is gone without a trace, and missed when it is counted.
    """

    path: str
    kinds: tuple[str, ...]
    include: tuple[str, ...] = ()
    binned: tuple[str, ...] = ()


def _listing(path: str, kind: str, include: str = "", binned: str = "") -> Listing:
    return Listing(path, tuple(kind.split()), tuple(include.split()), tuple(binned.split()))


BUNDLES: dict[str, tuple[Listing, ...]] = {
    "subsidiary": (_listing("subsidiaries", "subsidiary"),),
    "company": (
        _listing("companies", "company"),
        _listing("contact_entries", "contact_entry", "company person subsidiary invoice purchase_order"),
    ),
    "person": (_listing("people", "person", "manager company subsidiary"),),
    "service_type": (_listing("service_types", "service_type"),),
    "tax_rate": (_listing("tax_rates", "tax_rate", "subsidiary"),),
    "document_type": (_listing("document_types", "document_type", "subsidiary"),),
    "pipeline": (_listing("pipelines", "pipeline"),),
    "deal_status": (_listing("deal_statuses", "deal_status", "pipeline"),),
    "custom_field": (
        _listing("custom_fields", "custom_field", "project options"),
        _listing("custom_field_options", "custom_field_option"),
    ),
    "project": (_listing("projects", "project", "company project_manager", "project"),),
    "deal": (
        _listing(
            "deals",
            "deal budget",
            "company contact responsible creator project deal_status subsidiary document_type",
            "deal budget",
        ),
    ),
    "service": (_listing("services", "service", "deal service_type", "service"),),
    "invoice": (
        _listing(
            "invoices",
            "invoice credit_note",
            "company subsidiary document_type bill_to bill_from creator issuer parent_invoice attachment",
            "invoice",
        ),
        _listing("line_items", "line_item", "invoice service service_type expense tax_rate"),
    ),
    "payment": (_listing("payments", "payment", "invoice"),),
    "expense": (
        _listing("purchase_orders", "purchase_order", "vendor deal creator document_type attachment", "purchase_order"),
        _listing(
            "expenses",
            "expense",
            "deal service service_type vendor person creator approver rejecter tax_rate purchase_order attachment",
            "expense",
        ),
        _listing("expense_line_items", "expense_line_item", "expense tax_rate"),
    ),
    "attachment": (_listing("attachments", "attachment", "creator"),),
    "event": (_listing("events", "event", "", "event"),),
    "entitlement": (_listing("entitlements", "entitlement", "person event"),),
    "booking": (_listing("bookings", "booking", "person approver event service task", "booking"),),
    "salary": (_listing("salaries", "salary", "person"),),
    "folder": (_listing("folders", "folder", "project"),),
    "task_list": (_listing("task_lists", "task_list", "project folder"),),
    "task": (_listing("tasks", "task", "project task_list parent_task assignee creator", "task"),),
    "time_entry": (_listing("time_entries", "time_entry", "person service task creator approver rejecter", "time_entry"),),
    "calendar_event": (_listing("calendar_events", "calendar_event", "person"),),
}
"""What is read together, by the kind that gives it its name: an invoice is not whole without its lines."""

PATH_OF = {kind: listing.path for bundle in BUNDLES.values() for listing in bundle for kind in listing.kinds}
"""The list in which records of a kind are."""
