"""What state something is in, for the eye: the worst of what there is to say, as one chip. Tone and words have one source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from integrations.models import Connection, DeliveryState, Incident, Integration, ItemState, NoticeState, Run, RunState, SyncState
from integrations.registry import all_providers

Text = str | Promise


@dataclass(frozen=True)
class Chip:
    """`tone` is one of ok, warn, bad, info, off: the shape and the colour of the chip."""

    tone: str
    text: Text
    busy: bool = False


HEALTHY = Chip("ok", SyncState.SUCCEEDED.label)
NOT_INSTALLED = Chip("bad", _("Not installed"))
DOWN = Chip("warn", _("Does not answer"))

_CONNECTIONS = {
    Connection.NEVER: Chip("off", Connection.NEVER.label),
    Connection.CONNECTED: Chip("ok", Connection.CONNECTED.label),
    Connection.NEEDS_RECONNECT: Chip("bad", Connection.NEEDS_RECONNECT.label),
    Connection.PAUSED: Chip("off", Connection.PAUSED.label),
    Connection.DISCONNECTED: Chip("off", Connection.DISCONNECTED.label),
}
_SYNCS = {
    SyncState.NEVER: Chip("off", SyncState.NEVER.label),
    SyncState.RUNNING: Chip("info", SyncState.RUNNING.label, busy=True),
    SyncState.SUCCEEDED: HEALTHY,
    SyncState.PARTIAL: Chip("warn", SyncState.PARTIAL.label),
    SyncState.FAILED: Chip("bad", SyncState.FAILED.label),
}
_RUNS = {
    RunState.QUEUED: Chip("off", RunState.QUEUED.label),
    RunState.RUNNING: Chip("info", RunState.RUNNING.label, busy=True),
    RunState.SUCCEEDED: Chip("ok", RunState.SUCCEEDED.label),
    RunState.PARTIAL: Chip("warn", RunState.PARTIAL.label),
    RunState.FAILED: Chip("bad", RunState.FAILED.label),
    RunState.CANCELLED: Chip("off", RunState.CANCELLED.label),
}
_NOTICES = {
    NoticeState.WAITING: Chip("off", NoticeState.WAITING.label),
    NoticeState.SENT: Chip("ok", NoticeState.SENT.label),
    NoticeState.GIVEN_UP: Chip("bad", NoticeState.GIVEN_UP.label),
    NoticeState.DROPPED: Chip("off", NoticeState.DROPPED.label),
}
_ITEMS = {
    ItemState.WAITING: Chip("off", ItemState.WAITING.label),
    ItemState.SENDING: Chip("info", ItemState.SENDING.label, busy=True),
    ItemState.SUCCEEDED: Chip("ok", ItemState.SUCCEEDED.label),
    ItemState.REJECTED: Chip("bad", ItemState.REJECTED.label),
    ItemState.UNCERTAIN: Chip("warn", ItemState.UNCERTAIN.label),
    ItemState.PARKED: Chip("bad", ItemState.PARKED.label),
    ItemState.SKIPPED: Chip("off", ItemState.SKIPPED.label),
}
_DELIVERIES = {
    DeliveryState.RECEIVED: Chip("info", DeliveryState.RECEIVED.label),
    DeliveryState.HANDLED: Chip("ok", DeliveryState.HANDLED.label),
    DeliveryState.IGNORED: Chip("off", DeliveryState.IGNORED.label),
    DeliveryState.FAILED: Chip("bad", DeliveryState.FAILED.label),
}

NEEDS_PERSON = (
    Q(connection=Connection.NEEDS_RECONNECT)
    | Q(sync=SyncState.FAILED)
    | ~Q(connection=Connection.DISCONNECTED) & (Q(failed_count__gt=0) | Q(has_incident=True))
)
"""Condition on `base_rows`: somebody has to do something."""

URGENCY = Case(
    When(Q(connection=Connection.NEEDS_RECONNECT) | Q(sync=SyncState.FAILED), Value(0)),
    When(NEEDS_PERSON, Value(1)),
    When(connection=Connection.CONNECTED, sync=SyncState.PARTIAL, then=Value(2)),
    When(connection=Connection.CONNECTED, then=Value(3)),
    When(connection=Connection.NEVER, then=Value(4)),
    When(connection=Connection.PAUSED, then=Value(5)),
    default=Value(6),
    output_field=IntegerField(),
)
"""Order of `base_rows`: the red first, what is switched off last."""


def base_rows() -> Any:
    """The current organization's integrations without the tables of their providers; each tells whether it `has_incident`."""
    open_ones = Incident.everywhere.filter(integration=OuterRef("pk"), closed_at=None)
    return Integration.objects.non_polymorphic().annotate(has_incident=Exists(open_ones))


def connection_chip(integration: Integration) -> Chip:
    return _CONNECTIONS[Connection(integration.connection)]


def sync_chip(integration: Integration) -> Chip:
    return _SYNCS[SyncState(integration.sync)]


def integration_chip(integration: Any, *, is_down: bool = False) -> Chip:
    """The worst of what is to say of one of `base_rows`: the connection, that the vendor `is_down`, what failed, the last run."""
    if integration.provider not in all_providers():
        return NOT_INSTALLED
    if integration.connection != Connection.CONNECTED:
        return connection_chip(integration)
    if is_down:
        return DOWN
    if integration.failed_count:
        failed = ngettext("%(count)s failed", "%(count)s failed", integration.failed_count)
        return Chip("warn", failed % {"count": integration.failed_count})
    if integration.has_incident:
        return Chip("warn", _("Needs you"))
    return sync_chip(integration) if all_providers()[integration.provider].moves_records else connection_chip(integration)


def run_chip(run: Run) -> Chip:
    return _RUNS[RunState(run.state)]


def item_chip(state: str) -> Chip:
    return _ITEMS[ItemState(state)]


def delivery_chip(state: str) -> Chip:
    return _DELIVERIES[DeliveryState(state)]


def notice_chip(state: str) -> Chip:
    return _NOTICES[NoticeState(state)]
