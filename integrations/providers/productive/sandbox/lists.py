"""Lists: narrowed, sorted, cut into pages by cursor or by number, with what was asked to be included."""

from __future__ import annotations

import base64
import binascii
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from itertools import dropwhile, islice
from typing import Any
from urllib.parse import quote, urlencode

from integrations.providers.productive.sandbox.store import Resource, Store
from integrations.providers.productive.sandbox.tables import TABLES, Table
from integrations.providers.productive.sandbox.wire import refuse
from integrations.sandbox.exchange import Request, whole_number

DEFAULT_SIZE, LARGEST_SIZE = 30, 200
EXACT_TIMES = "filteringSkipDatetimeCastToDate"
FILTER = re.compile(r"filter\[(\w+)\](?:\[(\w+)\])?")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gt_eq": operator.ge,
    "lt": operator.lt,
    "lt_eq": operator.le,
    "eq": operator.eq,
}
EVERYWHERE = {"id"}
"""Every list may be narrowed by it."""


class Listing:
    """One request for a list. `by_change`: whether lists may be narrowed by the time of the last change."""

    def __init__(self, store: Store, table: Table, request: Request, *, by_change: bool, largest_page: int) -> None:
        self._store, self._table, self._request = store, table, request
        self._by_change, self._largest = by_change, largest_page
        self._exact = EXACT_TIMES in request.headers.get("x-feature-flags", "").split(",")

    def document(self) -> dict[str, Any]:
        """Raises `Refusal` for what Productive does not support."""
        query = self._request.query
        included = self.included()
        narrowed = self._narrowed()
        size = min(whole_number(query.get("page[size]", "")) or DEFAULT_SIZE, self._largest)
        meta: dict[str, Any] = {"page_size": size, "max_page_size": self._largest}
        links: dict[str, str] = {"first": self._address({})}
        if "page[after]" in query:
            if "page[number]" in query:
                raise refuse(400, "keyset_conflict", "A cursor and a page number cannot be used at once.")
            if "sort" in query:
                raise refuse(400, "keyset_unsupported_sort", "A cursor goes with the order of the list alone.")
            page = list(islice(_after(narrowed, query["page[after]"]), size + 1))
            shown = page[:size]
            if len(page) > size:
                links["next"] = self._address({"page[after]": _cursor(shown[-1]), "page[size]": str(size)})
        else:
            rows = self._sorted(list(narrowed))
            number = whole_number(query.get("page[number]", "1")) or 1
            shown, pages = rows[(number - 1) * size : number * size], -(-len(rows) // size)
            meta |= {"current_page": number, "total_pages": pages, "total_count": len(rows)}
            if number < pages:
                links["next"] = self._address({"page[number]": str(number + 1), "page[size]": str(size)})
        document = {"data": [row.shown(self._table, included) for row in shown], "links": links, "meta": meta}
        return document | ({"included": beside(self._store, self._table, shown, included)} if included else {})

    def included(self) -> frozenset[str]:
        return asked_to_include(self._table, self._request.query)

    def _narrowed(self) -> Iterable[Resource]:
        tests = []
        for name, text in self._request.query.items():
            if name.startswith("filter["):
                match = FILTER.fullmatch(name)
                if match is None:
                    raise refuse(400, "Unsupported Filter", f"Filter '{name}' is not supported on this endpoint")
                tests.append(self._test(match[1], match[2] or "eq", text))
        rows = self._store.of(self._table.path).values()
        return (row for row in rows if all(test(row) for test in tests))

    def _test(self, name: str, op: str, text: str) -> Callable[[Resource], bool]:
        if op not in COMPARE:
            raise refuse(400, "Unsupported Filter", f"Filter operation '{op}' is not supported on this endpoint")
        if name == "updated_at" and self._by_change:
            asked = self._moment(text)
            return lambda row: COMPARE[op](row.updated_at if self._exact else _day_of(row.updated_at), asked)
        if name not in self._table.filters | EVERYWHERE:
            raise refuse(400, "Unsupported Filter", f"Filter '{name}' is not supported on this endpoint")
        wanted = set(text.split(","))
        if name == "id":
            return lambda row: row.id in wanted
        relation = name.removesuffix("_id")
        if relation in self._table.relations:
            return lambda row: row.links.get(relation) in wanted
        return lambda row: str(row.attributes.get(name)) in wanted

    def _moment(self, text: str) -> datetime:
        try:
            asked = datetime.fromisoformat(text)
        except ValueError:
            raise refuse(400, "Unsupported Filter Value", f"'{text}' is not a date") from None
        asked = asked.replace(tzinfo=asked.tzinfo or UTC)
        return asked if self._exact else _day_of(asked)

    def _sorted(self, rows: list[Resource]) -> list[Resource]:
        for name in reversed([name for name in self._request.query.get("sort", "").split(",") if name]):
            column = name.removeprefix("-")
            if column not in self._table.sorts:
                raise refuse(400, "Unsupported Sort", f"Sort '{column}' is not supported on this endpoint")
            rows.sort(key=lambda row: (row.attributes.get(column) or "", int(row.id)), reverse=name.startswith("-"))
        return rows

    def _address(self, changes: Mapping[str, str]) -> str:
        kept = {name: text for name, text in self._request.query.items() if not name.startswith("page[")}
        return f"{self._request.base_url}{self._request.path}?{urlencode({**kept, **changes}, quote_via=quote)}"


def asked_to_include(table: Table, query: Mapping[str, str]) -> frozenset[str]:
    names = frozenset(name for name in query.get("include", "").split(",") if name)
    for name in names:
        if name not in table.relations or not table.relations[name].includable:
            raise refuse(400, "Unsupported Include", f"'{name}' cannot be included on this endpoint")
    return names


def beside(store: Store, table: Table, rows: Sequence[Resource], included: frozenset[str]) -> list[dict[str, Any]]:
    """Each resource that the rows name in the relationships asked for, once."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        for name in sorted(included):
            target = table.relations[name].target
            linked = row.links.get(name) or ()
            for one in [linked] if isinstance(linked, str) else linked:
                resource = store.of(target).get(one) if target in TABLES else None
                if resource is not None:
                    found.setdefault((target, one), resource.shown(TABLES[target]))
    return list(found.values())


def _after(rows: Iterable[Resource], cursor: str) -> Iterable[Resource]:
    if not cursor:
        return rows
    try:
        last = int(base64.urlsafe_b64decode(cursor).decode())
    except (ValueError, binascii.Error):
        raise refuse(400, "keyset_invalid_cursor", "The cursor is not one of this list.") from None
    return dropwhile(lambda row: int(row.id) <= last, rows)


def _cursor(row: Resource) -> str:
    return base64.urlsafe_b64encode(row.id.encode()).decode()


def _day_of(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time(), UTC)
