"""The simulated BambooHR: one company, its API under `/api/` as under `{company}.bamboohr.com`, and pages for its people."""

from __future__ import annotations

import base64
import binascii
import math
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
from django.utils.translation import gettext_lazy as _

from integrations import clock
from integrations.providers.bamboohr.sandbox.calls import Calls
from integrations.providers.bamboohr.sandbox.company import Company, Key, furnish
from integrations.providers.bamboohr.sandbox.connecting import TOKENS, Connecting, authorization_server, may_call
from integrations.providers.bamboohr.sandbox.leave import Leave
from integrations.providers.bamboohr.sandbox.pages import Pages
from integrations.providers.bamboohr.sandbox.staff import Staff
from integrations.providers.bamboohr.sandbox.wire import refuse
from integrations.sandbox.base import Sandbox
from integrations.sandbox.caller import Caller
from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import Refusal, Reply, Request
from integrations.sandbox.faults import Fault
from integrations.sandbox.limits import Quota, RollingWindow
from integrations.sandbox.oauth import BearerRefused

UNLIMITED = 1_000_000
WRONG_KEYS = 20
"""How many wrong keys in a row lock everybody's keys out for a while. BambooHR does not publish the number."""
LOCKED_SECONDS = 300


class BamboohrOptions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What `__reset__` understands. BambooHR publishes no limit: there is none here either unless `per_minute` or `at_once` are given.
    Nor does it say whether a refresh token `rotates`. `rows_a_page` is the most that an answer of a dataset has, however much is asked for.
    """

    employees: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 6
    per_minute: Annotated[int, msgspec.Meta(ge=1)] | None = None
    at_once: Annotated[int, msgspec.Meta(ge=1)] | None = None
    rotates: bool = False
    rows_a_page: Annotated[int, msgspec.Meta(ge=1)] = 1000
    seed: int | None = None


class BamboohrSandbox(Sandbox):
    slug = "bamboohr"
    title = "BambooHR"
    summary = _("People: they are hired, paid and leave here, and take time off.")
    Options = BamboohrOptions

    def __init__(self, chance: Chance | None = None) -> None:
        self.caller = Caller(self.slug)
        self.calls = Calls(self)
        super().__init__(chance)
        for part in (Staff(self), Leave(self), Pages(self), Connecting(self), self.caller):
            self.mount(part)

    def begin(self, options: BamboohrOptions) -> None:
        self.company = Company(self.chance)
        furnish(self.company, options.employees)
        self.company.key()
        self.rows_a_page = options.rows_a_page
        window = RollingWindow(options.per_minute or UNLIMITED, 60)
        self.quota = Quota({"minute": window}, options.at_once or UNLIMITED, threading.Lock())
        self.wrong_keys, self.locked_until = 0, 0.0
        self.authorization = authorization_server(self.chance, rotates=options.rotates)
        self.logins: dict[str, Key] = {}  # by the id of the grant

    def records(self) -> dict[str, list[Any]]:
        return {
            "people": list(self.company.employees.values()),
            "salaries": list(self.company.pay.values()),
            "events": list(self.company.types.values()),
            "entitlements": [
                {"employeeId": employee, **given} for employee, rows in self.company.assigned.items() for given in rows.values()
            ],
            "bookings": list(self.company.requests.values()),
        }

    def limits(self) -> dict[str, Any]:
        return {"left": self.quota.remaining(clock.timestamp()), "refused": dict(self.quota.refused)}

    @contextmanager
    def admission(self, request: Request) -> Iterator[None]:
        """The key or the token first, then the limits, of which BambooHR tells with 503."""
        if request.template == TOKENS:
            yield
            return
        request.caller = self._caller(request)
        breach = self.quota.enter(clock.timestamp())
        if breach:
            seconds = max(1, math.ceil(breach.retry_after or 1))
            raise Refusal(Reply(503, b"", "text/html; charset=UTF-8", {"Retry-After": str(seconds)}))
        try:
            yield
        finally:
            self.quota.leave()

    def _caller(self, request: Request) -> Key:
        if request.headers.get("authorization", "").lower().startswith("basic "):
            return self._owner(request)
        try:
            login = self.logins[self.authorization.bearer(request).id]
        except BearerRefused as refused:
            raise refuse(401, f"The access token is {refused.reason}") from None
        if not may_call(login, request.template):
            raise refuse(403, "The access token does not have the scope that is needed")
        return login

    def _owner(self, request: Request) -> Key:
        """Basic authorization with the key as the name, and any password."""
        encoded = request.headers["authorization"].partition(" ")[2]
        try:
            name = base64.b64decode(encoded, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            name = ""
        found = self.company.keys.get(name)
        if found is None or clock.timestamp() < self.locked_until:
            self.wrong_keys += found is None
            if self.wrong_keys >= WRONG_KEYS:
                self.wrong_keys, self.locked_until = 0, clock.timestamp() + LOCKED_SECONDS
            raise refuse(401, "Invalid API key")
        self.wrong_keys = 0
        return found

    def missing(self, request: Request) -> Reply:
        return refuse(404, "Not found").reply

    def crash_reply(self, request: Request) -> Reply:
        return Reply(500, b"", "text/html; charset=UTF-8")

    def error_reply(self, request: Request, fault: Fault) -> Reply:
        said = {"X-BambooHR-Error-Message": fault.message} if fault.message else {}
        wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return Reply(fault.status, b"", "text/html; charset=UTF-8", {**said, **wait})

    def secrets(self) -> Collection[str]:
        return {*self.company.keys, *self.authorization.tokens()}

    def end_grants(self) -> None:
        self.company.keys.clear()
        self.authorization.end_grants()

    def expire_token(self, request: Request) -> None:
        self.authorization.expire(request)

    def change_page(self, request: Request, change: str) -> None:
        if change == "insert":
            self.company.hire()
        elif self.company.employees:
            self.company.delete(next(iter(self.company.employees)))
