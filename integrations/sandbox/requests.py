"""What a sandbox remembers of the requests it got: how many of which call, and the last ones without their secrets."""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from typing import Any

from integrations.sandbox.exchange import Exchange, Request

KEPT = 100  # requests
BODY_CHARACTERS = 20_000
SECRET_HEADERS = {"authorization", "cookie", "proxy-authorization"}
SECRET_FIELDS = re.compile(r"(?<![\w-])(client_secret|refresh_token|access_token|code|code_verifier|token|password)=[^&]*")


class RequestLog:
    def __init__(self) -> None:
        self.total = 0
        self.by_call: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self._last: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def add(self, exchange: Exchange) -> None:
        shown = _shown(exchange)
        with self._lock:
            self.total += 1
            self.by_call[f"{exchange.request.method} {exchange.request.template}"] += 1
            self.by_status[exchange.reply.status] += 1
            self._last.append(shown)

    def state(self) -> dict[str, Any]:
        with self._lock:
            by_status = {str(status): count for status, count in sorted(self.by_status.items())}
            return {"total": self.total, "by_call": dict(self.by_call), "by_status": by_status, "last": list(self._last)}


def _shown(exchange: Exchange) -> dict[str, Any]:
    request = exchange.request
    return {
        "method": request.method,
        "path": request.path,
        "query": SECRET_FIELDS.sub(r"\1=***", request.query_string),
        "headers": {name: "***" if name in SECRET_HEADERS else value for name, value in request.headers.items()},
        "body": _shown_body(request),
        "status": exchange.reply.status,
        "delivery": exchange.reply.delivery.value,
    }


def _shown_body(request: Request) -> str:
    text = request.body[: BODY_CHARACTERS * 4].decode("utf-8", "replace")[:BODY_CHARACTERS]
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return SECRET_FIELDS.sub(r"\1=***", text)
    return text
