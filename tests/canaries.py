"""Secrets are canaries: whatever the suite stores encrypted, and the keys of the installation, must turn up in no page and no log line.

A plugin for every test. It notes what is given to the keyring, reads along what the application answers and logs, and fails the
test in which a secret was seen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from integrations.crypto import Keyring

SHORTEST = 16  # shorter ones are words of tests
SECRETS = ("access_token", "refresh_token", "id_token", "password", "secret", "key", "private_key", "token", "api_key")
SHOWN_ONCE = ("noticeendpoint/add/", "/secret/")
"""Pages whose purpose it is to show a secret, once, to whoever has just made it; by a part of their address."""

_seen: list[str] = []
_held: set[str] = set()


def fixed() -> set[str]:
    """The installation's own."""
    return {settings.SECRET_KEY, *(entry.partition(":")[2] for entry in settings.ENCRYPTION_KEYS), settings.METRICS_TOKEN} - {""}


def secrets_in(value: Any, name: str = "") -> Iterator[str]:
    """The secrets of what is stored: a text is one as a whole, of a document those that are named like one."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from secrets_in(part, key)
    elif isinstance(value, str) and len(value) >= SHORTEST and (not name or name in SECRETS):
        yield value


def look(text: str, where: str) -> None:
    """Note that a secret stands in the text. Never tells which: the report is read, too."""
    if any(secret in text for secret in (*_held, *fixed())):
        _seen.append(where)


class Reader:
    """Middleware: reads what is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.streaming and not any(part in request.path for part in SHOWN_ONCE):
            text = response.content.decode(errors="replace") + repr(dict(response.headers))
            look(text, f"the answer to {request.method} {request.path}")
        return response


class _Listener(logging.Handler):
    """Reads each line as it would be written."""

    def emit(self, record: logging.LogRecord) -> None:
        formatter = next((handler.formatter for handler in logging.getLogger().handlers if handler is not self and handler.formatter), None)
        look(formatter.format(record) if formatter else record.getMessage(), f"the log, {record.name}")


@pytest.fixture(scope="session", autouse=True)
def _noted() -> Iterator[None]:
    encrypt = Keyring.encrypt

    def note(self: Keyring, text: str) -> str:
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            value = text
        _held.update(secrets_in(value))
        return encrypt(self, text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keyring, "encrypt", note)
        listener = _Listener()
        logging.getLogger().addHandler(listener)
        yield
        logging.getLogger().removeHandler(listener)


@pytest.fixture(autouse=True)
def _canaries() -> Iterator[None]:
    _held.clear()
    _seen.clear()
    yield
    assert not _seen, f"A secret was seen in: {', '.join(sorted(set(_seen)))}"
