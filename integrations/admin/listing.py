"""What every list of the pages shares: filters that survive any address, and pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise
BIGGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Choice:
    """One entry of a filter, as `admin/filter.html` and the chips draw it."""

    display: Text
    query_string: str
    selected: bool
    count: int | None = None


@dataclass(frozen=True)
class Menu:
    """A drop-down filter; its first choice is to filter by nothing."""

    title: Text
    choices: list[Choice]


def address(**parameters: object) -> str:
    """The query string of the parameters that say something."""
    return "?" + urlencode({name: value for name, value in parameters.items() if value})


def menu(title: Text, name: str, offered: Iterable[tuple[str, Text]], current: Mapping[str, str]) -> Menu:
    """A filter on the parameter `name` that keeps the other parameters of `current`."""
    chosen = current.get(name, "")
    every = Choice(_("All"), address(**{**current, name: ""}), not chosen)
    return Menu(title, [every, *(Choice(label, address(**{**current, name: value}), value == chosen) for value, label in offered)])


def one_of(request: HttpRequest, name: str, allowed: Iterable[str]) -> str:
    """The request's parameter when it is one of the allowed values, else ''."""
    value = request.GET.get(name, "")
    return value if value in allowed else ""


def row_id(text: str | None) -> int | None:
    """The text as the id of a row; None for whatever cannot be one."""
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    number = int(text[:20])
    return number if 0 < number <= BIGGEST_ID else None


def page_of(request: HttpRequest, rows: QuerySet | list, size: int, count: int | None = None) -> Page:  # type: ignore[type-arg]
    """The page that the request asks for, or the nearest there is. A `count` that is known already saves the query for it."""
    paginator = Paginator(rows, size)
    if count is not None:
        paginator.count = count
    return paginator.get_page(request.GET.get("page"))
