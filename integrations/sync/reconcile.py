"""Both sides of a period compared: by record, and to the cent. It never changes anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.models import Integration, Link
from integrations.provider import Booked, Client, Reconciliation
from integrations.records.kinds import get_kind
from integrations.sync.outbox import current_links, selection

BEAT = 50
"""After so many of their documents a long comparison says that it is still at work."""


@dataclass
class Report:
    """`matched` counts; the others list what a person has to look at. Amounts are by currency."""

    first: date
    last: date
    matched: int = 0
    only_here: list[dict[str, Any]] = field(default_factory=list)
    only_there: list[dict[str, Any]] = field(default_factory=list)
    differs: list[dict[str, Any]] = field(default_factory=list)
    here: dict[str, Decimal] = field(default_factory=dict)
    there: dict[str, Decimal] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """`{matched, only_here, only_there, differs, currencies: {EUR: {here, there}}}`; amounts are texts."""
        return {
            "matched": self.matched,
            "only_here": self.only_here,
            "only_there": self.only_there,
            "differs": self.differs,
            "currencies": {
                currency: {"here": f"{self.here.get(currency, Decimal(0)):.2f}", "there": f"{self.there.get(currency, Decimal(0)):.2f}"}
                for currency in sorted({*self.here, *self.there})
            },
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
    export = integration.declaration.export(declared.kind)
    exported = selection(integration, export)
    records = {record.pk: record for record in exported.filter(**{f"{declared.dated}__range": (report.first, report.last)})}
    links = {link.remote_id: link for link in current_links(integration, declared.kind)}
    booked_there = _beating(declared.fetch(client, report.first, report.last), still_at_work)
    there = {booked.remote_id: booked for booked in booked_there}
    dated_otherwise = {links[remote_id].record_id for remote_id in there if remote_id in links} - records.keys()
    records |= {record.pk: record for record in exported.filter(pk__in=dated_otherwise)}
    for record in records.values():
        _add(report.here, record.currency, declared.sign * abs(getattr(record, declared.amount) or Decimal(0)))
    for booked in there.values():
        _add(report.there, booked.currency, declared.sign * booked.total)
        link = links.get(booked.remote_id)
        record = records.get(link.record_id) if link else None
        if record is None:
            report.only_there.append(_theirs(declared.kind, booked))
        elif abs(getattr(record, declared.amount) or Decimal(0)) != booked.total or record.currency != booked.currency:
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


def _add(sums: dict[str, Decimal], currency: str, amount: Decimal) -> None:
    sums[currency] = sums.get(currency, Decimal(0)) + amount


def _ours(declared: Reconciliation, record: Any, link: Link | None) -> dict[str, Any]:
    amount = getattr(record, declared.amount) or Decimal(0)
    return {
        "kind": declared.kind,
        "record": record.pk,
        "number": str(getattr(record, number) or "") if (number := get_kind(declared.kind).number) else str(record),
        "date": str(getattr(record, declared.dated)),
        "currency": record.currency,
        "here": f"{abs(amount):.2f}",
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
