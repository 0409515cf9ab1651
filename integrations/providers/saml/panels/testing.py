"""What the last tests of the sign-on found, check by check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import Role
from integrations.providers.saml.config import Step
from integrations.providers.saml.configuring import config_of
from integrations.providers.saml.models import PendingRequest, Purpose, SamlIntegration
from integrations.providers.saml.words import STEPS, Words, of_code

KEPT = 10


@dataclass(frozen=True)
class CheckLine:
    """`state` is passed, failed or open (not reached)."""

    label: str | Promise
    state: str
    words: Words | None = None
    detail: str = ""


def show(request: HttpRequest, integration: SamlIntegration) -> Mapping[str, Any] | HttpResponse:
    tests = PendingRequest.objects.filter(integration=integration, purpose=Purpose.TEST).exclude(result={}).select_related("user")
    kept = list(tests.order_by("-pk")[:KEPT])
    asked = request.GET.get("of", "")
    chosen = next((test for test in kept if str(test.pk) == asked), kept[0] if kept else None)
    return {
        "tests": kept,
        "chosen": chosen,
        "lines": _lines(chosen.result) if chosen else [],
        "outcome": _outcome(chosen.result) if chosen else None,
        "attributes": _attributes(integration, chosen.result) if chosen else [],
        "clock": _clock(chosen.result) if chosen else "",
        "is_outdated": bool(chosen and chosen.trust_version != integration.trust_version),
        "can_test": bool(integration.idp),
    }


def _lines(result: dict[str, Any]) -> list[CheckLine]:
    passed, refusal = result.get("passed", []), result.get("refusal")
    was_encrypted = Step.DECRYPTION in passed or (refusal is not None and refusal["step"] == Step.DECRYPTION)
    found = []
    for step, label in STEPS.items():
        if step == Step.DECRYPTION and not was_encrypted:
            continue
        if refusal and refusal["step"] == step:
            found.append(CheckLine(label, "failed", of_code(refusal["code"]), refusal["detail"]))
        else:
            found.append(CheckLine(label, "passed" if step in passed else "open"))
    return found


def _outcome(result: dict[str, Any]) -> dict[str, Any] | None:
    """What would have happened to an account."""
    would = result.get("would")
    if not would:
        return None
    person, role = would["user"], dict(Role.choices).get(would["role"], "")
    texts = {
        "signs_in": _("%(person)s would be signed in, as %(role)s."),
        "links": _("The member %(person)s would be signed in and linked with this identity, as %(role)s."),
        "creates": _("An account would be made for %(person)s, as %(role)s."),
    }
    if would["outcome"] in texts:
        return {"state": "ok", "text": texts[would["outcome"]] % {"person": person, "role": role}, "words": None}
    return {"state": "bad", "text": _("Nobody would be signed in."), "words": of_code(would["code"])}


def _attributes(integration: SamlIntegration, result: dict[str, Any]) -> list[tuple[str, list[str], str]]:
    """Name, values, and which of our fields it fills."""
    claims = config_of(integration).claims
    uses = (
        (claims.email, _("e-mail address")),
        (claims.first_name, _("first name")),
        (claims.last_name, _("last name")),
        (claims.groups, _("groups")),
    )
    told: dict[str, list[str]] = result.get("attributes", {})
    filled = {next((name for name in names if name in told), ""): label for names, label in uses}
    return [(name, values, filled.get(name, "")) for name, values in told.items()]


def _clock(result: dict[str, Any]) -> str:
    seconds = result.get("clock_difference")
    if seconds is None:
        return ""
    if abs(seconds) < 2:
        return _("The clocks agree.")
    words = {"seconds": round(abs(seconds))}
    return (_("Its clock is %(seconds)d seconds ahead.") if seconds > 0 else _("Its message was %(seconds)d seconds old.")) % words
