"""When BambooHR calls us: https://documentation.bamboohr.com/docs/webhooks"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _
from msgspec import Struct, field

from integrations import clock
from integrations.events import Event, Webhook
from integrations.webhooks.verify import same

SIGNATURE, TIMESTAMP = "x-bamboohr-signature", "x-bamboohr-timestamp"
COMPANY = "x-bamboohr-company-domain"
"""The header in which the company is named, if the webhook is told to. BambooHR does not publish its name."""
LATEST = timedelta(hours=1)
"""How long after it was signed a call counts; nothing can be made of an older one that somebody has kept."""


class _Person(Struct):
    id: int | str
    action: str = ""
    timestamp: str = ""


class _Named(Struct):
    id: int | str = field(name="employeeId", default="")


class _Body(Struct):
    """Webhooks with fields tell `employees`, those without one `data`."""

    employees: list[_Person] = []
    type: str = ""
    timestamp: str = ""
    data: _Named | None = None


def signature(body: bytes, timestamp: str, key: str) -> str:
    return hmac.new(key.encode(), body + timestamp.encode(), hashlib.sha256).hexdigest()


def verify(headers: Mapping[str, str], body: bytes, key: str) -> bool:
    timestamp = headers.get(TIMESTAMP, "")
    if not body or not same(headers.get(SIGNATURE, "").lower(), signature(body, timestamp, key)):
        return False
    signed_at = _moment(timestamp)
    return signed_at is None or abs(clock.now() - signed_at) <= LATEST


def events(body: bytes) -> Sequence[Event]:
    """Raises `ValueError`. BambooHR gives events no id: what is told, and when, is one."""
    told = msgspec.json.decode(body, type=_Body)
    people = [(str(person.id), person.action, person.timestamp or told.timestamp) for person in told.employees]
    if told.data is not None:
        people.append((str(told.data.id), told.type.rpartition(".")[2], told.timestamp))
    if not people:
        raise ValueError("It names nobody.")
    whole = hashlib.sha256(body).hexdigest()[:16]
    return [
        Event(
            id=":".join((employee, action.lower(), timestamp or whole)),
            realm_id="",
            kind=action.lower(),
            remote_id=employee,
            occurred_at=_moment(timestamp),
            body=body if len(people) == 1 else msgspec.json.encode({"id": employee, "action": action, "timestamp": timestamp}),
        )
        for employee, action, timestamp in people
    ]


def _moment(text: str) -> datetime | None:
    """Seconds since 1970, or ISO 8601: BambooHR was seen to send both."""
    try:
        at = datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


HINTED: dict[str, Any] = dict.fromkeys(("created", "updated", "deleted"), ("person", "salary"))

WEBHOOK = Webhook(
    verify=verify,
    events=events,
    hints=HINTED,
    account_header=COMPANY,
    set_up=_(
        "In BambooHR, open Settings, then Webhooks: choose the format JSON, the fields that matter and the company domain among the "
        "headers, and enter this address. The private key that is shown then is a webhook key. Time off is not told, and is asked for."
    ),
)
