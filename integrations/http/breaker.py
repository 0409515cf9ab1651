"""When to leave a vendor that is down alone: closed, open, half open. The arithmetic, on a state that is plain JSON."""

from __future__ import annotations

from typing import Literal, TypedDict

from integrations.errors import RateLimited, Transient, Uncertain

WINDOW_SECONDS = 60.0
SLOT_SECONDS = 5.0
LEAST_CALLS = 10
ERROR_SHARE = 0.5
CONSECUTIVE_ERRORS = 5
OPEN_SECONDS = 60.0


class State(TypedDict, total=False):
    """{} is closed. `slots` holds [slot, calls, errors] of the last minute; `until` ends the open time, or the probe's lease."""

    state: Literal["closed", "open", "half_open"]
    slots: list[list[int]]
    consecutive: int
    until: float


def is_outage(error: Exception) -> bool:
    """Whether an error says that the vendor may be down, and not that it is busy or refuses what it was sent."""
    return isinstance(error, (Transient, Uncertain)) and not isinstance(error, RateLimited)


def wait(state: State, now: float) -> float:
    """Seconds until a call may go out; 0.0 when one may now. Changes nothing."""
    return max(0.0, state["until"] - now) if is_down(state) else 0.0


def is_down(state: State) -> bool:
    """Whether the vendor is believed not to answer, until a call gets through."""
    return state.get("state", "closed") != "closed"


def allow(state: State, now: float, lease: float) -> float:
    """0.0: call, and tell `record` how it went. Otherwise the seconds after which to ask again.

    Once the open time is over, one caller is let through as the probe; when it has told nothing after `lease` seconds, the
    next. So it is asked last, when nothing else keeps the call from going out.
    """
    seconds = wait(state, now)
    if not seconds and is_down(state):
        state["state"] = "half_open"
        state["until"] = now + lease
    return seconds


def record(state: State, outage: bool, now: float) -> None:
    """How a call went. Calls that come back while the breaker is open were sent before, and say nothing new."""
    if state.get("state") == "open":
        return
    _count(state, outage, now)
    if outage and (state.get("state") == "half_open" or _is_too_much(state)):
        _turn(state, "open", now + OPEN_SECONDS)
    elif state.get("state") == "half_open":
        _turn(state, "closed", now)


def _turn(state: State, to: Literal["closed", "open"], until: float) -> None:
    state["state"] = to
    state["until"] = until
    state["slots"] = []
    state["consecutive"] = 0


def _count(state: State, outage: bool, now: float) -> None:
    current = int(now // SLOT_SECONDS)
    slots = [slot for slot in state.get("slots", []) if 0 <= current - slot[0] < WINDOW_SECONDS / SLOT_SECONDS]
    if not slots or slots[-1][0] != current:
        slots.append([current, 0, 0])
    slots[-1][1] += 1
    slots[-1][2] += outage
    state["slots"] = slots
    state["consecutive"] = state.get("consecutive", 0) + 1 if outage else 0


def _is_too_much(state: State) -> bool:
    calls = sum(slot[1] for slot in state["slots"])
    errors = sum(slot[2] for slot in state["slots"])
    return state["consecutive"] >= CONSECUTIVE_ERRORS or (calls >= LEAST_CALLS and errors >= calls * ERROR_SHARE)
