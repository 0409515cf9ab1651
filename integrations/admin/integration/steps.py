"""The set-up as steps: what is done, what is to do, and where the reader is."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.models import Connection
from integrations.provider import Export, Section, Text
from integrations.sync.readiness import ACCOUNT, Readiness

PREVIEW, DRY_RUN, RECONCILE, SCOPE, SETTINGS_FILE, HISTORY = "preview", "dry-run", "reconcile", "scope", "settings-file", "history"


@dataclass(frozen=True)
class ToDo:
    """Something that is missing, and where it is set; `url` is '' for what is done with the buttons of the page."""

    text: str
    url: str


@dataclass(frozen=True)
class Step:
    """`state` is done, todo, off (its switch is) or empty; `note` says it in words."""

    name: str
    label: str | Promise
    url: str
    state: str
    note: str = ""
    is_here: bool = False


def steps(readiness: Readiness, here: str) -> list[Step]:
    """The account first, then the declared sections in their order."""
    found = [_step(readiness, ACCOUNT, _("State") if readiness.provider.is_agreement else _("Account"), here, is_off=False)]
    for section in readiness.provider.sections:
        optional = not section.required
        found.append(_step(readiness, section.name, section.label, here, is_off=not readiness.is_shown(section), optional=optional))
    return found


def further(readiness: Readiness, here: str) -> list[Step]:
    """The pages beside the set-up."""
    pages: list[tuple[str, Text]] = [(SCOPE, _("Name and scope")), (SETTINGS_FILE, _("Settings file")), (HISTORY, _("History"))]
    if readiness.provider.reconciliations:
        pages = [(RECONCILE, _("Compare both sides")), *pages]
    if any(not export.step for export in readiness.provider.exports):
        pages = [(PREVIEW, _("Preview")), (DRY_RUN, _("Dry run")), *pages]
    pages = [*((panel.name, panel.label) for panel in readiness.provider.panels), *pages]
    return [Step(name, label, address(readiness, name), "", is_here=name == here) for name, label in pages]


def to_do(readiness: Readiness, section: str = "") -> list[ToDo]:
    """What is missing in the section, or anywhere, in the order of the steps."""
    found = readiness.of(section) if section else readiness.missing
    places = [section.name for section in readiness.provider.sections]
    pk = readiness.integration.pk
    return [ToDo(one.text, setting_url(pk, one.section, one.field, one.value) if one.section in places else "") for one in found]


def first_to_do(readiness: Readiness) -> str:
    """The step that a person should look at: the first with something to do, else the first."""
    open_ones = {found.section for found in readiness.missing}
    return next((step.name for step in steps(readiness, "") if step.name in open_ones), ACCOUNT)


def next_step(readiness: Readiness, here: str) -> Step | None:
    """The step after this one that is not switched off."""
    every = steps(readiness, here)
    place = next((number for number, step in enumerate(every) if step.is_here), len(every))
    return next((step for step in every[place + 1 :] if step.state != "off"), None)


def previous_step(readiness: Readiness, here: str) -> Step | None:
    """The step before this one that is not switched off."""
    every = steps(readiness, here)
    place = next((number for number, step in enumerate(every) if step.is_here), 0)
    return next((step for step in reversed(every[:place]) if step.state != "off"), None)


def section_named(readiness: Readiness, name: str) -> Section | None:
    return next((section for section in readiness.provider.sections if section.name == name), None)


def address(readiness: Readiness, name: str) -> str:
    return reverse("admin:integration-section", args=[readiness.integration.pk, name])


def setting_url(integration_id: int, section: str, field: str, value: str = "") -> str:
    """Where a setting is set; in a mapping, the row of `value`."""
    page = reverse("admin:integration-section", args=[integration_id, section])
    return f"{page}?{urlencode({'row': value})}#set-{field}-{quote(value)}" if value else f"{page}#set-{field}"


def preview_url(readiness: Readiness, export: Export, record_id: int) -> str:
    return f"{address(readiness, PREVIEW)}?{urlencode({'kind': export.kind, 'record': record_id})}"


def _step(readiness: Readiness, name: str, label: str | Promise, here: str, *, is_off: bool, optional: bool = False) -> Step:
    todo = len(readiness.of(name))
    state, note = "done", ""
    if is_off:
        state, note = "off", _("switched off")
    elif todo:
        state, note = "todo", ngettext("%(count)d to fix", "%(count)d to fix", todo) % {"count": todo}
    elif readiness.integration.connection == Connection.NEVER:
        state, note = "", _("optional") if optional else ""
    return Step(name, label, address(readiness, name), state, note, name == here)
