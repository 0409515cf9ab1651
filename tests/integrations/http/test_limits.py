"""The arithmetic of a vendor's limits, against an exact rolling window that knows when each call arrived."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.http.limits import (
    BELIEVED_SECONDS,
    LATENESS,
    Limits,
    State,
    Window,
    acquire,
    block,
    hear,
    observe,
    release,
    remaining,
)

START = 1_763_800_000.0
MINUTE = Window(60, 60)
MINUTE_ONLY = Limits((MINUTE,))


class Caller:
    """Asks, waits as long as it is told, and notes when each of its calls was granted."""

    def __init__(self, limits: Limits, state: State | None = None, now: float = START) -> None:
        self.limits, self.state, self.now = limits, state if state is not None else {}, now
        self.granted: list[float] = []

    def ask(self, *, interactive: bool = False, holder: str = "", lease: float = 1000.0) -> float:
        wait = acquire(self.state, self.limits, self.now, holder or str(len(self.granted)), lease, interactive=interactive)
        if wait == 0:
            self.granted.append(self.now)
        return wait

    def call(self, *, interactive: bool = False) -> int:
        """Wait until granted, finish at once; the number of times that it had to ask."""
        for asked in range(1, 1000):
            holder = str(len(self.granted))
            wait = self.ask(interactive=interactive)
            if wait == 0:
                release(self.state, holder, self.now)
                return asked
            self.now += wait
        raise AssertionError("starved")


def most_in_any_window(times: list[float], seconds: float) -> int:
    """What a vendor with an exact rolling window sees: (t - seconds, t]."""
    times = sorted(times)
    return max(sum(1 for other in times if time - seconds < other <= time) for time in times)


def test_a_burst_up_to_the_full_limit_is_granted_at_once():
    caller = Caller(MINUTE_ONLY)

    assert [caller.ask() for _ in range(60)] == [0.0] * 60
    assert 59 < caller.ask() < 61.1


def test_two_hundred_calls_take_hardly_longer_than_an_exact_window_allows():
    for offset in (0.0, 0.25, 0.5, 0.99):
        caller = Caller(MINUTE_ONLY, now=START + offset)
        for _ in range(200):
            caller.call()

        assert 180 <= caller.granted[-1] - caller.granted[0] <= 180 * 1.03
        assert most_in_any_window(caller.granted, 60) == 60


def test_a_refusal_counts_nothing():
    caller = Caller(MINUTE_ONLY)
    for _ in range(60):
        caller.ask()
    before = json.dumps(caller.state)

    for _ in range(10):
        assert caller.ask() > 0

    assert json.dumps(caller.state) == before


windows = st.lists(
    st.builds(Window, st.integers(1, 30), st.sampled_from([1, 5, 10, 60, 300, 3600])), min_size=1, max_size=3, unique_by=lambda w: w.seconds
)


@settings(max_examples=200, deadline=None)
@given(
    windows=windows,
    steps=st.lists(
        st.tuples(
            st.floats(0, 40),
            st.integers(1, 12),
            st.floats(0, 1),
            st.floats(0, 3),
        ),
        max_size=40,
    ),
)
def test_no_window_is_ever_exceeded_wherever_a_call_arrives_between_its_grant_and_its_end(windows, steps):
    limits = Limits(tuple(windows))
    state: State = {}
    now, arrivals, under_way, number = START, {window.seconds: [] for window in windows}, [], 0
    for pause, burst, share, flight in steps:
        now += pause
        for ended, holder in sorted(entry for entry in under_way if entry[0] <= now):
            release(state, holder, ended)
        under_way = [entry for entry in under_way if entry[0] > now]
        for _ in range(burst):
            number += 1
            state = json.loads(json.dumps(state))
            if acquire(state, limits, now, str(number), 1000, interactive=True) == 0:
                under_way.append((now + flight, str(number)))
                for seconds, times in arrivals.items():
                    if flight <= seconds * LATENESS:  # a longer answer is the vendor's work, not the way there
                        times.append(now + flight * share)
                    else:
                        times.append(now)

    for window in windows:
        if arrivals[window.seconds]:
            assert most_in_any_window(arrivals[window.seconds], window.seconds) <= window.calls


@settings(max_examples=100, deadline=None)
@given(
    windows=windows,
    concurrent=st.one_of(st.none(), st.integers(1, 3)),
    reserve=st.floats(0, 1),
    noise=st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=80),
    told=st.one_of(st.none(), st.integers(-5, 5)),
    blocked=st.floats(0, 500),
)
def test_nobody_starves_who_waits_as_told(windows, concurrent, reserve, noise, told, blocked):
    limits = Limits((*windows, Window(500, 86_400)), concurrent, reserve)
    crowd = Caller(limits)
    for pause, interactive in noise:
        crowd.now += pause
        crowd.ask(interactive=interactive, lease=30)
    if told is not None:
        observe(crowd.state, windows[0].seconds, told, crowd.now)
    block(crowd.state, crowd.now + blocked)
    caller = Caller(limits, crowd.state, crowd.now)

    holder = "the one who waits"
    for _ in range(1000):
        wait = acquire(caller.state, limits, caller.now, holder, 30, interactive=False)
        if wait == 0:
            break
        assert 0 < wait <= 2 * 86_400
        caller.now += wait

    assert wait == 0
    assert caller.now - crowd.now <= 2 * 86_400


@settings(max_examples=100, deadline=None)
@given(limit=st.integers(1, 50), seconds=st.sampled_from([1, 5, 60, 3600]), calls=st.integers(1, 300))
def test_whoever_calls_without_a_pause_loses_less_than_three_percent_to_an_exact_window(limit, seconds, calls):
    caller = Caller(Limits((Window(limit, seconds),)))
    for _ in range(calls):
        assert caller.call() <= 3

    floor = (calls - 1) // limit * seconds
    assert floor <= caller.granted[-1] - caller.granted[0] <= floor * 1.03 + 0.002 * calls


def test_a_call_that_arrived_late_keeps_its_place_longer():
    limits = Limits((Window(1, 60),))
    state: State = {}
    assert acquire(state, limits, START, "slow", 1000, interactive=True) == 0
    release(state, "slow", START + 5)

    assert acquire(state, limits, START + 61, "next", 1000, interactive=True) > 3
    assert acquire(state, limits, START + 66.1, "next", 1000, interactive=True) == 0


def test_a_call_with_a_long_answer_is_not_believed_to_have_arrived_at_its_end():
    limits = Limits((Window(1, 10),))
    state: State = {}
    assert acquire(state, limits, START, "long", 1000, interactive=True) == 0
    release(state, "long", START + 9)

    assert acquire(state, limits, START + 11.5, "next", 1000, interactive=True) == 0


# Calls at once


def test_only_so_many_calls_are_under_way_at_once():
    limits = Limits(concurrent=5)
    state: State = {}
    for number in range(5):
        assert acquire(state, limits, START, str(number), 30, interactive=True) == 0

    assert 0 < acquire(state, limits, START, "sixth", 30, interactive=True) < 1
    release(state, "2", START + 1)
    assert acquire(state, limits, START + 1, "sixth", 30, interactive=True) == 0
    assert acquire(state, limits, START + 1, "seventh", 30, interactive=True) > 0


def test_a_crashed_holder_frees_its_place_after_its_lease():
    limits = Limits(concurrent=1)
    state: State = {}
    assert acquire(state, limits, START, "crashed", 30, interactive=True) == 0

    assert acquire(state, limits, START + 29.9, "next", 30, interactive=True) == pytest.approx(0.1, abs=0.01)
    assert acquire(state, limits, START + 30, "next", 30, interactive=True) == 0


def test_releasing_twice_or_late_frees_nobody_elses_place():
    limits = Limits(concurrent=1)
    state: State = {}
    acquire(state, limits, START, "first", 30, interactive=True)
    release(state, "first", START)
    release(state, "first", START)
    acquire(state, limits, START, "second", 30, interactive=True)
    release(state, "first", START)

    assert acquire(state, limits, START, "third", 30, interactive=True) > 0


# What the vendor says


def test_nothing_passes_before_the_vendors_deadline():
    caller = Caller(MINUTE_ONLY)
    block(caller.state, START + 120)
    block(caller.state, START + 10)

    assert caller.ask(interactive=True) == pytest.approx(120, abs=0.01)
    caller.now += 119.99
    assert caller.ask(interactive=True) > 0
    caller.now = START + 120
    assert caller.ask() == 0


def test_the_vendors_count_corrects_ours_downwards_only():
    caller = Caller(MINUTE_ONLY)
    for _ in range(10):
        caller.call()
    observe(caller.state, 60, 55, caller.now)
    assert remaining(caller.state, MINUTE_ONLY, caller.now) == {60: 50}

    observe(caller.state, 60, 3, caller.now)
    assert remaining(caller.state, MINUTE_ONLY, caller.now) == {60: 3}
    assert [caller.ask() for _ in range(3)] == [0.0] * 3
    assert 60 < caller.ask() < 62


def test_a_newer_count_of_the_vendor_replaces_the_older():
    caller = Caller(MINUTE_ONLY)
    observe(caller.state, 60, 0, caller.now)
    assert caller.ask() > 0

    observe(caller.state, 60, 40, caller.now)
    assert caller.ask() == 0


def test_calls_under_way_are_taken_off_the_vendors_count():
    caller = Caller(MINUTE_ONLY)
    for _ in range(5):
        caller.ask()
    observe(caller.state, 60, 20, caller.now)

    assert remaining(caller.state, MINUTE_ONLY, caller.now) == {60: 16}


def test_a_days_count_is_believed_for_an_hour_and_then_asked_anew():
    limits = Limits((Window(5000, 86_400),), day_reserve=0)
    caller = Caller(limits)
    observe(caller.state, 86_400, 0, caller.now)

    assert caller.ask() == pytest.approx(BELIEVED_SECONDS, abs=1)
    caller.now += BELIEVED_SECONDS
    assert caller.ask() == 0


def test_headers_of_an_answer_tell_what_is_left():
    limits = Limits((Window(60, 60, "X-MinLimit-Remaining"), Window(5000, 86_400, "X-DayLimit-Remaining"), Window(10, 1)))
    state: State = {}

    hear(state, limits, {"X-MinLimit-Remaining": "7", "X-DayLimit-Remaining": " 4321 "}, START)
    assert remaining(state, limits, START) == {60: 7, 86_400: 4321, 1: 10}

    hear(state, limits, {"X-MinLimit-Remaining": "many", "X-DayLimit-Remaining": ""}, START)
    assert remaining(state, limits, START) == {60: 7, 86_400: 4321, 1: 10}


def test_a_vendor_who_counts_the_same_calls_delays_none():
    limits = Limits((Window(60, 60, "X-Left"),))
    caller = Caller(limits)
    for call in range(60):
        caller.ask(holder=str(call))
        hear(caller.state, limits, {"X-Left": str(59 - call)}, caller.now)
        release(caller.state, str(call), caller.now)
        caller.now += 0.5
    assert caller.now + caller.ask() == pytest.approx(START + 61, abs=1)


def test_a_vendor_who_counts_calls_of_others_is_believed():
    limits = Limits((Window(60, 60, "X-Left"),))
    caller = Caller(limits)
    caller.ask(holder="ours")
    hear(caller.state, limits, {"X-Left": "0"}, caller.now)
    assert caller.ask() > 59


# The day's reserve


def test_the_end_of_the_day_quota_is_for_people_who_wait():
    limits = Limits((Window(100, 86_400),), day_reserve=0.1)
    caller = Caller(limits)
    for _ in range(90):
        assert caller.ask() == 0

    assert caller.ask() > 3600
    for _ in range(10):
        assert caller.ask(interactive=True) == 0
    assert caller.ask(interactive=True) > 3600


def test_a_short_window_has_no_reserve():
    caller = Caller(Limits((MINUTE,), day_reserve=0.5))

    assert [caller.ask() for _ in range(60)] == [0.0] * 60


def test_the_reserve_holds_against_the_vendors_count_too():
    limits = Limits((Window(5000, 86_400),), day_reserve=0.1)
    caller = Caller(limits)
    observe(caller.state, 86_400, 500, caller.now)

    assert caller.ask() > 0
    assert caller.ask(interactive=True) == 0


def test_even_a_day_of_one_call_lets_it_through():
    assert Caller(Limits((Window(1, 86_400),), day_reserve=1.0)).ask() == 0


# The state


def test_the_state_is_json_and_stays_small():
    limits = Limits((MINUTE, Window(5000, 86_400)), concurrent=5)
    caller = Caller(limits)
    for _ in range(4000):
        caller.call()
        caller.state = json.loads(json.dumps(caller.state))

    assert len(json.dumps(caller.state)) < 4000


def test_a_clock_that_was_far_ahead_does_not_block_for_long():
    caller = Caller(MINUTE_ONLY, now=START + 86_400)
    for _ in range(60):
        caller.ask()
    caller.now = START

    assert caller.ask() == 0


def test_a_clock_that_goes_back_a_little_still_counts():
    caller = Caller(MINUTE_ONLY, now=START + 5)
    for _ in range(60):
        caller.ask()
    caller.now = START

    assert caller.ask() > 60


def test_no_limits_let_everything_through():
    caller = Caller(Limits())

    assert [caller.ask() for _ in range(1000)] == [0.0] * 1000
    assert remaining(caller.state, caller.limits, caller.now) == {}


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Limits((Window(0, 60),)),
        lambda: Limits((Window(1, 0),)),
        lambda: Limits(concurrent=0),
        lambda: Limits((Window(1, 60), Window(2, 60))),
    ],
)
def test_limits_that_let_nothing_through_or_contradict_each_other_are_refused(declare):
    with pytest.raises(ValueError, match=r"limit lets|one window"):
        declare()
