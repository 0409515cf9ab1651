"""Connecting at the vendor: the way there, the way back, and the choice among the accounts that a login may use."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.tenancy import current_organization
from integrations import clock
from integrations.auth.oauth2 import OAuth2
from integrations.auth.token import SecretInput
from integrations.auth.ways import Way
from integrations.errors import ConfigProblem, ProviderError
from integrations.models import Connection, Integration, Link
from integrations.sync import connections

SESSION_KEY = "connecting"
WAY_BACK_SECONDS = 30 * 60


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest, pk: int) -> HttpResponse:
    """Offers the ways, says where the chosen one leads and goes it; asks before for what the vendor needs: keys, or a subdomain."""
    integration = _integration(request, pk)
    ways = integration.declaration.offered_ways()
    way = _chosen(request, integration, ways)
    form = keys_form(way.asks, integration, request.POST if request.method == "POST" else None)
    try:
        vendor = connections.leads_to(integration) if isinstance(way, OAuth2) else ""
        if request.method == "POST" and form.is_valid():
            if vendor:
                return _set_out(request, integration, form.cleaned_data)
            tenants = connections.connect_with(integration, form.cleaned_data, request.user)  # type: ignore[arg-type]
            return _arrived(request, integration, bool(tenants))
    except ConfigProblem as error:
        if error.field not in form.fields:
            return _failed(request, integration, error)
        form.add_error(error.field, error.message)
    except ProviderError as error:
        return _failed(request, integration, error)
    shown = {"integration": integration, "form": form, "ways": ways, "way": way, "goes_to": _place(integration, vendor)}
    response = render(request, "integrations/connect.html", shown)
    return _allow_form_to(response, vendor) if vendor else response


def _place(integration: Integration, vendor: str) -> str:
    """Where somebody goes, as far as it is known before what is asked was answered."""
    place = urlsplit(vendor).netloc.removeprefix("*.")
    return integration.declaration.label if "*" in place else place


def _chosen(request: HttpRequest, integration: Integration, ways: Sequence[Way]) -> Way:
    """The way that the address names; without a name the one that it is connected by, if that is offered, else the first."""
    named = request.GET.get("with")
    kind = integration.auth.kind if named is None else named
    found = next((way for way in ways if way.kind == kind), ways[0] if named is None else None)
    if found is None:
        raise Http404
    return found


def _set_out(request: HttpRequest, integration: Integration, answers: dict[str, Any]) -> HttpResponse:
    """Send the browser to the vendor; what proves its return is kept in this session, for this user and organization."""
    state = secrets.token_urlsafe(32)
    address, verifier = connections.begin(integration, _redirect_uri(integration.provider), state, answers)
    request.session[SESSION_KEY] = {
        "state": state,
        "verifier": verifier,
        "answers": answers,
        "integration": integration.pk,
        "user": request.user.pk,
        "organization": integration.organization_id,
        "at": clock.timestamp(),
    }
    return _allow_form_to(redirect(address), address)


@login_required
@require_safe
def callback(request: HttpRequest, slug: str) -> HttpResponse:
    """The vendor sends the browser back. Only the session that set out, with its user and organization, may arrive; once."""
    begun = request.session.pop(SESSION_KEY, None)
    organization = current_organization()
    genuine = (
        begun is not None
        and organization is not None
        and secrets.compare_digest(begun["state"].encode(), request.GET.get("state", "").encode())
        and begun["user"] == request.user.pk
        and begun["organization"] == organization.pk
        and clock.timestamp() - begun["at"] < WAY_BACK_SECONDS
    )
    integration = Integration.objects.filter(pk=begun["integration"], provider=slug).first() if genuine else None
    if integration is None:
        return render(request, "integrations/connect_refused.html", status=400)
    if not request.user.has_perm("integrations.change_integration"):
        raise PermissionDenied
    code = request.GET.get("code", "")
    if not code:
        said = request.GET.get("error_description") or request.GET.get("error") or _("nothing")
        messages.warning(request, _("The connection was not made. The vendor said: %(said)s") % {"said": said[:200]})
        return redirect("admin:integration", integration.pk)
    try:
        tenants = connections.complete(
            integration,
            code=code,
            verifier=begun["verifier"],
            redirect_uri=_redirect_uri(slug),
            user=request.user,  # type: ignore[arg-type]
            given=begun.get("answers"),
        )
    except ProviderError as error:
        return _failed(request, integration, error)
    return _arrived(request, integration, bool(tenants))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choose_account(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose among the accounts at the vendor. Another one than before asks first: what was copied there becomes history."""
    integration = _integration(request, pk)
    offered = connections.offered_tenants(integration)
    if not offered:
        return redirect("connect", pk)
    elsewhere = Link.objects.filter(integration=integration, archived_at=None).exclude(realm_id="").exists()
    problem = ""
    if request.method == "POST":
        chosen = request.POST.get("account", "")
        moves = elsewhere and chosen != integration.realm_id
        if moves and not request.POST.get("confirmed"):
            problem = _("Confirm that what was copied to the other account becomes history here.")
        else:
            try:
                connections.choose_tenant(integration, chosen)
            except ConfigProblem as error:
                problem = error.message
            except ProviderError as error:
                return _failed(request, integration, error)
            else:
                return _arrived(request, integration, chooses=False)
    context = {"integration": integration, "offered": offered, "asks": elsewhere, "problem": problem}
    return render(request, "integrations/choose_account.html", context, status=400 if problem else 200)


def keys_form(asked: Sequence[SecretInput], integration: Integration, given: Any) -> forms.Form:
    """One input for each thing asked; secrets are never shown again."""
    fields = {
        wanted.name: forms.CharField(
            label=str(wanted.label),
            help_text=str(wanted.help),
            widget=forms.PasswordInput(attrs={"autocomplete": "off"}) if wanted.secret else forms.TextInput(attrs={"autocomplete": "off"}),
            initial="" if wanted.secret else integration.options.get(wanted.name, ""),
        )
        for wanted in asked
    }
    form = forms.Form(given, label_suffix="")
    form.fields.update(fields)
    return form


def _integration(request: HttpRequest, pk: int) -> Integration:
    """The integration, for somebody who may change it. A foreign one does not exist."""
    if current_organization() is None:
        raise Http404
    if not request.user.has_perm("integrations.change_integration"):
        raise PermissionDenied
    found: Integration = get_object_or_404(Integration.objects, pk=pk)
    return found


def _redirect_uri(slug: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse('connect-callback', args=[slug])}"


def _arrived(request: HttpRequest, integration: Integration, chooses: bool) -> HttpResponse:
    integration.refresh_from_db()
    if chooses and integration.connection != Connection.CONNECTED:
        return redirect("connect-account", integration.pk)
    name = integration.realm_name or integration.declaration.label
    messages.success(request, _("“%(integration)s” is connected to %(name)s.") % {"integration": integration, "name": name})
    return redirect("admin:integration", integration.pk)


def _failed(request: HttpRequest, integration: Integration, error: ProviderError) -> HttpResponse:
    messages.error(request, " ".join(filter(None, [error.message, str(error.advice)])))
    return redirect("admin:integration", integration.pk)


def _allow_form_to(response: HttpResponse, address: str) -> HttpResponse:
    vendor = urlsplit(address)
    response.form_action = [f"{vendor.scheme}://{vendor.netloc}"]  # type: ignore[attr-defined]
    return response


urlpatterns = [
    path("<int:pk>/", connect, name="connect"),
    path("<int:pk>/account/", choose_account, name="connect-account"),
    path("callback/<slug:slug>/", callback, name="connect-callback"),
]
