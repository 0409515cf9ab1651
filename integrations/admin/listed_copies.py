"""Where the records of a list went: their copies, and what is on its way or failed, in two queries for a whole page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from integrations.admin.copies import state_of_copy
from integrations.admin.states import Chip, item_chip
from integrations.models import Link, OutboxItem
from integrations.models.outbox import FAILED, OPEN
from integrations.templatetags.words import NOTHING

WHOSE = ("kind", "record_id", "integration__name")


def note_copies(records: Sequence[Any]) -> None:
    """Keep with each record of a page, for `where_it_went`, how it stands with each integration: (name, state, number there)."""
    shown: dict[tuple[str, int], Any] = {(record.kind, record.pk): record for record in records}
    mine = {"kind__in": {kind for kind, _pk in shown}, "record_id__in": {pk for _kind, pk in shown}, "step": ""}
    found: dict[tuple[str, int], dict[str, tuple[Chip, str]]] = defaultdict(dict)
    links = Link.objects.filter(**mine, archived_at=None)
    for kind, pk, name, number, revision, is_import in links.values_list(*WHOSE, "number", "revision", "is_import"):
        if record := shown.get((kind, pk)):
            found[kind, pk][name] = state_of_copy(record, revision=revision, is_import=is_import), number
    items = OutboxItem.objects.filter(**mine, replaced_by=None, state__in=(*OPEN, *FAILED))
    for kind, pk, name, state in items.order_by("pk").values_list(*WHOSE, "state"):
        _copy, number = found[kind, pk].get(name, (None, ""))
        found[kind, pk][name] = item_chip(state), number
    for key, record in shown.items():
        record.went_to = [(name, *found[key][name]) for name in sorted(found[key])]


@admin.display(description=_("Where it went"))
def where_it_went(record: Any) -> str:
    rows = ((chip.tone, chip.text, " · ".join(filter(None, [name, number]))) for name, chip, number in record.went_to)
    return format_html_join("", '<div><span class="chip {}">{}</span><span class="sub">{}</span></div>', rows) or NOTHING
