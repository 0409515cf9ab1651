"""What the simulated BambooHR tells by webhook, signed with the private key that was shown when the webhook was made."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from integrations import clock
from integrations.sandbox.exchange import encode

if TYPE_CHECKING:
    from integrations.providers.bamboohr.sandbox.world import BamboohrSandbox

COMPANY = "northwind"


class Calls:
    def __init__(self, world: BamboohrSandbox) -> None:
        self.world = world

    def told(self, employee: str, action: str) -> None:
        """Somebody was hired, changed or deleted. Of pay and time off nothing is told."""
        body = changed(employee, action)
        self.world.caller.call(f"{action} {employee}", body, signed(body, self.world.caller.key))


def changed(employee: str, action: str) -> bytes:
    person: dict[str, Any] = {"id": employee, "action": action, "timestamp": f"{clock.now():%Y-%m-%dT%H:%M:%S+00:00}", "changedFields": []}
    return encode({"employees": [{**person, "fields": {}}]})


def signed(body: bytes, key: str, company: str = COMPANY) -> dict[str, str]:
    timestamp = str(int(clock.timestamp()))
    signature = hmac.new(key.encode(), body + timestamp.encode(), hashlib.sha256).hexdigest()
    return {
        "content-type": "application/json",
        "user-agent": "BambooHR-WebHooks/1.0",
        "x-bamboohr-signature": signature,
        "x-bamboohr-timestamp": timestamp,
        "x-bamboohr-company-domain": company,
    }
