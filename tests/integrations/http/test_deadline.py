"""A person waits for several calls together only so long."""

from __future__ import annotations

import math

import pytest

from integrations.http.deadline import at_most, seconds_left
from integrations.http.transfer import within_deadline


def test_nobody_waits_outside_of_a_block() -> None:
    assert seconds_left() == math.inf


def test_the_shorter_of_two_blocks_counts() -> None:
    with at_most(10):
        with at_most(60):
            assert 9 < seconds_left() <= 10
        with at_most(0):
            assert seconds_left() == 0
        assert seconds_left() > 9


def test_a_call_gets_what_is_left(settings: pytest.FixtureRequest) -> None:
    settings.HTTP_TIMEOUT_SECONDS = 60  # type: ignore[attr-defined]
    whole = within_deadline()["timeout"]["read"]
    with at_most(5):
        assert 54 < whole - within_deadline()["timeout"]["read"] < 56
