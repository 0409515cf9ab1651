"""What every identity provider here has in common: people, an address on this machine, and a server that is started and stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.idp.browser import Browser, Page

STARTS_WITHIN = 20.0


@dataclass(frozen=True)
class Account:
    """Somebody whom the identity provider knows."""

    name: str
    password: str
    email: str
    first_name: str
    last_name: str
    groups: tuple[str, ...] = ()


JANE = Account("jane", "open sesame", "jane@northwind-studio.example", "Jane", "Doe", ("Everybody", "Finance"))
OWNER = Account("owner", "open sesame too", "owner@northwind-studio.example", "Olga", "Owner", ("Everybody",))


class Provider(Protocol):
    """A running identity provider."""

    @property
    def url(self) -> str:
        """Its origin."""

    @property
    def metadata_url(self) -> str: ...

    def trusts(self, metadata: bytes) -> None:
        """Give it our metadata, or give it anew."""

    def encrypts(self) -> None:
        """From now on it encrypts assertions for us."""

    def signs_in(self, browser: Browser, page: Page, account: Account, password: str = "") -> Page:
        """Fill in the login page that is shown and send it."""

    def signs_out(self, browser: Browser) -> Page:
        """Sign out there, and by that everywhere."""

    def knows(self, browser: Browser) -> bool:
        """Whether the browser is signed in there."""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], port: int, folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """A server that runs in `folder` and answers on the port; what it says goes to `server.log` there."""
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        _wait(server, port, folder)
        yield
    finally:
        server.terminate()
        server.wait(10)


def _wait(server: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"The server does not answer on port {port}: {(folder / 'server.log').read_text()}")


def told(page: Page) -> dict[str, Any]:
    """For messages of failing tests."""
    return {"url": page.url, "status": page.status, "text": page.text[:2000]}
