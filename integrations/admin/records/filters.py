"""Filters that cost a list no query."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _


class PeriodFilter(admin.DateFieldListFilter):
    """The periods that people settle by: this month and year, and the ones before."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        month = localdate().replace(day=1)
        last_month = (month - timedelta(days=1)).replace(day=1)
        next_month = (month + timedelta(days=31)).replace(day=1)
        years = [date(month.year + distance, 1, 1) for distance in (-1, 0, 1)]
        periods = (
            (_("This month"), month, next_month),
            (_("Last month"), last_month, month),
            (_("This year"), years[1], years[2]),
            (_("Last year"), years[0], years[1]),
        )
        offered: Any = [
            (label, {self.lookup_kwarg_since: str(since), self.lookup_kwarg_until: str(until)}) for label, since, until in periods
        ]
        self.links = ((_("Any date"), {}), *offered)
