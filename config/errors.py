"""The pages of what went wrong: in the look of the rest, and with a way on. None of them needs the database.

A signed-in person keeps the navigation, except on the page of a server error, which trusts nothing.
"""

from __future__ import annotations

import sys
from http import HTTPStatus

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request,
        HTTPStatus.BAD_REQUEST,
        _("That request made no sense"),
        _("The address or the form that was sent is not one that this installation understands."),
    )


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        _("Your role does not allow this"),
        _("Ask an owner or an admin of your organization to do it, or to change your role."),
    )


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request,
        HTTPStatus.NOT_FOUND,
        _("This page does not exist"),
        _("It may have been deleted, or the address is mistyped, or it belongs to an organization that you are not in at the moment."),
    )


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's reason is for logs only: it names settings, not what a person can do."""
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        _("This form was open for too long"),
        _(
            "You signed in or out in another tab since, or your browser blocks cookies. "
            "Nothing was saved: go back, reload the page and try again."
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """A database that is away or full is no bug: that is said, with 503, and that nothing was saved."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    heading = _("Something broke on our side")
    advice = _("It is not your doing, and it was logged. Try again in a minute; if it stays, tell whoever runs this installation.")
    if isinstance(sys.exc_info()[1], OperationalError):
        status = HTTPStatus.SERVICE_UNAVAILABLE
        heading = _("The database does not answer, or takes nothing more")
        advice = _("Nothing of what you did last was saved. Try again in a minute; if it stays, tell whoever runs this installation.")
    return HttpResponse(render_to_string("errors/door.html", {"heading": heading, "advice": advice}), status=status)


def _page(request: HttpRequest, status: HTTPStatus, heading: str, advice: str) -> HttpResponse:
    user = getattr(request, "user", None)
    template = "errors/frame.html" if user is not None and user.is_authenticated else "errors/door.html"
    return render(request, template, {"heading": heading, "advice": advice}, status=status)
