"""Where a record went: how it stands with every integration that copies such records."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.admin.integration.starting import QUEUING
from integrations.admin.integration.steps import PREVIEW
from integrations.admin.states import Chip, item_chip
from integrations.models import Integration, Link, OutboxItem
from integrations.models.outbox import FAILED, OPEN
from integrations.provider import Export
from integrations.records.base import Record
from integrations.registry import all_providers

MOST_COPIES = 20


@dataclass(frozen=True)
class Place:
    """A copy at the vendor."""

    link: Link

    @property
    def name(self) -> str:
        return self.link.number or self.link.remote_id

    @property
    def url(self) -> str:
        """Its page there, if it has one on the web."""
        return self.link.url if self.link.url.startswith(("https://", "http://")) else ""


@dataclass(frozen=True)
class Copied:
    """How a record stands with one integration: where its copy is, where `earlier` ones are, and what may be done."""

    integration: Integration
    export: Export
    place: Place | None
    earlier: list[Place]
    chip: Chip
    message: str
    advice: str
    copy_url: str
    new_url: str
    preview_url: str


def copies_of(record: Record, *, may_change: bool) -> list[Copied]:
    """Every integration that copies records of this kind for its subsidiary, or has this one, in a fixed number of queries."""
    exports = exporting(record.kind)
    if not exports:
        return []
    links: dict[int, list[Link]] = defaultdict(list)
    for link in Link.objects.filter(kind=record.kind, record_id=record.pk, step="").order_by("-pk"):
        links[link.integration_id].append(link)
    fitting = Q()
    if record.subsidiary_path():
        fitting = Q(pk__in=list(links)) | Q(subsidiary=None) | Q(subsidiary_id=record.of_subsidiary())
    base = Integration.objects.non_polymorphic().filter(fitting, provider__in=exports).order_by("name", "pk")
    ids = sorted(base.values_list("pk", flat=True), key=lambda pk: pk not in links)[:MOST_COPIES]
    items = OutboxItem.objects.filter(integration_id__in=ids, kind=record.kind, record_id=record.pk, step="", replaced_by=None)
    latest = {item.integration_id: item for item in items.filter(state__in=(*OPEN, *FAILED)).order_by("pk")}
    return [
        _copied(integration, exports[integration.provider], record, links[integration.pk], latest.get(integration.pk), may_change)
        for integration in Integration.objects.filter(pk__in=ids).order_by("name", "pk")
    ]


def exporting(kind: str) -> dict[str, Export]:
    """The providers that copy records of the kind, with their export."""
    found = {
        slug: [export for export in provider.exports if export.kind == kind and not export.step]
        for slug, provider in all_providers().items()
    }
    return {slug: exports[0] for slug, exports in found.items() if exports}


def _copied(
    integration: Integration, export: Export, record: Record, links: list[Link], item: OutboxItem | None, may_change: bool
) -> Copied:
    current = next((link for link in links if link.archived_at is None and link.realm_id == integration.realm_id), None)
    may_send = may_change and integration.connection in QUEUING and export.is_on(integration) and record.remote_deleted_at is None
    address = f"{reverse('admin:copy', args=[integration.pk, export.kind])}?ids={record.pk}"
    preview = reverse("admin:integration-section", args=[integration.pk, PREVIEW])
    return Copied(
        integration=integration,
        export=export,
        place=Place(current) if current else None,
        earlier=[Place(link) for link in links if link is not current],
        chip=_chip(record, current, item),
        message=item.message if item else "",
        advice=item.advice if item else "",
        copy_url=address if may_send and (current is None or export.update) else "",
        new_url=f"{address}&new=1" if may_send and current else "",
        preview_url=f"{preview}?{urlencode({'kind': export.kind, 'record': record.pk})}",
    )


def _chip(record: Record, link: Link | None, item: OutboxItem | None) -> Chip:
    if item is not None:
        return item_chip(item.state)
    if link is None:
        return Chip("off", _("not copied"))
    return state_of_copy(record, revision=link.revision, is_import=link.is_import)


def state_of_copy(record: Record, *, revision: int, is_import: bool) -> Chip:
    """`revision` is the record's that was sent last; what an import brought has nothing to send."""
    if revision < record.revision and not is_import:
        return Chip("warn", _("changed here since"))
    return Chip("ok", _("as it is here"))
