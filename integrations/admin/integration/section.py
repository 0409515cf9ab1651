"""One section of the set-up: shown as cards, saved as patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.admin.integration.fields import SectionForm, section_form
from integrations.admin.integration.mapping import MappingTable, Query
from integrations.admin.integration.pairs import PairTable
from integrations.admin.integration.steps import address, next_step, previous_step
from integrations.mappings.fields import FieldMapping, FixedValues, ValueMapping
from integrations.models import Integration, OutboxItem
from integrations.models.outbox import FAILED
from integrations.provider import Section
from integrations.sync import routes, schedule
from integrations.sync.readiness import Readiness

Table = MappingTable | PairTable


@dataclass(frozen=True)
class FieldsCard:
    """Plain fields that stand together between the tables of a section."""

    form: SectionForm
    names: list[str]

    template_name = "admin/integrations/integration/fields.html"

    @property
    def fields(self) -> list[Any]:
        return [self.form[name] for name in self.names]


class SectionEditor:
    """A section in the hands of one reader: the form of its plain fields, and a table for each mapping."""

    def __init__(self, readiness: Readiness, section: Section, query: Query, *, locked: bool, data: Any = None) -> None:
        integration = readiness.integration
        self.readiness, self.section, self.data = readiness, section, data
        self.form = section_form(integration, section.fields, readiness.offers, data, required=section.required, locked=locked)
        self.tables: dict[str, Table] = {}
        for name in section.fields:
            column = integration._meta.get_field(name)
            if isinstance(column, ValueMapping):
                self.tables[name] = MappingTable(readiness, section, column, query, locked)
            elif isinstance(column, (FieldMapping, FixedValues)):
                self.tables[name] = PairTable(readiness, section, column, locked)

    def save(self) -> bool:
        """Write what was changed and fits, into the row that the caller has locked; False when the reader has to look again.

        What the form of plain fields refuses keeps everything from being written; a refused row only itself.
        """
        if not self.form.is_valid():
            self._recall()
            return False
        integration = self.form.instance
        changed = [*self.form.changed, *(name for name, table in self.tables.items() if table.patch(self.data))]
        if changed:
            integration.save(update_fields=changed)
            schedule.plan(integration)
        taken_ones = routes.write_routes(integration)
        conflicts = [(taken, switch) for taken in taken_ones for switch in taken.export.switches if switch in self.form.changed]
        for taken, switch in conflicts:
            self.form.add_error(switch, ValidationError(_("%(taken)s Switch it off there first."), params={"taken": taken}))
        if conflicts:
            self._recall()
        return not conflicts

    def _recall(self) -> None:
        for table in self.tables.values():
            table.recall(self.data)

    @property
    def is_refused(self) -> bool:
        """Whether some rows were not written though the rest was."""
        return any(table.is_refused for table in self.tables.values())

    @property
    def cards(self) -> list[FieldsCard | Table]:
        """In the order of the section's fields; plain ones that follow each other share a card."""
        found: list[FieldsCard | Table] = []
        for name in self.section.fields:
            if name in self.tables:
                found.append(self.tables[name])
            elif name in self.form.fields:
                last = found[-1] if found else None
                if isinstance(last, FieldsCard):
                    last.names.append(name)
                else:
                    found.append(FieldsCard(self.form, [name]))
        return found


def save_section(request: HttpRequest, integration: Integration, section: Section, query: Query) -> HttpResponse | SectionEditor:
    """Where to go after saving; or the editor with what was refused, for the same page again."""
    with transaction.atomic():
        locked = lock(integration)
        editor = SectionEditor(Readiness(locked), section, query, locked=False, data=request.POST)
        saved = editor.save()
        if not saved:
            transaction.set_rollback(True)
    if not saved:
        return editor
    if editor.is_refused:
        messages.warning(request, _("Saved, except the rows that say why they were not."))
        fresh = SectionEditor(Readiness(editor.form.instance), section, query, locked=False)
        fresh.tables = editor.tables
        return fresh
    messages.success(request, _saved_text(Readiness(editor.form.instance), section))
    way = previous_step if request.POST.get("continue") == "back" else next_step
    following = way(editor.readiness, section.name)
    if following and "continue" in request.POST:
        return redirect(following.url)
    return redirect(f"{address(editor.readiness, section.name)}{_same_view(request)}")


def retryable(readiness: Readiness, section: Section) -> int:
    """How many records were refused for want of a setting of the section that is there now."""
    if not readiness.integration.failed_count:
        return 0
    refused = OutboxItem.objects.filter(
        integration_id=readiness.integration.pk, state__in=FAILED, replaced_by=None, error="ConfigProblem", field__in=section.fields
    )
    still = {(found.field, found.value) for found in readiness.of(section.name)}
    return sum(1 for reason in refused.values_list("field", "value") if reason not in still)


def lock(integration: Integration) -> Integration:
    """The row as it is now, held until the transaction ends."""
    Integration.objects.non_polymorphic().select_for_update(no_key=True).get(pk=integration.pk)
    found: Integration = Integration.objects.get(pk=integration.pk)
    return found


def _saved_text(readiness: Readiness, section: Section) -> str:
    left = len(readiness.of(section.name))
    if not left:
        return _("Saved.")
    return (
        _("Saved.")
        + " "
        + ngettext("%(count)d thing is still to fix here.", "%(count)d things are still to fix here.", left) % {"count": left}
    )


def _same_view(request: HttpRequest) -> str:
    """The search and the page that the reader was on; suggestions and the way to one row are done with."""
    kept = request.GET.copy()
    for done in ("suggest", "row"):
        kept.pop(done, None)
    return f"?{kept.urlencode()}" if kept else ""
