"""Every address of the installation."""

from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("connect/", include("integrations.admin.connecting")),
    path("webhooks/", include("integrations.webhooks.views")),
    path("", include("integrations.health.views")),
    path("records/", include("integrations.admin.record_address")),
    path("", include("accounts.urls")),
    *(path("", include(f"{app}.urls")) for app in settings.PROVIDER_APPS if find_spec(f"{app}.urls")),
]
