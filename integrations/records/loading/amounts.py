"""Amounts, which can only be read once the row's currency is known."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from integrations.records.base import Record
from integrations.records.currencies import UNSETTLED, exponent_of, from_minor
from integrations.records.loading.reading import Content
from integrations.records.loading.rows import Unreadable
from integrations.records.loading.shapes import shape_of
from integrations.records.loading.values import checked_amount, read_currency, read_decimal


def settle(record: Record, content: Content, values: Mapping[str, Any], currencies: Mapping[Any, str]) -> dict[str, Any]:
    """The currency and the amounts that the content gives the record, in units.

    The currency is the row's own, else the record's, else that of the record it is part of (`currencies`, by primary key).
    Where that one is not here yet, minor units are stored as hundredths of `UNSETTLED`, and put right when it comes. What
    cannot be read is added to the content's problems.
    """
    names = shape_of(type(record)).amounts
    if not names:
        return {}
    stored: str = record.currency  # type: ignore[attr-defined] # whatever has amounts has a currency
    parent = values.get(f"{record.currency_of}_id", getattr(record, f"{record.currency_of}_id")) if record.currency_of else None
    currency = values.get("currency") or stored.replace(UNSETTLED, "") or currencies.get(parent, "")
    in_units = content.row is not None and content.row.in_units
    given = any(raw is not None for raw in content.amounts.values())
    if given and not currency:
        if not record.currency_of:
            reason = _("The amounts cannot be read without the record's currency: add a currency, such as EUR.")
            content.problems.append(Unreadable(reason, "currency"))
            return {}
        currency = "" if in_units else UNSETTLED
    amounts = _rescaled(record, names, currency) if stored == UNSETTLED and currency not in ("", UNSETTLED) else {}
    for name, raw in content.amounts.items():
        try:
            amounts[name] = _read(raw, currency, in_units)
        except Unreadable as problem:
            content.problems.append(Unreadable(problem.reason, name))
    return amounts | {"currency": currency or stored}


def _rescaled(record: Record, names: frozenset[str], currency: str) -> dict[str, Decimal | None]:
    """The record's amounts, stored as hundredths, in units of the currency they turned out to be in."""
    stored = {name: getattr(record, name) for name in names}
    return {name: None if amount is None else amount.scaleb(2 - exponent_of(currency)) for name, amount in stored.items()}


def _read(raw: Any, currency: str, in_units: bool) -> Decimal | None:
    if isinstance(raw, dict):  # {"amount": "100.00", "currency": "USD"}: in units
        if read_currency(raw.get("currency")) != currency:
            raise Unreadable(_("The amount is not in the record's currency %(currency)s: use one currency.") % {"currency": currency})
        raw, in_units = raw.get("amount"), True
    number = read_decimal(raw)
    if number is None:
        return None
    if not in_units:
        number = number.scaleb(-2) if currency == UNSETTLED else from_minor(number, currency)
    return checked_amount(number, raw)
