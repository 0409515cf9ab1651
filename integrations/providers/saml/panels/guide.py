"""The set-up, step by step, with the values to copy; and how metadata, certificates and keys are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from integrations import clock
from integrations.errors import ConfigProblem
from integrations.providers.saml import metadata
from integrations.providers.saml.agreeing import opened
from integrations.providers.saml.config import Config
from integrations.providers.saml.configuring import approve, config_of, decline, keys_in_use, mark_of, too_large_a_change
from integrations.providers.saml.guides import GUIDES, Guide
from integrations.providers.saml.models import SamlIntegration
from integrations.providers.saml.refreshing import read_now, take_pasted
from integrations.providers.saml.rotating import make_key, retire_old

CHANGES = {
    "entity id": gettext_lazy("It comes from an identity provider with another name (entity ID)."),
    "host": gettext_lazy("It sends people to another host."),
    "certificates": gettext_lazy("It has none of the certificates that are known."),
}


@dataclass(frozen=True)
class Shown:
    """A certificate as it is shown: `state` is ok, warn, bad or info, `note` says it."""

    subject: str
    fingerprint: str
    valid_from: datetime
    valid_until: datetime
    state: str
    note: str | Promise


def show(request: HttpRequest, integration: SamlIntegration) -> Mapping[str, Any] | HttpResponse:
    if request.method == "POST":
        _act(request, integration, request.POST.get("do", ""))
        return redirect("admin:integration-section", integration.pk, "guide")
    wanted = request.GET.get("for", integration.preset)
    guide = next((one for one in GUIDES if one.name == wanted), GUIDES[-1])
    config = config_of(integration)
    return {
        "guides": GUIDES,
        "guide": guide,
        "steps_to_do": _filled(guide, config),
        "config": config,
        "certificates": [_shown(one.subject, one.fingerprint, one.valid_from, one.valid_until) for one in config.idp.certificates],
        "keys": _keys(integration),
        "proposed": _proposed(integration),
        "can_read": bool(integration.sso_metadata_url or integration.sso_metadata),
    }


def _act(request: HttpRequest, integration: SamlIntegration, what: str) -> None:
    assert isinstance(request.user, User)
    if what == "read":
        try:
            took = read_now(integration, opened(integration)) if integration.sso_metadata_url else _pasted(integration)
        except ConfigProblem as problem:
            messages.error(request, " ".join(filter(None, [problem.message, str(problem.advice)])))
        else:
            if took:
                messages.success(request, _("The metadata was read, and counts."))
            else:
                messages.warning(request, _("The metadata was read. It has changed a lot, so it waits for your approval."))
    elif what == "approve":
        if approve(integration, request.user, request.POST.get("seen", "")):
            messages.success(request, _("The new metadata counts from now on. Test the sign-on."))
        else:
            messages.warning(request, _("The metadata has changed once more meanwhile. Look at it again."))
    elif what == "decline":
        decline(integration, request.user)
        messages.success(request, _("The new metadata is declined; what was there before goes on to count."))
    elif what == "key":
        _say_key(request, make_key(integration, user=request.user) is not None)
    elif what == "retire":
        retire_old(integration, user=request.user)
        messages.success(request, _("The old key is forgotten; the new one signs from now on."))


def _pasted(integration: SamlIntegration) -> bool:
    take_pasted(integration)
    return not integration.proposed


def _say_key(request: HttpRequest, made: bool) -> None:
    if made:
        messages.success(
            request, _("There is a new key beside the old one. Give the identity provider our metadata anew within three days.")
        )
    else:
        messages.warning(request, _("There are two keys already. Retire the old one first."))


def _filled(guide: Guide, config: Config) -> list[tuple[str | Promise, list[tuple[str | Promise, str]]]]:
    """The steps, with the values that are needed at each."""
    known = {
        "acs": config.acs_url,
        "entity_id": config.entity_id,
        "sls": config.sls_url,
        "metadata": config.entity_id,
        "name_id": "EmailAddress",
        "first_name": config.claims.first_name[0] if config.claims.first_name else "",
        "last_name": config.claims.last_name[0] if config.claims.last_name else "",
        "email": config.claims.email[0] if config.claims.email else "",
        "groups": config.claims.groups[0] if config.claims.groups else "",
    }
    return [(step.text, [(label, known[name]) for name, label in step.values]) for step in guide.steps]


def _shown(subject: str, fingerprint: str, valid_from: datetime, valid_until: datetime) -> Shown:
    now = clock.now()
    days = (valid_until - now).days
    state, note = "ok", _("counts")
    if valid_until <= now:
        state, note = "bad", _("ended")
    elif valid_from > now:
        state, note = "info", _("counts later")
    elif days <= 60:
        state, note = ("bad" if days <= 7 else "warn"), _("%(days)d days left") % {"days": days}
    return Shown(subject, fingerprint, valid_from, valid_until, state, note)


def _keys(integration: SamlIntegration) -> list[dict[str, Any]]:
    found = []
    for place, key in enumerate(keys_in_use(integration)):
        note = _("signs") if place == 0 else _("decrypts") if key.signs_from <= clock.now() else _("signs later")
        found.append({"key": key, "note": note, "state": "ok" if place == 0 else "info"})
    return found


def _proposed(integration: SamlIntegration) -> dict[str, Any] | None:
    if not integration.proposed:
        return None
    old, new = metadata.from_json(integration.idp), metadata.from_json(integration.proposed)
    return {"old": old, "new": new, "reason": CHANGES.get(too_large_a_change(old, new), ""), "mark": mark_of(integration)}
