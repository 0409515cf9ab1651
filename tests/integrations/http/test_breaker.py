"""When a vendor that is down is left alone, and how it is found to be up again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.errors import AuthLost, ConfigProblem, RateLimited, Rejected, Transient, Uncertain
from integrations.http.breaker import State, allow, is_outage, record, wait

START = 1_763_800_000.0
LEASE = 30.0


def opened() -> State:
    state: State = {}
    for _ in range(5):
        assert allow(state, START, LEASE) == 0
        record(state, outage=True, now=START)
    return state


def test_it_opens_after_five_outages_in_a_row():
    state: State = {}
    for _ in range(4):
        record(state, outage=True, now=START)
    assert allow(state, START, LEASE) == 0

    record(state, outage=True, now=START)

    assert allow(state, START, LEASE) == 60


def test_one_good_answer_ends_the_row():
    state: State = {}
    for outage in (True, True, True, True, False, True, True, True, True):
        record(state, outage=outage, now=START)

    assert allow(state, START, LEASE) == 0


def test_it_opens_when_half_of_ten_calls_in_a_minute_fail():
    state: State = {}
    for number in range(9):
        record(state, outage=number % 2 == 0, now=START + number)
    assert allow(state, START + 9, LEASE) == 0

    record(state, outage=False, now=START + 9)
    record(state, outage=True, now=START + 9)

    assert allow(state, START + 9, LEASE) == 60


def test_failures_older_than_a_minute_do_not_count():
    state: State = {}
    for number in range(8):
        record(state, outage=number % 2 == 0, now=START)
    for number in range(8):
        record(state, outage=number % 2 == 0, now=START + 70)

    assert allow(state, START + 70, LEASE) == 0


def test_few_failures_among_many_calls_leave_it_closed():
    state: State = {}
    for number in range(100):
        record(state, outage=number % 3 == 0, now=START)

    assert allow(state, START, LEASE) == 0


def test_one_probe_is_let_through_after_a_minute():
    state = opened()
    assert allow(state, START + 59.9, LEASE) == pytest.approx(0.1)

    assert allow(state, START + 60, LEASE) == 0
    assert allow(state, START + 60, LEASE) == LEASE


def test_looking_takes_no_probe():
    state = opened()
    before = json.dumps(state)

    assert wait(state, START + 1) == 59
    assert [wait(state, START + 60)] * 3 == [0.0] * 3
    assert json.dumps(state) == before
    assert wait({}, START) == 0


def test_a_good_probe_closes_it():
    state = opened()
    allow(state, START + 60, LEASE)
    record(state, outage=False, now=START + 61)

    assert [allow(state, START + 61, LEASE) for _ in range(20)] == [0.0] * 20
    for _ in range(4):
        record(state, outage=True, now=START + 61)
    assert allow(state, START + 61, LEASE) == 0


def test_a_failed_probe_opens_it_for_another_minute():
    state = opened()
    allow(state, START + 60, LEASE)
    record(state, outage=True, now=START + 62)

    assert allow(state, START + 62, LEASE) == 60


def test_a_probe_that_crashed_gives_way_to_the_next_after_its_lease():
    state = opened()
    allow(state, START + 60, LEASE)

    assert allow(state, START + 60 + LEASE - 1, LEASE) == pytest.approx(1)
    assert allow(state, START + 60 + LEASE, LEASE) == 0


def test_answers_to_calls_of_before_change_nothing_while_it_is_open():
    state = opened()
    record(state, outage=False, now=START + 1)
    record(state, outage=True, now=START + 30)

    assert allow(state, START + 30, LEASE) == 30


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.01, 30), min_size=50, max_size=400))
def test_a_vendor_that_is_down_for_an_hour_sees_at_most_seventy_calls(pauses):
    state: State = {}
    now, calls = START, 0
    while now < START + 3600:
        for pause in pauses:
            state = json.loads(json.dumps(state))
            if allow(state, now, LEASE) == 0:
                calls += 1
                record(state, outage=True, now=now)
            now += pause
            if now >= START + 3600:
                break

    assert calls <= 70


def test_only_what_a_vendor_that_is_down_would_answer_counts_as_an_outage():
    assert is_outage(Transient("x"))
    assert is_outage(Uncertain("x"))
    for error in (RateLimited("x", retry_after=1), AuthLost("x"), Rejected("x"), ConfigProblem("x", field="f")):
        assert not is_outage(error)
