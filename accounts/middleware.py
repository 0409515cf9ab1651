"""Makes one organization current for the length of a request, if the session may enter it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from accounts import doors
from accounts.ports import Refusal
from accounts.tenancy import within


class Refusable(HttpRequest):
    """A request after this middleware: `refusal` says why somebody who is signed in is outside of every organization."""

    refusal: Refusal | None


class OrganizationMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = doors.entrance(request)
        refusal, organization = (answer, None) if isinstance(answer, Refusal) else (None, answer)
        cast(Refusable, request).refusal = refusal
        with within(organization), timezone.override(organization.time_zone if organization else "UTC"):
            return self.get_response(request)

    def process_view(self, request: Refusable, view: Callable[..., Any], _args: Any, _kwargs: Any) -> HttpResponse | None:
        """Who is refused sees only pages that are open to everybody or marked with `doors.outside`."""
        is_public = not getattr(view, "login_required", True)
        if request.refusal is None or is_public or getattr(view, "reachable_outside", False):
            return None
        return HttpResponseRedirect(request.refusal.go_to) if request.refusal.straight else refused(request, request.refusal)


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The page that says why a door stays shut and where to go instead."""
    return render(request, "accounts/refused.html", {"refusal": refusal}, status=403)
