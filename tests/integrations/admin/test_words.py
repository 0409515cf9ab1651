from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import timezone, translation
from django.utils.formats import date_format

from integrations import clock
from integrations.sync.totals import difference
from integrations.templatetags.words import ago, ahead, at, duration, money, whole


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal("5340"), "EUR", "5,340.00 EUR"),
        (Decimal("5340.0000"), "EUR", "5,340.00 EUR"),
        (Decimal("-0.5"), "USD", "-0.50 USD"),
        (Decimal("1250"), "JPY", "1,250 JPY"),
        (Decimal("1.5"), "KWD", "1.500 KWD"),
        (Decimal("0.0625"), "EUR", "0.0625 EUR"),
        (Decimal("1E+3"), "EUR", "1,000.00 EUR"),
        (Decimal("12"), "", "12.00"),
        (Decimal("12"), "ZZZ", "12.00 ZZZ"),
        (None, "EUR", ""),
    ],
)
def test_money_has_the_decimals_of_its_currency_and_loses_none_of_its_own(amount: Decimal | None, currency: str, text: str):
    assert money(amount, currency).replace("\N{NO-BREAK SPACE}", " ") == text


def test_whole_numbers_are_grouped():
    assert [whole(number) for number in (0, 999, 1234567)] == ["0", "999", "1,234,567"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.9, "59 s"), (82, "1 min 22 s"), (3600, "1 h 0 min"), (90061, "25 h 1 min"), (None, "")]
)
def test_durations_are_said_in_their_two_biggest_units(seconds: float | None, text: str):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=-30), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59, seconds=50), "59 min ago"),
    ],
)
def test_the_last_hour_is_told_in_minutes(passed: timedelta, text: str):
    assert f">{text}</time>" in ago(clock.now() - passed)


@pytest.mark.parametrize(
    ("left", "text"),
    [(timedelta(seconds=-90), "in a moment"), (timedelta(seconds=20), "in a moment"), (timedelta(minutes=13, seconds=30), "in 13 min")],
)
def test_the_next_hour_is_told_in_minutes(left: timedelta, text: str):
    assert f">{text}</time>" in ahead(clock.now() + left)


def test_days_and_times_are_those_of_the_organization():
    noon = clock.now().replace(hour=12, minute=0)
    with timezone.override("Pacific/Auckland"):
        assert at(noon) == f"{_day(noon)} {timezone.localtime(noon):%H:%M}"
        assert 'datetime="2020-01-02T01:30:00+13:00" title="2 Jan 2020, 01:30"' in ago(datetime(2020, 1, 1, 12, 30, tzinfo=UTC))
    with timezone.override("America/Los_Angeles"):
        assert at(datetime(2020, 1, 1, 1, 0, tzinfo=UTC)) == "31 Dec 2019"


def _day(moment: datetime) -> str:
    days = (timezone.localtime(moment).date() - timezone.localtime(clock.now()).date()).days
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}[days]


def test_nothing_is_said_of_no_time():
    assert (ago(None), ahead(None), at(None)) == ("", "", "")


def test_logo_stands_in_with_two_letters_where_a_provider_has_none():
    drawn = Template('{% load look %}{% logo "xero" %}|{% logo "xero" "small" %}|{% logo "gone & away" %}').render(Context())
    own, small, none = drawn.split("|")
    assert own == '<img class="logo" src="/static/xero/logo.svg" alt="" width="40" height="40">'
    assert 'class="logo small"' in small
    assert none == '<span class="logo" aria-hidden="true">go</span>'


def test_german_days_times_and_amounts_are_as_short_as_english_ones():
    moment = datetime(2024, 9, 22, 6, 5, tzinfo=UTC)
    with translation.override("de"), timezone.override("Europe/Berlin"):
        assert at(moment) == "22. Sept. 2024"
        assert date_format(timezone.localtime(moment), "DATETIME_FORMAT") == "22. Sept. 2024, 08:05"
        assert money(Decimal("5340.5"), "EUR") == "5.340,50\N{NO-BREAK SPACE}EUR"
        assert difference({"net": Decimal(1)}, {"net": Decimal(2)}).startswith("netto: ")
