"""Productive's errors in our classes: https://developer.productive.io/guides/errors"""

from __future__ import annotations

from django.utils.translation import gettext as _
from msgspec import MsgspecError, Struct, field

from integrations.errors import AuthLost, ProviderError, RateLimited, Rejected
from integrations.http.client import Response

DEFAULT_WAIT, LONGEST_WAIT = 10.0, 21_600.0
"""Seconds; the longest is the period of the largest limit, that of server time."""
UNSUPPORTED = ("Unsupported", "keyset_")


class Unsupported(Rejected):
    """The list cannot be narrowed, sorted or continued as it was asked for."""


class _Source(Struct):
    pointer: str = ""


class _Error(Struct):
    title: str = ""
    detail: str = ""
    source: _Source = field(default_factory=_Source)


class _Errors(Struct):
    errors: list[_Error] = field(default_factory=list)


def read_error(response: Response) -> ProviderError | None:
    if response.status < 400 or response.status >= 500:
        return None
    try:
        errors = response.decode(_Errors).errors
    except (ProviderError, MsgspecError):
        errors = []
    text = " ".join(f"{error.title}: {error.detail}" if error.detail else error.title for error in errors)
    if response.status == 429:
        return RateLimited(text, retry_after=_wait(response), request_id=response.request_id)
    if response.status == 401:
        return AuthLost(text, advice=_("Make a new token in Productive under Settings, API integrations."), request_id=response.request_id)
    if not errors:
        return None
    if response.status == 400 and errors[0].title.startswith(UNSUPPORTED):
        return Unsupported(text, request_id=response.request_id)
    if response.status == 403:
        advice = _("The owner of the token may not do this in Productive. Use the token of somebody who may.")
    elif response.status == 404:
        advice = _("It may have been deleted in Productive. Bring it back there and try again, or skip this one.")
    elif response.status == 402:
        advice = _("Productive's plan does not cover this.")
    elif response.status == 422 and "must be sent" in text:
        advice = _("Mark the invoice as sent in Productive, then try again.")
    else:
        advice = ""
    return Rejected(text, field=errors[0].source.pointer.rpartition("/")[2], advice=advice, request_id=response.request_id)


def _wait(response: Response) -> float:
    try:
        said = float(response.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return response.retry_after() or DEFAULT_WAIT
    return min(max(said, 1.0), LONGEST_WAIT)
