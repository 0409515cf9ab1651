"""Records that go by themselves: what is announced as changed is put into the outbox in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from integrations.models import Connection, Integration
from integrations.provider import Export
from integrations.registry import all_providers
from integrations.sync.outbox import enqueue_changed

GOES_ON = (Connection.CONNECTED, Connection.PAUSED, Connection.NEEDS_RECONNECT)
"""Where it will go, sooner or later."""


def enqueue_by_itself(*, kind: str, ids: Sequence[int], changed_by: str, organization_id: int, **_signal: Any) -> None:
    """Receives `records_changed`. What an integration has changed is never sent back to it."""
    exports = {slug: export for slug, provider in all_providers().items() for export in provider.exports if _may_go(export, kind)}
    if not exports:
        return
    for integration in _willing(exports, organization_id):
        if changed_by != f"integration:{integration.pk}":
            enqueue_changed(integration, exports[integration.provider], ids)


def _may_go(export: Export, kind: str) -> bool:
    return export.kind == kind and not export.step and bool(export.by_itself)


def _willing(exports: dict[str, Export], organization_id: int) -> Iterator[Integration]:
    rows = Integration.everywhere.filter(
        organization_id=organization_id, provider__in=exports, connection__in=GOES_ON, deactivated_at=None
    ).order_by("pk")
    for integration in rows:
        export = exports[integration.provider]
        if export.is_on(integration) and getattr(integration, export.by_itself):
            yield integration
