"""A load from beginning to end: files, rows, references, and the announcement of what changed."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import transaction

from accounts.models import Organization
from accounts.tenancy import within
from integrations.records.base import Record
from integrations.records.changes import announce
from integrations.records.loading.files import find_files, read_file
from integrations.records.loading.references import unresolved
from integrations.records.loading.report import LISTED, Report
from integrations.records.loading.rows import Problem
from integrations.records.loading.shapes import in_order
from integrations.records.loading.writing import Writer
from integrations.records.models import Load, PendingReference

CHUNK = 1000
"""How many records one announcement names."""


def load_files(path: Path, organization: Organization, dry_run: bool = False, progress: Callable[[int, int], None] | None = None) -> Report:
    """Load a file, or all files of a directory, into the organization's records.

    With `dry_run` nothing stays written and nothing is announced, and the report is the same. `progress` is told the bytes
    read and the bytes there are. Raises NothingToLoad where the path as a whole is unusable.
    """
    files = find_files(path)
    size = sum(file.stat().st_size for file in files)
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, size)

    report = Report()
    with within(organization), _seldom_collected(), _rolled_back() if dry_run else announced(organization):
        writer = Writer(organization, report)
        for file in files:
            for item in read_file(file, advance):
                if isinstance(item, Problem):
                    report.add_problem(item)
                else:
                    writer.add(item)
        writer.flush()
        writer.resolve()
        report.unresolved = PendingReference.objects.count()
        report.unresolved_references = unresolved(organization, LISTED)
    report.finish()
    return report


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Rows are many and hold no cycles: looking for garbage among them as often as usual costs an eighth of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@contextmanager
def _rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def announced(
    organization: Organization, changed_by: str = "file", models: Iterable[type[Record]] | None = None, name: str = ""
) -> Iterator[None]:
    """Announce what `changed_by` changed inside of `models` (all of them), at its end; and what an interrupted load of the same `name`
    did not come to announce before.
    """
    Load.objects.create(organization=organization, changed_by=name or changed_by)
    loads = list(Load.objects.filter(changed_by=name or changed_by))
    yield
    since = min(load.started_at for load in loads)
    for model in in_order() if models is None else models:
        changed = model.objects.filter(changed_by=changed_by, changed_at__gte=since).order_by("pk")
        last = 0
        while ids := list(changed.filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
            with transaction.atomic():
                announce(model, ids, changed_by, organization.pk)
            last = ids[-1]
    Load.objects.filter(pk__in=[load.pk for load in loads]).delete()
