"""One call and its answer, as it may be shown and kept."""

from __future__ import annotations

from functools import cached_property

import httpx2

from integrations.http import redact
from integrations.http.redact import Secrets
from integrations.http.response import Response


class Exchange:
    """Everything here is without secrets, and bodies are cut. The costly parts are made when they are asked for.

    `status` is None when no answer came; `failure` is the message of the error that is raised, "" for none; `elapsed` in seconds.
    """

    def __init__(self, request: httpx2.Request, response: Response | None, secrets: Secrets, elapsed: float) -> None:
        self._request = request
        self._response = response
        self._secrets = secrets
        self.method = request.method
        self.status = response.status if response else None
        self.failure = ""
        self.elapsed = elapsed

    def __repr__(self) -> str:
        return f"<Exchange {self.method} {self.url} {self.status or self.failure}>"

    @cached_property
    def url(self) -> str:
        return redact.url(str(self._request.url))

    @property
    def place(self) -> str:
        """The address without its query."""
        return self.url.partition("?")[0]

    @cached_property
    def request_id(self) -> str:
        return self._response.request_id if self._response else ""

    @cached_property
    def request_headers(self) -> dict[str, str]:
        return redact.headers(self._request.headers)

    @cached_property
    def request_body(self) -> str:
        return redact.body(self._request.content, self._request.headers.get("content-type", ""))

    @cached_property
    def response_headers(self) -> dict[str, str]:
        headers = redact.headers(self._response.headers) if self._response else {}
        return {name: self._secrets.hide(value) for name, value in headers.items()}

    @cached_property
    def response_body(self) -> str:
        return redact.body(self._response.content, self._response.content_type, self._secrets.values) if self._response else ""
