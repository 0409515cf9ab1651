"""The door of the API: token, scope, organisation and limits, in the order in which Xero looks at them."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from integrations import clock
from integrations.providers.xero.sandbox.connecting import AREAS, Caller
from integrations.providers.xero.sandbox.wire import problem
from integrations.sandbox.exchange import Refusal, Reply, Request
from integrations.sandbox.limits import Breach, Quota, RollingWindow
from integrations.sandbox.oauth import BearerRefused, Grant

if TYPE_CHECKING:
    from integrations.providers.xero.sandbox.world import XeroSandbox

API = "/api.xro/2.0/"
HEADERS = {"day": "X-DayLimit-Remaining", "minute": "X-MinLimit-Remaining", "appminute": "X-AppMinLimit-Remaining"}


class XeroLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of one app: calls at one organisation in 60 seconds, in 24 hours and at once; and in 60 seconds at all organisations."""

    minute: int = 60
    day: int = 5000
    concurrent: int = 5
    app_minute: int = 10_000


class Gate:
    def __init__(self, world: XeroSandbox, limits: XeroLimits) -> None:
        self.world = world
        self.limits = limits
        self.quotas: dict[tuple[str, str], Quota] = {}  # by app and organisation; "" for calls that are about none
        self._app_windows: dict[str, RollingWindow] = {}
        self._lock = threading.Lock()

    @contextmanager
    def admission(self, request: Request) -> Iterator[None]:
        """Let one call in, with its `caller`, for as long as the block runs. Raises `Refusal`."""
        if request.template.startswith("/connect/"):
            yield
            return
        grant = self._authenticated(request)
        tenant = ""
        if request.template.startswith(API):
            tenant = request.headers.get("xero-tenant-id", "").strip().lower()
            self._authorized(request, grant, tenant)
        quota = self._quota(grant.client_id, tenant)
        request.caller = Caller(grant.client_id, grant, quota, self.world.books.get(tenant))
        breach = quota.enter(clock.timestamp())
        if breach:
            raise Refusal(too_many(breach))
        try:
            yield
        finally:
            quota.leave()

    def state(self) -> dict[str, Any]:
        now = clock.timestamp()
        used = [
            {
                "client": client,
                "organisation": tenant,
                "used": {name: quota.windows[name].limit - left for name, left in quota.remaining(now).items()},
                "running": quota.running,
                "most_running": quota.most_running,
                "refused": dict(quota.refused),
            }
            for (client, tenant), quota in list(self.quotas.items())
        ]
        return {"allowed": msgspec.structs.asdict(self.limits), "calls": used}

    def _authenticated(self, request: Request) -> Grant:
        try:
            return self.world.authorization.bearer(request)
        except BearerRefused as refused:
            detail = "AuthenticationUnsuccessful"
            if refused.reason == "expired":
                detail = f"TokenExpired: token expired at {datetime.fromtimestamp(refused.expired_at, UTC):%m/%d/%Y %H:%M:%S}"
            raise self._refusal(401, "Unauthorized", detail, "Bearer error=invalid_token") from refused

    def _authorized(self, request: Request, grant: Grant, tenant: str) -> None:
        parts = request.path.casefold().removeprefix(API.casefold()).split("/")
        area = "attachments" if "attachments" in parts else parts[0]
        needed = {scope for name, scopes in AREAS.items() if name.casefold() == area for scope in scopes}
        if request.method == "GET":
            needed |= {f"{scope}.read" for scope in needed}
        if not needed.intersection(grant.scopes):
            raise self._refusal(401, "Unauthorized", "AuthorizationUnsuccessful", "insufficient_scope")
        if (grant.client_id, tenant) not in self.world.connections:
            raise self._refusal(403, "Forbidden", "AuthenticationUnsuccessful")

    def _refusal(self, status: int, title: str, detail: str, challenge: str = "") -> Refusal:
        reply = problem(status, title, detail, self.world.chance.uuid())
        reply.headers |= {"WWW-Authenticate": challenge} if challenge else {}
        return Refusal(reply)

    def _quota(self, client_id: str, tenant: str) -> Quota:
        with self._lock:
            app_window = self._app_windows.setdefault(client_id, RollingWindow(self.limits.app_minute, 60))
            quota = self.quotas.get((client_id, tenant))
            if quota is None:
                windows = {"appminute": app_window}
                if tenant:
                    windows |= {"minute": RollingWindow(self.limits.minute, 60), "day": RollingWindow(self.limits.day, 86_400)}
                at_once = self.limits.concurrent if tenant else self.limits.app_minute
                quota = self.quotas[client_id, tenant] = Quota(windows, at_once, self._lock)
            return quota


def too_many(breach: Breach) -> Reply:
    """429, with the time to wait unless the limit is that of calls at once."""
    headers = {"X-Rate-Limit-Problem": breach.limit}
    if breach.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(breach.retry_after)))
    return Reply(429, b"", "text/html; charset=utf-8", headers)


def remaining_headers(caller: Caller) -> dict[str, str]:
    return {HEADERS[name]: str(left) for name, left in caller.quota.remaining(clock.timestamp()).items()}
