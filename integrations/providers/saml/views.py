"""The addresses of single sign-on. Whatever comes in, the answer is a page: never an error of ours, never a hint why not."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, login_required
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.domains import verified_domain_of
from accounts.models import Organization
from accounts.tenancy import current_organization, within
from integrations import clock
from integrations.providers.saml import answers, audit, logging_out, requests, signing_in
from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import POST, REDIRECT
from integrations.providers.saml.configuring import config_of
from integrations.providers.saml.finding import switched_on
from integrations.providers.saml.forms import FindForm
from integrations.providers.saml.messages import authn_request
from integrations.providers.saml.models import EventKind, Purpose, SamlIntegration, rows
from integrations.providers.saml.own_metadata import own_metadata

MAX_BODY_BYTES = 512 * 1024
METADATA_TYPE = "application/samlmetadata+xml"
HOT = (
    *("uuid", "connection", "deactivated_at", "provider", "config_version", "trust_version", "allows_idp_initiated", "signs_metadata"),
    *("creates_people", "updates_profiles", "default_role", "group_roles", "session_hours"),
    *("organization__name", "organization__slug", "organization__sign_on_only", "organization__requires_second_factor"),
)
"""The columns that a sign-on reads each time; the rest is in the agreement that is kept, or in none."""


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Asks for an e-mail address and goes on to the organization in whose verified domain it lies, whether or not it is anybody's."""
    next_url = requests.own_path(request.POST.get("next") or request.GET.get("next", ""))
    form = FindForm(request.POST or None)
    if form.is_valid():
        domain = verified_domain_of(form.cleaned_data["email"])
        integration = switched_on(domain.organization) if domain else None
        if integration:
            return answers.onward(request, _with_next(reverse("saml-login", args=[integration.uuid]), next_url))
        form.add_error("email", _("No single sign-on belongs to the domain of this address. Ask your admin for the address to begin at."))
    return render(request, "saml/sso.html", {"form": form, "next": next_url})


@login_not_required
@never_cache
@require_GET
def organization(request: HttpRequest, slug: str) -> HttpResponse:
    """The organization's sign-on; an organization without one is answered like one that is not there."""
    found = Organization.objects.filter(slug=slug).first()
    integration = switched_on(found) if found else None
    if integration is None:
        raise Http404
    return redirect(_with_next(reverse("saml-login", args=[integration.uuid]), requests.own_path(request.GET.get("next", ""))))


@login_not_required
@require_safe
def metadata(request: HttpRequest, uuid: UUID) -> HttpResponse:
    integration = _found(uuid, connected=False)
    sign, name = integration.signs_metadata, integration.organization.name
    xml = own_metadata(config_of(integration), clock.now(), sign=sign, organization=name, address=settings.PUBLIC_URL)
    return HttpResponse(xml, content_type=METADATA_TYPE, headers={"Content-Disposition": 'inline; filename="patchbay-metadata.xml"'})


@login_not_required
@never_cache
@require_GET
def login(request: HttpRequest, uuid: UUID) -> HttpResponse:
    integration = _found(uuid)
    with within(integration.organization):
        if audit.is_flooded(integration, request, settings.SSO_REQUESTS_A_MINUTE, kind=EventKind.REQUEST):
            return answers.too_many(request)
        return _set_out(request, integration, Purpose.LOGIN, request.GET.get("next", ""))


