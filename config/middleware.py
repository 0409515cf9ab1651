"""The Content-Security-Policy of every answer."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}


class ContentSecurityPolicyMiddleware:
    """Sets the policy. A view that posts to, or is redirected to, another host names it in `response.form_action`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = POLICY | {"form-action": " ".join(["'self'", *getattr(response, "form_action", ())])}
        response.headers.setdefault("Content-Security-Policy", "; ".join(f"{name} {value}" for name, value in policy.items()))
        return response
