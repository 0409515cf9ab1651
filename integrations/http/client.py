"""The one way to call a vendor. Every failure is one of `integrations.errors`, and none of them shows a secret."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, overload
from urllib.parse import quote, urlencode

import httpx2
import msgspec
import structlog
from django.utils.translation import gettext as _

from integrations.errors import AuthLost, ConfigProblem, ProviderError, RateLimited, Rejected, Transient, Uncertain
from integrations.http.exchange import Exchange
from integrations.http.gate import OPEN, Gate, OpenGate
from integrations.http.guard import Allowed
from integrations.http.pool import close, transport_for
from integrations.http.redact import Secrets
from integrations.http.response import Response
from integrations.http.transfer import transfer, within_deadline

__all__ = ["OPEN", "Allowed", "Exchange", "Gate", "Http", "OpenGate", "Response", "close", "encode"]

T = TypeVar("T")
Parameters = Mapping[str, str | int | bool | Sequence[str] | None]
Headers = Mapping[str, str] | Callable[[], Mapping[str, str]]

DEFAULT_WAIT_SECONDS = 60.0
"""How long a vendor is left alone that says it is called too often, but not for how long."""
NOT_BEGUN = {408, 425}
"""Statuses that say that the request was not even looked at, so that a write may be sent again."""
ALWAYS_SENT = {"user-agent": "Patchbay", "accept": "application/json", "accept-encoding": "gzip, deflate"}

encode = msgspec.json.Encoder(decimal_format="number").encode
"""A payload as the JSON that is sent: Decimals as numbers to the digit, dates in ISO 8601."""

log = structlog.get_logger(__name__)
_level = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class _Call:
    method: str
    url: httpx2.URL
    headers: Mapping[str, str]
    also_ok: Collection[int]
    content: bytes = b""
    is_write: bool = False


class Http:
    """Calls to one vendor with one credential. Threads may share it as far as they may share its gate.

    `headers`      what every call carries; a function is asked before each call, and anew after `renew`
    `renew`        makes the credential fresh after a 401; the call is then repeated once
    `gate`         asked before each call, and told what the vendor says of its limits
    `read_error`   sees every answer, whatever its status: the provider's word on what went wrong, None for no opinion
    `allowed`      (host, port) pairs that the operator allows beside the public internet, also without TLS
    `on_exchange`  is given every call and its answer, before an error is raised
    `interactive`  somebody is waiting for the answer
    `transport`    stands in for the network in tests
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Headers | None = None,
        renew: Callable[[], None] | None = None,
        gate: Gate = OPEN,
        read_error: Callable[[Response], ProviderError | None] | None = None,
        allowed: Allowed = frozenset(),
        on_exchange: Callable[[Exchange], None] | None = None,
        interactive: bool = False,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        base = _parsed(base_url.rstrip("/"))
        if base is None or not base.host or base.userinfo:
            raise ConfigProblem(_("The vendor's address is not one that can be called."), field="base_url")
        if base.scheme != "https" and (base.host, _port(base)) not in allowed:
            message = _("%(host)s would be called without encryption: its address must begin with https://.")
            raise ConfigProblem(message % {"host": base.host}, field="base_url")
        self._base = base
        self._below = base.path.rstrip("/") + "/"
        self._headers = headers
        self._renew = renew
        self._gate = gate
        self._read_error = read_error
        self._on_exchange = on_exchange
        self._interactive = interactive
        self._transport = transport or transport_for(allowed)

    def __repr__(self) -> str:
        return f"<Http {self._base}>"

    @overload
    def get(
        self, path: str, *, params: Parameters | None = None, headers: Mapping[str, str] | None = None, also_ok: Collection[int] = ()
    ) -> Response: ...

    @overload
    def get(self, path: str, *, params: Parameters | None = None, headers: Mapping[str, str] | None = None, as_: type[T]) -> T: ...

    def get(
        self,
        path: str,
        *,
        params: Parameters | None = None,
        headers: Mapping[str, str] | None = None,
        also_ok: Collection[int] = (),
        as_: type[T] | None = None,
    ) -> Response | T:
        """Read. `path` continues the base address, or is a whole address below it, as vendors give for the next page.

        `also_ok` are statuses above 299 that are answers here, such as 304 or 404. With `as_` the decoded body is returned.
        """
        response = self._answer(_Call("GET", self._url(path, params), headers or {}, also_ok))
        return response if as_ is None else response.decode(as_)

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        params: Parameters | None = None,
        headers: Mapping[str, str] | None = None,
        also_ok: Collection[int] = (),
        safe_to_repeat: bool = False,
    ) -> Response:
        """Write `json`, or `content` whose type is in the headers. `safe_to_repeat`: a second call would change nothing more,
        so what may or may not have been done is `Transient` and not `Uncertain`.
        """
        headers = headers or {}
        if json is not None:
            content, headers = encode(json), {"content-type": "application/json", **headers}
        return self._answer(_Call(method, self._url(path, params), headers, also_ok, content or b"", not safe_to_repeat))

    def _url(self, path: str, params: Parameters | None) -> httpx2.URL:
        """Never leaves the base address: whatever is called is given the credential."""
        address = path if path.startswith(("https://", "http://")) else f"{self._base}/{path.lstrip('/')}"
        query = {name: _text(value) for name, value in (params or {}).items() if value is not None}
        if query:
            address += ("&" if "?" in address else "?") + urlencode(query, doseq=True, quote_via=quote)
        url = _parsed(address)
        if url is None or url.netloc != self._base.netloc or url.scheme != self._base.scheme or not url.path.startswith(self._below):
            raise Rejected(_("An address that is not below %(base)s is not called.") % {"base": self._base})
        return url

    def _answer(self, call: _Call) -> Response:
        answer = self._exchange(call)
        if isinstance(answer, AuthLost) and self._renew is not None:
            self._renew()
            answer = self._exchange(call)
        if isinstance(answer, ProviderError):
            raise answer  # outside of every handler: nothing that knows the request is chained to it
        return answer

    def _exchange(self, call: _Call) -> Response | ProviderError:
        headers = self._sent(call.headers)
        if isinstance(headers, ProviderError):
            return headers
        request = httpx2.Request(call.method, call.url, headers=headers, content=call.content)
        secrets = Secrets(request.headers, str(call.url), call.content)
        self._gate.acquire(self._interactive)
        try:
            request.extensions = within_deadline()
            if _level.isEnabledFor(logging.DEBUG):
                log.debug("calling", method=call.method, host=request.url.host, path=request.url.path)
            started = time.perf_counter()
            answer = transfer(self._transport, request, secrets, call.is_write)
            elapsed = time.perf_counter() - started
            if isinstance(answer, Response):
                self._gate.heard(answer.headers)
        finally:
            self._gate.release()
        exchange = Exchange(request, answer if isinstance(answer, Response) else None, secrets, elapsed)
        problem = self._problem(answer, call.also_ok) if isinstance(answer, Response) else answer
        if problem is not None:
            problem.message, problem.advice = secrets.hide(problem.message), secrets.hide(problem.advice)
            problem.args = (problem.message,)
            problem.request_id = problem.request_id or exchange.request_id
            exchange.failure = problem.message
        if isinstance(problem, RateLimited):
            self._gate.blocked(problem.retry_after)
        self._report(exchange)
        return problem or answer

    def _sent(self, extra: Mapping[str, str]) -> dict[str, str] | ProviderError:
        """All headers of a call, later ones before earlier ones whatever their case."""
        own = self._headers() if callable(self._headers) else self._headers or {}
        headers = ALWAYS_SENT.copy()
        for name, value in (*own.items(), *extra.items()):
            if not (value.isascii() and value.isprintable() and value == value.strip()):
                message = _("The header %(name)s has characters that no header can carry: check the credential.")
                return ConfigProblem(message % {"name": name}, field=name)
            headers[name.lower()] = value
        return headers

    def _problem(self, response: Response, also_ok: Collection[int]) -> ProviderError | None:
        """What is wrong with an answer: the provider's word first, then what its status means to everybody."""
        status = response.status
        if status in also_ok:
            return None
        if self._read_error is not None:
            try:
                problem = self._read_error(response)
            except ProviderError as unreadable:
                problem = unreadable
            if problem is not None:
                problem.message = problem.message or self._meaning(response).message
                return problem
        return None if status < 300 else self._meaning(response)

    def _meaning(self, response: Response) -> ProviderError:
        status, host = response.status, self._base.host
        wait = response.retry_after()
        summary = response.summary()
        words = {"host": host, "status": status, "summary": summary}
        said = (_("%(host)s answered %(status)s: %(summary)s") if summary else _("%(host)s answered %(status)s.")) % words
        if status == 429 or (status == 503 and wait is not None and not response.is_write):
            return RateLimited(said, retry_after=DEFAULT_WAIT_SECONDS if wait is None else wait)
        if status == 401:
            return AuthLost(said)
        if status in NOT_BEGUN:
            return Transient(said)
        if 400 <= status < 500:
            return Rejected(said)
        if response.is_write:
            return Uncertain(f"{said} {_('It may have done what it was asked for.')}")
        return Transient(said)

    def _report(self, exchange: Exchange) -> None:
        if self._on_exchange is not None:
            self._on_exchange(exchange)
        if _level.isEnabledFor(logging.INFO):
            log.info(
                "called",
                method=exchange.method,
                address=exchange.place,
                status=exchange.status,
                failure=exchange.failure,
                milliseconds=round(exchange.elapsed * 1000),
                request_id=exchange.request_id,
            )
        if _level.isEnabledFor(logging.DEBUG):
            log.debug(
                "exchanged",
                url=exchange.url,
                request_headers=exchange.request_headers,
                request_body=exchange.request_body,
                response_headers=exchange.response_headers,
                response_body=exchange.response_body,
            )


def _parsed(address: str) -> httpx2.URL | None:
    try:
        return httpx2.URL(address)
    except httpx2.InvalidURL:
        return None


def _port(url: httpx2.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _text(value: str | int | bool | Sequence[str]) -> str | Sequence[str]:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value
