"""Going through the pages as a person does: following every link that is there."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from django.urls import Resolver404, resolve

from tests.isolation import html
from tests.isolation.scene import Answer, Visitor

ALIKE = 2
"""How many pages of the same address without parameters are looked at."""
MOST = 700
"""More pages than there are to find."""


@dataclass(frozen=True)
class Visit:
    """A page, and where the link to it stands."""

    answer: Answer
    came_from: str


def crawl(visitor: Visitor, starts: Sequence[str] = ("/", "/admin/")) -> list[Visit]:
    """Every page that links lead to from where a visit begins, one or two of each kind; of those with parameters, every one
    that has a parameter which no page of that address had before.
    """
    ahead = deque((start, "") for start in starts)
    seen, alike, tried, visits = set(starts), Counter[str](), set[tuple[str, str]](), []
    while ahead and len(visits) < MOST:
        path, came_from = ahead.popleft()
        answer = visitor.get(path)
        visits.append(Visit(answer, came_from))
        leads_to = [answer.location] if answer.location else html.read(path, answer.body).links if _is_page(answer) else []
        for link in leads_to:
            parts = urlsplit(link)
            target = parts._replace(fragment="").geturl()
            if parts.scheme or parts.netloc or target in seen or not target.startswith("/"):
                continue
            seen.add(target)
            route = _route(parts.path)
            alike[route] += not parts.query
            parameters = {(route, name) for name in parse_qs(parts.query, keep_blank_values=True)}
            if parameters - tried or (not parts.query and alike[route] <= ALIKE):
                tried |= parameters
                ahead.append((target, path))
    assert not ahead
    return visits


def _route(path: str) -> str:
    try:
        return resolve(path).route
    except Resolver404:
        return path


def _is_page(answer: Answer) -> bool:
    return answer.headers.get("Content-Type", "").startswith("text/html")
