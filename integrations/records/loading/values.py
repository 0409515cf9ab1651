"""A file's values turned into a column's: numbers given as text, dates, enumerations, hashes.

A reader takes what stands in the file and returns what the column holds, or raises `Unreadable`. Null and empty text are
the column's empty value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from integrations.records.currencies import EXPONENTS
from integrations.records.loading.rows import Unreadable

Reader = Callable[[Any], Any]

_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
_DIGITS = Context(prec=15)  # what SQLite keeps exactly
_WHOLE_NUMBERS = 2**31
_DEPTH = 20


def reader_of(field: models.Field[Any, Any]) -> Reader:
    """How values of this column are read. Amounts are not read here: they need the row's currency."""
    if field.choices:
        return _choice_reader(field)
    if field.name in {"currency", "default_currency"}:
        return read_currency
    for kind, reader in _READERS.items():
        if isinstance(field, kind):
            return reader
    if isinstance(field, models.JSONField):
        return _hash_or_list_reader(field.default)
    if isinstance(field, models.CharField):
        return _text_reader(field.max_length or 0)
    raise TypeError(f"{field} has no reader.")


def read_text(raw: Any, length: int | None = None) -> str:
    if raw is None:
        return ""
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise Unreadable(_("%(value)s is not a text: give one in quotes.") % {"value": shown(raw)})
    value = raw if isinstance(raw, str) else str(raw)
    _refuse_unstorable(value)
    if length is not None and len(value) > length:
        raise Unreadable(
            _("The text has %(has)d characters and %(fit)d fit: shorten it.") % {"has": len(value), "fit": length},
        )
    return value


def read_id(raw: Any) -> str:
    """An id of Productive's: a number or short text, at most 32 characters."""
    if isinstance(raw, str | int) and not isinstance(raw, bool) and str(raw).strip():
        return read_text(str(raw).strip(), 32)
    raise Unreadable(_("%(value)s is not an id: give Productive's id, such as 1234.") % {"value": shown(raw)})


def read_decimal(raw: Any) -> Decimal | None:
    """A number as it stands, with at most 15 digits before and after the point."""
    if raw is None or raw == "":
        return None
    try:
        number = Decimal(raw.strip() if isinstance(raw, str) else raw) if not isinstance(raw, bool | float) else None
    except (InvalidOperation, TypeError, ValueError):
        number = None
    if number is None or not number.is_finite() or (isinstance(raw, str) and "_" in raw):
        raise Unreadable(
            _("%(value)s is not a number: write digits with a decimal point and nothing between thousands, such as 1234.50.")
            % {"value": shown(raw)}
        )
    return number


def read_number(raw: Any) -> Decimal | None:
    """A quantity or rate, rounded to eight decimals."""
    number = read_decimal(raw)
    if number is None:
        return None
    if number.adjusted() > 10:
        raise Unreadable(_("%(value)s is too large: at most 11 digits fit before the decimal point.") % {"value": shown(raw)})
    return _DIGITS.create_decimal(number).quantize(Decimal("1E-8"))


def checked_amount(amount: Decimal, raw: Any) -> Decimal:
    """The amount, if the database keeps it exactly."""
    if amount.adjusted() > 10:
        raise Unreadable(_("%(value)s is too large: at most 11 digits fit before the decimal point.") % {"value": shown(raw)})
    if amount != round(amount, 4):
        raise Unreadable(_("%(value)s is finer than four decimals: round it.") % {"value": shown(raw)})
    return round(amount, 4)


def read_currency(raw: Any) -> str:
    code = read_text(raw).strip().upper()
    if code and code not in EXPONENTS:
        raise Unreadable(_("%(value)s is not a currency: write its three letters of ISO 4217, such as EUR.") % {"value": shown(raw)})
    return code


def _read_whole(raw: Any) -> int | None:
    number = read_decimal(raw)
    if number is None:
        return None
    if number.adjusted() > 10 or not -_WHOLE_NUMBERS <= number < _WHOLE_NUMBERS:
        raise Unreadable(_("%(value)s is too large: at most 2147483647 fits.") % {"value": shown(raw)})
    if number != number.to_integral_value():
        raise Unreadable(_("%(value)s is not a whole number: leave out the decimals.") % {"value": shown(raw)})
    return int(number)


