"""`/healthz`: the process answers. `/readyz`: the installation can do its work. `/metrics`: its numbers, for who has the token."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from integrations.health.looks import READINESS, look
from integrations.health.metrics import as_text


@never_cache
@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; touches neither the database nor anything else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200, or 503 where something is not as it should be; by name only, as anybody may ask. `manage.py doctor` tells more."""
    seen = look(READINESS)
    ready = all(one.ok for one in seen)
    return JsonResponse({"ready": ready, **{one.name: one.ok for one in seen}}, status=200 if ready else 503)


@never_cache
@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """404 while `METRICS_TOKEN` is not set, 401 without it as the bearer token."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not constant_time_compare(request.headers.get("authorization", ""), f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(as_text(), content_type=CONTENT_TYPE_LATEST)


urlpatterns = [path("healthz", healthz, name="healthz"), path("readyz", readyz, name="readyz"), path("metrics", metrics, name="metrics")]
