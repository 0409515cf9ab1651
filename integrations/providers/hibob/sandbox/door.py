"""The door of the API: the service user, then the limit."""

from __future__ import annotations

import base64
import binascii
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from integrations import clock
from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import Refusal, Reply, Request, json_reply
from integrations.sandbox.limits import Quota, RollingWindow

AT_ONCE = 1000  # more than anybody tries: HiBob tells of no such limit


class Door:
    """`service_user` and `token` are what has to be shown. `a_minute` is the limit."""

    def __init__(self, chance: Chance, a_minute: int) -> None:
        self.chance = chance
        self.service_user = "SERVICE-4711"
        self.token = chance.token(40)
        self.window = RollingWindow(a_minute, 60)
        self._lock = threading.Lock()
        self.quota = Quota({"minute": self.window}, AT_ONCE, self._lock)

    def change_token(self) -> None:
        self.token = self.chance.token(40)

    @contextmanager
    def admission(self, request: Request) -> Iterator[None]:
        if credentials(request) != (self.service_user, self.token):
            raise Refusal(error("unauthorized", "The service user or its token is wrong.", 401))
        if self.quota.enter(clock.timestamp()):
            raise Refusal(error("rate_limit", "Too many requests.", 429))
        try:
            yield
        finally:
            self.quota.leave()

    def headers(self, wait: float | None = None) -> dict[str, str]:
        """What every answer tells of the limit: the window is new at `Reset`, in seconds since 1970."""
        now = clock.timestamp()
        with self._lock:
            left = self.window.remaining(now)
            until = now + (self.window.wait(now) if wait is None else wait)
        return {
            "X-RateLimit-Limit": str(self.window.limit),
            "X-RateLimit-Remaining": str(left if wait is None else 0),
            "X-RateLimit-Reset": str(math.ceil(until)),
        }


def credentials(request: Request) -> tuple[str, str]:
    """What Basic authorization says; two empty texts when it says nothing."""
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (user, password) if scheme.lower() == "basic" else ("", "")


def error(key: str, words: str, status: int = 400) -> Reply:
    return json_reply({"key": key, "error": words}, status)
