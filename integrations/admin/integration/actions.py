"""What the buttons of the page do. Everything that acts is a POST of somebody who may change the integration."""

from __future__ import annotations

import structlog
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from integrations.admin.integration import account
from integrations.admin.integration.auditing import note_connection
from integrations.admin.integration.page import CHANGE, TEMPLATES, find_integration, render_page
from integrations.admin.integration.starting import QUEUING, once, start_export
from integrations.admin.integration.steps import section_named
from integrations.admin.pages import page
from integrations.errors import AuthLost, ProviderError
from integrations.http.deadline import at_most
from integrations.incoming import Import
from integrations.models import Action, Connection, Integration, OutboxItem
from integrations.models.outbox import FAILED
from integrations.registry import all_providers
from integrations.sync import connections, outbox, runs
from integrations.sync.calling import open_client
from integrations.sync.connections import CheckedStep
from integrations.sync.losing import lose_connection
from integrations.sync.options import fetch_options
from integrations.sync.readiness import ACCOUNT, Readiness

REFRESH_SECONDS = 20.0
"""Longer lists are read by a worker, with “Refresh lists”."""

log = structlog.get_logger(__name__)


def installed(pk: int) -> Integration:
    """The integration; 404 also for one whose provider is not installed any more, for it can do nothing."""
    found = find_integration(pk)
    if found.provider not in all_providers():
        raise Http404
    return found


@page("integrations/<int:pk>/do/test/", "integration-test", CHANGE)
@require_POST
def test_connection(request: HttpRequest, pk: int) -> HttpResponse:
    """The first step with what each check found. Nothing is kept, so the answer is the page itself."""
    integration = installed(pk)
    try:
        checked = connections.check_connection(integration)
    except Exception:
        log.exception("integration.check_failed", integration=integration.pk)
        checked = [CheckedStep(_("Connection"), False, _("Patchbay failed to test it. The details are in its log: tell its operator."))]
    readiness = Readiness(integration)
    context = {"template": f"{TEMPLATES}/account.html", **account.panel(request, readiness, checked)}
    return render_page(request, readiness, ACCOUNT, context)


@page("integrations/<int:pk>/do/refresh/", "integration-refresh", CHANGE)
@require_POST
def refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Read one list of the vendor's at once, and go back to the section that asked. A list that cannot be read stays as it was."""
    integration = installed(pk)
    name = request.POST.get("source", "")
    source = next((source for source in integration.declaration.options if source.name == name), None)
    if source is None:
        raise Http404
    words = {"list": source.label, "vendor": integration.declaration.label}
    try:
        with at_most(REFRESH_SECONDS):
            count = fetch_options(integration, open_client(integration, interactive=True), {source.name})[source.name]
    except ProviderError as error:
        if isinstance(error, AuthLost) and integration.connection == Connection.CONNECTED:
            lose_connection(integration, error)
        text = _("“%(list)s” could not be read from %(vendor)s; what was read before stays. %(reason)s")
        messages.error(request, text % {**words, "reason": _said(error)})
    else:
        text = ngettext("“%(list)s” was read: %(count)d entry.", "“%(list)s” was read: %(count)d entries.", count)
        messages.success(request, text % {**words, "count": count})
    return _back(request, integration)


@page("integrations/<int:pk>/do/lists/", "integration-lists", CHANGE)
@require_POST
def refresh_lists(request: HttpRequest, pk: int) -> HttpResponse:
    """Read all lists, as a run."""
    integration = installed(pk)
    if not _is_connected(request, integration):
        return redirect("admin:integration", pk)
    run = once(request, integration, lambda: runs.start(integration, Action.OPTIONS, user=request.user))  # type: ignore[arg-type]
    return redirect("admin:run", run.pk)


@page("integrations/<int:pk>/do/import/<slug:kind>/", "integration-import", CHANGE)
@require_POST
def import_now(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    integration = installed(pk)
    if not can_import(request, integration, declared_import(integration, kind)):
        return redirect("admin:integration", pk)
    run = once(request, integration, lambda: runs.start(integration, Action.IMPORT, kind, user=request.user))  # type: ignore[arg-type]
    return redirect("admin:run", run.pk)


@page("integrations/<int:pk>/do/export/<slug:kind>/", "integration-export", CHANGE)
@require_POST
def export_now(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Everything of the kind that was never copied or changed since."""
    integration = installed(pk)
    try:
        export = integration.declaration.export(kind)
    except KeyError:
        raise Http404 from None
    if not export.is_on(integration):
        messages.error(request, _("“%(what)s” is switched off. Switch it on first.") % {"what": export.label})
        return redirect("admin:integration", pk)
    if integration.connection not in QUEUING:
        messages.error(request, _("Connect it first."))
        return redirect("admin:integration", pk)
    if any(choice.required(integration) for choice in export.choices):
        return redirect("admin:copy", pk, kind)
    return redirect("admin:run", start_export(request, integration, kind).pk)


@page("integrations/<int:pk>/do/retry/", "integration-retry", CHANGE)
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Try again what failed: all of it, or what a section's settings kept back."""
    integration = installed(pk)
    failed = OutboxItem.objects.filter(integration_id=integration.pk, state__in=FAILED, replaced_by=None)
    if section := section_named(Readiness(integration), request.POST.get("section", "")):
        failed = failed.filter(error="ConfigProblem", field__in=section.fields)
    if count := outbox.retry(failed):
        text = ngettext("%(count)d record is tried again.", "%(count)d records are tried again.", count) % {"count": count}
        messages.success(request, text)
    else:
        messages.warning(request, _("Nothing was left to try again."))
    return _back(request, integration)


@page("integrations/<int:pk>/do/pause/", "integration-pause", CHANGE)
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    integration = installed(pk)
    if integration.connection == Connection.CONNECTED:
        connections.pause(integration)
        note_connection(integration, Connection.CONNECTED, Connection.PAUSED)
        messages.success(request, _("Paused. Nothing moves until you resume; what changes meanwhile waits."))
    return redirect("admin:integration", pk)


@page("integrations/<int:pk>/do/resume/", "integration-resume", CHANGE)
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    integration = installed(pk)
    if integration.connection == Connection.PAUSED:
        connections.resume(integration)
        note_connection(integration, Connection.PAUSED, Connection.CONNECTED)
        messages.success(request, _("Resumed. What waited is moved now."))
    return redirect("admin:integration", pk)


def declared_import(integration: Integration, kind: str) -> Import:
    """Raises `Http404` for what the provider does not import."""
    try:
        return integration.declaration.import_of(kind)
    except KeyError:
        raise Http404 from None


def can_import(request: HttpRequest, integration: Integration, declared: Import) -> bool:
    """Whether it can begin now; why not is said on the next page."""
    if not declared.is_on(integration):
        messages.error(request, _("“%(what)s” is switched off. Switch it on first.") % {"what": declared.label})
        return False
    return _is_connected(request, integration)


def _is_connected(request: HttpRequest, integration: Integration) -> bool:
    if integration.can_work:
        return True
    messages.error(request, _("%(vendor)s cannot be asked while it is not connected.") % {"vendor": integration.declaration.label})
    return False


def _back(request: HttpRequest, integration: Integration) -> HttpResponse:
    """To the section that the form names, or to the page's beginning."""
    name = request.POST.get("section", "")
    if name == ACCOUNT or any(section.name == name for section in integration.declaration.sections):
        return redirect("admin:integration-section", integration.pk, name)
    return redirect("admin:integration", integration.pk)


def _said(error: ProviderError) -> str:
    return " ".join(str(part) for part in (error.message, error.advice) if part)
