"""Mails that the accounts app sends: plain text, from templates whose first line is the subject."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.doors import refusal_of_reset
from accounts.models import Invitation, User

logger = logging.getLogger(__name__)


def public(path: str) -> str:
    """The address of a page as it stands in a mail: under PUBLIC_URL, never under the host that a request claims."""
    return path if path.startswith(("http://", "https://")) else f"{settings.PUBLIC_URL}{path}"


def written(template: str, to: str, **context: Any) -> EmailMessage:
    """The mail that the template makes, in the language and the time zone of the moment."""
    subject, _newline, body = render_to_string(template, context).strip().partition("\n")
    return EmailMessage(subject.strip(), body.strip() + "\n", to=[to])


def send(template: str, to: str, **context: Any) -> bool:
    """Send `accounts/mail/<template>.txt`. False, with an entry in the log, when the mail server did not take it."""
    mail = written(f"accounts/mail/{template}.txt", to, **context)
    try:
        mail.send()
    except (OSError, SMTPException):
        logger.exception("A mail could not be sent (%s)", template)
        return False
    return True


def invitation_link(token: str) -> str:
    return public(reverse("invitation", args=[token]))


def send_invitation(invitation: Invitation, token: str) -> bool:
    return send("invitation", invitation.email, invitation=invitation, link=invitation_link(token))


def send_password_reset(request: HttpRequest, email: str) -> None:
    """Send a link to set a new password, or where to sign in instead; nothing to addresses that are nobody's."""
    for user in User.objects.filter(email__iexact=email, is_active=True):
        if refusal := refusal_of_reset(request, user):
            send("password_reset_refused", user.email, user=user, refusal=refusal, link=public(refusal.go_to))
        elif user.has_usable_password():
            token = default_token_generator.make_token(user)
            path = reverse("password_reset_confirm", args=[urlsafe_base64_encode(force_bytes(user.pk)), token])
            send("password_reset", user.email, user=user, link=public(path))
