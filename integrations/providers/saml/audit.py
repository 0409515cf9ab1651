"""What happened, row by row. A refused person is shown the reference only; the admin finds the reason by it."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import structlog
from django.http import HttpRequest

from accounts.addresses import client_address
from accounts.models import User
from integrations import clock
from integrations.providers.saml.models import Event, EventKind, SamlIntegration

log = structlog.get_logger(__name__)

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is mistaken for something else when it is read out
LENGTH = 8
MINUTE = timedelta(minutes=1)


def note(
    integration: SamlIntegration,
    kind: EventKind,
    *,
    code: str = "",
    detail: str = "",
    user: User | None = None,
    subject: str = "",
    request: HttpRequest | None = None,
    request_id: str = "",
    assertion_digest: str = "",
) -> Event:
    """Keep an event; one with a `code` is a refusal and gets a reference. Never pass XML, or a secret."""
    event = Event.everywhere.create(
        organization_id=integration.organization_id,
        integration=integration,
        at=clock.now(),
        kind=kind,
        is_refusal=bool(code),
        code=code,
        detail=printable(detail)[:500],
        reference=new_reference() if code else "",
        user=user,
        subject=printable(subject)[:320],
        address=client_address(request) if request else None,
        request_id=printable(request_id)[:80],
        assertion_digest=assertion_digest,
        trust_version=integration.trust_version,
    )
    log.info("sign_on." + kind, integration=integration.pk, code=code, reference=event.reference)
    return event


def new_reference() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def printable(text: Any) -> str:
    """One line without control characters: what others sent is kept as text only."""
    return "".join(character if character.isprintable() else " " for character in str(text))


def is_flooded(integration: SamlIntegration, request: HttpRequest, at_most: int, **which: Any) -> bool:
    """Whether so many such events came from the request's address within a minute."""
    recent = Event.everywhere.filter(integration=integration, address=client_address(request), at__gt=clock.now() - MINUTE, **which)
    return len(recent.order_by().values_list("pk")[:at_most]) >= at_most
