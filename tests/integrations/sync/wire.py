"""The vendor without a network: the seam of HTTP leads straight into its sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote

import httpx2

from integrations import clock
from integrations.sandbox.base import Sandbox
from integrations.sandbox.exchange import Delivery, Reply, Request

URL = "http://vendor.test"
ALLOWED = frozenset({("vendor.test", 80)})


class Wire(httpx2.BaseTransport):
    """What `integrations.http` calls when `SANDBOX_URL` is `URL`.

    `setting_out` is told of each request before the vendor sees it, and may raise what the network would; `answered` before the
    caller sees the reply.
    """

    def __init__(self, sandboxes: Mapping[str, Sandbox]) -> None:
        self.sandboxes = sandboxes
        self.url = URL
        self.setting_out: Callable[[httpx2.Request], None] = lambda request: None
        self.answered: Callable[[httpx2.Request], None] = lambda request: None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.setting_out(request)
        slug, _, below = request.url.path.lstrip("/").partition("/")
        reply = self.sandboxes[slug].handle(
            Request(
                method=request.method,
                path=f"/{unquote(below)}",
                query_string=request.url.query.decode(),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.read(),
                base_url=f"{URL}/{slug}",
            )
        )
        self.answered(request)
        return _arrives(reply)


def _arrives(reply: Reply) -> httpx2.Response:
    if reply.delivery is Delivery.DROPPED:
        raise httpx2.ReadTimeout("no answer")
    if reply.delivery is Delivery.TRUNCATED:
        raise httpx2.RemoteProtocolError("half an answer")
    headers = {**reply.headers, "content-type": reply.content_type, "date": formatdate(clock.timestamp(), usegmt=True)}
    return httpx2.Response(reply.status, headers=headers, content=reply.body)


@dataclass
class Hands:
    """The clock's, moved by hand alone."""

    at: float

    def later(self, duration: Any) -> None:
        self.at += duration.total_seconds() if hasattr(duration, "total_seconds") else duration
