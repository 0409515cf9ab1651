"""What runs without records of their own found: the lists that were refreshed, both sides of a period compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from integrations.admin.faces import Face, faces
from integrations.admin.listing import Choice, address, page_of
from integrations.admin.run_figures import Figure
from integrations.admin.run_rows import safe
from integrations.admin.run_words import records
from integrations.admin.states import Text
from integrations.models import Action, Run
from integrations.registry import all_providers
from integrations.templatetags.words import money

DIFFERENCES_A_PAGE = 50
SIDES: dict[str, Text] = {"differs": _("differs"), "only_here": _("only here"), "only_there": _("only there")}


@dataclass(frozen=True)
class Side:
    """One document of a comparison; `about` says what it is and whose.

    Amounts are texts with their currency; `here` or `there` is empty where it is missing.

    `gap` is how much more is there, where both sides have the same currency.
    """

    face: Face
    about: str
    date: str
    remote_id: str
    remote_url: str
    here: str
    there: str
    gap: str


@dataclass(frozen=True)
class Balance:
    """One currency's sums on both sides: of a kind of records, or, without a name, of all kinds with their signs."""

    kind: str
    currency: str
    here: Decimal
    there: Decimal

    @property
    def gap(self) -> Decimal:
        return self.there - self.here


def results(request: HttpRequest, run: Run) -> dict[str, Any]:
    """What the run page shows of `Run.result`."""
    return {"lists": _lists(run)} if run.action == Action.OPTIONS else _comparison(request, run)


def _lists(run: Run) -> list[tuple[Text, int]]:
    provider = all_providers().get(run.integration.provider)
    labels = {source.name: source.label for source in provider.options} if provider else {}
    return [(labels.get(name, name), count) for name, count in run.result.get("options", {}).items()]


def balances(run: Run) -> list[Balance]:
    """Kind by kind; then, where several were compared, what is owed after all."""
    sums_by_kind = run.result.get("sums", {})
    found = [balance for kind, sums in sums_by_kind.items() for balance in _balances(capfirst(records(kind, 2)), sums)]
    return found + (_balances("", run.result.get("currencies", {})) if len(sums_by_kind) > 1 else [])


def _balances(kind: str, sums: Mapping[str, Mapping[str, str]]) -> list[Balance]:
    return [Balance(kind, currency, _decimal(both.get("here")), _decimal(both.get("there"))) for currency, both in sums.items()]


def _comparison(request: HttpRequest, run: Run) -> dict[str, Any]:
    found = {name: run.result.get(name) or [] for name in SIDES}
    show = request.GET.get("show", "")
    if show not in SIDES:
        show = next((name for name in SIDES if found[name]), "differs")
    page = page_of(request, found[show], DIFFERENCES_A_PAGE)
    shown = faces({(row["kind"], row["record"]) for row in page if row.get("record")}, request.user)
    matched = run.result.get("matched")
    counts = {"matched": matched or 0, **{name: len(rows) for name, rows in found.items()}}
    return {
        "matched": matched,
        "figures": [Figure(name, label, counts[name]) for name, label in ({"matched": _("the same")} | SIDES).items()]
        if matched is not None
        else [],
        "balances": balances(run),
        "page": page,
        "sides": [_side(row, shown.get((row.get("kind", ""), row.get("record", 0)))) for row in page],
        "chips": [Choice(label, address(show=name), name == show, len(found[name])) for name, label in SIDES.items() if found[name]],
        "query": address(show=show),
    }


def _side(row: Mapping[str, Any], face: Face | None) -> Side:
    currency = row.get("currency", "")
    there_currency = row.get("there_currency") or currency
    gap = difference(row)
    face = face or Face(row.get("number") or row.get("remote_id") or "")
    return Side(
        face=face,
        about=" · ".join(filter(None, [capfirst(records(row.get("kind", ""), 1)), face.party])),
        date=_day(row.get("date")),
        remote_id=row.get("remote_id") or "",
        remote_url=safe(row.get("url") or ""),
        here=money(_decimal(row["here"]), currency) if "here" in row else "",
        there=money(_decimal(row["there"]), there_currency) if "there" in row else "",
        gap="" if gap is None else money(gap, currency),
    )


def difference(row: Mapping[str, Any]) -> Decimal | None:
    """How much more is there than here; None where a side is missing or has another currency."""
    same = "here" in row and "there" in row and (row.get("there_currency") or row.get("currency")) == row.get("currency")
    return _decimal(row["there"]) - _decimal(row["here"]) if same else None


def _day(text: Any) -> str:
    try:
        return date_format(date.fromisoformat(text))
    except (TypeError, ValueError):
        return ""


def _decimal(text: Any) -> Decimal:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return Decimal(0)
