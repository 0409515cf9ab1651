"""Writing: several elements in one request, all or each for itself, and once for every Idempotency-Key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from integrations import clock
from integrations.providers.xero.sandbox.lines import NotConvertible
from integrations.providers.xero.sandbox.wire import Row, answer, envelope, messages, post_data_invalid, validation_exception
from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import NotJson, Refusal, Reply, Request

if TYPE_CHECKING:
    from integrations.providers.xero.sandbox.world import XeroSandbox

LARGEST_BODY = 3_500_000  # bytes
LONGEST_KEY = 128

AnyResource = TypeVar("AnyResource", bound="Resource")


class Resource:
    """Handlers of one part of the API, over the state of the whole `world`."""

    def __init__(self, world: XeroSandbox) -> None:
        self.world = world


@dataclass
class Staged:
    """An element that was looked at and not yet written. `blank` is what an answer shows of it when it is refused."""

    raw: Row
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    blank: Row = field(default_factory=dict)
    plan: Any = None


def write(
    request: Request,
    chance: Chance,
    plural: str,
    *,
    stage: Callable[[Row], Staged],
    commit: Callable[[Staged], Row],
    only: Row | None = None,
) -> Reply:
    """Stage every element of the body, then write those that may be written and answer.

    With `summarizeErrors=true` (Xero's default) one bad element refuses the request; with `false` each is answered for itself, in
    order. `only` holds what the address says of the one element that the body then may have.
    """
    elements = _elements(request, plural)
    if only is not None:
        elements = [{**elements[0], **only}] if elements else []
    try:
        staged = [stage(element) for element in elements]
    except NotConvertible as error:
        raise post_data_invalid(request, f"JSON for post data was invalid,{error}") from error
    if fault := request.faults.get("half_failed"):
        for element in staged[1::2]:
            element.errors.append(fault.message or "The document could not be saved at the moment.")
    each = request.query.get("summarizeErrors", "true").lower() == "false"
    if not each and any(element.errors for element in staged):
        raise validation_exception(request, (_refused(element, each=False) for element in staged if element.errors))
    rows = [_refused(element, each=True) if element.errors else _written(element, commit(element), each=each) for element in staged]
    return answer(request, envelope(chance, plural, rows))


def _elements(request: Request, plural: str) -> list[Row]:
    """The elements of the body: a list under the plural, in whatever case, or one bare object."""
    if len(request.body) > LARGEST_BODY:
        raise Refusal(Reply(413, b"Request Entity Too Large", "text/html; charset=utf-8"))
    try:
        body = request.json()
    except NotJson as error:
        raise post_data_invalid(request, f"JSON request body could not be read, {error}") from error
    if not isinstance(body, dict):
        raise post_data_invalid(request, "JSON request body could not be read, an object was expected")
    elements = next((value for key, value in body.items() if key.lower() == plural.lower()), [body])
    if not isinstance(elements, list) or not all(isinstance(element, dict) for element in elements):
        raise post_data_invalid(request, f"JSON for post data was invalid,{plural} is not a list of objects")
    return elements


def _refused(element: Staged, *, each: bool) -> Row:
    status = {"StatusAttributeString": "ERROR"} if each else {}
    return {**_without_nulls(element.raw), **element.blank, **status, "ValidationErrors": messages(element.errors)}


def _without_nulls(row: Row) -> Row:
    """Xero never sends a null back."""
    kept = {key: value for key, value in row.items() if value is not None}
    return {
        key: _without_nulls(value)
        if isinstance(value, dict)
        else [_without_nulls(entry) if isinstance(entry, dict) else entry for entry in value]
        if isinstance(value, list)
        else value
        for key, value in kept.items()
    }


def _written(element: Staged, row: Row, *, each: bool) -> Row:
    warnings = {"Warnings": messages(element.warnings)} if element.warnings else {}
    status = {"StatusAttributeString": "WARNING" if warnings else "OK"} if each else {}
    return {**row, **status, **warnings}


@dataclass
class Answers:
    """What was answered to which key. Keys belong to the app and hold for `seconds` from their first use."""

    seconds: float
    _kept: dict[tuple[str, str], tuple[float, bytes, Reply]] = field(default_factory=dict)

    def replay_or(self, request: Request, client_id: str, handler: Callable[[], Reply]) -> Reply:
        key = request.headers.get("idempotency-key", "")
        if not key:
            return handler()
        if len(key) > LONGEST_KEY:
            raise validation_exception(
                request, [], f"Idempotency Key: {key[:20]}... exceeds the maximum length of {LONGEST_KEY} characters."
            )
        now = clock.timestamp()
        while self._kept and next(iter(self._kept.values()))[0] <= now:
            del self._kept[next(iter(self._kept))]
        parts = (request.method, request.path, request.query_string, request.headers.get("xero-tenant-id", ""))
        fingerprint = hashlib.sha256("\n".join(parts).encode() + b"\n" + request.body).digest()
        kept = self._kept.get((client_id, key))
        if kept is None:
            reply = _final(handler)
            kept = self._kept[client_id, key] = (now + self.seconds, fingerprint, reply)
        if kept[1] != fingerprint:
            raise validation_exception(request, [], f"Idempotency Key: {key} is used with a different request.")
        return replace(kept[2], headers=dict(kept[2].headers))


def _final(handler: Callable[[], Reply]) -> Reply:
    try:
        return handler()
    except Refusal as refusal:
        return refusal.reply


def once(handler: Callable[[AnyResource, Request], Reply]) -> Callable[[AnyResource, Request], Reply]:
    """Let the handler answer an Idempotency-Key once, and replay that answer to whoever comes with the same request again."""

    @wraps(handler)
    def replaying(self: AnyResource, request: Request) -> Reply:
        return self.world.answers.replay_or(request, request.caller.client_id, lambda: handler(self, request))

    return replaying
