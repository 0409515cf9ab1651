"""Two servers on this machine: one that the operator allows, and one that nobody outside has any business with."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[[socket.socket], None]


def http(body: bytes, status: int = 200, **headers: str) -> bytes:
    """The octets of an answer; underscores in header names stand for dashes."""
    lines = {"content-length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body


@dataclass
class House:
    """`answer` is what the allowed one does with a connection once it was asked; `inner` are the connections to the other."""

    allowed: socket.socket
    hidden: socket.socket
    answer: Answer = lambda connection: connection.sendall(http(b"", 404))
    asked: list[bytes] = field(default_factory=list)
    inner: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.allowed.getsockname()[1]}"

    @property
    def hidden_port(self) -> int:
        return int(self.hidden.getsockname()[1])

    def says(self, *octets: bytes) -> None:
        self.answer = lambda connection: connection.sendall(b"".join(octets))

    def drips(self, octets: bytes, pause: float) -> None:
        """Now and then a byte."""

        def drip(connection: socket.socket) -> None:
            for byte in octets:
                connection.sendall(bytes([byte]))
                if self.over.wait(pause):
                    return

        self.answer = drip

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _address = self.allowed.accept()
                with suppress(OSError), connection:
                    self.asked.append(connection.recv(65536))
                    self.answer(connection)

    def _count(self) -> None:
        with suppress(OSError):
            while True:
                connection, address = self.hidden.accept()
                self.inner.append(str(address))
                connection.close()


@contextmanager
def running() -> Iterator[House]:
    house = House(socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0)))
    threads = [threading.Thread(target=work, daemon=True) for work in (house._serve, house._count)]
    for thread in threads:
        thread.start()
    try:
        yield house
    finally:
        house.over.set()
        for listener in (house.allowed, house.hidden):
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in threads:
            thread.join(5)
