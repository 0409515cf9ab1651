"""Tells whoever listens that records changed: the core enqueues exports from it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.dispatch import Signal

if TYPE_CHECKING:
    from integrations.records.base import Record

records_changed = Signal()
"""Sent with `kind: str, ids: list[int], changed_by: str, organization_id: int`, the model as sender, inside the
transaction that changed the content: once for a saved record, once for each chunk of a bulk load. Ids are primary
keys of one organization and in ascending order."""


def announce(model: type[Record], ids: Collection[int], changed_by: str, organization_id: int) -> None:
    """Send `records_changed` for each kind among the rows of `model` with these ids."""
    kinds = model.kinds()
    for kind, condition in kinds.items():
        chosen = sorted(ids) if len(kinds) == 1 else _among(model, ids, condition)
        if chosen:
            records_changed.send(sender=model, kind=kind, ids=chosen, changed_by=changed_by, organization_id=organization_id)


def _among(model: type[Record], ids: Collection[int], condition: dict[str, object]) -> list[int]:
    return list(model.everywhere.filter(pk__in=ids, **condition).order_by("pk").values_list("pk", flat=True))
