"""How calls to a vendor went, counted for ever: the arithmetic, on a state that is plain JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypedDict, get_args

Result = Literal["ok", "rate_limited", "refused", "failed", "no_answer"]
RESULTS: tuple[Result, ...] = get_args(Result)
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: a call is counted in the first bucket that it fits into, else in one more."""


class State(TypedDict, total=False):
    """{} is nothing yet. `buckets` has one place more than `BOUNDS`; `seconds` is the sum of what all answered calls took."""

    calls: dict[str, int]
    buckets: list[int]
    seconds: float


def result(status: int | None, failure: str) -> Result:
    """`failed` is an outage, or an answer with a good status that could not be read."""
    if status is None:
        return "no_answer"
    if status == 429:
        return "rate_limited"
    if status >= 500 or (status < 400 and failure):
        return "failed"
    return "refused" if status >= 400 else "ok"


def count(state: State, outcome: Result, elapsed: float) -> None:
    calls = state.setdefault("calls", {})
    calls[outcome] = calls.get(outcome, 0) + 1
    if outcome == "no_answer":
        return
    buckets = state.setdefault("buckets", [0] * (len(BOUNDS) + 1))
    buckets[sum(elapsed > bound for bound in BOUNDS)] += 1
    state["seconds"] = state.get("seconds", 0.0) + elapsed


def total(states: Iterable[State]) -> State:
    """Several states as one, with all that is not in any of them as 0."""
    calls: dict[str, int] = dict.fromkeys(RESULTS, 0)
    buckets, seconds = [0] * (len(BOUNDS) + 1), 0.0
    for state in states:
        for outcome in RESULTS:
            calls[outcome] += state.get("calls", {}).get(outcome, 0)
        for place, answered in enumerate(state.get("buckets", ())):
            buckets[place] += answered
        seconds += state.get("seconds", 0.0)
    return {"calls": calls, "buckets": buckets, "seconds": seconds}
