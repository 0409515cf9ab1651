"""What vendors make of records, kept as the records' own documents."""

from __future__ import annotations

from typing import Any

from integrations import clock
from integrations.provider import File
from integrations.records import files
from integrations.records.base import Origin
from integrations.records.models import Attachment


def keep_document(record: Any, file: File, author: str) -> Attachment:
    """The record's attachment with this file: the one that an import made before, or a new one beside what Productive has."""
    attachment: Attachment | None = record.attachment
    if attachment is None or attachment.origin != Origin.IMPORT:
        kind = str(record._meta.model_name)
        attachment = Attachment(
            organization_id=record.organization_id, origin=Origin.IMPORT, attachable_type=kind, attachable_id=str(record.pk)
        )
        attachment.created_at = clock.now()
    attachment.name, attachment.content_type, attachment.size = file.name, file.content_type, str(len(file.content))
    attachment.digest, attachment.changed_by = files.keep(record.organization_id, file.content), author
    attachment.save()
    return attachment
