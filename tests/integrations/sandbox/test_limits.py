"""Windows and calls at once have to be exact: a client that is one call too fast has to be told so."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from integrations.sandbox.limits import Breach, Quota, RollingWindow


def quota(at_once: int = 100, **windows: RollingWindow) -> Quota:
    return Quota(windows, at_once, threading.Lock())


def test_the_sixty_first_call_waits_until_the_first_is_a_minute_old() -> None:
    minute = quota(minute=RollingWindow(60, 60))
    for second in range(60):
        assert minute.enter(1000 + second / 2) is None
    assert minute.enter(1030) == Breach("minute", 30)
    assert minute.remaining(1059.9) == {"minute": 0}
    assert minute.enter(1060) is None
    assert minute.enter(1060) == Breach("minute", 0.5)


@given(st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_no_window_ever_holds_more_calls_than_its_limit(gaps: list[float]) -> None:
    few = quota(few=RollingWindow(5, 60))
    now, admitted = 0.0, list[float]()
    for gap in gaps:
        now += gap
        breach = few.enter(now)
        if breach is None:
            admitted.append(now)
        else:
            assert breach.retry_after == admitted[-5] + 60 - now
    for first, sixth in zip(admitted, admitted[5:], strict=False):
        assert sixth - first >= 60


def test_a_refused_call_counts_against_nothing() -> None:
    both = quota(minute=RollingWindow(1, 60), day=RollingWindow(10, 86_400))
    assert both.enter(0) is None
    for _ in range(5):
        assert both.enter(1) == Breach("minute", 59)
    assert both.remaining(1) == {"minute": 0, "day": 9}
    assert both.refused == {"minute": 5}


def test_the_limit_that_takes_longest_is_the_one_that_is_told() -> None:
    both = quota(minute=RollingWindow(1, 60), day=RollingWindow(1, 86_400))
    both.enter(0)
    assert both.enter(10) == Breach("day", 86_390)


def test_calls_at_once_are_counted_until_they_leave() -> None:
    five = quota(5)
    for _ in range(5):
        assert five.enter(0) is None
    assert five.enter(0) == Breach("concurrent", None)
    five.leave()
    assert five.enter(0) is None
    assert five.most_running == 5


def test_a_window_may_be_shared() -> None:
    lock, app = threading.Lock(), RollingWindow(3, 60)
    one, other = Quota({"app": app}, 9, lock), Quota({"app": app}, 9, lock)
    assert [one.enter(0), other.enter(0), one.enter(0), other.enter(0)] == [None, None, None, Breach("app", 60)]
