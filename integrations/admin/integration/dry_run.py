"""What a whole export would do: every record with what would become of it, and nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.admin.faces import Face, faces
from integrations.admin.integration.assuming import assumed
from integrations.admin.integration.steps import preview_url
from integrations.admin.listing import Choice, address, one_of
from integrations.admin.states import Chip
from integrations.provider import Export
from integrations.records.kinds import get_kind
from integrations.sync.dry_run import WORDS, DryRun, dry_run
from integrations.sync.outbox import selection
from integrations.sync.readiness import Readiness

ROWS_A_PAGE = 50
COUNTED_AT_ONCE = 1000
"""Up to so many records are all built to count them; of more, only those of the page."""

CHIPS = {
    "create": Chip("info", _("would be created")),
    "update": Chip("info", _("would be updated")),
    "unchanged": Chip("ok", _("nothing to change")),
    "reject": Chip("bad", _("would be refused")),
}
LABELS: dict[str, str | Promise] = {
    "create": _("To create"),
    "update": _("To update"),
    "unchanged": _("Unchanged"),
    "reject": _("Refused"),
}


@dataclass(frozen=True)
class Row:
    face: Face
    chip: Chip
    error: str
    preview_url: str


def panel(request: HttpRequest, readiness: Readiness) -> dict[str, Any]:
    exports = [export for export in readiness.provider.exports if not export.step and export.is_on(readiness.integration)]
    exports.sort(key=lambda export: not export.needs)
    export = next((one for one in exports if one.kind == request.GET.get("kind")), exports[0] if exports else None)
    if export is None:
        return {"exports": []}
    return {"exports": exports, "export": export, "kind": get_kind(export.kind), **_rows(request, readiness, export)}


def _rows(request: HttpRequest, readiness: Readiness, export: Export) -> dict[str, Any]:
    """Newest first. Filters and counts only where all were built."""
    kind = get_kind(export.kind)
    order = [f"-{kind.date}", "-pk"] if kind.date else ["-pk"]
    ids = list(selection(readiness.integration, export).order_by(*order).values_list("pk", flat=True))
    counts_all = len(ids) <= COUNTED_AT_ONCE
    show = one_of(request, "show", WORDS) if counts_all else ""
    taken = assumed(readiness, export)
    outcome = dry_run(readiness.integration, export, ids, taken.choices) if counts_all else DryRun()
    shown: list[Any] = [row for row in outcome.rows if not show or row["would"] == show] if counts_all else ids
    page = Paginator(shown, ROWS_A_PAGE).get_page(request.GET.get("page"))
    rows = page.object_list if counts_all else dry_run(readiness.integration, export, page.object_list, taken.choices).rows
    looks = faces([(export.kind, row["record"]) for row in rows], request.user)
    return {
        "total": len(ids),
        "counts_all": counts_all,
        "assumed": taken.said,
        "chips": _chips(export, outcome, show) if counts_all else [],
        "page": page,
        "query": address(kind=export.kind, show=show),
        "rows": [
            Row(looks[export.kind, row["record"]], CHIPS[row["would"]], row["error"], preview_url(readiness, export, row["record"]))
            for row in rows
        ],
    }


def _chips(export: Export, outcome: DryRun, show: str) -> list[Choice]:
    counts = outcome.counts()
    every = Choice(_("All"), address(kind=export.kind), not show, len(outcome.rows))
    return [every, *(Choice(LABELS[word], address(kind=export.kind, show=word), word == show, counts[word]) for word in WORDS)]
