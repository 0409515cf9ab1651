"""The sandboxes of all installed providers on one port: HTTP/1.1 with keep-alive, one thread a connection."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from django.conf import settings

from integrations import clock
from integrations.sandbox import pages
from integrations.sandbox.base import Sandbox
from integrations.sandbox.exchange import Delivery, Reply, Request, redirect, text_reply, whole_number

logger = logging.getLogger(__name__)

MAX_BODY = 50_000_000  # bytes
PHRASES = {status.value: status.phrase for status in HTTPStatus}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def installed_sandboxes(*slugs: str) -> dict[str, Sandbox]:
    """A new sandbox of every installed provider that has one (of those of `slugs`, if there are any), by slug."""
    found: dict[str, Sandbox] = {}
    for app in settings.PROVIDER_APPS:
        name = f"{app}.sandbox"
        if (slugs and app.rpartition(".")[2] not in slugs) or importlib.util.find_spec(name) is None:
            continue
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type) and issubclass(value, Sandbox) and value is not Sandbox:
                found[value.slug] = value()
    return dict(sorted(found.items()))


class SandboxServer(ThreadingHTTPServer):
    """Serves `sandboxes` until it is closed. Raises `OSError` when the port is taken."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, sandboxes: Mapping[str, Sandbox], host: str = "127.0.0.1", port: int = 0) -> None:
        self.sandboxes = dict(sandboxes)
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def answer(self, request: Request) -> Reply:
        """Route by the first step of the path: to a vendor, or to the pages of the server itself."""
        slug, slash, below = request.path.lstrip("/").partition("/")
        sandbox = self.sandboxes.get(slug)
        if sandbox and slash:
            request.path, request.base_url = f"/{below}", f"{request.base_url}/{slug}"
            return sandbox.handle(request)
        if sandbox:
            return redirect(f"/{slug}/")
        if request.path == "/":
            return self._front()
        if request.path == pages.STYLE_ADDRESS:
            return pages.style_sheet()
        return text_reply(f"No vendor of the sandbox is called {slug!r}. There are: {', '.join(self.sandboxes) or 'none'}.\n", 404)

    def close(self) -> None:
        """Stop serving, end every connection and wait for what is being answered."""
        for sandbox in self.sandboxes.values():
            sandbox.stopping.set()
        self.shutdown()
        with self._connections_lock:
            for connection in self._connections:
                hang_up(connection)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.debug("a connection to the sandbox ended early", exc_info=True)

    def _front(self) -> Reply:
        vendors = []
        for sandbox in self.sandboxes.values():
            counts = sandbox.state(with_records=False)["counts"]
            vendors.append({"slug": sandbox.slug, "title": sandbox.title, "summary": sandbox.summary, "counts": counts})
        return pages.html("sandbox/front.html", {"vendors": vendors})


class Handler(BaseHTTPRequestHandler):
    server: SandboxServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        body = self._body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=unquote(path),
            query_string=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            base_url=f"http://{self.headers['Host']}" if "Host" in self.headers else self.server.url,
            linger=self._linger,
        )
        self._send(self.server.answer(request))

    def log_message(self, format: str, *args: object) -> None:
        logger.debug(format, *args)

    def _body(self) -> bytes | None:
        """The whole body; None when it was refused and the connection has to end."""
        size = whole_number(self.headers.get("Content-Length", "0"))
        if "Transfer-Encoding" in self.headers or size is None:
            self._send(text_reply("A body has to come with its Content-Length.", 411), ends=True)
        elif size > MAX_BODY:
            self._send(text_reply(f"A body may have at most {MAX_BODY} bytes.", 413), ends=True)
        else:
            return self.rfile.read(size)
        return None

    def _send(self, reply: Reply, *, ends: bool = False) -> None:
        if reply.delivery is Delivery.DROPPED:
            self._hang_up()
            return
        body = reply.body
        lines = [
            f"HTTP/1.1 {reply.status} {PHRASES.get(reply.status, 'Unknown')}",
            f"Date: {formatdate(clock.timestamp(), usegmt=True)}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
        ]
        if reply.status != HTTPStatus.NO_CONTENT:
            lines += [f"Content-Type: {reply.content_type}", f"Content-Length: {len(body)}"]
        if ends:
            self.close_connection = True
            lines.append("Connection: close")
        if reply.delivery is Delivery.TRUNCATED:
            body = body[: len(body) // 2]
        head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        self.wfile.write(head if self.command == "HEAD" else head + body)
        if reply.delivery is Delivery.TRUNCATED:
            self._hang_up()

    def _linger(self, seconds: float) -> None:
        """Wait so many real seconds, or until the client hangs up."""
        if seconds > 0:
            self.connection.settimeout(seconds)
            try:
                self.connection.recv(1, socket.MSG_PEEK)
            except OSError:
                pass
            finally:
                self.connection.settimeout(None)

    def _hang_up(self) -> None:
        self.close_connection = True
        hang_up(self.connection)


for _method in METHODS:
    setattr(Handler, f"do_{_method}", Handler.answer)


def hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        logger.debug("the client had hung up before")


@contextmanager
def running_sandbox(port: int = 0, *, host: str = "127.0.0.1", sandboxes: Mapping[str, Sandbox] | None = None) -> Iterator[SandboxServer]:
    """Serve `sandboxes` (all installed ones, unless given) in a thread of this process for as long as the block runs."""
    server = SandboxServer(installed_sandboxes() if sandboxes is None else sandboxes, host, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="sandbox", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()
