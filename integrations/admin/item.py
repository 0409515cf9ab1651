"""One record on its way: what was asked, what was sent and answered, what came of it, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.admin.diagnostics import diagnostics
from integrations.admin.faces import may_read
from integrations.admin.integration.page import find_integration
from integrations.admin.integration.preview import fix_url
from integrations.admin.integration.steps import preview_url
from integrations.admin.pages import page
from integrations.admin.run_rows import Row, item_rows
from integrations.admin.run_words import records
from integrations.errors import ConfigProblem
from integrations.http import redact
from integrations.models import Attempt, EarlierBatch, ItemState, OutboxItem
from integrations.provider import Export
from integrations.records.kinds import UnknownKind, get_kind
from integrations.registry import all_providers
from integrations.sync.readiness import Readiness

ATTEMPTS_SHOWN = 50


@dataclass(frozen=True)
class Call:
    """One attempt as it is read: `number` counts those of the item, bodies are indented where they are whole."""

    number: int
    attempt: Attempt
    request: str
    response: str

    @property
    def place(self) -> str:
        return self.attempt.url.partition("?")[0]

    @property
    def tone(self) -> str:
        if self.attempt.status is None:
            return "warn"
        return "bad" if self.attempt.failure else "ok"


class _Frozen(msgspec.Struct):
    """A draft, as far as it is shown."""

    item: int
    payload: msgspec.Raw


def find_item(pk: int) -> OutboxItem:
    """The current organization's item. Raises `Http404` for every other."""
    related = ("run", "batch", "waits_for", "replaced_by")
    item = get_object_or_404(OutboxItem.objects.select_related(*related), pk=pk)
    item.integration = find_integration(item.integration_id)
    return item


def row_of(item: OutboxItem, user: Any) -> Row:
    return item_rows(item.integration, item.kind, [item], user)[0]


@page("items/<int:pk>/", "item", "integrations.view_outboxitem")
def item(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_item(pk)
    export, row, attempts = _export(found), row_of(found, request.user), _attempts(found)
    readiness = Readiness(found.integration) if export else None
    may_change = request.user.has_perm("integrations.change_integration")
    readable = _is_readable(found, request.user)
    context = {
        "title": row.face.label,
        "item": found,
        "integration": found.integration,
        "row": row,
        "kind": capfirst(str(export.label)) if export and export.step else capfirst(records(found.kind, 1)),
        "provider": all_providers().get(found.integration.provider),
        "fix_url": _fix_url(readiness, found) if readiness and row.can_retry else "",
        "choices": list(_choices(export, found)),
        "preview_url": preview_url(readiness, export, found.record_id) if readable and readiness and export and not export.step else "",
        "may_retry": may_change and row.can_retry,
        "may_skip": may_change and row.can_skip,
        "calls": [_call(number, one, readable=readable) for number, one in enumerate(attempts, 1)],
        "ended": _ended(found),
        "sent": _sent(found) if readable else "",
        "is_hidden": not readable,
        "diagnostics": diagnostics(found.integration, run=found.run, item=found, attempts=attempts),
    }
    return render(request, "admin/integrations/item.html", context)


def _is_readable(item: OutboxItem, user: Any) -> bool:
    try:
        return may_read(get_kind(item.kind), user)
    except UnknownKind:
        return True


def _call(number: int, attempt: Attempt, *, readable: bool) -> Call:
    bodies = (attempt.request_body, attempt.response_body) if readable else ("", "")
    return Call(number, attempt, *map(_read, bodies))


def _export(item: OutboxItem) -> Export | None:
    """None for what the provider, if it is installed at all, exports no more."""
    provider = all_providers().get(item.integration.provider)
    try:
        return provider.export(item.kind, item.step) if provider else None
    except KeyError:
        return None


def _attempts(item: OutboxItem) -> Sequence[Attempt]:
    """The last ones, the oldest first. What was refused before anything was sent has no part in what its batch then sent."""
    batches = Q(batch__in=EarlierBatch.objects.filter(outboxitem=item.pk).values("batch"))
    if item.state != ItemState.REJECTED or _share(item) is not None:
        batches |= Q(batch_id=item.batch_id)
    return list(reversed(Attempt.objects.filter(batches).order_by("-pk")[:ATTEMPTS_SHOWN]))


def _fix_url(readiness: Readiness, item: OutboxItem) -> str:
    """The row of the mapping, or the field, that has to be corrected."""
    if item.error != "ConfigProblem":
        return ""
    return fix_url(readiness, ConfigProblem(item.message, field=item.field, value=item.value))


def _choices(export: Export | None, item: OutboxItem) -> Iterator[tuple[str, str]]:
    declared = {choice.name: choice for choice in export.choices} if export else {}
    for name, value in item.choices.items():
        choice = declared.get(name)
        yield str(choice.label) if choice else name, str(dict(choice.values).get(value, value)) if choice else str(value)
    if item.create_new:
        yield _("Copy"), _("a new one, though there was one before")


def _ended(item: OutboxItem) -> datetime | None:
    return item.finished_at if item.state not in {ItemState.WAITING, ItemState.SENDING, ItemState.UNCERTAIN} else None


def _share(item: OutboxItem) -> bytes | None:
    """The item's own payload in the last request's frozen body; None where there is none to be read."""
    try:
        drafts = msgspec.json.decode(item.batch.body if item.batch else "[]", type=list[_Frozen])
    except msgspec.MsgspecError:
        return None
    return next((bytes(draft.payload) for draft in drafts if draft.item == item.pk), None)


def _sent(item: OutboxItem) -> str:
    share = _share(item)
    return _read(redact.body(share, "application/json")) if share else ""


def _read(body: str) -> str:
    try:
        return msgspec.json.format(body, indent=2)
    except msgspec.MsgspecError:
        return body
