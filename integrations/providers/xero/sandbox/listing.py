"""What all of Xero's lists have in common: what changed since, filters, order and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from integrations.providers.xero.sandbox.query import QueryError, compile_where, sort
from integrations.providers.xero.sandbox.wire import Row, answer, envelope, query_invalid, validation_exception
from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import Reply, Request, whole_number

DEFAULT_PAGE, LARGEST_PAGE = 100, 1000


def modified_since(request: Request) -> float | None:
    """The timestamp of If-Modified-Since, to the second, None when there is none: ISO 8601 (UTC unless it says other) or an HTTP date."""
    text = request.headers.get("if-modified-since", "").strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None  # RFC 9110: a date that cannot be read is ignored
    return float(int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))


def chosen(request: Request, name: str) -> list[str]:
    """The values of a comma-separated parameter."""
    return [part.strip().strip('"') for part in request.query.get(name, "").split(",") if part.strip()]


def switched_on(request: Request, name: str) -> bool:
    return request.query.get(name, "").lower() == "true"


def filtered(request: Request, rows: Iterable[Row], kind: str, fields: Iterable[str]) -> list[Row]:
    """`rows` as `where` and `order` say. Raises `Refusal`."""
    try:
        if where := request.query.get("where", "").strip():
            test = compile_where(where, kind, fields)
            rows = [row for row in rows if test(row)]
        if order := request.query.get("order", "").strip():
            rows = sort(rows, order, kind, fields)
    except QueryError as error:
        raise query_invalid(request, str(error)) from error
    return list(rows)


def page_wanted(request: Request) -> tuple[int, int] | None:
    """Page (from 1) and its size, None when the caller does not page. Raises `Refusal`."""
    if not {"page", "pageSize"} & request.query.keys() and not switched_on(request, "summaryOnly"):
        return None
    page = whole_number(request.query.get("page") or "1")
    size = whole_number(request.query.get("pageSize") or str(DEFAULT_PAGE))
    if not page or not size or size > LARGEST_PAGE:
        raise validation_exception(request, [], f"page has to be 1 or more, pageSize 1 to {LARGEST_PAGE}")
    return page, size


def listed(request: Request, chance: Chance, plural: str, rows: Sequence[Any], shown: Callable[[Any], Row]) -> Reply:
    """Answer with `rows`, or with the page of them that was asked for, each as `shown` shows it."""
    wanted = page_wanted(request)
    if wanted is None:
        return answer(request, envelope(chance, plural, [shown(row) for row in rows]))
    page, size = wanted
    pagination = {"page": page, "pageSize": size, "pageCount": -(-len(rows) // size), "itemCount": len(rows)}
    return answer(request, envelope(chance, plural, [shown(row) for row in rows[(page - 1) * size : page * size]], pagination))
