from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.records.currencies import EXPONENTS, UNSETTLED, UnknownCurrency, exponent_of, from_minor, to_minor


@pytest.mark.parametrize(
    ("minor", "currency", "units"),
    [
        (1250, "EUR", "12.50"),
        ("1250", "EUR", "12.50"),
        (-1, "USD", "-0.01"),
        (1250, "JPY", "1250"),
        (1250, "ISK", "1250"),
        (1250, "KWD", "1.250"),
        (1250, "CLF", "0.1250"),
        ("1250.5", "EUR", "12.505"),
        (0, "EUR", "0"),
    ],
)
def test_minor_units_become_units_by_the_currencys_exponent(minor: int | str, currency: str, units: str) -> None:
    assert from_minor(minor, currency) == Decimal(units)


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(EXPONENTS)))
def test_units_and_back_lose_nothing(minor: int, currency: str) -> None:
    assert to_minor(from_minor(minor, currency), currency) == minor


def test_every_currency_of_the_list_in_use_is_known() -> None:
    assert len(EXPONENTS) > 160
    assert {exponent_of(code) for code in ("BIF", "CLP", "JPY", "KRW", "VND", "XAF")} == {0}
    assert {exponent_of(code) for code in ("EUR", "GBP", "HRK", "HUF", "USD", "XCG")} == {2}
    assert {exponent_of(code) for code in ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")} == {3}
    assert UNSETTLED not in EXPONENTS


@pytest.mark.parametrize("code", ["eur", "EURO", "", "XXX", "E U"])
def test_unknown_currencies_are_named(code: str) -> None:
    with pytest.raises(UnknownCurrency, match="ISO 4217"):
        from_minor(1, code)


@pytest.mark.parametrize("amount", [1.5, True, None, [1]])
def test_floats_are_no_amounts(amount: object) -> None:
    with pytest.raises(TypeError, match="whole number"):
        from_minor(amount, "EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize("amount", ["12,50", "", "NaN", "Infinity", "twelve"])
def test_what_is_no_number_is_told(amount: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        from_minor(amount, "EUR")


def test_amounts_finer_than_the_minor_unit_cannot_go_back() -> None:
    assert to_minor("12.50", "EUR") == 1250
    with pytest.raises(ValueError, match="finer"):
        to_minor(Decimal("12.505"), "EUR")
    with pytest.raises(ValueError, match="finer"):
        to_minor("0.5", "JPY")
