"""What an export would do, without sending or keeping anything. The payloads are those that would be sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.models import Integration, OutboxItem
from integrations.provider import Export
from integrations.records.kinds import get_kind
from integrations.sync.building import build
from integrations.sync.outbox import current_links, selection

CHUNK = 200
WORDS = ("create", "update", "unchanged", "reject")


@dataclass
class DryRun:
    """`rows` are `{record, number, would, error, payload}`; `would` is one of `WORDS`."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        counted = Counter(row["would"] for row in self.rows)
        return {word: counted[word] for word in WORDS}


def dry_run(
    integration: Integration, export: Export, ids: Iterable[int] | None, choices: Mapping[str, str], *, create_new: bool = False
) -> DryRun:
    """Build what exporting these records (all ready ones when `ids` is None) would send."""
    wanted = list(selection(integration, export).values_list("pk", flat=True)) if ids is None else list(ids)
    kind = get_kind(export.kind)
    outcome = DryRun()
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        links = set(current_links(integration, export.kind, export.step).filter(record_id__in=chunk).values_list("record_id", flat=True))
        numbers = dict(kind.queryset().filter(pk__in=chunk).values_list("pk", kind.number)) if kind.number else {}
        items = [
            OutboxItem(
                pk=pk,
                integration=integration,
                kind=export.kind,
                step=export.step,
                record_id=pk,
                choices=dict(choices),
                create_new=create_new,
            )
            for pk in chunk
        ]
        built = build(integration, export, items, dry=True)
        payloads = {draft.item: draft.payload for draft in built.drafts}
        for pk in chunk:
            error = built.errors.get(pk)
            would = (
                "reject" if error else "unchanged" if pk in built.unchanged else "update" if pk in links and not create_new else "create"
            )
            outcome.rows.append(
                {
                    "record": pk,
                    "number": numbers.get(pk) or "",
                    "would": would,
                    "error": " ".join(filter(None, [error.message, str(error.advice)])) if error else "",
                    "payload": payloads.get(pk),
                }
            )
    return outcome
