"""The addresses that vendors call: `POST /webhooks/<slug>/`. Verified, kept and answered at once; no vendor is called meanwhile."""

from __future__ import annotations

import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations.registry import all_providers
from integrations.webhooks.receiving import is_genuine, receive

log = structlog.get_logger(__name__)

LARGEST_BODY = 1_000_000
"""Bytes; the largest that any vendor sends is a tenth of it."""


@csrf_exempt
@login_not_required
@require_POST
def webhook(request: HttpRequest, slug: str) -> HttpResponse:
    """200 for what is the vendor's, 401 for what is not, both without a body, as vendors ask. What is not the vendor's leaves no trace
    in the database, so that nobody can fill it.
    """
    provider = all_providers().get(slug)
    if provider is None or provider.webhook is None:
        return HttpResponse(status=404)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > LARGEST_BODY:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not is_genuine(provider, provider.webhook, headers, request.body):
        log.warning("webhook.refused", provider=slug)
        return HttpResponse(status=401)
    receive(provider, provider.webhook, headers, request.body)
    return HttpResponse(status=200)


urlpatterns = [path("<slug:slug>/", webhook, name="webhook")]
