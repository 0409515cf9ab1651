"""Files that Patchbay keeps: served to those who may see the record that they belong to, and to nobody else."""

from __future__ import annotations

from io import BytesIO

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from integrations.admin.pages import page
from integrations.records import files
from integrations.records.models import Attachment, Invoice


@page("files/<int:pk>/", "file", "records.view_attachment")
@require_safe
def file(request: HttpRequest, pk: int) -> FileResponse:
    """The kept file of an attachment, to be saved and never shown within the site. 404 where only Productive has it."""
    attachment = Attachment.objects.filter(pk=pk).first()
    if attachment is None:
        raise Http404
    if Invoice.objects.filter(attachment=attachment).exists() and not request.user.has_perm("records.view_invoice"):
        raise PermissionDenied
    try:
        content = files.read(attachment.organization_id, attachment.digest)
    except files.Missing:
        raise Http404 from None
    name = attachment.name or f"file-{attachment.pk}"
    headers = {"Content-Security-Policy": "sandbox", "Cache-Control": "private, no-store"}
    return FileResponse(BytesIO(content), as_attachment=True, filename=name, content_type="application/octet-stream", headers=headers)
