"""Both sides compared: what was exported matches to the cent, and what differs is named."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from integrations.comparison import Reconciliation
from integrations.provider import Export, Provider
from integrations.sync.reconcile import Report, reconcile
from tests.contract.harness import Harness, claims
from tests.contract.house import FIRST_DAY
from tests.contract.test_importing import exported, living

pytestmark = claims(lambda provider: provider.reconciliations)


def compared(harness: Harness) -> Report:
    return reconcile(harness.integration, harness.client(), FIRST_DAY, FIRST_DAY + timedelta(days=60))


def of_exports(provider: Provider) -> list[Reconciliation]:
    return [compared for compared in provider.reconciliations if compared.through is None]


def exports_of(provider: Provider) -> list[Export]:
    return [provider.export(compared.kind) for compared in of_exports(provider)]


def test_what_was_exported_matches_to_the_cent(ready: Harness, provider: Provider) -> None:
    for export in exports_of(provider):
        ready.export(export.kind, *(ready.house.sample(export.kind) for _ in range(3)))
    report = compared(ready)
    assert (report.matched, report.only_here, report.only_there, report.differs) == (3 * len(exports_of(provider)), [], [], [])
    assert {(kind, currency) for kind, currency in report.sums} == {(export.kind, "EUR") for export in exports_of(provider)}
    assert all(sums.here == sums.there > 0 for sums in report.sums.values())


def test_what_was_not_exported_is_only_here(ready: Harness, provider: Provider) -> None:
    records = [ready.house.sample(export.kind) for export in exports_of(provider)]
    report = compared(ready)
    assert [(row["kind"], row["record"]) for row in report.only_here] == [
        (export.kind, record.pk) for export, record in zip(exports_of(provider), records, strict=True)
    ]
    assert report.matched == 0


def test_what_changed_here_since_is_told_with_both_amounts(ready: Harness, provider: Provider) -> None:
    for export, declared in zip(exports_of(provider), of_exports(provider), strict=True):
        record = ready.house.sample(export.kind)
        ready.export(export.kind, record)
        there = getattr(record, declared.amount)
        setattr(record, declared.amount, there + Decimal("0.01"))
        record.save()
        (row,) = [row for row in compared(ready).differs if (row["kind"], row["record"]) == (export.kind, record.pk)]
        assert (row["here"], row["there"]) == (f"{there + Decimal('0.01'):.2f}", f"{there:.2f}")


@claims(lambda provider: any(compared.through for compared in provider.reconciliations))
def test_what_comes_in_is_compared_as_far_as_it_belongs_to_copies_of_ours(harness: Harness, provider: Provider) -> None:
    for declared in provider.reconciliations:
        if declared.through is None:
            continue
        entered = harness.scenario.enter(declared.kind, exported(harness, provider, provider.import_of(declared.kind)))
        harness.scenario.enter_foreign(declared.kind)

        def of_kind(kind: str = declared.kind) -> Report:
            return reconcile(harness.integration, harness.client(), date(2000, 1, 1), date(2100, 1, 1), (kind,))

        missing = of_kind()
        assert ([row["remote_id"] for row in missing.only_there], missing.only_here, missing.matched) == ([entered.remote_id], [], 0)
        harness.bring(declared.kind)
        brought = of_kind()
        assert (brought.matched, brought.only_here, brought.only_there, brought.differs) == (1, [], [], [])
        (record,) = living(harness, declared.kind)
        setattr(record, declared.amount, getattr(record, declared.amount) + Decimal("0.01"))
        record.save()
        changed = of_kind()
        assert [row["record"] for row in changed.differs] == [record.pk]
        (owed,) = changed.currencies.values()
        assert owed.here - owed.there == Decimal("0.01")
        record.pk, record.productive_id = None, "4711"
        record.save(force_insert=True)
        assert [row["record"] for row in of_kind().only_here] == [record.pk]
