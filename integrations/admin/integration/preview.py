"""What the vendor would receive for one record: the exact payload, and the same for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
from django.db.models import ForeignKey
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.admin.faces import may_read
from integrations.admin.integration.assuming import assumed
from integrations.admin.integration.finding import find_record, newest_record, records_of
from integrations.admin.integration.steps import setting_url
from integrations.admin.listing import row_id
from integrations.admin.states import Chip
from integrations.errors import ConfigProblem, ProviderError
from integrations.mappings.fields import Ours, ValueMapping
from integrations.models import Integration, OutboxItem
from integrations.provider import Draft, Export, Section
from integrations.records.base import Record
from integrations.records.kinds import Kind, get_kind
from integrations.sync.building import NOT_COPIED_YET, Built, build, encode
from integrations.sync.readiness import Readiness
from integrations.sync.totals import total_name
from integrations.sync.usage import parts_of

LINES_SHOWN = 30


@dataclass(frozen=True)
class Need:
    """What has to be at the vendor before: it is there, or it is copied first."""

    label: str
    name: str
    chip: Chip


@dataclass(frozen=True)
class Line:
    """One part of the record, with what the mappings make of it; `lacks` says what none gives, or is gone."""

    text: str
    amount: Decimal | None
    codes: list[str]
    lacks: list[str]


@dataclass
class Preview:
    export: Export
    record: Record
    number: str
    chip: Chip
    payload: str = ""
    error: ProviderError | None = None
    fix_url: str = ""
    needs: list[Need] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    more_lines: int = 0
    totals: dict[str, Decimal] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        return getattr(self.record, "currency", "")


def panel(request: HttpRequest, readiness: Readiness) -> dict[str, Any] | HttpResponse:
    """The preview as a page of its own, or with `fragment` as the card alone."""
    exports = [one for one in _exports(readiness) if may_read(get_kind(one.kind), request.user)]
    export = next((one for one in exports if one.kind == request.GET.get("kind")), exports[0] if exports else None)
    if export is None:
        return {"exports": []}
    context = {"exports": exports, "export": export, "this": _asked(request, readiness, export)}
    if "fragment" in request.GET:
        card = {"shown": context["this"], "integration": readiness.integration, "provider": readiness.provider}
        card["may_change"] = request.user.has_perm("integrations.change_integration")
        return render(request, "admin/integrations/integration/preview_card.html", card)
    return context


def beside(readiness: Readiness, section: Section) -> Export | None:
    """The export whose preview is fetched into a section that shapes it; None for sections that shape none."""
    if not section.shown_when or not readiness.is_shown(section):
        return None
    return next((export for export in _exports(readiness) if section.shapes(export)), None)


def preview_of(readiness: Readiness, export: Export, record: Record) -> Preview:
    """Build the record's payload as an export would, and send nothing."""
    integration = readiness.integration
    item = OutboxItem(pk=record.pk, integration=integration, kind=export.kind, step=export.step, record_id=record.pk)
    item.choices = assumed(readiness, export).choices
    built = build(integration, export, [item], dry=True)
    loaded = built.records.get(record.pk, record)
    draft = built.unchanged.get(record.pk) or next(iter(built.drafts), None)
    error = built.errors.get(record.pk)
    preview = Preview(export, loaded, number_of(get_kind(export.kind), loaded), _chip(built.unchanged.get(record.pk), draft), error=error)
    if error is not None:
        preview.chip = Chip("bad", _("would be refused"))
        preview.fix_url = fix_url(readiness, error)
    if draft is not None:
        preview.payload = shown_payload(draft)
        preview.totals = {total_name(name): amount for name, amount in draft.expected.items()}
    preview.needs = list(_needs(readiness, export, record, built))
    lines = list(_lines(readiness, export, loaded))
    preview.lines, preview.more_lines = lines[:LINES_SHOWN], max(0, len(lines) - LINES_SHOWN)
    return preview


def shown_payload(draft: Draft) -> str:
    """The payload as it would be kept and sent, byte for byte but for the spaces."""
    (frozen,) = msgspec.json.decode(encode([draft]), type=list[dict[str, msgspec.Raw]])
    return msgspec.json.format(bytes(frozen["payload"]), indent=2).decode()


