"""The door of the API: token, organization, media type and limits."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from integrations import clock
from integrations.providers.productive.sandbox.wire import MEDIA_TYPE, refuse, too_many
from integrations.sandbox.exchange import Refusal, Request
from integrations.sandbox.limits import RollingWindow

if TYPE_CHECKING:
    from integrations.providers.productive.sandbox.world import ProductiveSandbox


class ProductiveLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Calls of one token in 10 seconds, of the organization in 30 minutes; of reports in 30 seconds, of salaries in 2 minutes."""

    token: int = 100
    organization: int = 4000
    reports: int = 10
    salaries: int = 30


class Gate:
    def __init__(self, world: ProductiveSandbox, limits: ProductiveLimits) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._token = RollingWindow(limits.token, 10)
        self._organization = RollingWindow(limits.organization, 1800)
        self._special = {"reports": RollingWindow(limits.reports, 30), "salaries": RollingWindow(limits.salaries, 120)}
        self.refused = 0

    @contextmanager
    def admission(self, request: Request) -> Iterator[None]:
        """Let one call in. Raises `Refusal`."""
        if request.headers.get("x-auth-token") not in self._world.tokens:
            raise refuse(401, "Unauthenticated", "You have to be authenticated to access this resource.")
        if request.headers.get("x-organization-id") != self._world.organization_id:
            raise refuse(403, "Access Denied", "You don't have access to this organization.")
        if request.body and request.headers.get("content-type", "").partition(";")[0] != MEDIA_TYPE:
            raise refuse(415, "Unsupported Media Type", f"Content-Type header must be set to {MEDIA_TYPE}.")
        self._count(request.path.removeprefix("/api/v2/").partition("/")[0])
        yield

    def state(self) -> dict[str, Any]:
        now = clock.timestamp()
        return {"token": self._token.remaining(now), "organization": self._organization.remaining(now), "refused": self.refused}

    def _count(self, path: str) -> None:
        with self._lock:
            now = clock.timestamp()
            windows = [self._token, self._organization, *([self._special[path]] if path in self._special else [])]
            full = [window for window in windows if window.remaining(now) <= 0]
            if full:
                self.refused += 1
                worst = max(full, key=lambda window: window.wait(now))
                raise Refusal(too_many(worst.limit, int(worst.seconds), max(1, math.ceil(worst.wait(now)))))
            for window in windows:
                window.take(now)
