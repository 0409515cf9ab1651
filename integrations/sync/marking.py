"""Records that were copied say so in Productive's own columns, where there is a source to which that can be written back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations import clock
from integrations.models import Batch, Integration
from integrations.provider import Category, Done, Export
from integrations.records.base import Record
from integrations.records.kinds import get_kind
from integrations.registry import all_providers

Marks = Callable[[Record, Done], Mapping[str, Any]]
ADDRESSES = ("export_invoice_url", "export_url")


def marks_for(batch: Batch, export: Export) -> Marks | None:
    """How to mark the batch's records as copied; None where they cannot say so, or nobody would be told."""
    model = get_kind(export.kind).model
    columns = {field.name for field in model._meta.concrete_fields}
    if export.step or "exported" not in columns or not _has_source(batch.integration):
        return None

    def marks(record: Record, outcome: Done) -> Mapping[str, Any]:
        told: dict[str, Any] = {
            "exported": True,
            "export_integration_type_id": batch.integration.integration_type_id,
            "export_id": outcome.remote_id,
            **dict.fromkeys(ADDRESSES, outcome.url),
        }
        marks = {name: value for name, value in told.items() if name in columns}
        same = all(getattr(record, name) == value for name, value in marks.items())
        return {} if same else {**marks, "exported_at": clock.now()}

    return marks


def _has_source(integration: Integration) -> bool:
    """Whether the organization has another integration from which its records come."""
    sources = {slug for slug, provider in all_providers().items() if provider.category == Category.SOURCE}
    if not sources or integration.provider in sources:
        return False
    return Integration.everywhere.filter(organization_id=integration.organization_id, provider__in=sources, deactivated_at=None).exists()
