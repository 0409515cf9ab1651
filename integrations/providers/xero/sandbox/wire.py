"""How Xero puts things into bytes: envelopes, its JSON dates, XML for those who do not ask for JSON, and the bodies of its errors.

Sources: the examples in Xero's own description of the API; the 404 and 401 bodies are those that users of the API reported
(https://github.com/XeroAPI/Xero-OpenAPI/issues/163).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from integrations import clock
from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import Refusal, Reply, Request, encode

NO_ID = "00000000-0000-0000-0000-000000000000"
_EPOCH = date(1970, 1, 1)
_MS_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")

Row = dict[str, Any]


@lru_cache(maxsize=4096)
def ms_date(day: date) -> str:
    return f"/Date({(day - _EPOCH).days * 86_400_000}+0000)/"


def ms_time(timestamp: float) -> str:
    return f"/Date({int(timestamp * 1000)}+0000)/"


def date_string(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"


def time_string(timestamp: float) -> str:
    return datetime.fromtimestamp(int(timestamp), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=4096)
def parse_date(text: str) -> date:
    """`2026-11-01`, the same with a time, or `/Date(ms)/`. Raises `ValueError`."""
    match = _MS_DATE.fullmatch(text)
    if match:
        return datetime.fromtimestamp(int(match[1]) / 1000, UTC).date()
    return datetime.fromisoformat(text).date()


def parse_time(text: str) -> datetime | None:
    """A wire date as a time in UTC; None for any other text."""
    match = _MS_DATE.fullmatch(text)
    return datetime.fromtimestamp(int(match[1]) / 1000, UTC) if match else None


def envelope(chance: Chance, plural: str, rows: Sequence[object], pagination: Row | None = None) -> Row:
    head: Row = {
        "Id": chance.uuid(),
        "Status": "OK",
        "ProviderName": "Patchbay Sandbox",
        "DateTimeUTC": f"/Date({int(clock.timestamp() * 1000)})/",
    }
    return {**head, **({"pagination": pagination} if pagination else {}), plural: rows}


def answer(request: Request, payload: Mapping[str, Any], status: int = 200) -> Reply:
    """JSON when the caller accepts it, XML otherwise, as Xero does."""
    if "json" in request.headers.get("accept", ""):
        return Reply(status, encode(payload))
    root = "Response" if status == 200 else "ApiException"
    return Reply(status, f'<?xml version="1.0" encoding="utf-8"?>{_xml(root, payload)}'.encode(), "text/xml; charset=utf-8")


def problem(status: int, title: str, detail: str, instance: str) -> Reply:
    """The gateway's words for a call that may not come in."""
    return Reply(status, encode({"Type": None, "Title": title, "Status": status, "Detail": detail, "Instance": instance, "Extensions": {}}))


def not_found() -> Reply:
    return Reply(404, b"The resource you're looking for cannot be found", "text/html; charset=utf-8")


def api_exception(request: Request, number: int, kind: str, message: str, **more: object) -> Refusal:
    return Refusal(answer(request, {"ErrorNumber": number, "Type": kind, "Message": message, **more}, 400))


def validation_exception(request: Request, elements: Iterable[Row], message: str = "A validation exception occurred") -> Refusal:
    return api_exception(request, 10, "ValidationException", message, Elements=list(elements))


def post_data_invalid(request: Request, message: str) -> Refusal:
    return api_exception(request, 14, "PostDataInvalidException", message)


def query_invalid(request: Request, message: str) -> Refusal:
    return api_exception(request, 16, "QueryParseException", message)


def messages(texts: Iterable[str]) -> list[Row]:
    return [{"Message": text} for text in texts]


def _xml(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        inside = "".join(_xml(key, below) for key, below in value.items())
    elif isinstance(value, list | tuple):
        singular = name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s") if name.endswith("s") else f"{name}Item"
        inside = "".join(_xml(singular, below) for below in value)
    elif value is None:
        return f"<{name} />"
    else:
        inside = escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{name}>{inside}</{name}>"
