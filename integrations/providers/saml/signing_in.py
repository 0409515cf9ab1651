"""A response of the identity provider, from the form field to the session, or to the reason why not."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib.auth import get_user
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts import doors
from accounts.models import User
from accounts.views.invitations import opened_by
from integrations import clock
from integrations.providers.saml import requests, sign_ons
from integrations.providers.saml.arriving import Known, decide
from integrations.providers.saml.audit import note
from integrations.providers.saml.backend import SamlBackend
from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import Identity, Pending, Refusal, Step, Verdict
from integrations.providers.saml.configuring import config_of
from integrations.providers.saml.engine import verify
from integrations.providers.saml.models import Event, EventKind, PendingRequest, Purpose, SamlIntegration
from integrations.providers.saml.pipeline import NotLetIn

ATTEMPTS = 2  # two first sign-ons of the same person at once: the second attempt finds what the other one made


class Refused(Exception):
    """Nobody is signed in. The transaction around it is undone."""

    def __init__(self, code: str, detail: str = "", user: User | None = None) -> None:
        super().__init__(code)
        self.code, self.detail, self.user = code, detail, user


def pending_for(request: HttpRequest, integration: SamlIntegration, relay: str) -> PendingRequest | None:
    """The request that the response has to answer; None for one that nothing here asked for, where that is allowed.

    Raises `Refused`.
    """
    pending = requests.known(integration, relay)
    if pending is None:
        if not integration.allows_idp_initiated:
            raise Refused(Code.REQUEST_UNKNOWN)
        return None
    if pending.purpose == Purpose.LOGOUT:
        raise Refused(Code.REQUEST_UNKNOWN)
    if not requests.is_own(request, pending):
        raise Refused(Code.REQUEST_OTHER_BROWSER)
    if pending.consumed_at is not None:
        raise Refused(Code.REQUEST_USED)
    if pending.expires_at <= clock.now():
        raise Refused(Code.REQUEST_EXPIRED)
    if pending.trust_version != integration.trust_version:
        raise Refused(Code.METADATA_CHANGED)
    return pending


def judge(integration: SamlIntegration, encoded: str, pending: PendingRequest | None) -> Verdict:
    """What the protocol says of the response. The request is used up by it, whatever that is; raises `Refused` if it was before."""
    answers = Pending(pending.request_id, pending.created_at) if pending else None
    verdict = verify(encoded, config_of(integration), answers, clock.now(), unsolicited=pending is None)
    if pending and verdict.identity and not requests.consume(pending):
        raise Refused(Code.REQUEST_USED)
    return verdict


def enter(request: HttpRequest, integration: SamlIntegration, identity: Identity, pending: PendingRequest | None) -> Event:
    """Sign the person in; once for each assertion. Raises `Refused`."""
    key = request.session.session_key
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return _enter(request, integration, identity, pending)
        except IntegrityError:
            request.session = sign_ons.SessionStore(key)  # what was written into it is undone as well
            if attempt + 1 == ATTEMPTS:
                raise Refused(Code.BUSY) from None
    raise AssertionError


def _enter(request: HttpRequest, integration: SamlIntegration, identity: Identity, pending: PendingRequest | None) -> Event:
    _remember(integration, identity)
    if pending:
        sign_ons.return_to_session(request, pending.session_key)
    request.user = get_user(request)
    try:
        user = SamlBackend(request, integration, _known(request)).sign_on(identity)
    except NotLetIn as shut:
        raise Refused(shut.decision.code, identity.email or identity.name_id, shut.decision.user) from None
    ends, before = sign_ons.until(integration, identity), request.session.session_key
    if doors.sign_in(request, user, sign_ons.HOW, organization=integration.organization, until=ends):
        raise Refused(Code.DOOR_SHUT, user=user)
    request.session[doors.CHOSEN] = integration.organization_id
    sign_ons.lengthen(request, ends)
    sign_ons.follow_session(request, integration, before)
    sign_ons.record(request, integration, user, identity, ends)
    return note(
        integration,
        EventKind.SIGN_ON,
        user=user,
        subject=identity.email or identity.name_id,
        request=request,
        request_id=pending.request_id if pending else "",
        assertion_digest=identity.assertion_digest,
    )


def _known(request: HttpRequest) -> Known:
    own = doors.proof_of_person(request) if isinstance(request.user, User) else None
    return Known(request.user if own and isinstance(request.user, User) else None, opened_by(request))


def _remember(integration: SamlIntegration, identity: Identity) -> None:
    """Raises `Refused` for an assertion that was accepted before."""
    if not requests.is_first(integration, identity.assertion_digest, identity.remembered_until):
        raise Refused(Code.REPLAYED)


def tested(request: HttpRequest, integration: SamlIntegration, verdict: Verdict, pending: PendingRequest) -> None:
    """Keep what the admin is shown of a test. Nobody is signed in, nothing is changed."""
    identity = verdict.identity
    refusal = verdict.refusal
    would: dict[str, str] = {}
    if identity:
        try:
            with transaction.atomic():
                _remember(integration, identity)
        except Refused as refused:
            refusal = Refusal(Step.REQUEST, refused.code)
        decision = decide(integration, identity)
        would = {
            "outcome": decision.outcome.value,
            "code": decision.code,
            "user": decision.user.email if decision.user else identity.email,
            "role": decision.role,
        }
    pending.result = {
        "passed": [step.value for step in verdict.passed],
        "refusal": asdict(refusal) if refusal else None,
        "clock_difference": verdict.clock_difference,
        "would": would,
        **(_told(identity) if identity else {}),
    }
    pending.save(update_fields=["result"])
    note(
        integration,
        EventKind.TEST,
        code=refusal.code if refusal else would["code"],
        detail=refusal.detail if refusal else "",
        user=pending.user,
        subject=identity.email or identity.name_id if identity else "",
        request=request,
        request_id=pending.request_id,
    )


def _told(identity: Identity) -> dict[str, Any]:
    return {
        "name_id": identity.name_id,
        "name_id_format": identity.name_id_format,
        "email": identity.email,
        "first_name": identity.first_name,
        "last_name": identity.last_name,
        "groups": list(identity.groups),
        "attributes": {name: list(values) for name, values in identity.attributes.items()},
        "certificate": identity.certificate,
    }
