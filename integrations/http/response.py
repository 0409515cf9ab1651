"""What a vendor answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec
from django.utils.translation import gettext as _

from integrations import clock
from integrations.errors import ProviderError, Transient, Uncertain
from integrations.http import redact

T = TypeVar("T")

SUMMARY_CHARS = 500
LONGEST_WAIT_SECONDS = 86_400.0
_REQUEST_ID = re.compile(r"(request|correlation|trace)[-_]?id$|_tid$", re.IGNORECASE)
_TELLING = {"message", "detail", "details", "description", "error", "error_description", "error_message", "errormessage", "reason", "title"}


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """`headers` are looked up in any case; `elapsed` in seconds; `is_write`: whether repeating the call might do it twice.

    `hide` takes the secrets of the request out of a text.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    elapsed: float
    is_write: bool = False
    hide: Callable[[str], str] = str

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.content)} bytes>"

    @property
    def request_id(self) -> str:
        """The vendor's own name for the call, for questions to its support."""
        return next((value for name, value in self.headers.items() if _REQUEST_ID.search(name)), "")

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def decode(self, type: type[T]) -> T:
        """The JSON body as `type`. Members that it does not name are passed over.

        Raises `Transient` when the body is something else, `Uncertain` when that leaves open whether a write was done.
        """
        if self.content_type and "json" not in self.content_type.lower():
            raise self.unusable(_("its answer is %(type)s, not JSON") % {"type": self.content_type.partition(";")[0]})
        decoder: msgspec.json.Decoder[T] = _decoder(cast(Hashable, type))
        try:
            return decoder.decode(self.content)
        except msgspec.MsgspecError as error:  # names the place and the types, never a value
            reason = str(error)
        raise self.unusable(_("its answer cannot be read: %(reason)s") % {"reason": reason})

    def unusable(self, reason: str) -> ProviderError:
        """The error for an answer that is not what it should be."""
        error = Uncertain if self.is_write else Transient
        message = _("The vendor answered %(status)s, but %(reason)s.") % {"status": self.status, "reason": reason}
        return error(message, request_id=self.request_id)

    def summary(self) -> str:
        """What the body says for people, in at most 500 characters; "" for a web page."""
        if "html" in self.content_type or self.content[:1] == b"<":
            return ""
        try:
            document = redact.document(msgspec.json.decode(self.content))
        except msgspec.MsgspecError:
            said = redact.text(self.text) if self.content_type.startswith("text/") else ""
        else:
            said = "; ".join(dict.fromkeys(_told(document))) or msgspec.json.encode(document).decode()
        return redact.cut(" ".join(self.hide(said).split()), SUMMARY_CHARS)

    def date(self) -> datetime:
        """The vendor's clock when it answered; ours where it does not tell."""
        return _date(self.headers.get("date", "")) or clock.now()

    def retry_after(self) -> float | None:
        """Seconds until the vendor wants to be asked again, as it says in seconds or as a date; between 1 and a day."""
        said = self.headers.get("retry-after", "").strip()
        try:
            seconds = float(said)
        except ValueError:
            date = _date(said)
            if date is None:
                return None
            seconds = (date - (_date(self.headers.get("date", "")) or clock.now())).total_seconds()
        return min(max(seconds, 1.0), LONGEST_WAIT_SECONDS) if seconds == seconds else None  # noqa: PLR0124  # not a number


_decoder = lru_cache(maxsize=512)(msgspec.json.Decoder)


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _told(document: Any) -> Iterator[str]:
    """The texts under the names that error bodies use."""
    if isinstance(document, dict):
        for name, value in document.items():
            if isinstance(value, str) and value and name.lower() in _TELLING:
                yield value
            else:
                yield from _told(value)
    elif isinstance(document, list):
        for item in document:
            yield from _told(item)
