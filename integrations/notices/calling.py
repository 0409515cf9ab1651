"""Notices as signed calls of an organization's endpoint, through the one seam to the outside and past its guard."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.urls import reverse

from accounts.mails import public
from integrations import clock
from integrations.errors import ProviderError
from integrations.http.client import Http, encode
from integrations.http.deadline import at_most
from integrations.models import Notice, NoticeEndpoint
from integrations.notices import signing
from integrations.notices.rhythm import CALL_SECONDS
from integrations.notices.trouble import NotTaken

GONE = 410
"""What an endpoint answers that is never to be called again."""


def send(notice: Notice) -> None:
    """Raises `NotTaken` for every answer but a success. An endpoint that says that it is gone is switched off."""
    assert notice.endpoint is not None
    body = encode(document(notice))
    signed = signing.headers(notice.endpoint.secret, str(notice.key), int(clock.timestamp()), body)
    headers = {"content-type": "application/json", **signed}
    http, path = reach(notice.endpoint.url)
    try:
        with at_most(CALL_SECONDS):
            answer = http.send("POST", path, content=body, headers=headers, also_ok=[GONE], safe_to_repeat=True)
    except ProviderError as error:
        message = error.message
    else:
        if answer.status != GONE:
            return
        message = f"{GONE} Gone"
        NoticeEndpoint.everywhere.filter(pk=notice.endpoint.pk).update(active=False)
    raise NotTaken(message)


def reach(url: str) -> tuple[Http, str]:
    """How to call an address: its host, and the path there. Raises `ConfigProblem` for one that must not be called."""
    scheme, host, path, query, _fragment = urlsplit(url)
    return Http(f"{scheme}://{host}", allowed=settings.NOTICE_HOSTS), urlunsplit(("", "", path or "/", query, ""))


def document(notice: Notice) -> dict[str, Any]:
    """The body of a call."""
    incident = notice.incident
    assert incident is not None
    integration = incident.integration
    return {
        "id": str(notice.key),
        "kind": f"incident.{notice.kind}",
        "made_at": notice.made_at,
        "organization": notice.organization.slug,
        "integration": {"id": integration.pk, "name": integration.name, "provider": integration.provider},
        "incident": incident.pk,
        "cause": incident.cause,
        "opened_at": incident.opened_at,
        "last_seen_at": incident.last_seen_at,
        "closed_at": incident.closed_at,
        "seen": incident.seen,
        "text": "\n".join(filter(None, [incident.title, incident.message, incident.advice])),
        "link": public(reverse("admin:incident", args=[incident.pk])),
    }
