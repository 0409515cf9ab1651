"""When Productive calls us: https://developer.productive.io/guides/webhooks

Two forms of signature are published, of which each call carries one. Each webhook there has a token of its own, so there are several keys.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from django.utils.translation import gettext_lazy as _
from msgspec import Struct, field

from integrations import clock
from integrations.events import Event, Webhook
from integrations.providers.productive.client import Resource
from integrations.providers.productive.listings import BUNDLES
from integrations.webhooks.verify import same

TOLERANCE_SECONDS = 300
"""How old or early the timestamp of a call may be; each retry is stamped anew."""
STAMPED = re.compile(r"t=(\d{1,15}),\s*s=([0-9a-f]{64})")


class _Envelope(Struct):
    data: Resource


class _Attributes(Struct):
    updated_at: str = ""
    organization_id: str | int = ""


class _Told(Struct):
    attributes: _Attributes = field(default_factory=_Attributes)


class _Times(Struct):
    data: _Told


def verify(headers: Mapping[str, str], body: bytes, key: str) -> bool:
    """Of timestamp and body, or of the body alone."""
    if stamped := STAMPED.fullmatch(headers.get("productive-signature", "").strip()):
        at, signature = stamped[1], stamped[2]
        is_fresh = abs(clock.timestamp() - int(at)) <= TOLERANCE_SECONDS
        return same(signature, _hmac(f"{at}.".encode() + body, key)) and is_fresh
    return same(headers.get("x-productive-signature", "").strip(), _hmac(body, key))


def events(body: bytes) -> Sequence[Event]:
    """Raises `ValueError`. Productive gives events no id: what the resource is like after it is one."""
    resource = msgspec.json.decode(body, type=_Envelope).data
    attributes = msgspec.json.decode(body, type=_Times).data.attributes
    return [
        Event(
            id=f"{resource.type}:{resource.id}:{hashlib.sha256(body).hexdigest()}",
            realm_id=resource.linked("organization") or str(attributes.organization_id),
            kind=resource.type,
            remote_id=resource.id,
            occurred_at=datetime.fromisoformat(attributes.updated_at) if attributes.updated_at else None,
            body=body,
        )
    ]


def _hmac(message: bytes, key: str) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


HINTS = {listing.path: (kind,) for kind, bundle in BUNDLES.items() for listing in bundle}
MORE_HINTS = {"payments": ("payment", "invoice"), "budgets": ("deal",)}
"""A payment changes what is paid of its invoice; a budget is a deal."""

WEBHOOK = Webhook(
    verify=verify,
    events=events,
    hints={**HINTS, **MORE_HINTS},
    set_up=_(
        "In Productive, open Settings, Webhooks, and add one for each event that should be told, with this address. "
        "Each has a token of its own: all of them are this installation's keys, separated by commas."
    ),
)
