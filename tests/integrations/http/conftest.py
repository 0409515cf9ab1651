"""A vendor on a real socket, that misbehaves byte by byte."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from integrations.http import pool
from integrations.http.client import Http


@dataclass
class Received:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    over: threading.Event
    """Set when the test is over, so that nobody who stalls keeps it waiting."""


Answer = Callable[[socket.socket, Received], None]


def answer(status: int = 200, body: bytes = b"{}", content_type: str = "application/json", **headers: str) -> bytes:
    """The bytes of an answer; underscores in header names stand for dashes."""
    lines = {"content-type": content_type, "content-length": str(len(body)), **{n.replace("_", "-"): v for n, v in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body


def saying(*parts: bytes) -> Answer:
    return lambda connection, received: connection.sendall(b"".join(parts))


@dataclass
class Vendor:
    """`answer` writes to the connection; the connection is closed when it raises or returns False."""

    listener: socket.socket
    answer: Callable[[socket.socket, Received], object] = field(default_factory=lambda: saying(answer()))
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)
    open: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.listener.getsockname()[1]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def allowed(self) -> frozenset[tuple[str, int]]:
        return frozenset({("127.0.0.1", self.port)})

    def http(self, **options: object) -> Http:
        return Http(self.base, allowed=self.allowed, **options)

    def serve(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            thread = threading.Thread(target=self.talk, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def talk(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection, connection.makefile("rb") as stream:
            while line := stream.readline():
                method, target, _ = line.decode().split(" ", 2)
                headers = {}
                while (header := stream.readline().decode().rstrip("\r\n")) != "":
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                received = Received(method, target, headers, b"", self.stopping)
                self.received.append(received)
                if headers.get("x-read-me") != "no":
                    received.body = stream.read(int(headers.get("content-length", 0)))
                if self.answer(connection, received) is False:
                    return

    def stop(self) -> None:
        self.stopping.set()
        for held in (self.listener, *self.open):
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
            held.close()
        for thread in self.threads:
            thread.join(5)


@pytest.fixture
def start_vendor() -> Iterator[Callable[[], Vendor]]:
    vendors: list[Vendor] = []

    def start() -> Vendor:
        vendor = Vendor(socket.create_server(("127.0.0.1", 0)))
        vendors.append(vendor)
        thread = threading.Thread(target=vendor.serve, daemon=True)
        vendor.threads.append(thread)
        thread.start()
        return vendor

    yield start
    pool.close()
    for vendor in vendors:
        vendor.stop()


@pytest.fixture
def vendor(start_vendor) -> Vendor:
    return start_vendor()


@dataclass
class Watch:
    """Which addresses were connected to while it was on. Those beyond this machine are noted and not let through."""

    on: bool = False
    seen: list[tuple[str, int]] = field(default_factory=list)

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.on and event == "socket.connect":
            address = arguments[1]
            self.seen.append((address[0], address[1]))
            if not address[0].startswith("127."):
                raise ConnectionRefusedError("not in a test")


WATCH = Watch()
sys.addaudithook(WATCH.hook)


@pytest.fixture
def connected() -> Iterator[list[tuple[str, int]]]:
    """Every address that Python connects to during the test."""
    WATCH.seen, WATCH.on = [], True
    yield WATCH.seen
    WATCH.on = False
