"""Going through the pages as a person does: following every link that is there."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.isolation import html
from tests.isolation.scene import Answer, Visitor

NUMBER = re.compile(r"\d+")
OF_EVERY_LIST = {"o", "_changelist_filters"}
"""Parameters that Django gives to every list alike, and to what a list leads to: one page shows what they do."""
MOST = 700
"""More pages than there are to find."""


@dataclass(frozen=True)
class Visit:
    """A page, and where the link to it stands."""

    answer: Answer
    came_from: str


def crawl(visitor: Visitor, starts: Sequence[str] = ("/", "/admin/")) -> list[Visit]:
    """Every page that links lead to from where a visit begins, one of each kind, whatever row it is about; of those with
    parameters, every one that has a parameter which no page of that kind had before.
    """
    ahead = deque((start, "") for start in starts)
    seen, tried, visits = set(starts), {(start, "") for start in starts}, list[Visit]()
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
            kind = NUMBER.sub("#", parts.path)
            names = parse_qs(parts.query, keep_blank_values=True) or [""]
            shows = {("" if name in OF_EVERY_LIST else kind, name) for name in names}
            if shows - tried:
                tried |= shows
                ahead.append((target, path))
    assert not ahead
    return visits


def _is_page(answer: Answer) -> bool:
    return answer.headers.get("Content-Type", "").startswith("text/html")
