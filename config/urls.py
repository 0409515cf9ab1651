"""Every address of the installation."""

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
    path("records/", include("integrations.admin.record_address")),
    path("", include("accounts.urls")),
]
