"""What of an integration can be taken along as a file."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import slugify

from integrations.admin.integration.page import VIEW, find_integration
from integrations.admin.pages import page
from integrations.registry import all_providers
from integrations.settings_file import as_document, written


@page("integrations/<int:pk>/settings.json", "integration-settings-json", VIEW)
def settings_json(request: HttpRequest, pk: int) -> HttpResponse:
    """Settings and mappings without secrets, as the page of the settings file takes them back."""
    integration = find_integration(pk)
    if integration.provider not in all_providers():
        raise Http404
    name = f"{slugify(integration.name) or integration.provider}-settings.json"
    return HttpResponse(
        written(as_document(integration)),
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
