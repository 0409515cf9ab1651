"""The admin site: who may enter, and that nobody enters outside of an organization."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from accounts.roles import role_of
from accounts.tenancy import current_organization
from integrations.admin import pages

View = TypeVar("View", bound=Callable[..., Any])

SEARCHES = ("q", "term")
LONGEST_SEARCH = 200
"""Of a search so many characters count: each word is a condition, and databases take only so many of them at once."""


class PatchbaySite(AdminSite):
    site_header = site_title = "Patchbay"
    index_title = _("Overview")
    enable_nav_sidebar = False
    empty_value_display = "–"

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [*pages.urls(self), *super().get_urls()]

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """A value in the address that no column can hold, such as a number of forty digits in a filter, makes no sense."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            _shorten(request)
            try:
                return guarded(request, *args, **kwargs)
            except (OverflowError, DataError) as error:
                if request.method not in {"GET", "HEAD"}:
                    raise
                raise BadRequest from error

        return cast(View, answered)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Every page would ask for the list of all models, and none shows it: we have a navigation of our own."""
        return super().get_app_list(request, app_label) if app_label else []

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        return HttpResponseRedirect(reverse("password_change"))

    def has_permission(self, request: HttpRequest) -> bool:
        """Owners, admins and auditors of the current organization, and operators who have chosen one."""
        return isinstance(request.user, User) and role_of(request.user) not in {None, Role.MEMBER}

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one sign-in page; operators without an organization choose one, members go home."""
        user = request.user
        if not user.is_authenticated:
            return HttpResponseRedirect(f"{reverse('login')}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}")
        operator_must_choose = user.is_operator and current_organization() is None
        return HttpResponseRedirect(reverse("organizations" if operator_must_choose else "home"))


def _shorten(request: HttpRequest) -> None:
    if any(len(request.GET.get(name, "")) > LONGEST_SEARCH for name in SEARCHES):
        shortened = request.GET.copy()
        for name in shortened.keys() & set(SEARCHES):
            shortened[name] = request.GET.get(name, "")[:LONGEST_SEARCH]
        request.GET = shortened  # type: ignore[assignment]
