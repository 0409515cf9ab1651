"""The pages of the admin site that belong to no single model's admin: each page module registers its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

_pages: list[tuple[str, str, str, Callable[..., HttpResponseBase]]] = []


def page(route: str, name: str, permission: str) -> Callable[[View], View]:
    """Register a view as `admin:<name>` at `/admin/<route>`, for whoever may enter the site and has the permission.

    Whoever lacks it is answered with 403. A view finds rows with the models' `objects`, so that a foreign id is a missing one.
    """

    def register(view: View) -> View:
        _pages.append((route, name, permission, view))
        return view

    return register


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of every registered page; they go before the site's own."""
    return [path(route, site.admin_view(_guarded(view, permission)), name=name) for route, name, permission, view in _pages]


def _guarded(view: Callable[..., Any], permission: str) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return view(request, *args, **kwargs)  # type: ignore[no-any-return]

    return guarded
