"""Records found by what people know them by."""

from __future__ import annotations

from django.db.models import QuerySet

from integrations.admin.listing import row_id
from integrations.models import Integration
from integrations.provider import Export
from integrations.records.base import Record
from integrations.records.kinds import get_kind
from integrations.sync.outbox import selection

NEIGHBOURS = 1000


def records_of(export: Export) -> QuerySet[Record]:
    """The current organization's records of the export's kind, with what they need."""
    return get_kind(export.kind).queryset().select_related(*export.needs)


def find_record(export: Export, text: str) -> Record | None:
    """The record with that number, else that name, else that id; None when there is none."""
    text = text.replace("\0", "").strip()[:255]
    if not text:
        return None
    kind = get_kind(export.kind)
    rows = records_of(export).filter(remote_deleted_at=None).order_by("-pk")
    names = {column.name for column in kind.model._meta.concrete_fields}
    for column in (kind.number, "name" if "name" in names else None):
        if column and (found := rows.filter(**{f"{column}__iexact": text}).first()):
            return found
    pk = row_id(text)
    return rows.filter(pk=pk).first() if pk else None


def newest_record(integration: Integration, export: Export, *, after: Record | None = None) -> Record | None:
    """The newest record that may go; or the next older one than `after`, and the newest again behind the last."""
    kind = get_kind(export.kind)
    order = [f"-{kind.date}", "-pk"] if kind.date else ["-pk"]
    rows = selection(integration, export).select_related(*export.needs).order_by(*order)
    if after is not None:
        keys = list(rows.values_list("pk", flat=True)[:NEIGHBOURS])
        if following := keys[keys.index(after.pk) + 1 :] if after.pk in keys else keys:
            return records_of(export).filter(pk=following[0]).first()
    return rows.first()
