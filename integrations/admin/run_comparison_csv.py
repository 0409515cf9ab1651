"""A comparison as a table: what differs or is on one side only, and below it the sums by kind and currency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from integrations.admin.run_results import SIDES, balances, difference
from integrations.models import Run


def comparison_table(run: Run) -> Iterator[Sequence[str]]:
    """Every amount to the cent, with a dot; amounts of ours and theirs of the same line are of the same currency unless told."""
    yield [
        _("result"),
        _("kind"),
        _("record"),
        _("number"),
        _("date"),
        _("currency"),
        _("here"),
        _("there"),
        _("difference"),
        _("currency there"),
        _("id there"),
        _("address there"),
    ]
    for name in SIDES:
        for row in run.result.get(name) or []:
            yield _cells(str(SIDES[name]), row)
    for balance in balances(run):
        here, there, gap = (f"{amount:.2f}" for amount in (balance.here, balance.there, balance.gap))
        yield [_("sum"), balance.kind, "", "", "", balance.currency, here, there, gap, "", "", ""]


def _cells(result: str, row: dict[str, Any]) -> list[str]:
    gap = difference(row)
    known = [row.get(name) for name in ("kind", "record", "number", "date", "currency", "here", "there")]
    more = [None if gap is None else f"{gap:.2f}", row.get("there_currency"), row.get("remote_id"), row.get("url")]
    return [result, *("" if value is None else str(value) for value in [*known, *more])]
