"""What every vendor's sandbox is: routes over a state with a lock, misbehaviour on demand, and the three control addresses.

`GET __state__` tells what the sandbox holds, `POST __faults__` what to misbehave (`GET` shows it), `POST __reset__` begins anew.
"""

from __future__ import annotations

import logging
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import msgspec
from django.utils.functional import Promise

from integrations import clock
from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import Delivery, Exchange, NotJson, Refusal, Reply, Request, decode, encode, json_reply, text_reply
from integrations.sandbox.faults import Fault, FaultBook
from integrations.sandbox.requests import RequestLog

logger = logging.getLogger(__name__)

Handler = Callable[[Request], Reply]
AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Reply])

TIMEOUT_SECONDS = 3600  # how long a `timeout` keeps the caller waiting when its rule does not say


def route(method: str, template: str, *, page: bool = False) -> Callable[[AnyFunction], AnyFunction]:
    """Answer `method` on `template` (`/Invoices/{id}`) with the decorated handler.

    A `page` is for people: it is neither counted nor limited, and no fault strikes it.
    """

    def mark(function: AnyFunction) -> AnyFunction:
        function.__dict__.setdefault("routes", []).append((method, template, page))
        return function

    return mark


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler
    page: bool


class Sandbox(ABC):
    """One vendor. Subclasses set `slug`, `title`, `summary` and `Options`, and fill in `begin`, `records` and the hooks below.

    Handlers are the methods marked with `route`, of the sandbox itself and of whatever it `mount`s; they run under `lock`.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str | Promise] = ""
    Options: ClassVar[type[msgspec.Struct]]  # what `__reset__` understands; every field has a default

    def __init__(self, chance: Chance | None = None) -> None:
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.watchers: list[Callable[[Exchange], None]] = []
        self.chance = chance or Chance()
        self._routes: list[Route] = []
        self.mount(self)
        self.reset()

    # What a vendor fills in

    @abstractmethod
    def begin(self, options: Any) -> None:
        """Make the state anew, as `options` (an instance of `Options`) say."""

    @abstractmethod
    def records(self) -> dict[str, list[Any]]:
        """Everything the vendor holds, by kind (plural, in our words), JSON-ready."""

    def limits(self) -> dict[str, Any]:
        """The vendor's limits and what is left of them, JSON-ready."""
        return {}

    @contextmanager
    def admission(self, request: Request) -> Iterator[None]:
        """Stand at the door of every call that is not a page. Raises `Refusal` to those who may not come in."""
        yield

    def missing(self, request: Request) -> Reply:
        """Answer a call to an address that the vendor does not have."""
        return text_reply("There is nothing at this address.", 404)

    def error_reply(self, request: Request, fault: Fault) -> Reply:
        """The vendor's own words for the error that a `status` fault asks for."""
        headers = {} if fault.retry_after is None else {"Retry_After": str(fault.retry_after)}
        return json_reply({"error": fault.message or "simulated"}, fault.status, **headers)

    def crash_reply(self, request: Request) -> Reply:
        """What the vendor says when the sandbox itself fails."""
        return text_reply("The sandbox failed at this request. Its log says where.", 500)

    def end_grants(self) -> None:  # noqa: B027 - hooks that a vendor may leave empty, here and below
        """What people do on the vendor's own pages: take back whatever any app was allowed."""

    def secrets(self) -> Collection[str]:
        """Whatever it has given out that lets somebody in: it must stand nowhere but with those to whom it was given."""
        return ()

    def expire_token(self, request: Request) -> None:  # noqa: B027
        """Let the access token that `request` carries expire now."""

    def change_page(self, request: Request, change: str) -> None:  # noqa: B027
        """`insert` or `delete` a record of the list that `request` just read."""

    def finish(self, request: Request, reply: Reply) -> None:  # noqa: B027
        """Give every reply to a call what the vendor gives to all of them, such as headers."""

    # What all of them do

    def mount(self, resource: object) -> None:
        """Take in the handlers of `resource`."""
        for name in dir(type(resource)):
            for method, template, page in getattr(getattr(type(resource), name), "routes", ()):
                parts = re.split(r"\{(\w+)\}", template)
                pattern = "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
                self._routes.append(Route(method, template, re.compile(pattern, re.IGNORECASE), getattr(resource, name), page))

    @property
    def serves_calls(self) -> bool:
        """Whether there is any address beside its pages for people."""
        return any(not route.page for route in self._routes)

    def reset(self, options: Mapping[str, object] | None = None) -> None:
        """Forget everything and begin anew. Raises `ValueError` that names the option that is wrong."""
        try:
            converted = msgspec.convert(options or {}, self.Options)
        except msgspec.ValidationError as error:
            raise ValueError(f"The sandbox cannot be reset this way: {error}") from error
        with self.lock:
            seed = getattr(converted, "seed", None)
            if seed is not None:
                self.chance = Chance(seed)
            self.faults = FaultBook(self.chance)
            self.requests = RequestLog()
            self.begin(converted)

    def handle(self, request: Request) -> Reply:
        """Answer one request, with whatever faults strike it."""
        found, known = self._find(request)
        if found is None:
            request.template = request.path
            reply = text_reply("This address does not take this method.", 405) if known else self.missing(request)
        elif found.page:
            with self.lock:
                return self._answered(found.handler, request)
        else:
            request.faults = self.faults.draw(request.method, request.path)
            reply = self._answered(lambda admitted: self._call(found, admitted), request)
        self.finish(request, reply)
        exchange = Exchange(request, reply)
        self.requests.add(exchange)
        for watcher in self.watchers:
            watcher(exchange)
        return reply

    def state(self, *, with_records: bool = True) -> dict[str, Any]:
        with self.lock:
            records = self.records()
        counts = {kind: len(rows) for kind, rows in records.items()}
        shown = {"records": records} if with_records else {}
        return {"counts": counts, **shown, "requests": self.requests.state(), "limits": self.limits()}

    def _find(self, request: Request) -> tuple[Route | None, bool]:
        known = False
        for candidate in self._routes:
            match = candidate.pattern.fullmatch(request.path)
            if match and candidate.method == request.method:
                request.template, request.params = candidate.template, match.groupdict()
                return candidate, True
            known = known or match is not None
        return None, known

    def _answered(self, handler: Handler, request: Request) -> Reply:
        try:
            return handler(request)
        except Refusal as refusal:
            return refusal.reply
        except Exception:
            logger.exception("the sandbox of %s failed at %s %s", self.slug, request.method, request.path)
            return self.crash_reply(request)

    def _call(self, found: Route, request: Request) -> Reply:
        if "expired_token" in request.faults:
            self.expire_token(request)
        with self.admission(request):
            return self._perform(found, request)

    def _perform(self, found: Route, request: Request) -> Reply:
        faults = request.faults
        if latency := faults.get("latency"):
            self.stopping.wait(clock.real_seconds(latency.seconds or 1))
        if timeout := faults.get("timeout"):
            request.linger(clock.real_seconds(TIMEOUT_SECONDS if timeout.seconds is None else timeout.seconds))
            return Reply(delivery=Delivery.DROPPED)
        status = faults.get("status")
        if status and not status.after_commit:
            return self.error_reply(request, status)
        with self.lock:
            reply = self._answered(found.handler, request)
            if (changed := faults.get("changed_page")) and reply.status == 200:
                self.change_page(request, changed.change)
        if status:
            return self.error_reply(request, status)
        if lost := faults.get("lost_answer"):
            request.linger(clock.real_seconds(lost.seconds or 0))
            return Reply(delivery=Delivery.DROPPED)
        return _spoilt(reply, faults)

    @route("GET", "/__state__", page=True)
    def show_state(self, request: Request) -> Reply:
        """`?records=0` leaves the records themselves out."""
        return json_reply(self.state(with_records=request.query.get("records") != "0"))

    @route("GET", "/__faults__", page=True)
    def show_faults(self, request: Request) -> Reply:
        return json_reply({"faults": self.faults.faults})

    @route("POST", "/__faults__", page=True)
    def replace_faults(self, request: Request) -> Reply:
        try:
            self.faults.replace(request.json())
        except (NotJson, ValueError) as error:
            return json_reply({"error": str(error)}, 400)
        return self.show_faults(request)

    @route("POST", "/__reset__", page=True)
    def begin_anew(self, request: Request) -> Reply:
        try:
            self.reset(request.json() if request.body else {})
        except (NotJson, ValueError) as error:
            return json_reply({"error": str(error)}, 400)
        return json_reply(self.state(with_records=False))


def _with_new_fields(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_new_fields(item) for item in value]
    if isinstance(value, dict):
        return {**{name: _with_new_fields(item) for name, item in value.items()}, "NewSinceToday": {"of": ["any", "shape"]}}
    return value


def _spoilt(reply: Reply, faults: Mapping[str, Fault]) -> Reply:
    if "new_fields" in faults and "json" in reply.content_type and reply.body:
        reply.body = encode(_with_new_fields(decode(reply.body)))
    if "truncated" in faults:
        reply.delivery = Delivery.TRUNCATED
    if "not_json" in faults:
        reply.body = b"<!DOCTYPE html><html><body><h1>Service temporarily unavailable</h1></body></html>"
    if "wrong_type" in faults:
        reply.content_type = "text/html; charset=utf-8"
    return reply
