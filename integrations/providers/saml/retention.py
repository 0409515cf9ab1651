"""How long single sign-on remembers: what protects against replays longer than anything could be replayed, events as all sign-ins."""

from __future__ import annotations

from datetime import timedelta

from integrations.providers.saml.models import Event, PendingRequest, SeenAssertion, SignOn
from integrations.retention import Retention

RETENTION = (
    Retention(name="sso requests", kept=timedelta(days=30), rows=lambda before: PendingRequest.everywhere.filter(expires_at__lt=before)),
    Retention(name="sso assertions", kept=timedelta(days=7), rows=lambda before: SeenAssertion.everywhere.filter(expires_at__lt=before)),
    Retention(name="sso sessions", kept=timedelta(days=1), rows=lambda before: SignOn.everywhere.filter(expires_at__lt=before)),
    Retention(name="sso events", kept="RETAIN_SIGN_INS_DAYS", rows=lambda before: Event.everywhere.filter(at__lt=before)),
)
