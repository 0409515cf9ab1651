"""What one organization has in Productive: resources by path, and the bin of what was deleted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations import clock
from integrations.providers.productive.sandbox.tables import TABLES, Relation, Table

FIRST_ID = 1001
BINNED = {
    "deals": "deal",
    "projects": "project",
    "invoices": "invoice",
    "tasks": "task",
    "services": "service",
    "time_entries": "time_entry",
    "purchase_orders": "purchase_order",
    "bookings": "booking",
    "events": "event",
    "expenses": "expense",
}
"""What goes into the bin when it is deleted, and by which name; the rest is gone for good."""


@dataclass(slots=True)
class Resource:
    """`links` are ids: of one by relationship, or a list of them."""

    id: str
    path: str
    attributes: dict[str, Any]
    links: dict[str, Any]
    updated_at: datetime

    def shown(self, table: Table, included: frozenset[str] = frozenset()) -> dict[str, Any]:
        """As the API shows it: relationships that were not asked for say no more than that."""
        relationships = {
            name: {"data": _identifiers(relation, self.links.get(name))} if name in included else {"meta": {"included": False}}
            for name, relation in table.relations.items()
        }
        attributes = {name: self.attributes.get(name) for name in sorted(table.attributes)}
        return {"id": self.id, "type": self.path, "attributes": attributes, "relationships": relationships}


def _identifiers(relation: Relation, linked: Any) -> Any:
    if relation.many:
        return [{"type": relation.target, "id": one} for one in linked or ()]
    return {"type": relation.target, "id": linked} if linked else None


@dataclass
class Store:
    resources: dict[str, dict[str, Resource]] = field(default_factory=lambda: {path: {} for path in TABLES})
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(FIRST_ID))

    def of(self, path: str) -> dict[str, Resource]:
        """In the order of their ids."""
        return self.resources[path]

    def add(self, path: str, attributes: dict[str, Any], **links: Any) -> Resource:
        """Somebody makes a resource; links may be ids or resources."""
        known = {name: linked.id if isinstance(linked, Resource) else linked for name, linked in links.items()}
        made = Resource(str(next(self._ids)), path, attributes, known, clock.now())
        if "created_at" in TABLES[path].attributes:
            made.attributes.setdefault("created_at", made.updated_at.isoformat(timespec="milliseconds"))
        self.resources[path][made.id] = made
        return made

    def put(self, document: Mapping[str, Any]) -> None:
        """Take in a resource object with the id that it has. Raises ValueError for what is none."""
        try:
            table, remote_id = TABLES[document["type"]], str(document["id"])
            attributes = {name: value for name, value in document["attributes"].items() if name in table.attributes}
            links = {name: linked["data"]["id"] for name, linked in document["relationships"].items() if name in table.relations}
        except (KeyError, TypeError, AttributeError) as wrong:
            raise ValueError(f"This is no resource: {wrong!r}") from None
        self.resources[table.path][remote_id] = Resource(remote_id, table.path, attributes, links, clock.now())
        self._ids = itertools.count(max(next(self._ids), int(remote_id) + 1))

    def change(self, resource: Resource, **attributes: Any) -> None:
        resource.attributes |= attributes
        resource.updated_at = clock.now()

    def delete(self, resource: Resource) -> None:
        """Gone from its list; most of what people work on stays in the bin."""
        del self.resources[resource.path][resource.id]
        item_type = BINNED.get(resource.path)
        if item_type:
            if resource.path == "deals" and resource.attributes.get("budget"):
                item_type = "budget"
            told = {"item_id": resource.id, "item_type": item_type, "name": resource.attributes.get("name"), "recovered_at": None}
            self.add("deleted_items", told)

    def restore(self, item: Resource, resource: Resource) -> None:
        """Somebody takes a resource back out of the bin."""
        self.change(item, recovered_at=clock.now().isoformat(timespec="milliseconds"))
        there = {**self.resources[resource.path], resource.id: resource}
        self.resources[resource.path] = dict(sorted(there.items(), key=lambda pair: int(pair[0])))
        self.change(resource)
