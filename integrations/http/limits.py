"""How often a vendor lets itself be called: the arithmetic, on a state that is plain JSON. No clock, no rows.

A vendor's own rolling window is never exceeded, yet a burst up to the full limit is allowed at once: calls are counted in
slots of 1/60 of the window, and a slot counts until it has left the window as a whole. What the vendor counts is when a call
arrives, so a released call is counted anew at the time at which it can have arrived at the latest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import TypedDict

SLOTS = 60
LATENESS = 0.1
"""The share of a window by which a call arrives at most later than it was granted, however long its answer takes."""
DAY = 86_400
POLL_SECONDS = 0.25
"""How soon to ask again for a place among the concurrent calls, which another caller may give back at any time."""
BELIEVED_SECONDS = 3_600
"""How long at most the vendor's own count is believed: after that one call may find out whether more is left by now."""


@dataclass(frozen=True)
class Window:
    """At most `calls` in any `seconds`. `remaining_header` is the answer's header in which the vendor tells what is left of it."""

    calls: int
    seconds: float
    remaining_header: str = ""


@dataclass(frozen=True)
class Limits:
    """What a vendor publishes. The last `day_reserve` share of windows of a day or more is kept for interactive callers."""

    windows: tuple[Window, ...] = ()
    concurrent: int | None = None
    day_reserve: float = 0.1

    def __post_init__(self) -> None:
        if any(window.calls < 1 or window.seconds <= 0 for window in self.windows) or self.concurrent == 0:
            raise ValueError("A limit lets at least one call through.")
        if len({window.seconds for window in self.windows}) != len(self.windows):
            raise ValueError("There is one window of each length.")

    def reserve(self, window: Window) -> int:
        """How many calls of the window are not for background callers; always fewer than all of them."""
        return min(ceil(window.calls * self.day_reserve), window.calls - 1) if window.seconds >= DAY else 0


class State(TypedDict, total=False):
    """What is kept between calls; {} to begin with. Times are seconds since 1970; keys of windows are their seconds as text.

    `slots` holds [slot, calls] pairs, `told` [remaining, time] as the vendor said it less the calls granted since, `holders`
    [granted, end of the lease] of the calls under way: a holder that crashed loses its place with its lease.
    """

    slots: dict[str, list[list[int]]]
    told: dict[str, list[float]]
    holders: dict[str, list[float]]
    blocked_until: float


def _name(seconds: float) -> str:
    return str(float(seconds))


@dataclass
class _Usage:
    """One window at one moment."""

    window: Window
    state: State
    now: float
    name: str = field(init=False)
    width: float = field(init=False)
    slot: int = field(init=False)
    slots: list[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.name = _name(self.window.seconds)
        self.width = self.window.seconds / SLOTS
        self.slot = int(self.now // self.width)
        kept = self.state.get("slots", {}).get(self.name, [])
        self.slots = [pair for pair in kept if -SLOTS <= self.slot - pair[0] <= SLOTS]  # a slot far ahead is a clock gone wrong

    def told(self) -> float | None:
        """What the vendor has left by its own count, while that is believed."""
        told = self.state.get("told", {}).get(self.name)
        return told[0] if told and 0 <= self.now - told[1] < self.believed_for() else None

    def believed_for(self) -> float:
        return min(self.window.seconds + self.width, BELIEVED_SECONDS)

    def own_left(self) -> int:
        return self.window.calls - sum(count for _, count in self.slots)

    def left(self) -> float:
        told = self.told()
        return self.own_left() if told is None else min(self.own_left(), told)

    def wait(self, reserve: int) -> float:
        """Seconds until more than `reserve` calls are left; 0 when they are."""
        wait = 0.0
        told = self.told()
        if told is not None and told <= reserve:
            wait = self.state["told"][self.name][1] + self.believed_for() - self.now
        excess = sum(count for _, count in self.slots) + reserve + 1 - self.window.calls
        for slot, count in sorted(self.slots):
            if excess <= 0:
                break
            excess -= count
            wait = max(wait, (slot + SLOTS + 1) * self.width - self.now)
        return wait

    def count(self) -> None:
        _add(self.slots, self.slot, 1)
        self.state.setdefault("slots", {})[self.name] = self.slots
        if self.told() is not None:
            self.state["told"][self.name][0] -= 1


def _add(slots: list[list[int]], slot: int, calls: int) -> None:
    for pair in slots:
        if pair[0] == slot:
            pair[1] += calls
            return
    slots.append([slot, calls])


def acquire(state: State, limits: Limits, now: float, holder: str, lease: float, *, interactive: bool) -> float:
    """0.0: granted and counted in `state`, for `lease` seconds at most. Otherwise the seconds after which to ask again.

    `holder` is unique for each call under way.
    """
    holders = {name: held for name, held in state.get("holders", {}).items() if held[1] > now}
    usages = [_Usage(window, state, now) for window in limits.windows]
    wait = max(0.0, state.get("blocked_until", 0.0) - now)
    for usage in usages:
        wait = max(wait, usage.wait(0 if interactive else limits.reserve(usage.window)))
    if limits.concurrent is not None and len(holders) >= limits.concurrent and holder not in holders:
        wait = max(wait, min(POLL_SECONDS, min(until for _, until in holders.values()) - now))
    if wait > 0:
        return wait + 0.001  # so that rounding never lets the caller come a hair too early
    for usage in usages:
        usage.count()
    state["holders"] = {**holders, holder: [now, now + lease]}
    return 0.0


def release(state: State, holder: str, now: float) -> None:
    """The call is done: its place among the concurrent ones is free, and in its windows it counts from now on."""
    held = state.get("holders", {}).pop(holder, None)
    if held is None:
        return
    for name, slots in state.get("slots", {}).items():
        width = float(name) / SLOTS
        granted, arrived = int(held[0] // width), int(min(now, held[0] + float(name) * LATENESS) // width)
        if arrived > granted and any(slot == granted and calls for slot, calls in slots):
            _add(slots, granted, -1)
            _add(slots, arrived, 1)


def block(state: State, until: float) -> None:
    """The vendor said that nothing is let through before `until`."""
    state["blocked_until"] = max(until, state.get("blocked_until", 0.0))


def observe(state: State, window_seconds: float, remaining: int, now: float) -> None:
    """The vendor said how many calls of a window remain. Calls still under way may not be in its count, so they are taken off."""
    under_way = sum(1 for _, until in state.get("holders", {}).values() if until > now)
    state.setdefault("told", {})[_name(window_seconds)] = [remaining - max(0, under_way - 1), now]


def hear(state: State, limits: Limits, headers: Mapping[str, str], now: float) -> None:
    """`observe` every window whose remaining calls the headers of an answer tell, before the answered call is released.

    A count that has no fewer left than ours tells of no other caller. Ours knows when each call leaves the window, so it stands.
    """
    for window in limits.windows:
        remaining = headers.get(window.remaining_header, "") if window.remaining_header else ""
        if not remaining.strip().isdecimal():
            continue
        if int(remaining) < _Usage(window, state, now).own_left():
            observe(state, window.seconds, int(remaining), now)
        else:
            state.get("told", {}).pop(_name(window.seconds), None)


def remaining(state: State, limits: Limits, now: float) -> dict[float, int]:
    """Calls left of each window, by its seconds, for display."""
    return {window.seconds: max(0, int(_Usage(window, state, now).left())) for window in limits.windows}
