"""A vendor that calls back: what it tells its app by webhook, and what the app answered."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.conf import settings

from integrations import clock
from integrations.auth.environment import read
from integrations.errors import ProviderError
from integrations.http.client import Http
from integrations.sandbox.base import route
from integrations.sandbox.exchange import NotJson, Reply, Request, json_reply, split_url

KEPT = 20  # calls
EVERY_STATUS = range(300, 600)


class WebhookOptions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `__webhook__` understands. Without a key nobody is called."""

    address: str
    key: str


@dataclass(frozen=True)
class Told:
    """`answer` is the status, or why there was none."""

    at: datetime
    what: str
    answer: str


class Caller:
    """Calls one address, signed with one key: those of the environment, until others are given."""

    def __init__(self, slug: str) -> None:
        self.address = f"{settings.PUBLIC_URL}/webhooks/{slug}/"
        self.key = read(slug, "WEBHOOK_KEY", "").partition(",")[0].strip()
        self.told: deque[Told] = deque(maxlen=KEPT)
        self._threads: list[threading.Thread] = []

    def aim(self, address: str, key: str) -> None:
        """Raises `ValueError` for what is no address."""
        if split_url(address) is None:
            raise ValueError(f"{address!r} is no address such as http://127.0.0.1:8000/webhooks/vendor/.")
        self.address, self.key = address, key

    def call(self, what: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Send it from a thread of its own: no vendor waits for whom it tells."""
        if not self.key:
            return
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._call, args=(what, body, headers), name="webhook", daemon=True)
        self._threads.append(thread)
        thread.start()

    def finish(self) -> None:
        """Wait until everything is told."""
        for thread in self._threads:
            thread.join()

    def _call(self, what: str, body: bytes, headers: Mapping[str, str]) -> None:
        parts = split_url(self.address)
        assert parts is not None
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            http = Http(f"{parts.scheme}://{parts.netloc}", allowed=frozenset({(parts.hostname or "", port)}))
            answer = str(http.send("POST", parts.path or "/", content=body, headers=headers, also_ok=EVERY_STATUS).status)
        except (ProviderError, ValueError) as error:
            answer = str(error)
        self.told.appendleft(Told(clock.now(), what, answer))

    @route("POST", "/__webhook__", page=True)
    def aim_at(self, request: Request) -> Reply:
        """Whom to call from now on."""
        try:
            options = msgspec.convert(request.json(), WebhookOptions)
            self.aim(options.address, options.key)
        except (NotJson, ValueError) as error:
            return json_reply({"error": str(error)}, 400)
        return json_reply({"address": self.address})
