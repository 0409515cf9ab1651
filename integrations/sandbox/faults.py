"""Misbehaviour on demand. Rules are given as JSON to `/<slug>/__faults__` and hold until they are used up or replaced.

==================  ==================================================================================================
kind                what the vendor does
==================  ==================================================================================================
`status`            answers `status` (with `retry_after` seconds, if given) and does nothing; with `after_commit` it does
                    the work first
`timeout`           does nothing and keeps the caller waiting for `seconds`, then hangs up
`lost_answer`       does the work, keeps the caller waiting for `seconds`, then hangs up without an answer
`truncated`         does the work, ends the connection in the middle of the answer
`not_json`          does the work, answers with a page of HTML that claims to be JSON
`wrong_type`        does the work, answers with the right body under the wrong content type
`new_fields`        does the work, answers with a field more in every object
`latency`           takes `seconds` longer, then goes on as usual, even if the caller has gone
`expired_token`     lets the access token of the call expire before it looks at it
`changed_page`      after a page of a list was served, has somebody `insert` or `delete` a record (`change`)
`half_failed`       refuses every second element of a batch (with `message`, if given)
==================  ==================================================================================================

Every rule may say which calls it is about (`method`, and `path` with `*` as wildcard, below the slug and without regard to case), that it
lets the first `skip` of them pass, how many `times` it strikes, with what `probability`, and between which times of the
clock (`after`, `until`, seconds since 1970).
"""

from __future__ import annotations

import threading
from fnmatch import fnmatchcase
from typing import Annotated, Literal

import msgspec

from integrations import clock
from integrations.sandbox.chance import Chance

Kind = Literal[
    "status",
    "timeout",
    "lost_answer",
    "truncated",
    "not_json",
    "wrong_type",
    "new_fields",
    "latency",
    "expired_token",
    "changed_page",
    "half_failed",
]
Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One rule; see the head of this module. `struck` counts how often it was drawn."""

    kind: Kind
    method: str = "*"
    path: str = "*"
    skip: Count = 0
    times: Count | None = None
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    after: float | None = None
    until: float | None = None
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 500
    retry_after: Count | None = None
    after_commit: bool = False
    seconds: Seconds | None = None
    change: Literal["insert", "delete"] = "insert"
    message: str = ""
    struck: Count = 0

    def about(self, method: str, path: str, now: float) -> bool:
        """Whether the rule is meant for such a call at this time, however often it has struck."""
        return (
            self.method in ("*", method)
            and fnmatchcase(path.lower(), self.path.lower())
            and (self.after is None or now >= self.after)
            and (self.until is None or now < self.until)
        )


class FaultBook:
    """The rules in force."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    @property
    def faults(self) -> list[Fault]:
        return list(self._faults)

    def replace(self, rules: object) -> None:
        """Put one rule or a list of rules in force, instead of those before. Raises `ValueError` that names the field."""
        try:
            faults = msgspec.convert(rules if isinstance(rules, list) else [rules], list[Fault])
        except msgspec.ValidationError as error:
            raise ValueError(f"This is no fault the sandbox knows: {error}") from error
        with self._lock:
            self._faults = faults

    def draw(self, method: str, path: str) -> dict[str, Fault]:
        """The faults that strike this call, at most one of each kind."""
        if not self._faults:
            return {}
        now = clock.timestamp()
        drawn: dict[str, Fault] = {}
        with self._lock:
            for fault in self._faults:
                if fault.kind not in drawn and fault.about(method, path, now) and self._strikes(fault):
                    drawn[fault.kind] = fault
        return drawn

    def _strikes(self, fault: Fault) -> bool:
        if fault.times is not None and fault.struck >= fault.times:
            return False
        if fault.probability < 1 and not self._chance.happens(fault.probability):
            return False
        if fault.skip:
            fault.skip -= 1
            return False
        fault.struck += 1
        return True
