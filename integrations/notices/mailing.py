"""Notices as mails: plain text, in the recipient's language and the organization's time zone."""

from __future__ import annotations

from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone, translation

from accounts.languages import language_of
from accounts.mails import public, written
from accounts.models import User
from integrations.models import Incident, Notice
from integrations.notices import digest
from integrations.notices.trouble import NotTaken


def send(notice: Notice) -> None:
    """Raises `NotTaken`."""
    assert notice.person is not None
    mail = written_for(notice, notice.person)
    try:
        mail.send()
    except (SMTPRecipientsRefused, SMTPDataError) as error:  # of this recipient, or of this mail
        raise NotTaken(_words_of(error)) from None
    except (OSError, SMTPException) as error:
        raise NotTaken(_words_of(error), is_of_this_one=False) from None


def written_for(notice: Notice, person: User) -> EmailMessage:
    """The same notice has the same Message-ID however often it is sent, so that mail programs know a double."""
    organization = notice.organization
    with translation.override(language_of(person)), timezone.override(ZoneInfo(organization.time_zone)):
        about = _of_incident(notice.incident) if notice.incident else _of_week(notice)
        template = f"integrations/mail/{'incident' if notice.incident else 'digest'}.txt"
        mail = written(
            template, person.email, notice=notice, person=person, organization=organization, profile=public(reverse("profile")), **about
        )
    mail.extra_headers = {"Message-ID": f"<{notice.key}@{urlsplit(settings.PUBLIC_URL).hostname}>", "Auto-Submitted": "auto-generated"}
    return mail


def _of_incident(incident: Incident) -> dict[str, Any]:
    return {
        "incident": incident,
        "integration": incident.integration,
        "title": " ".join(incident.title.split()),  # it stands in the subject
        "link": public(reverse("admin:incident", args=[incident.pk])),
    }


def _of_week(notice: Notice) -> dict[str, Any]:
    assert notice.week is not None
    return {
        "first": notice.week,
        "last": digest.last_day(notice.week),
        "lines": digest.lines(notice.organization, notice.week),
        "link": public(reverse("admin:index")),
    }


def _words_of(error: OSError) -> str:
    """What the mail server said, or why it was not reached."""
    if isinstance(error, SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return f"{code} {_text(said)}"
    if isinstance(error, SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
