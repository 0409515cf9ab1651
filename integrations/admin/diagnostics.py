"""What whoever helps from afar has to know, as a text to copy: versions, ids, states, counts. No secrets, no names."""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache

import django
from django.conf import settings
from django.db import connection

from integrations.models import Attempt, Incident, Integration, OutboxItem, Run

ATTEMPTS_TOLD = 20

Line = tuple[str, object]


def diagnostics(
    integration: Integration,
    *,
    run: Run | None = None,
    item: OutboxItem | None = None,
    attempts: Iterable[Attempt] = (),
    incident: Incident | None = None,
) -> str:
    """One `name: value` a line; times in UTC. Costs no query."""
    lines = [*_installation(), *_integration(integration)]
    lines += _run(run) if run else ()
    lines += _item(item) if item else ()
    lines += _incident(incident) if incident else ()
    lines += [(f"attempt {attempt.pk}", _said(attempt)) for attempt in [*attempts][-ATTEMPTS_TOLD:]]
    return "\n".join(f"{name}: {_shown(value)}" for name, value in lines)


@cache
def version() -> str:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def _installation() -> Iterator[Line]:
    database = ".".join(map(str, connection.get_database_version()))
    yield (
        "versions",
        f"Patchbay {version()}, Django {django.__version__}, Python {platform.python_version()}, {connection.vendor} {database}",
    )


def _integration(integration: Integration) -> Iterator[Line]:
    yield "organization", integration.organization_id
    yield "integration", f"{integration.pk}, {integration.provider} ({integration.integration_type_id}), tag {integration.tag}"
    yield "account", integration.realm_id
    yield "connection", f"{integration.connection}, sync {integration.sync}"
    yield "way", integration.way
    yield "counts", f"{integration.waiting_count} waiting, {integration.failed_count} failed, {integration.unmapped_count} unmapped"
    yield "connected", integration.connected_at
    yield "last synced", integration.last_synced_at
    yield "work due", integration.work_due_at


def _run(run: Run) -> Iterator[Line]:
    yield "run", f"{run.pk}, {run.action} {run.kind}, {run.state}{', dry' if run.dry else ''}{', full' if run.full else ''}"
    yield "run began", run.started_at or run.created_at
    yield "run ended", run.finished_at
    names = ("total", "succeeded", "rejected", "uncertain", "unchanged", "skipped")
    yield "run counts", ", ".join(f"{getattr(run, name)} {name}" for name in names)
    yield "run fence", f"{run.fence}, lease until {_shown(run.lease_until)}"


def _item(item: OutboxItem) -> Iterator[Line]:
    yield "item", f"{item.pk}, {item.kind} {item.record_id} {item.step}".rstrip() + f", revision {item.revision}"
    yield "item state", f"{item.state}, {item.tries} tries"
    yield "item began", item.created_at
    yield "item due", item.due_at
    yield "item ended", item.finished_at
    yield "error", " ".join(filter(None, [item.error, item.field, item.value]))
    yield "request id", item.request_id
    if batch := item.batch:
        yield "batch", f"{batch.pk}, {batch.state}, fence {batch.fence}, {batch.tries} tries, key {batch.key}"
        yield "batch sent", batch.sent_at


def _incident(incident: Incident) -> Iterator[Line]:
    yield "incident", f"{incident.pk}, {incident.cause}, seen {incident.seen} times"
    yield "incident opened", incident.opened_at
    yield "incident last seen", incident.last_seen_at
    yield "incident closed", incident.closed_at


def _said(attempt: Attempt) -> str:
    address = attempt.url.partition("?")[0]
    answer = attempt.status or "no answer"
    return f"{_shown(attempt.made_at)} {attempt.method} {address} {answer} {attempt.milliseconds} ms {attempt.request_id}".rstrip()


def _shown(value: object) -> str:
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else "-" if value in ("", None) else str(value)
