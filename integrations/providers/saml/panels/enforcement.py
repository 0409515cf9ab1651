"""Who signs in how; single sign-on only; and the owners who may come in should it fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.models import Domain, User
from integrations.providers.saml import enforcing
from integrations.providers.saml.emergency import works
from integrations.providers.saml.models import BreakGlass, SamlIntegration


def show(request: HttpRequest, integration: SamlIntegration) -> Mapping[str, Any] | HttpResponse:
    assert isinstance(request.user, User)
    if request.method == "POST":
        _act(request, request.user, integration)
        return redirect("admin:integration-section", integration.pk, "enforcement")
    named = BreakGlass.objects.filter(integration=integration).select_related("user").order_by("user__email")
    wanted = enforcing.requirements(integration, request.user)
    return {
        "requirements": wanted,
        "can_switch_on": all(requirement.is_met for requirement in wanted),
        "accesses": [(access, works(integration, access.user)) for access in named],
        "candidates": [(owner, works(integration, owner)) for owner in enforcing.candidates(integration)],
        "domains": list(Domain.objects.filter(verified_at__isnull=False)),
    }


def _act(request: HttpRequest, user: User, integration: SamlIntegration) -> None:
    what, chosen = request.POST.get("do", ""), request.POST.get("person", "")
    number = int(chosen) if chosen.isascii() and chosen.isdecimal() and len(chosen) < 18 else 0
    if what == "on":
        missing = enforcing.switch_on(integration, user)
        if missing:
            messages.error(request, " ".join([_("Not switched on yet:"), *(str(one.text) for one in missing)]))
        else:
            messages.success(request, _("From now on your people come in with single sign-on only. Other sessions of theirs are closed."))
    elif what == "off":
        enforcing.switch_off(integration, user)
        messages.success(request, _("Passwords work again, beside single sign-on."))
    elif what == "name":
        owner = next((one for one in enforcing.candidates(integration) if one.pk == number), None)
        if owner and enforcing.name_access(integration, owner, user):
            messages.success(request, _("%(person)s has emergency access.") % {"person": owner})
        elif owner:
            messages.error(request, _("%(person)s needs a password and a second factor first.") % {"person": owner})
    elif what == "remove":
        access = BreakGlass.objects.filter(integration=integration, pk=number).select_related("user").first()
        if access and enforcing.remove_access(integration, access, user):
            messages.success(request, _("%(person)s has no emergency access any more.") % {"person": access.user})
        elif access:
            messages.error(request, _("This is the last emergency access that works. Name somebody else first."))