@login_required
@require_POST
def test(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """An admin tries the sign-on: nobody is signed in by it."""
    integration = _found(uuid, connected=False)
    if current_organization() != integration.organization:
        raise Http404
    if not request.user.has_perm("integrations.change_integration"):
        raise PermissionDenied
    if not config_of(integration).idp.certificates:
        messages.error(request, _("There is nothing to test yet: give the metadata of the identity provider first."))
        return redirect("admin:integration-section", integration.pk, "identity-provider")
    return _set_out(request, integration, Purpose.TEST, "")


@csrf_exempt
@login_not_required
@never_cache
@sensitive_post_parameters("SAMLResponse")
@require_POST
def acs(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The identity provider's answer, brought by the browser."""
    integration = _found(uuid, connected=False)
    with within(integration.organization):
        try:
            return _arrive(request, integration)
        except signing_in.Refused as refused:
            if audit.is_flooded(integration, request, settings.SSO_REFUSALS_A_MINUTE, is_refusal=True):
                return answers.too_many(request)
            event = audit.note(integration, EventKind.SIGN_ON, code=refused.code, detail=refused.detail, user=refused.user, request=request)
            return answers.refused(request, event)


@csrf_exempt
@login_not_required
@never_cache
@sensitive_post_parameters("SAMLRequest", "SAMLResponse")
@require_http_methods(["GET", "POST"])
def sls(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A message of the identity provider about logging out, as request or as answer."""
    integration = _found(uuid)
    with within(integration.organization):
        if audit.is_flooded(integration, request, settings.SSO_REFUSALS_A_MINUTE, is_refusal=True):
            return answers.too_many(request)
        if code := _trouble(request):
            return answers.refused(request, audit.note(integration, EventKind.LOGOUT, code=code, request=request))
        return logging_out.receive(request, integration)


def _arrive(request: HttpRequest, integration: SamlIntegration) -> HttpResponse:
    if code := _trouble(request):
        raise signing_in.Refused(code)
    pending = signing_in.pending_for(request, integration, request.POST.get("RelayState", ""))
    is_test = pending is not None and pending.purpose == Purpose.TEST
    if not integration.can_work and not is_test:
        raise signing_in.Refused(Code.SWITCHED_OFF)
    verdict = signing_in.judge(integration, request.POST.get("SAMLResponse", ""), pending)
    if pending and is_test:
        signing_in.tested(request, integration, verdict, pending)
        return redirect("admin:integration-section", integration.pk, "test")
    if verdict.identity is None:
        assert verdict.refusal
        raise signing_in.Refused(verdict.refusal.code, verdict.refusal.detail)
    signing_in.enter(request, integration, verdict.identity, pending)
    wanted = requests.own_path(pending.next_url) if pending else ""
    return HttpResponseRedirect(wanted or reverse("home"))


def _set_out(request: HttpRequest, integration: SamlIntegration, purpose: Purpose, next_url: str) -> HttpResponse:
    """Send the browser to the identity provider with a request of ours."""
    config = config_of(integration)
    user = request.user if request.user.is_authenticated and purpose == Purpose.TEST else None
    begun = requests.begin(request, integration, purpose, next_url=next_url, user=user)
    endpoint = config.idp.sso_at(config.request_binding) or config.idp.sso_at(REDIRECT) or config.idp.sso_at(POST)
    assert endpoint is not None
    xml = authn_request(config, begun.pending.request_id, clock.now(), destination=endpoint.location, force_authn=purpose == Purpose.TEST)
    audit.note(integration, EventKind.REQUEST, detail=purpose.value, user=user, request=request, request_id=begun.pending.request_id)
    sign = config.signs_requests or config.idp.wants_signed_requests
    way = answers.carry(request, config, endpoint.binding, endpoint.location, "SAMLRequest", xml, begun.pending.relay, sign=sign)
    return begun.remember(way)


def _found(uuid: UUID, *, connected: bool = True) -> SamlIntegration:
    """The integration of an address. Raises `Http404`, as for an unknown one, for one that is switched off."""
    found = rows().select_related("organization").only(*HOT).filter(uuid=uuid).first()
    if found is None or (connected and not (found.can_work and config_of(found).idp.certificates)):
        raise Http404
    return found


def _with_next(address: str, next_url: str) -> str:
    return f"{address}?{urlencode({'next': next_url})}" if next_url else address


def _trouble(request: HttpRequest) -> str:
    """Why what was posted is not even looked at: it is too large, or no form that can be read; '' when it is neither."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isascii() or not length.isdigit() or int(length) > MAX_BODY_BYTES:
        return Code.TOO_LARGE
    try:
        bool(request.POST)
    except (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError):
        return Code.UNREADABLE
    return ""
