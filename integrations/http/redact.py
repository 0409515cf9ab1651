"""What was sent and answered, without its secrets: for attempts, logs and messages."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit, urlunsplit

import msgspec

HIDDEN = "[redacted]"
BODY_CHARS = 4_000
FORM_BYTES = 64_000
"""Larger bodies that are not JSON are files, and hold no credentials of ours."""
SHORTEST_SECRET = 6
"""Shorter values are not looked for in other texts: they would be found everywhere."""

_WORDS = (
    "token|secret|password|passwd|passphrase|authorization|cookie|credential|assertion|signature|session_?id|verifier"
    "|api[_-]?key|access[_-]?key|private[_-]?key|webhook[_-]?key|app[_-]?key"
)
_NAME = re.compile(_WORDS, re.IGNORECASE)
_HARMLESS = {
    "tokentype",
    "tokentypehint",
    "synctoken",
    "nextsynctoken",
    "pagetoken",
    "nextpagetoken",
    "skiptoken",
    "tokenuse",
    "accesstokenurl",
}
_ONLY_IN_FORMS = {"code", "state", "auth", "key", "sig", "pin", "otp"}

_SCHEME = re.compile(r"\b(Bearer|Basic)\s+(?=\S*[\d=])[\w.~+/=:-]{6,}", re.IGNORECASE)
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_SECRET_NAME = rf"(?<![\w.-])([\w.-]{{0,60}}(?:{_WORDS})[\w.-]{{0,60}})"  # bounded, as are the texts: a vendor's body cannot keep us busy
_VALUE = r"""([^"'&\s,;}<\\]+)"""
_PAIR = re.compile(_SECRET_NAME + r"""(\\?["']?\s{0,9}[=:]\s{0,9}\\?["']?)""" + _VALUE, re.IGNORECASE)
_MEMBER = re.compile(_SECRET_NAME + r"""(\\?["']\s{0,9}:\s{0,9}\\?["']?|=)""" + _VALUE, re.IGNORECASE)  # not "Token: it has expired"
_ELEMENT = re.compile(rf"<([\w:.-]{{0,60}}(?:{_WORDS})[\w.-]{{0,60}})([^<>]{{0,500}})>[^<]*", re.IGNORECASE)

_json = msgspec.json.Decoder(float_hook=Decimal)
_encode = msgspec.json.Encoder(decimal_format="number").encode


@lru_cache(maxsize=4096)
def is_secret(name: str, *, in_form: bool = False) -> bool:
    """Whether values of that name (of a header, a parameter, a JSON member) are not to be shown."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return (in_form and plain in _ONLY_IN_FORMS) or (plain not in _HARMLESS and _NAME.search(name) is not None)


def headers(sent: Mapping[str, str]) -> dict[str, str]:
    return {name: HIDDEN if is_secret(name) else text(value) for name, value in sent.items()}


def url(address: str) -> str:
    """Without user, password, fragment and the values of secret parameters."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, form(parts.query), ""))


def form(encoded: str) -> str:
    """A query or a form body."""
    pairs = parse_qsl(encoded, keep_blank_values=True)
    return "&".join(
        f"{quote_plus(name)}={HIDDEN if value and is_secret(name, in_form=True) else quote_plus(value)}" for name, value in pairs
    )


def document(value: Any, secrets: Collection[str] = ()) -> Any:
    """What JSON was decoded to. A member `code` is a secret only beside a `grant_type`: elsewhere it is an account's or an error's."""
    if isinstance(value, dict):
        grant = "grant_type" in value
        return {name: HIDDEN if item and is_secret(name, in_form=grant) else document(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [document(item, secrets) for item in value]
    return _patterns(_replaced(value, secrets)) if isinstance(value, str) else value


def text(value: str) -> str:
    """Any text: credentials after their scheme, JSON Web Tokens, `name=value`, `"name": "value"` and XML elements of secret names."""
    return _PAIR.sub(_hide_pair, _ELEMENT.sub(rf"<\1\2>{HIDDEN}", _patterns(value)))


def _patterns(value: str) -> str:
    value = cut(value, 2 * BODY_CHARS)  # more is never shown
    return _JWT.sub(HIDDEN, _SCHEME.sub(rf"\1 {HIDDEN}", value))


def _hide_pair(match: re.Match[str]) -> str:
    return match[0] if not is_secret(match[1]) or match[3].startswith(HIDDEN[:9]) else f"{match[1]}{match[2]}{HIDDEN}"


def body(content: bytes, content_type: str, secrets: Collection[str] = ()) -> str:
    """At most `BODY_CHARS` characters of a body, without the values either; what is no text is only named."""
    kind = content_type.partition(";")[0].strip().lower()
    if not content:
        return ""
    if "form-urlencoded" in kind:
        return cut(_replaced(form(content.decode("utf-8", "replace")), secrets))
    if "json" in kind or content[:1] in b"{[":
        with suppress(msgspec.MsgspecError):
            room = _Room(BODY_CHARS)
            shown = cut(_encode(document(room.take(_json.decode(content)), secrets)).decode())
            return shown if room.left >= 0 or shown.endswith("…") else f"{shown}…"
    elif not kind.startswith("text/") and "xml" not in kind:
        return f"[{kind or 'bytes'}, {len(content)} bytes]"
    return cut(text(_replaced(content.decode("utf-8", "replace"), secrets)))


class _Room:
    """Takes of a document as much as there is room for: what is not shown need not be made fit to be shown."""

    def __init__(self, characters: int) -> None:
        self.left = characters

    def take(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.take(item) for name, item in takewhile(self._has_room, value.items())}
        if isinstance(value, list):
            return [self.take(item) for item in takewhile(self._has_room, value)]
        self.left -= len(value) if isinstance(value, str) else 1
        return value

    def _has_room(self, following: Any) -> bool:
        self.left -= len(following[0]) if isinstance(following, tuple) else 1
        return self.left >= 0


def cut(value: str, length: int = BODY_CHARS) -> str:
    return value if len(value) <= length else value[: length - 1] + "…"


def without(shown: str, secrets: Collection[str]) -> str:
    """A text to be read by people, without any of the values, and without what is certainly a credential."""
    return _MEMBER.sub(_hide_pair, _patterns(_replaced(shown, secrets)))


def _replaced(shown: str, secrets: Collection[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        shown = shown.replace(secret, HIDDEN)
    return shown


class Secrets:
    """The secret values that a request carries, to be found again in what the vendor says about it."""

    def __init__(self, sent: Mapping[str, str], address: str, content: bytes) -> None:
        self._request = sent, address, content

    def __repr__(self) -> str:
        return "<Secrets>"

    @cached_property
    def values(self) -> frozenset[str]:
        sent, address, content = self._request
        found = {value for name, value in parse_qsl(urlsplit(address).query) if is_secret(name, in_form=True)}
        for name, value in sent.items():
            if is_secret(name):
                found |= {value, *_credentials(value)}
        if content[:1] in b"{[":
            with suppress(msgspec.MsgspecError):
                found.update(_members(_json.decode(content), hidden=False))
        elif len(content) <= FORM_BYTES:
            found.update(value for name, value in parse_qsl(content.decode("utf-8", "replace")) if is_secret(name, in_form=True))
        return frozenset(secret for secret in found if len(secret) >= SHORTEST_SECRET)

    def hide(self, shown: str) -> str:
        return without(shown, self.values)


def _credentials(value: str) -> Iterator[str]:
    scheme, _, credential = value.partition(" ")
    yield credential
    if scheme.lower() == "basic":
        try:
            yield from base64.b64decode(credential).decode("utf-8", "replace").split(":", 1)
        except binascii.Error:
            return


def _members(value: Any, hidden: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _members(item, hidden or is_secret(name, in_form="grant_type" in value))
    elif isinstance(value, list):
        for item in value:
            yield from _members(item, hidden)
    elif hidden and isinstance(value, str):
        yield value
