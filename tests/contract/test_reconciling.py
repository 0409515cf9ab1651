"""Both sides compared: what was exported matches to the cent, and what differs is named."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from integrations.provider import Export, Provider
from integrations.sync.reconcile import Report, reconcile
from tests.contract.harness import Harness, claims
from tests.contract.house import FIRST_DAY

pytestmark = claims(lambda provider: provider.reconciliations)


def compared(harness: Harness) -> Report:
    return reconcile(harness.integration, harness.client(), FIRST_DAY, FIRST_DAY + timedelta(days=60))


def exports_of(provider: Provider) -> list[Export]:
    return [provider.export(compared.kind) for compared in provider.reconciliations]


def test_what_was_exported_matches_to_the_cent(ready: Harness, provider: Provider) -> None:
    for export in exports_of(provider):
        ready.export(export.kind, *(ready.house.sample(export.kind) for _ in range(3)))
    report = compared(ready)
    assert (report.matched, report.only_here, report.only_there, report.differs) == (3 * len(provider.reconciliations), [], [], [])
    assert report.here == report.there
    assert set(report.here) == {"EUR"}


def test_what_was_not_exported_is_only_here(ready: Harness, provider: Provider) -> None:
    records = [ready.house.sample(export.kind) for export in exports_of(provider)]
    report = compared(ready)
    assert [(row["kind"], row["record"]) for row in report.only_here] == [
        (export.kind, record.pk) for export, record in zip(exports_of(provider), records, strict=True)
    ]
    assert report.matched == 0


def test_what_changed_here_since_is_told_with_both_amounts(ready: Harness, provider: Provider) -> None:
    for export, declared in zip(exports_of(provider), provider.reconciliations, strict=True):
        record = ready.house.sample(export.kind)
        ready.export(export.kind, record)
        there = getattr(record, declared.amount)
        setattr(record, declared.amount, there + Decimal("0.01"))
        record.save()
        (row,) = [row for row in compared(ready).differs if (row["kind"], row["record"]) == (export.kind, record.pk)]
        assert (row["here"], row["there"]) == (f"{there + Decimal('0.01'):.2f}", f"{there:.2f}")
