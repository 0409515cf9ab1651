"""The column shapes that records share, so that a record's class reads like the list of its attributes.

Absent and null are one for text (empty), flags (false), lists and hashes (empty); for all others null means unknown.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable
    from django.utils.functional import _StrOrPromise

    Text = models.CharField[str | int | Combinable, str]
    LongText = models.TextField[str | Combinable, str]
    Flag = models.BooleanField[bool | Combinable, bool]
    Whole = models.IntegerField[int | str | Combinable | None, int | None]
    Fraction = models.DecimalField[Decimal | str | int | Combinable | None, Decimal | None]
    Day = models.DateField[date | str | Combinable | None, date | None]
    Moment = models.DateTimeField[datetime | str | Combinable | None, datetime | None]
    Choice = models.PositiveSmallIntegerField[int | str | Combinable | None, int | None]


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """An amount in units (not cents) of the row's `currency`. Productive sends it in minor units."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"max_digits": 19, "decimal_places": 4} | kwargs))


def money(label: _StrOrPromise) -> Fraction:
    return MoneyField(label, null=True, blank=True)


def currency(label: _StrOrPromise) -> Text:
    """The ISO 4217 code of the row's amounts."""
    return models.CharField(label, max_length=3, blank=True, default="")


def number(label: _StrOrPromise) -> Fraction:
    """A quantity, a rate or a percentage."""
    return models.DecimalField(label, max_digits=19, decimal_places=8, null=True, blank=True)


def whole(label: _StrOrPromise) -> Whole:
    return models.IntegerField(label, null=True, blank=True)


def minutes(label: _StrOrPromise) -> Whole:
    return models.IntegerField(label, null=True, blank=True, help_text=_("in minutes"))


def text(label: _StrOrPromise, length: int = 255) -> Text:
    return models.CharField(label, max_length=length, blank=True, default="")


def long_text(label: _StrOrPromise) -> LongText:
    return models.TextField(label, blank=True, default="")


def remote_id(label: _StrOrPromise) -> Text:
    """Productive's id of something that is no kind of record here."""
    return models.CharField(label, max_length=32, blank=True, default="")


def flag(label: _StrOrPromise) -> Flag:
    return models.BooleanField(label, default=False)


def day(label: _StrOrPromise) -> Day:
    return models.DateField(label, null=True, blank=True)


def moment(label: _StrOrPromise) -> Moment:
    return models.DateTimeField(label, null=True, blank=True)


def choice(label: _StrOrPromise, choices: type[models.IntegerChoices]) -> Choice:
    return models.PositiveSmallIntegerField(label, choices=choices, null=True, blank=True)


def named_choice(label: _StrOrPromise, choices: type[models.TextChoices]) -> Text:
    return models.CharField(label, max_length=32, choices=choices, blank=True, default="")


def hash_of(label: _StrOrPromise) -> models.JSONField[Any, Any]:
    return models.JSONField(label, default=dict, blank=True)


def list_of(label: _StrOrPromise) -> models.JSONField[Any, Any]:
    return models.JSONField(label, default=list, blank=True)
