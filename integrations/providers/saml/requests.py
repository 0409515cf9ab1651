"""Requests of ours that wait for an answer. Only the browser that set out may bring it, once, and within ten minutes.

The identity provider's answer is a cross-site POST, with which browsers send no Lax cookie: not the session's. So the browser
is known by a cookie of its own that says SameSite=None, and what the session has to be told is kept here.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User
from integrations import clock
from integrations.providers.saml.messages import new_id
from integrations.providers.saml.models import PendingRequest, Purpose, SamlIntegration, SeenAssertion

COOKIE = "__Host-saml"
LIFE = timedelta(minutes=10)
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
RELAY_BYTES = 80
"""The most that a RelayState may be: SAML bindings 2.0, 3.4.3."""


@dataclass(frozen=True)
class Begun:
    """A request of this browser that is about to be carried away."""

    pending: PendingRequest
    token: str

    def remember(self, response: HttpResponse) -> HttpResponse:
        """Give the browser the cookie with which it proves that the request was its own."""
        seconds = int(LIFE.total_seconds())
        response.set_cookie(COOKIE, self.token, max_age=seconds, secure=True, httponly=True, samesite="None", path="/")
        return response


def begin(request: HttpRequest, integration: SamlIntegration, purpose: Purpose, *, next_url: str = "", user: User | None = None) -> Begun:
    """A new request of this browser; the response that carries it away has to go through `remember`."""
    now = clock.now()
    token = _token(request) or secrets.token_urlsafe(32)
    pending = PendingRequest.everywhere.create(
        organization_id=integration.organization_id,
        integration=integration,
        purpose=purpose,
        request_id=new_id(),
        relay=secrets.token_urlsafe(32),
        browser_digest=_digest(token),
        session_key=request.session.session_key or "",
        user=user,
        next_url=own_path(next_url),
        trust_version=integration.trust_version,
        created_at=now,
        expires_at=now + LIFE,
    )
    return Begun(pending, token)


def known(integration: SamlIntegration, relay: str) -> PendingRequest | None:
    """The request that a RelayState stands for, whosever and however old it is."""
    if not TOKEN.fullmatch(relay):
        return None
    return PendingRequest.everywhere.filter(integration=integration, relay=relay).first()


def is_own(request: HttpRequest, pending: PendingRequest) -> bool:
    """Whether this browser made the request."""
    token = _token(request)
    return bool(token) and secrets.compare_digest(_digest(token), pending.browser_digest)


def consume(pending: PendingRequest) -> bool:
    """Answer the request; False when it was answered before."""
    waiting = PendingRequest.everywhere.filter(pk=pending.pk, consumed_at=None, expires_at__gt=clock.now())
    return bool(waiting.update(consumed_at=clock.now()))


def own_path(address: str) -> str:
    """The path of an address of this installation; '' for every other, and for what browsers would not read as one."""
    host = urlsplit(settings.PUBLIC_URL).netloc
    if len(address) > 2000 or not address.isprintable() or not url_has_allowed_host_and_scheme(address, {host}):
        return ""
    parts = urlsplit(address)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return path if path.startswith("/") and url_has_allowed_host_and_scheme(path, None) else ""


def _token(request: HttpRequest) -> str:
    token = request.COOKIES.get(COOKIE, "")
    return token if TOKEN.fullmatch(token) else ""


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def is_first(integration: SamlIntegration, digest: str, until: datetime) -> bool:
    """Whether this message of the identity provider was never taken before; it is remembered `until` nobody would take it any more."""
    try:
        with transaction.atomic():
            SeenAssertion.everywhere.create(
                organization_id=integration.organization_id, integration=integration, digest=digest, expires_at=until
            )
    except IntegrityError:
        return False
    return True
