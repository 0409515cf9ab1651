"""Tables that stay readable on a narrow screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, repeat
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

register = template.Library()


@register.filter
def labelled(cells: Iterable[SafeString], headers: Iterable[Mapping[str, Any]]) -> Iterator[SafeString]:
    """The cells of one row of an admin list (`<td class=…>…`), each told the heading of its column in `data-label`."""
    labels = chain((str(header["text"]) for header in headers), repeat(""))
    for cell, label in zip(cells, labels, strict=False):
        is_plain = cell.startswith("<td") and label and not label.startswith("<")
        yield format_html('<td data-label="{}"{}', capfirst(label), SafeString(cell[3:])) if is_plain else cell
