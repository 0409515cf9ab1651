"""ISO 4217: how many decimals a currency's minor unit has, and amounts turned from and into minor units."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU
          CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES
          KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR
          NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
          TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_WITHDRAWN = {
    0: "BYR",
    2: "ANG BGN CUC CYP EEK HRK LTL LVL MRO MTL SIT SKK SLL STD VEF ZMK ZWL",
}

EXPONENTS: dict[str, int] = {
    code: exponent for table in (_WITHDRAWN, _DECIMALS) for exponent, codes in table.items() for code in codes.split()
}
"""Code to decimals: every currency in use (ISO 4217 list one, without precious metals, drawing rights and test codes),
and the ones withdrawn since 2005, which old invoices may still carry."""

UNSETTLED = "XXX"
"""ISO 4217's code for no currency: the row's amounts came in minor units of a currency not known yet, and stand as hundredths."""


class UnknownCurrency(ValueError):
    """The code is none of ISO 4217."""

    def __init__(self, code: str) -> None:
        super().__init__(f"{code!r} is not a currency of ISO 4217: use three capital letters such as EUR.")


def exponent_of(currency: str) -> int:
    """How many decimals the minor unit has: 2 for EUR, 0 for JPY, 3 for KWD. Raises UnknownCurrency."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def from_minor(amount: int | str | Decimal, currency: str) -> Decimal:
    """Minor units to units: 1250 EUR is 12.50, 1250 JPY is 1250. Fractions of a minor unit are kept.

    Raises UnknownCurrency, TypeError for floats and booleans, ValueError for what is no number.
    """
    return _number(amount).scaleb(-exponent_of(currency))


def to_minor(amount: int | str | Decimal, currency: str) -> int:
    """Units to minor units: 12.50 EUR is 1250. Raises ValueError where the amount is finer than the minor unit."""
    minor = _number(amount).scaleb(exponent_of(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} {currency} is finer than the currency's smallest unit: round it first.")
    return int(minor)


def _number(amount: int | str | Decimal) -> Decimal:
    if isinstance(amount, bool) or not isinstance(amount, int | str | Decimal):
        raise TypeError(f"An amount is a whole number, a Decimal or its text, not {type(amount).__name__}.")
    try:
        number = Decimal(amount)
    except InvalidOperation:
        raise ValueError(f"{amount!r} is not a number.") from None
    if not number.is_finite():
        raise ValueError(f"{amount!r} is not a number.")
    return number