def _read_flag(raw: Any) -> bool:
    if raw is None or raw == "":
        return False
    value = _FLAGS.get(str(raw).strip().lower())
    if value is None:
        raise Unreadable(_("%(value)s is neither true nor false: write one of the two.") % {"value": shown(raw)})
    return value


def _read_day(raw: Any) -> date | None:
    """A date; of a date with a time, the date as it is written."""
    if raw is None or raw == "":
        return None
    text = raw.strip() if isinstance(raw, str) else ""
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise Unreadable(_("%(value)s is not a date: write it as 2024-05-31.") % {"value": shown(raw)}) from None


def read_moment(raw: Any) -> datetime | None:
    """A time; without an offset it is UTC, without a time it is midnight."""
    if raw is None or raw == "":
        return None
    try:
        value = datetime.fromisoformat(raw.strip() if isinstance(raw, str) else "")
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Unreadable(
            _("%(value)s is not a date and time: write it as 2024-05-31T10:00:00+02:00.") % {"value": shown(raw)},
        ) from None


def _text_reader(length: int) -> Reader:
    return lambda raw: read_text(raw, length)


def _choice_reader(field: models.Field[Any, Any]) -> Reader:
    labels = dict(field.flatchoices)
    empty = field.get_default()
    names = {str(value): value for value in labels}

    def read(raw: Any) -> Any:
        if raw is None or raw == "":
            return empty
        text = str(raw).strip().removesuffix(".0")
        if isinstance(raw, bool) or text not in names:
            valid = ", ".join(f"{value} ({label})" if str(value).isdigit() else str(value) for value, label in labels.items())
            raise Unreadable(_("%(value)s is none of the values: %(valid)s.") % {"value": shown(raw), "valid": valid})
        return names[text]

    return read


def _hash_or_list_reader(default: Any) -> Reader:
    def read(raw: Any) -> Any:
        if raw is None or raw in ("", [], {}):
            return default()
        if not isinstance(raw, default):
            expected = _("a list") if default is list else _("an object with names and values")
            raise Unreadable(_("%(value)s is not %(expected)s: write it as JSON.") % {"value": shown(raw), "expected": expected})
        return _as_json(raw)

    return read


def _as_json(value: Any, depth: int = 0) -> Any:
    """The value as JSON columns hold it: plain numbers, storable text, not nested without end."""
    if depth > _DEPTH:
        raise Unreadable(_("The value is nested deeper than %(depth)d levels: flatten it.") % {"depth": _DEPTH})
    if isinstance(value, dict):
        return {read_text(key): _as_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item, depth + 1) for item in value]
    if isinstance(value, Decimal | float):
        number = float(value)
        if not math.isfinite(number):
            raise Unreadable(_("%(value)s is too large a number: shorten it.") % {"value": shown(value)})
        return number
    if isinstance(value, str):
        _refuse_unstorable(value)
    elif value is not None and not isinstance(value, int):
        raise Unreadable(_("The value is nested deeper than %(depth)d levels: flatten it.") % {"depth": _DEPTH})
    return value


def _refuse_unstorable(text: str) -> None:
    if "\x00" in text:
        raise Unreadable(_("The text holds a NUL character: take it out."))
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise Unreadable(_("The text is not valid UTF-8: save the file as UTF-8."))


def shown(raw: Any) -> str:
    """The value as a message quotes it: its first 60 characters."""
    text = str(raw) if isinstance(raw, str | int | Decimal) and not isinstance(raw, bool) else repr(raw)
    text = "".join(character if character.isprintable() else "�" for character in text[:61])
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


_READERS: dict[type[models.Field[Any, Any]], Reader] = {
    models.BooleanField: _read_flag,
    models.DateTimeField: read_moment,
    models.DateField: _read_day,
    models.IntegerField: _read_whole,
    models.TextField: read_text,
    models.DecimalField: read_number,
}
