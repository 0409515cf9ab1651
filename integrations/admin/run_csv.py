"""All rows of a run as CSV, streamed."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.tenancy import within
from integrations.admin.pages import page
from integrations.admin.run import find_run
from integrations.admin.run_comparison_csv import comparison_table
from integrations.admin.run_rows import Row, entry_rows, item_rows
from integrations.models import Action, Run

CHUNK = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula when a cell begins with it."""


@page("runs/<int:pk>/rows.csv", "run-csv", "integrations.view_run")
def run_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The records of an export or import, or the differences of a comparison, one line each; dots in amounts, no formulas."""
    run = find_run(pk)
    table = comparison_table(run) if run.action == Action.RECONCILE else _table(run, request.user)
    lines = (_line.writerow([_cell(text) for text in cells]) for cells in table)
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="run-{run.pk}.csv"'},
    )


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


_line: Any = csv.writer(_Echo())


def _table(run: Run, user: User | AnonymousUser) -> Iterator[Sequence[str]]:
    yield [
        _("kind"),
        _("record"),
        _("name"),
        _("belongs to"),
        _("amount"),
        _("currency"),
        _("state"),
        _("what happened"),
        _("what to do"),
        _("note"),
        _("id there"),
        _("number there"),
        _("address there"),
        _("difference"),
    ]
    after = 0
    while rows := _chunk(run, user, after):
        after = rows[-1].id
        for row in rows:
            yield _cells(row)


def _chunk(run: Run, user: User | AnonymousUser, after: int) -> list[Row]:
    """The next rows. The answer is streamed after the request has left its organization, so that each chunk enters it anew."""
    with within(run.organization), timezone.override(run.organization.time_zone):
        if run.action == Action.EXPORT:
            return item_rows(run.integration, run.kind, run.items.filter(pk__gt=after).order_by("pk")[:CHUNK], user)
        return entry_rows(run, run.entries.filter(pk__gt=after).order_by("pk")[:CHUNK], user)


def _cells(row: Row) -> Sequence[str]:
    return [
        row.kind,
        str(row.record_id or ""),
        row.face.label,
        row.party,
        "" if row.face.amount is None else f"{row.face.amount.normalize():f}",
        row.face.currency,
        row.state,
        row.message,
        row.advice,
        row.note,
        row.remote_id,
        row.number,
        row.remote_url,
        row.difference,
    ]


def _cell(text: str) -> str:
    """Amounts stay numbers; whatever else a spreadsheet could take for a formula is made a text."""
    return f"'{text}" if text.startswith(FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()
