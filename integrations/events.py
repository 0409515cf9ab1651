"""When the vendor calls us: the part of the contract that says how it signs and what it tells. Plain values and functions, no rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened there. `id` is its own, the same when it is told again; `body` is its share of the request."""

    id: str
    realm_id: str
    kind: str
    remote_id: str
    occurred_at: datetime | None = None
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """The vendor tells that something changed; what it is now is fetched.

    `verify(headers, body, key)` tells whether the vendor sent it; header names are in lower case
    `events(body)`  what happened; raises `ValueError` for a body that is none of the vendor's
    `hints`         kind of event -> the imports that it makes due; what is not named there is kept and ignored
    `set_up`        where to enter our address at the vendor
    `account_header`  the header that says whose account it is, where the body does not
    """

    verify: Callable[[Mapping[str, str], bytes, str], bool]
    events: Callable[[bytes], Sequence[Event]]
    hints: Mapping[str, tuple[str, ...]]
    set_up: str | Promise
    account_header: str = ""
