"""Every request, sign-on, refusal, logout and change, to be found by the number that a refused person was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from social_django.models import UserSocialAuth

from accounts.models import User
from integrations.providers.saml.arriving import NAME
from integrations.providers.saml.audit import note
from integrations.providers.saml.models import Event, EventKind, SamlIntegration
from integrations.providers.saml.words import Words, of_code

A_PAGE = 50
RESULTS = ("accepted", "refused")


@dataclass(frozen=True)
class Line:
    event: Event
    words: Words | None
    can_unlink: bool


def show(request: HttpRequest, integration: SamlIntegration) -> Mapping[str, Any] | HttpResponse:
    if request.method == "POST":
        _unlink(request, integration, request.POST.get("event", ""))
        return redirect("admin:integration-section", integration.pk, "sign-ons")
    asked = {name: request.GET.get(name, "").replace("\0", "").strip()[:200] for name in ("q", "kind", "result", "day")}
    page = Paginator(_found(integration, asked), A_PAGE).get_page(request.GET.get("page"))
    return {
        "page": page,
        "lines": [Line(event, of_code(event.code), event.code == "linked_otherwise" and event.user is not None) for event in page],
        "asked": asked,
        "kinds": EventKind.choices,
        "is_filtered": any(asked.values()),
        "query": urlencode({name: value for name, value in asked.items() if value}),
    }


def _found(integration: SamlIntegration, asked: dict[str, str]) -> QuerySet[Event]:
    rows = Event.objects.filter(integration=integration).select_related("user")
    if text := asked["q"]:
        rows = rows.filter(Q(reference=text.upper()) | Q(subject__icontains=text) | Q(user__email__icontains=text) | Q(code=text))
    if asked["kind"] in EventKind.values:
        rows = rows.filter(kind=asked["kind"])
    if asked["result"] in RESULTS:
        rows = rows.filter(is_refusal=asked["result"] == "refused")
    try:
        day = parse_date(asked["day"])
    except ValueError:
        day = None
    return rows.filter(at__date=day) if day else rows


def _unlink(request: HttpRequest, integration: SamlIntegration, event_id: str) -> None:
    """Take away under which name the identity provider knew a member, so that another name can be linked."""
    assert isinstance(request.user, User)
    event = Event.objects.filter(integration=integration, pk=event_id, user__isnull=False).first() if event_id.isdecimal() else None
    if event is None or event.user is None or len(event_id) > 18:
        return
    gone, _rows = UserSocialAuth.objects.filter(provider=NAME, user=event.user, uid__startswith=f"{integration.uuid}:").delete()
    if gone:
        note(integration, EventKind.ENFORCEMENT, detail=f"unlinked {event.user.email}", user=request.user)
        messages.success(request, _("The old link is taken away. The next sign-on makes a new one."))
