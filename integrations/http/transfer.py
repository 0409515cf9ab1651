"""One request over the network: its answer, or what went wrong, in the words of `integrations.errors`."""

from __future__ import annotations

import time

import httpx2
from django.conf import settings
from django.utils.translation import gettext as _

from integrations.errors import ConfigProblem, ProviderError, Transient, Uncertain
from integrations.http.deadline import seconds_left
from integrations.http.guard import CONNECT_SECONDS, AddressRefused
from integrations.http.redact import Secrets
from integrations.http.response import Response

NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


def within_deadline() -> dict[str, dict[str, float]]:
    """The extensions of a request: `guard` takes each of its timeouts as the one time at which everything has to be done."""
    deadline = time.monotonic() + min(settings.HTTP_TIMEOUT_SECONDS, seconds_left())
    return {"timeout": {"connect": deadline, "read": deadline, "write": deadline, "pool": CONNECT_SECONDS}}


def transfer(transport: httpx2.BaseTransport, request: httpx2.Request, secrets: Secrets, is_write: bool) -> Response | ProviderError:
    """Errors are returned and not raised: raised in here, they would carry httpx2's, which know the request and its headers.

    What certainly never reached the vendor is `Transient`; a write that may have is `Uncertain`.
    """
    started = time.perf_counter()
    allowed = min(settings.HTTP_TIMEOUT_SECONDS, round(seconds_left(), 1))
    host = request.url.host
    try:
        answer = transport.handle_request(request)
        try:
            content = _read(answer)
        finally:
            answer.close()
    except AddressRefused:
        return ConfigProblem(
            _("%(host)s leads to no address of the public internet.") % {"host": host},
            field="base_url",
            advice=_("Check the address. The operator can allow an address of the own network in the environment."),
        )
    except NOT_SENT as error:
        return Transient(_("%(host)s cannot be reached: %(error)s") % {"host": host, "error": error})
    except httpx2.TimeoutException:
        reason = _("%(host)s did not answer within %(seconds)s seconds.") % {"host": host, "seconds": f"{allowed:g}"}
    except (httpx2.RequestError, httpx2.StreamError):
        reason = _("The connection to %(host)s broke before its answer was complete.") % {"host": host}
    else:
        if content is not None:
            return Response(answer.status_code, answer.headers, content, time.perf_counter() - started, is_write, secrets.hide)
        reason = _("The answer of %(host)s is larger than %(bytes)d bytes.") % {"host": host, "bytes": settings.HTTP_MAX_BYTES}
    return Uncertain(f"{reason} {_('It may have done what it was asked for.')}") if is_write else Transient(reason)


def _read(answer: httpx2.Response) -> bytes | None:
    """The whole body, unpacked; None as soon as it is larger than `HTTP_MAX_BYTES`."""
    limit = settings.HTTP_MAX_BYTES
    announced = answer.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        return None
    chunks, size = [], 0
    for chunk in answer.iter_bytes():
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
