"""Single logout, both ways: the session here ends first, whatever the identity provider does."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from social_django.models import UserSocialAuth

from integrations import clock
from integrations.providers.saml import answers, messages, requests, sign_ons
from integrations.providers.saml.arriving import NAME
from integrations.providers.saml.audit import note
from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import POST, REDIRECT, Config, Endpoint, LogoutMessage, Refusal
from integrations.providers.saml.configuring import config_of
from integrations.providers.saml.logout import OLDEST, verify_logout_post, verify_logout_redirect
from integrations.providers.saml.models import EventKind, PendingRequest, Purpose, SamlIntegration

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
REQUESTER = "urn:oasis:names:tc:SAML:2.0:status:Requester"
UNKNOWN_PRINCIPAL = "urn:oasis:names:tc:SAML:2.0:status:UnknownPrincipal"


def farewell(request: HttpRequest) -> HttpResponse | None:
    """Somebody signs out here: the way to the identity provider that has to know, of the newest sign-on of the session.

    Asked before the session ends (`accounts.ports.register_farewell`).
    """
    found = list(sign_ons.of_session(request))
    for sign_on in found:
        sign_on.delete()
    for sign_on in found:
        integration = sign_on.integration
        config = config_of(integration)
        endpoint = _endpoint(config, REDIRECT)
        if endpoint is None or not integration.can_work:
            continue
        begun = requests.begin(request, integration, Purpose.LOGOUT)
        xml = messages.logout_request(
            config,
            begun.pending.request_id,
            clock.now(),
            destination=endpoint.location,
            name_id=sign_on.name_id,
            name_id_format=sign_on.name_id_format,
            name_qualifier=sign_on.name_qualifier,
            sp_name_qualifier=sign_on.sp_name_qualifier,
            session_indexes=(sign_on.session_index,) if sign_on.session_index else (),
        )
        note(integration, EventKind.LOGOUT, detail="begun here", user=sign_on.user, request=request, request_id=begun.pending.request_id)
        way = answers.carry(request, config, endpoint.binding, endpoint.location, "SAMLRequest", xml, begun.pending.relay, sign=True)
        return begun.remember(way)
    return None


def receive(request: HttpRequest, integration: SamlIntegration) -> HttpResponse:
    """A message of the identity provider about logging out: it ends sessions, or answers that it did."""
    config = config_of(integration)
    if request.method == "POST":
        if any(len(values) > 1 for _field, values in request.POST.lists()):
            return _refused(request, integration, Code.PARAMETER_REPEATED)
        binding, message = POST, verify_logout_post(request.POST.dict(), config, clock.now())
    else:
        binding, message = REDIRECT, verify_logout_redirect(request.META.get("QUERY_STRING", ""), config, clock.now())
    if isinstance(message, Refusal):
        return _refused(request, integration, message.code, message.detail)
    if message.kind == "response":
        return _answered(request, integration, message)
    return _asked(request, integration, config, binding, message)


def _asked(request: HttpRequest, integration: SamlIntegration, config: Config, binding: str, message: LogoutMessage) -> HttpResponse:
    """The identity provider ends sessions of one person. Once: later sessions are not ended by the same message."""
    until = clock.now() + OLDEST + 2 * timedelta(seconds=config.clock_skew_seconds)
    if not requests.is_first(integration, hashlib.sha256(f"LogoutRequest {message.id}".encode()).hexdigest(), until):
        return _refused(request, integration, Code.REPLAYED)
    found = list(sign_ons.matching(integration, message).select_related("user"))
    ended = sign_ons.end(found)
    subject = {"subject": message.name_id, "request": request, "request_id": message.id}
    is_known = bool(ended) or _is_known(integration, message)
    if is_known:
        note(integration, EventKind.LOGOUT, detail=f"ended {ended}", user=found[0].user if found else None, **subject)  # type: ignore[arg-type]
    else:
        note(integration, EventKind.LOGOUT, code=Code.LOGOUT_UNKNOWN, **subject)  # type: ignore[arg-type]
    endpoint = _endpoint(config, binding)
    if endpoint is None:
        return render(request, "saml/signed_out.html", {"everywhere": False})
    status = (SUCCESS,) if is_known else (REQUESTER, UNKNOWN_PRINCIPAL)
    location = endpoint.response_location or endpoint.location
    xml = messages.logout_response(config, messages.new_id(), clock.now(), destination=location, in_response_to=message.id, status=status)
    return answers.carry(request, config, endpoint.binding, location, "SAMLResponse", xml, message.relay_state, sign=True)


def _is_known(integration: SamlIntegration, message: LogoutMessage) -> bool:
    """Whether the person has signed in with the integration before, and just has no session now."""
    uid = f"{integration.uuid}:{message.name_id_format}:{message.name_id}"
    return UserSocialAuth.get_social_auth(NAME, uid) is not None


def _answered(request: HttpRequest, integration: SamlIntegration, message: LogoutMessage) -> HttpResponse:
    """The identity provider answers a logout of ours."""
    pending = PendingRequest.everywhere.filter(integration=integration, purpose=Purpose.LOGOUT, request_id=message.in_response_to).first()
    if pending is None or not requests.is_own(request, pending) or not requests.consume(pending):
        return _refused(request, integration, Code.LOGOUT_UNASKED)
    note(integration, EventKind.LOGOUT, detail="everywhere" if message.succeeded else "here only", request=request)
    return render(request, "saml/signed_out.html", {"everywhere": message.succeeded})


def _refused(request: HttpRequest, integration: SamlIntegration, code: str, detail: str = "") -> HttpResponse:
    return answers.refused(request, note(integration, EventKind.LOGOUT, code=code, detail=detail, request=request))


def _endpoint(config: Config, preferred: str) -> Endpoint | None:
    """Where logout messages go: in the preferred way, else in the other."""
    other = POST if preferred == REDIRECT else REDIRECT
    return config.idp.slo_at(preferred) or config.idp.slo_at(other)
