"""Which changes of an integration are kept as history: what people set, not what workers count."""

from __future__ import annotations

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.apps import apps

from integrations.models import Integration, NoticeEndpoint

SHARED = ("name", "subsidiary", "project", "deal", "connection", "realm_name", "muted_until")


def register_settings() -> None:
    """Keep the history of every provider's integrations, mappings included, and of the endpoints. Secrets are on none, or left out."""
    auditlog.register(NoticeEndpoint, exclude_fields=["secret"])
    for model in apps.get_models():
        if issubclass(model, Integration) and model is not Integration:
            own = [column.name for column in model._meta.local_concrete_fields if column.editable and not column.primary_key]
            auditlog.register(model, include_fields=[*SHARED, *own])


def note_connection(integration: Integration, before: str, after: str) -> None:
    """Keep a change of the connection, which is written without the row's own `save`."""
    changes = {"connection": [str(before), str(after)]}
    LogEntry.objects.log_create(integration, action=LogEntry.Action.UPDATE, changes=changes)
