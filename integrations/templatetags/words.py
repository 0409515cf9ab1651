"""Times and amounts as people say them, in the organization's time zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format, time_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from integrations import clock
from integrations.records.currencies import EXPONENTS

register = template.Library()

NOTHING = "–"
"""In the place of a value that a record has not."""


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """1250 and EUR make “1,250.00 EUR”, with the decimals of the currency and more only where the amount has them."""
    if amount is None:
        return ""
    decimals = max(EXPONENTS.get(currency, 2), -int(amount.normalize().as_tuple().exponent))
    return f"{number_format(amount, decimal_pos=decimals, use_l10n=True, force_grouping=True)}\N{NO-BREAK SPACE}{currency}".strip()


@register.filter
def whole(number: int) -> str:
    """12480 as “12,480”."""
    return number_format(number, use_l10n=True, force_grouping=True)


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """How long something is past: “2 min ago”, “today 08:12”, “3 Nov, 08:12”."""
    if moment is None:
        return ""
    passed = clock.now() - moment
    if passed < timedelta(minutes=1):
        return _told(moment, _("just now"))
    return _told(moment, _("%(count)d min ago") % {"count": passed.seconds // 60} if passed < timedelta(hours=1) else at(moment))


@register.filter
def ahead(moment: datetime | None) -> SafeString | str:
    """How long something is away: “in 13 min”, “today 18:00”."""
    if moment is None:
        return ""
    left = moment - clock.now()
    if left < timedelta(minutes=1):
        return _told(moment, _("in a moment"))
    return _told(moment, _("in %(count)d min") % {"count": left.seconds // 60} if left < timedelta(hours=1) else at(moment))


@register.filter
def at(moment: datetime | None) -> str:
    """A moment by its day and time: “today 08:12”, “3 Nov, 08:12”, “3 Nov 2024”. How a day is written is the language's."""
    if moment is None:
        return ""
    local, now = timezone.localtime(moment), timezone.localtime(clock.now())
    names = {0: _("today"), 1: _("yesterday"), -1: _("tomorrow")}
    days = (now.date() - local.date()).days
    if days in names:
        return f"{names[days]} {_time(local)}"
    return f"{date_format(local, 'MONTH_DAY_FORMAT')}, {_time(local)}" if local.year == now.year else date_format(local, "DATE_FORMAT")


@register.filter
def duration(seconds: float | None) -> str:
    """82 as “1 min 22 s”; hours leave the seconds out."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest} if minutes else _("%(seconds)d s") % {"seconds": rest}


def _time(local: datetime) -> str:
    return time_format(local, "TIME_FORMAT")


def _told(moment: datetime, words: str) -> SafeString:
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), date_format(local, "DATETIME_FORMAT"), words
    )
