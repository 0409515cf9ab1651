"""The page of one integration: header, steps, and whatever of it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from integrations.admin.integration import account, dry_run, history, preview, reconciling, scope, settings_file
from integrations.admin.integration.header import Header
from integrations.admin.integration.mapping import Query
from integrations.admin.integration.section import SectionEditor, retryable, save_section
from integrations.admin.integration.starting import ONCE, token
from integrations.admin.integration.steps import (
    DRY_RUN,
    HISTORY,
    PREVIEW,
    RECONCILE,
    SCOPE,
    SETTINGS_FILE,
    first_to_do,
    further,
    next_step,
    previous_step,
    section_named,
    steps,
    to_do,
)
from integrations.admin.pages import page
from integrations.models import Integration
from integrations.panels import Panel as OwnPanel
from integrations.registry import all_providers
from integrations.sync.readiness import ACCOUNT, Readiness

VIEW, CHANGE = "integrations.view_integration", "integrations.change_integration"
TEMPLATES = "admin/integrations/integration"

Panel = Callable[[HttpRequest, Readiness], dict[str, Any] | HttpResponse]

PANELS: dict[str, Panel] = {
    ACCOUNT: account.panel,
    PREVIEW: preview.panel,
    DRY_RUN: dry_run.panel,
    RECONCILE: reconciling.panel,
    SCOPE: scope.panel,
    SETTINGS_FILE: settings_file.panel,
    HISTORY: history.panel,
}
"""What can be shown beside the declared sections, whose names no section may have."""


def find_integration(pk: int) -> Integration:
    """The current organization's integration, as the base row when its provider is not installed. Raises `Http404` for every other."""
    try:
        found: Integration = Integration.objects.non_polymorphic().get(pk=pk)
    except Integration.DoesNotExist:
        raise Http404 from None
    if found.provider not in all_providers():
        return found
    model = found.get_real_instance_class()
    assert model is not None
    return model.objects.select_related("creator", "subsidiary").get(pk=pk)


@page("integrations/<int:pk>/", "integration", VIEW)
@require_safe
def integration(request: HttpRequest, pk: int) -> HttpResponse:
    """Begins with the first step that has something to do."""
    found = find_integration(pk)
    if found.provider not in all_providers():
        return _orphaned(request, found)
    readiness = Readiness(found)
    return show(request, readiness, first_to_do(readiness))


@page("integrations/<int:pk>/<slug:name>/", "integration-section", VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def section(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    found = find_integration(pk)
    if found.provider not in all_providers():
        return _orphaned(request, found)
    readiness = Readiness(found)
    if all(step.name != name for step in (*steps(readiness, name), *further(readiness, name))):
        raise Http404
    if request.method == "POST" and not request.user.has_perm(CHANGE):
        raise PermissionDenied
    return show(request, readiness, name)


def show(request: HttpRequest, readiness: Readiness, name: str) -> HttpResponse:
    """The page with the named panel or section; a form that was posted is saved first."""
    if name in PANELS:
        panel = PANELS[name](request, readiness)
        if isinstance(panel, HttpResponse):
            return panel
        return render_page(request, readiness, name, {"template": f"{TEMPLATES}/{name.replace('-', '_')}.html", **panel})
    if own := _own_panel(readiness, name):
        shown = own.show(request, readiness.integration)
        return shown if isinstance(shown, HttpResponse) else render_page(request, readiness, name, {"template": own.template, **shown})
    declared = section_named(readiness, name)
    assert declared is not None
    locked = not request.user.has_perm(CHANGE)
    query = Query(request.GET.get("q", "").strip()[:200], request.GET.get("page"), "suggest" in request.GET, request.GET.get("row", ""))
    editor = SectionEditor(readiness, declared, query, locked=locked)
    if request.method == "POST":
        saved = save_section(request, readiness.integration, declared, query)
        if isinstance(saved, HttpResponse):
            return saved
        editor, readiness = saved, Readiness(find_integration(readiness.integration.pk))
    elif query.suggest:
        messages.info(request, _("What is suggested is marked. Look at it, then save: nothing is saved before."))
    off = next(iter(readiness.switched_off(declared)), "")
    context = {
        "template": f"{TEMPLATES}/section.html",
        "section": declared,
        "is_off": bool(off),
        "switch": _label(readiness, off),
        "switch_section": readiness.section_of(off),
        "editor": editor,
        "missing": to_do(readiness, name),
        "query": query,
        "locked": locked,
        "retryable": retryable(readiness, declared),
        "next": next_step(readiness, name),
        "previous": previous_step(readiness, name),
        "preview": preview.beside(readiness, declared),
    }
    return render_page(request, readiness, name, context)


def render_page(request: HttpRequest, readiness: Readiness, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """The frame around one panel: header and steps."""
    every = [*steps(readiness, name), *further(readiness, name)]
    here = next(step for step in every if step.is_here)
    shown = steps(readiness, name)
    shared = {
        "title": here.label,
        "here": here,
        "integration": readiness.integration,
        "provider": readiness.provider,
        "header": Header(readiness, request.user),
        "steps": shown,
        "steps_done": sum(1 for step in shown if step.state == "done"),
        "steps_needed": sum(1 for step in shown if step.state != "off"),
        "further": further(readiness, name),
        ONCE: token(),
        "may_change": request.user.has_perm(CHANGE),
    }
    return render(request, f"{TEMPLATES}/page.html", {**shared, **context}, status=status)


def _own_panel(readiness: Readiness, name: str) -> OwnPanel | None:
    """The provider's own page of that name."""
    return next((panel for panel in readiness.provider.panels if panel.name == name), None)


def _label(readiness: Readiness, name: str) -> str:
    column: Any = readiness.integration._meta.get_field(name) if name else None
    return str(column.verbose_name) if column else ""


def _orphaned(request: HttpRequest, found: Integration) -> HttpResponse:
    """The rows of a provider that is not installed any more stay, and say so."""
    if request.method == "POST":
        return redirect("admin:integration", found.pk)
    return render(request, f"{TEMPLATES}/orphaned.html", {"title": found.name, "integration": found})
