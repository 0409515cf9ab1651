"""What Productive tells by webhook, signed in both of the ways that are published."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from integrations import clock
from integrations.providers.productive.sandbox.store import Resource
from integrations.providers.productive.sandbox.tables import TABLES
from integrations.sandbox.exchange import encode

if TYPE_CHECKING:
    from integrations.providers.productive.sandbox.world import ProductiveSandbox

TOLD = frozenset(["tasks", "invoices", "deals", "projects", "time_entries", "bookings", "expenses", "people", "companies", "payments"])


class Hooks:
    def __init__(self, world: ProductiveSandbox) -> None:
        self._world = world

    def tell(self, resource: Resource, what: str) -> None:
        if resource.path in TOLD:
            body = body_of(resource, self._world.organization_id)
            self._world.caller.call(f"{what} {resource.path} {resource.id}", body, signed(body, self._world.caller.key))


def body_of(resource: Resource, organization_id: str) -> bytes:
    """The resource, with the organization that it is of."""
    data: dict[str, Any] = resource.shown(TABLES[resource.path])
    data["attributes"]["updated_at"] = resource.updated_at.isoformat()
    data["relationships"]["organization"] = {"data": {"type": "organizations", "id": organization_id}}
    return encode({"data": data})


def signed(body: bytes, key: str) -> dict[str, str]:
    """Headers with the signature of timestamp and body."""
    at = str(int(clock.timestamp()))
    signature = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"content-type": "application/json", "productive-signature": f"t={at}, s={signature}"}


def signed_plainly(body: bytes, key: str, event: str) -> dict[str, str]:
    """Headers with the signature of the body alone."""
    signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return {"content-type": "application/json", "x-productive-signature": signature, "x-productive-event": event}