def fix_url(readiness: Readiness, error: ProviderError) -> str:
    """The setting that has to be corrected, or its row; '' where it is none."""
    if not isinstance(error, ConfigProblem) or not any(error.field in section.fields for section in readiness.provider.sections):
        return ""
    return setting_url(readiness.integration.pk, readiness.section_of(error.field), error.field, error.value)


def number_of(kind: Kind, record: Record) -> str:
    return str(getattr(record, kind.number) or "") if kind.number else ""


def _asked(request: HttpRequest, readiness: Readiness, export: Export) -> dict[str, Any]:
    """The record that the address names, or the newest; with what is missing in words."""
    kind = get_kind(export.kind)
    asked = request.GET.get("number", "").strip()[:255]
    chosen = records_of(export).filter(pk=row_id(request.GET.get("record")) or 0).first() if "record" in request.GET else None
    record = find_record(export, asked) if asked else chosen
    problem = ""
    if asked and record is None:
        problem = _("There is no %(kind)s “%(number)s”.") % {"kind": kind.label, "number": asked}
    elif record is not None and "another" in request.GET:
        record = newest_record(readiness.integration, export, after=record)
    elif record is None:
        record = newest_record(readiness.integration, export)
    return {
        "export": export,
        "kind": kind,
        "kind_label": kind.label,
        "asked": asked,
        "problem": problem,
        "assumed": assumed(readiness, export).said,
        "preview": preview_of(readiness, export, record) if record else None,
    }


def _exports(readiness: Readiness) -> list[Export]:
    """Those that are switched on, what needs others first: documents say more than what they need."""
    exports = [export for export in readiness.provider.exports if not export.step and export.is_on(readiness.integration)]
    return sorted(exports, key=lambda export: not export.needs)


def _chip(unchanged: Draft | None, draft: Draft | None) -> Chip:
    if unchanged is not None:
        return Chip("ok", _("nothing to change"))
    if draft is not None and draft.remote_id:
        return Chip("info", _("would be updated"))
    return Chip("info", _("would be created"))


def _needs(readiness: Readiness, export: Export, record: Record, built: Built) -> Iterator[Need]:
    vendor = {"vendor": readiness.provider.label}
    for attribute, kind in export.needs.items():
        owner = getattr(record, attribute)
        if owner is not None:
            is_there = built.linked.get((kind, owner.pk), NOT_COPIED_YET) != NOT_COPIED_YET
            chip = Chip("info", _("exists at %(vendor)s") % vendor) if is_there else Chip("off", _("is looked for first"))
            yield Need(str(capfirst(get_kind(kind).label)), str(owner), chip)


def _lines(readiness: Readiness, export: Export, record: Record) -> Iterator[Line]:
    """The parts of the record that lead to mapped values, each with what they become."""
    for path in parts_of(export):
        parts = list(getattr(record, path).all())
        if not parts or not (mappings := _mappings(readiness, export, type(parts[0]))):
            continue
        for part in parts:
            codes, lacks = [], []
            for key, column, is_needed in mappings:
                value = getattr(part, f"{key}_id")
                code = str(_resolved(readiness.integration, column, value))
                if not code and is_needed:
                    lacks.append(_("no %(noun)s") % {"noun": column.noun or column.verbose_name})
                elif code and column.to is not None and readiness.offers.is_gone(column.to, code):
                    lacks.append(_("%(code)s is gone at %(vendor)s") % {"code": code, "vendor": readiness.provider.label})
                elif code:
                    codes.append(code)
            yield Line(str(part), getattr(part, "amount", None), codes, lacks)


def _mappings(readiness: Readiness, export: Export, model: type[Record]) -> list[tuple[str, ValueMapping, bool]]:
    """The mappings in the sections of the export that start from a foreign key of the model: that key, the mapping, and whether
    every value needs something there."""
    keys = {column.related_model: column.name for column in model._meta.concrete_fields if isinstance(column, ForeignKey)}
    found = []
    for section in readiness.provider.sections:
        if not section.shapes(export):
            continue
        for name in section.fields:
            column = readiness.integration._meta.get_field(name)
            if isinstance(column, ValueMapping) and isinstance(column.of, Ours) and get_kind(column.of.kind).model in keys:
                is_needed = name in section.required or bool(column.fallback)
                found.append((keys[get_kind(column.of.kind).model], column, is_needed))
    return found


def _resolved(integration: Integration, column: ValueMapping, value: int | None) -> str:
    explicit = getattr(integration, column.name).get(str(value)) if value is not None else ""
    return explicit or column.default_of(integration)
