"""The language in which a person reads mails: what the browser asked for at the first sign-in, until the person chooses one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import get_language
from django.views import i18n

from accounts.doors import outside
from accounts.models import User


def language_of(user: User) -> str:
    """The installation's where nothing is known of the person."""
    return user.language if user.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def note_first_language(user: User, **_signal: Any) -> None:
    """Receiver of `user_logged_in`."""
    if not user.language and (language := get_language()):
        User.objects.filter(pk=user.pk, language="").update(language=language)


@outside
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Django's own view, whose cookie belongs to one browser; what somebody who is signed in chose also counts for mails."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=language)
    return i18n.set_language(request)
