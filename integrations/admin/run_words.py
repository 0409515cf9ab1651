"""What a run does or did, in one sentence."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.admin.run_figures import Figures
from integrations.models import Action, Run, RunState
from integrations.records.kinds import UnknownKind, get_kind
from integrations.templatetags.words import whole


def subject(run: Run) -> str:
    """What it is, for lists and breadcrumbs: “Export of invoices”."""
    if run.action == Action.EXPORT:
        return _("Export of %(records)s") % {"records": records(run.kind, 2)}
    if run.action == Action.IMPORT:
        return _("Import of %(records)s") % {"records": records(run.kind, 2)}
    if run.action == Action.RECONCILE and run.kind:
        return _("Comparison of %(records)s") % {"records": records(run.kind, 2)}
    return run.get_action_display()


def heading(run: Run, figures: Figures) -> str:
    if run.action == Action.EXPORT:
        return _export_heading(run, figures)
    if run.action == Action.IMPORT:
        return _import_heading(run, figures)
    if run.action == Action.OPTIONS:
        return _options_heading(run)
    return _reconcile_heading(run)


def records(kind: str, count: int) -> str:
    """The kind's name in the singular or plural; its bare name when there is no such kind any more."""
    try:
        found = get_kind(kind)
    except UnknownKind:
        return kind
    return str(found.label if count == 1 else found.label_plural)


def _export_heading(run: Run, figures: Figures) -> str:
    words = {"count": whole(figures.records), "records": records(run.kind, figures.records)}
    if run.state == RunState.CANCELLED:
        return _("Cancelled: export of %(count)s %(records)s") % words
    if not run.is_finished:
        return _("Exporting %(count)s %(records)s") % words
    if figures.total == figures.counts.get("unchanged", 0):
        return _("Nothing to export: every record is up to date") if figures.total else _("Nothing to export")
    if run.state == RunState.SUCCEEDED:
        return _("Exported %(count)s %(records)s") % words
    return _("Exported %(moved)s of %(count)s %(records)s") % {**words, "moved": whole(figures.moved)}


def _import_heading(run: Run, figures: Figures) -> str:
    words = {"count": whole(figures.moved), "records": records(run.kind, figures.moved or 2)}
    if run.state == RunState.CANCELLED:
        return _("Cancelled: import of %(records)s") % {"records": records(run.kind, 2)}
    if run.state == RunState.FAILED:
        return _("The import of %(records)s failed") % {"records": records(run.kind, 2)}
    if not run.is_finished:
        return _("Importing %(records)s") % {"records": records(run.kind, 2)}
    if run.dry and figures.moved:
        return _("Would import %(count)s %(records)s") % words
    return _("Imported %(count)s %(records)s") % words if figures.moved else _("No changed %(records)s to import") % words


def _options_heading(run: Run) -> str:
    lists = len(run.result.get("options", {}))
    if not run.is_finished:
        return _("Refreshing the lists of options")
    if run.state != RunState.SUCCEEDED:
        return _("The lists of options were not refreshed")
    return ngettext("Refreshed %(count)s list of options", "Refreshed %(count)s lists of options", lists) % {"count": lists}


def _reconcile_heading(run: Run) -> str:
    words = {"period": _period(run)}
    if not run.is_finished:
        return _("Comparing both sides: %(period)s") % words
    if run.state not in {RunState.SUCCEEDED, RunState.PARTIAL}:
        return _("Both sides were not compared: %(period)s") % words
    unlike = sum(len(run.result.get(name, ())) for name in ("only_here", "only_there", "differs"))
    if not unlike:
        return _("Both sides agree: %(period)s") % words
    words["count"] = whole(unlike)
    return ngettext("%(count)s difference: %(period)s", "%(count)s differences: %(period)s", unlike) % words


def _period(run: Run) -> str:
    try:
        first, last = (date.fromisoformat(run.result[end]) for end in ("first", "last"))
    except (KeyError, TypeError, ValueError):
        return _("all of it")
    period = f"{date_format(first)} – {date_format(last)}"
    kinds = run.result.get("kinds")
    named = ", ".join(records(str(kind), 2) for kind in kinds) if isinstance(kinds, list) else ""
    return f"{period}, {named}" if named else period
