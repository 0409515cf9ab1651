"""What goes through a sandbox: a request, a reply, and the two together as tests see them."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

import msgspec

if TYPE_CHECKING:
    from integrations.sandbox.faults import Fault

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class Refusal(Exception):
    """Raised by a handler, or by what it calls, to answer with `reply` at once."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"answered {reply.status}")
        self.reply = reply


class NotJson(ValueError):
    """The body is not a JSON document; the message says where it stops to be one."""


class Delivery(enum.Enum):
    """How much of a reply reaches the client."""

    WHOLE = "whole"
    TRUNCATED = "truncated"  # all headers, half of the body, then the connection ends
    DROPPED = "dropped"  # the connection ends without a byte


@dataclass
class Request:
    """`path` is below the vendor's slug and percent-decoded, header names are in lower case, the last of equal query names counts.

    `template` and `params` are those of the route that matched; `faults` are those drawn for this request, by kind; `caller` is whatever
    the vendor's admission found out about who calls; `linger` waits for so many real seconds or until the client hangs up.
    """

    method: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base_url: str = ""
    template: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, Fault] = field(default_factory=dict)
    caller: Any = None
    linger: Callable[[float], None] = lambda seconds: None

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @cached_property
    def form(self) -> dict[str, list[str]]:
        """The fields of a posted form, each with all its values."""
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    def form_value(self, name: str) -> str:
        """The last value of a posted form field, without surrounding spaces; empty when it is not there."""
        return self.form.get(name, [""])[-1].strip()

    def json(self) -> Any:
        """The body as JSON, fractions as Decimal. Raises `NotJson`."""
        try:
            return decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotJson(str(error)) from error


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE


@dataclass(frozen=True)
class Exchange:
    """One request as it came and the reply as the client got it."""

    request: Request
    reply: Reply


def whole_number(text: str) -> int | None:
    """The text as a number of at most nine digits; None when it is none."""
    return int(text) if text.isdecimal() and len(text) <= 9 else None


def split_url(text: str) -> SplitResult | None:
    """The parts of a full web address; None when the text is none, or could not stand in a header."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    full = parts.scheme in ("http", "https") and parts.netloc and all(character > " " for character in text)
    return parts if full else None


def encode(value: object) -> bytes:
    """JSON, with Decimals as numbers that keep their zeros."""
    return _encoder.encode(value)


def decode(body: bytes) -> Any:
    """JSON, fractions as Decimal. Raises `msgspec.DecodeError`."""
    return _decoder.decode(body)


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    return Reply(status, encode(value), headers={name.replace("_", "-"): text for name, text in headers.items()})


def text_reply(text: str, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> Reply:
    return Reply(status, text.encode(), content_type)


def redirect(url: str) -> Reply:
    """Send the browser on with GET."""
    return Reply(303, b"", "text/plain; charset=utf-8", {"Location": url})
