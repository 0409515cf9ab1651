"""Exports begun by a person at a page: at most one for each time a form was shown."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping

from django.db import transaction
from django.http import HttpRequest

from integrations.models import Connection, Integration, Run
from integrations.sync import runs

ONCE = "once"
QUEUING = (Connection.CONNECTED, Connection.PAUSED, Connection.NEEDS_RECONNECT)
"""Connections for which records may be put into the outbox: what cannot go now waits."""


def token() -> str:
    """What a form carries, so that sending it twice is sending it once."""
    return uuid.uuid4().hex


def start_export(
    request: HttpRequest,
    integration: Integration,
    kind: str,
    ids: Iterable[int] | None = None,
    *,
    choices: Mapping[str, str] | None = None,
    create_new: bool = False,
) -> Run:
    """Begin the export, or find the one that this form began already."""
    user = request.user if request.user.is_authenticated else None
    return once(request, integration, lambda: runs.start_export(integration, kind, ids, user=user, choices=choices, create_new=create_new))


@transaction.atomic
def once(request: HttpRequest, integration: Integration, begin: Callable[[], Run]) -> Run:
    """What `begin` starts, unless the form in hand was sent before."""
    Integration.objects.non_polymorphic().select_for_update(no_key=True).get(pk=integration.pk)
    given = request.POST.get(ONCE, "").replace("\0", "")[:64]
    if given and (before := Run.objects.filter(integration_id=integration.pk, result__once=given).first()):
        return before
    run = begin()
    if given and ONCE not in run.result:
        run.result = {**run.result, ONCE: given}
        run.save(update_fields=["result"])
    return run
