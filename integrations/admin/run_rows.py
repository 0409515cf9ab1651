"""The records of a run, one row each: what became of it, in the vendor's words and ours, and what a person can do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from integrations.admin.faces import Face, Key, faceless, faces
from integrations.admin.integration.steps import setting_url
from integrations.admin.states import Chip, item_chip
from integrations.models import Entry, Integration, ItemState, Link, OutboxItem, Run
from integrations.models.outbox import FAILED
from integrations.provider import Provider
from integrations.records.kinds import UnknownKind, get_kind
from integrations.registry import all_providers
from integrations.templatetags.words import at

DONE = {
    "created": Chip("ok", gettext_lazy("Created")),
    "updated": Chip("info", gettext_lazy("Updated")),
    "deleted": Chip("off", gettext_lazy("Deleted")),
}
WOULD = {
    "created": Chip("ok", gettext_lazy("Would be created")),
    "updated": Chip("info", gettext_lazy("Would be updated")),
    "deleted": Chip("off", gettext_lazy("Would be deleted")),
}


@dataclass(frozen=True)
class Row:
    """`party` is whose the record is, and what it is where the run moves several kinds. `fix_url` leads to the setting to
    correct, and `fix` says so.
    """

    id: int
    kind: str
    record_id: int | None
    face: Face
    party: str
    chip: Chip
    state: str
    message: str = ""
    advice: str = ""
    note: str = ""
    fix_url: str = ""
    fix: str = ""
    remote_id: str = ""
    number: str = ""
    remote_url: str = ""
    difference: str = ""
    warnings: Sequence[str] = ()
    details_url: str = ""
    can_retry: bool = False
    can_skip: bool = False

    @property
    def elsewhere(self) -> str:
        """What it is called there; '' where that is its name here, too."""
        called = self.number or self.remote_id
        return called if called != self.face.label else ""


def item_rows(integration: Integration, kind: str, items: Iterable[OutboxItem], user: User | AnonymousUser) -> list[Row]:
    """The rows of an export's items; `kind` is what the run is about."""
    chosen = list(items)
    keys = {(item.kind, item.record_id) for item in chosen}
    shown, links = faces(keys, user), _links(integration, chosen)
    provider = all_providers().get(integration.provider)
    rows = []
    for item in chosen:
        key = (item.kind, item.record_id)
        rows.append(_item_row(item, kind, shown.get(key) or faceless(key), links.get((*key, item.step)), provider))
    return rows


def entry_rows(run: Run, entries: Iterable[Entry], user: User | AnonymousUser) -> list[Row]:
    """The rows of some of an import's entries."""
    chosen = list(entries)
    shown = faces({(entry.kind, entry.record_id) for entry in chosen if entry.record_id}, user)
    return [_entry_row(entry, shown, WOULD if run.dry else DONE) for entry in chosen]


def _item_row(item: OutboxItem, kind: str, face: Face, link: Link | None, provider: Provider | None) -> Row:
    succeeded, replaced = item.state == ItemState.SUCCEEDED, item.replaced_by_id is not None
    failed = item.state in FAILED and not replaced
    there = link if link and (succeeded or item.state == ItemState.SKIPPED) else None
    return Row(
        id=item.pk,
        kind=item.kind,
        record_id=item.record_id,
        face=face,
        party=" · ".join(filter(None, [_what(item, kind, provider), face.party])),
        chip=item_chip(item.state),
        state=item.state,
        message=item.message,
        advice=item.advice,
        note=_note(item),
        fix_url=_fix_url(item, provider) if failed else "",
        fix=item.advice.rstrip(".") or (_("Map it") if item.value else _("Correct it")),
        remote_id=there.remote_id if there else "",
        number=there.number if there else "",
        remote_url=safe(there.url) if there else "",
        difference=there.difference if there else "",
        warnings=there.warnings if there else (),
        details_url=reverse("admin:item", args=[item.pk]),
        can_retry=failed and provider is not None,
        can_skip=failed or (item.state == ItemState.WAITING and not replaced),
    )


def _entry_row(entry: Entry, shown: Mapping[Key, Face], chips: Mapping[str, Chip]) -> Row:
    face = shown.get((entry.kind, entry.record_id or 0)) or Face(entry.number or entry.remote_id)
    return Row(
        id=entry.pk,
        kind=entry.kind,
        record_id=entry.record_id,
        face=face,
        party=face.party,
        chip=chips.get(entry.action) or item_chip(entry.state),
        state=entry.action or entry.state,
        message=entry.message,
        advice=entry.advice,
        remote_id=entry.remote_id,
        number=entry.number,
    )


def _links(integration: Integration, items: Sequence[OutboxItem]) -> dict[tuple[str, int, str], Link]:
    """What the vendor has of these items' records now, by kind, record and step."""
    found = Link.objects.filter(
        integration_id=integration.pk,
        realm_id=integration.realm_id,
        kind__in={item.kind for item in items},
        step__in={item.step for item in items},
        record_id__in={item.record_id for item in items},
        archived_at=None,
    )
    return {(link.kind, link.record_id, link.step): link for link in found}


def _what(item: OutboxItem, kind: str, provider: Provider | None) -> str:
    """What the row is, where it is not simply one of the run's records."""
    if item.step and provider:
        return next((str(export.label) for export in provider.exports if (export.kind, export.step) == (item.kind, item.step)), item.step)
    if item.kind == kind:
        return ""
    try:
        return capfirst(str(get_kind(item.kind).label))
    except UnknownKind:
        return item.kind


def _note(item: OutboxItem) -> str:
    """What Patchbay does by itself, or who decided."""
    if item.state == ItemState.SKIPPED and item.skip_reason:
        return _("Skipped: %(reason)s") % {"reason": item.skip_reason}
    if item.replaced_by_id:
        return _("A newer copy of this record took its place.")
    if item.state == ItemState.UNCERTAIN:
        return _("Patchbay looks there before it sends anything again.")
    if item.state == ItemState.WAITING and item.tries:
        tried = ngettext("Tried %(count)s time, next try %(when)s.", "Tried %(count)s times, next try %(when)s.", item.tries)
        return tried % {"count": item.tries, "when": at(item.due_at)}
    if item.state == ItemState.WAITING and item.waits_for_id:
        return _("Waits for what it needs to be there.")
    return ""


def _fix_url(item: OutboxItem, provider: Provider | None) -> str:
    """The setting that has to be corrected, or its row."""
    if item.error != "ConfigProblem" or provider is None:
        return ""
    section = next((section.name for section in provider.sections if item.field in section.fields), "")
    return setting_url(item.integration_id, section, item.field, item.value) if section else ""


def safe(url: str) -> str:
    """The address, if it is one on the web; else ''."""
    return url if url.startswith(("https://", "http://")) else ""
