"""When Xero calls us: https://developer.xero.com/documentation/guides/webhooks/overview/"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from django.utils.translation import gettext_lazy as _
from msgspec import Raw, Struct, field

from integrations.events import Event, Webhook
from integrations.webhooks.verify import hmac_sha256_base64, same


class _Envelope(Struct):
    events: list[Raw]


class _Event(Struct):
    tenant_id: str = field(name="tenantId")
    resource_id: str = field(name="resourceId")
    category: str = field(name="eventCategory")
    type: str = field(name="eventType")
    at: str = field(name="eventDateUtc")


def verify(headers: Mapping[str, str], body: bytes, key: str) -> bool:
    return same(headers.get("x-xero-signature", ""), hmac_sha256_base64(body, key))


def events(body: bytes) -> Sequence[Event]:
    """Raises `ValueError`. No events are what Xero sends to see whether we tell right signatures from wrong ones."""
    return [_event(bytes(raw)) for raw in msgspec.json.decode(body, type=_Envelope).events]


def _event(body: bytes) -> Event:
    """Xero gives events no id: the resource and the moment, to the millisecond, are one."""
    told = msgspec.json.decode(body, type=_Event)
    return Event(
        id=":".join((told.tenant_id, told.resource_id, told.type, told.at)),
        realm_id=told.tenant_id,
        kind=told.category,
        remote_id=told.resource_id,
        occurred_at=_moment(told.at),
        body=body,
    )


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


WEBHOOK = Webhook(
    verify=verify,
    events=events,
    # A payment is told as a change of its document, and bills are invoices too.
    hints={"INVOICE": ("invoice", "payment", "expense"), "CREDITNOTE": ("credit_note", "payment")},
    set_up=_("At developer.xero.com, open the app, then Webhooks: choose invoices and credit notes, and enter this address."),
)
