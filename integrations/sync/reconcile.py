"""Both sides of a period compared: by record, and to the cent. It never changes anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import QuerySet

from integrations.comparison import Booked, Reconciliation
from integrations.models import Integration, Link
from integrations.provider import Client
from integrations.records.kinds import get_kind
from integrations.sync.outbox import current_links, selection

ZERO = Decimal(0)
BEAT = 50
"""After so many of their documents a long comparison says that it is still at work."""


@dataclass(frozen=True)
class Sums:
    here: Decimal = ZERO
    there: Decimal = ZERO

    def as_json(self) -> dict[str, str]:
        return {"here": f"{self.here:.2f}", "there": f"{self.there:.2f}"}


@dataclass
class Report:
    """`matched` counts; the others list what a person has to look at. `sums` are the amounts (here, there) by kind and currency."""

    first: date
    last: date
    matched: int = 0
    only_here: list[dict[str, Any]] = field(default_factory=list)
    only_there: list[dict[str, Any]] = field(default_factory=list)
    differs: list[dict[str, Any]] = field(default_factory=list)
    sums: dict[tuple[str, str], Sums] = field(default_factory=dict)
    signs: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, currency: str, *, here: Decimal = ZERO, there: Decimal = ZERO) -> None:
        sums = self.sums.get((kind, currency), Sums())
        self.sums[kind, currency] = Sums(sums.here + here, sums.there + there)

    @property
    def currencies(self) -> dict[str, Sums]:
        """What is owed after all: each kind with its sign. Of one kind alone its own sums, whether owed or not."""
        owed: dict[str, Sums] = {}
        for (kind, currency), sums in self.sums.items():
            if sign := self.signs[kind] or int(len(self.signs) == 1):
                before = owed.get(currency, Sums())
                owed[currency] = Sums(before.here + sign * sums.here, before.there + sign * sums.there)
        return owed

    def as_json(self) -> dict[str, Any]:
        """`{matched, only_here, only_there, differs, currencies: {EUR: {here, there}}, sums: {invoice: {EUR: {here, there}}}}`.

        Amounts are texts.
        """
        by_kind: dict[str, dict[str, dict[str, str]]] = {}
        for (kind, currency), sums in sorted(self.sums.items(), key=lambda entry: entry[0][1]):
            by_kind.setdefault(kind, {})[currency] = sums.as_json()
        return {
            "matched": self.matched,
            "only_here": self.only_here,
            "only_there": self.only_there,
            "differs": self.differs,
            "currencies": {currency: sums.as_json() for currency, sums in sorted(self.currencies.items())},
            "sums": {kind: by_kind[kind] for kind in self.signs if kind in by_kind},
        }


def reconcile(
    integration: Integration,
    client: Client,
    first: date,
    last: date,
    kinds: Collection[str] = (),
    still_at_work: Callable[[], None] = lambda: None,
) -> Report:
    """Compare the kinds that are named, or all that the provider declares. Raises what the client raises."""
    report = Report(first, last)
    for declared in integration.declaration.reconciliations:
        if not kinds or declared.kind in kinds:
            _compare(report, integration, declared, client, still_at_work)
    return report


def _compare(report: Report, integration: Integration, declared: Reconciliation, client: Client, still_at_work: Callable[[], None]) -> None:
    report.signs[declared.kind] = declared.sign
    compared, owners = _compared(integration, declared)
    records = {record.pk: record for record in compared.filter(**{f"{declared.dated}__range": (report.first, report.last)})}
    links = {link.remote_id: link for link in current_links(integration, declared.kind)}
    booked_there = _beating(declared.fetch(client, report.first, report.last), still_at_work)
    there = {booked.remote_id: booked for booked in booked_there if owners is None or booked.belongs_to in owners}
    dated_otherwise = {links[remote_id].record_id for remote_id in there if remote_id in links} - records.keys()
    records |= {record.pk: record for record in compared.filter(pk__in=dated_otherwise)}
    for record in records.values():
        report.add(declared.kind, record.currency, here=_amount(declared, record))
    for booked in there.values():
        report.add(declared.kind, booked.currency, there=booked.total)
        link = links.get(booked.remote_id)
        record = records.get(link.record_id) if link else None
        if record is None:
            report.only_there.append(_theirs(declared.kind, booked))
        elif _amount(declared, record) != booked.total or record.currency != booked.currency:
            there_too = {"there": f"{booked.total:.2f}", "there_currency": booked.currency}
            report.differs.append({**_ours(declared, record, link), **there_too})
        else:
            report.matched += 1
    seen = {link.record_id for remote_id, link in links.items() if remote_id in there}
    by_record = {link.record_id: link for link in links.values()}
    report.only_here += [_ours(declared, record, by_record.get(record.pk)) for record in records.values() if record.pk not in seen]


def _beating(fetched: Iterable[Booked], still_at_work: Callable[[], None]) -> Iterator[Booked]:
    for number, booked in enumerate(fetched):
        if number % BEAT == 0:
            still_at_work()
        yield booked


def _compared(integration: Integration, declared: Reconciliation) -> tuple[QuerySet[Any], set[tuple[str, str]] | None]:
    """Our records that are compared, and the copies (kind, remote id) to which theirs must belong; None where they belong to nothing."""
    if declared.through is None:
        return selection(integration, integration.declaration.export(declared.kind)), None
    attribute, kinds = declared.through
    copies = reduce(or_, (current_links(integration, kind) for kind in kinds))
    records = get_kind(declared.kind).everywhere().filter(organization_id=integration.organization_id, remote_deleted_at=None)
    return records.filter(**{f"{attribute}__in": copies.values("record_id")}), set(copies.values_list("kind", "remote_id"))


def _amount(declared: Reconciliation, record: Any) -> Decimal:
    amount: Decimal | None = getattr(record, declared.amount)
    return abs(amount or ZERO)


def _ours(declared: Reconciliation, record: Any, link: Link | None) -> dict[str, Any]:
    return {
        "kind": declared.kind,
        "record": record.pk,
        "number": str(getattr(record, number) or "") if (number := get_kind(declared.kind).number) else str(record),
        "date": str(getattr(record, declared.dated)),
        "currency": record.currency,
        "here": f"{_amount(declared, record):.2f}",
        "remote_id": link.remote_id if link else None,
        "url": link.url if link else "",
    }


def _theirs(kind: str, booked: Booked) -> dict[str, Any]:
    return {
        "kind": kind,
        "remote_id": booked.remote_id,
        "number": booked.number,
        "date": booked.date.isoformat(),
        "currency": booked.currency,
        "there": f"{booked.total:.2f}",
        "url": booked.url,
    }
