"""Time off, as HR brought it: what people may take, what they take, and the categories that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.provider import Copy, Done, Draft, Export, Outcome
from integrations.providers.productive.client import ProductiveClient, Resource
from integrations.providers.productive.comparing import INCIDENTAL, OVERWRITE, conflict, terms
from integrations.providers.productive.writing import periods
from integrations.records.choices import AbsenceType, ArchivableStatus, EventType, LimitationType
from integrations.records.models import Booking, Entitlement, Event

OF_ENTITLEMENTS = ("start_date", "end_date", "allocated", "note")
OF_BOOKINGS = ("started_on", "ended_on", "booking_type_id", "booking_method_id", "time", "percentage", "note")
NEEDS = {"person": "person", "event": "event"}


def build_entitlement(copy: Copy, entitlement: Entitlement) -> tuple[dict[str, Any], dict[str, Decimal]]:
    """What is used of it Productive counts by itself."""
    if entitlement.remote_deleted_at is not None:
        return {"type": "entitlements", "withdrawn": True}, {}
    periods.only_once(copy)
    payload = periods.written(
        copy,
        entitlement,
        "entitlements",
        columns=OF_ENTITLEMENTS,
        alike=("start_date",),
        relationships=periods.linked(copy, entitlement, *NEEDS),
        allocated=periods.number(entitlement.allocated),
    )
    return payload, {}


def build_booking(copy: Copy, booking: Booking) -> tuple[dict[str, Any], dict[str, Decimal]]:
    if booking.remote_deleted_at is not None:
        return {"type": "bookings", "withdrawn": True}, {}
    periods.only_once(copy)
    payload = periods.written(
        copy,
        booking,
        "bookings",
        columns=OF_BOOKINGS,
        alike=("started_on", "ended_on"),
        relationships=periods.linked(copy, booking, *NEEDS),
        percentage=periods.number(booking.percentage),
    )
    return payload, {}


# Categories -----------------------------------------------------------------------------------------------------------


def build_event(copy: Copy, event: Event) -> tuple[dict[str, Any], dict[str, Decimal]]:
    """HR does not tell whether a category is paid: one that is made here is, until somebody says otherwise in Productive."""
    periods.only_once(copy)
    at_first = {
        "event_type_id": event.event_type_id or EventType.PAID,
        "limitation_type_id": event.limitation_type_id or LimitationType.UNLIMITED,
        "absence_type": event.absence_type or AbsenceType.TIME_OFF,
    }
    return {"attributes": {"name": event.name}, "at_first": at_first, **terms(copy, {"name": event.name})}, {}


def create_events(client: ProductiveClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    made = (client.create("events", {**draft.payload["attributes"], **draft.payload["at_first"]}, {}) for draft in drafts)
    return [_event(client, resource) for resource in made]


def update_events(client: ProductiveClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return [_update_event(client, draft) for draft in drafts]


def _update_event(client: ProductiveClient, draft: Draft) -> Outcome:
    clash = conflict(draft.payload, client.one("events", draft.remote_id).attributes)
    return clash or _event(client, client.update("events", draft.remote_id, draft.payload["attributes"]))


def adopt_events(client: ProductiveClient, drafts: Sequence[Draft]) -> Mapping[int, Done]:
    """People know a category by its name, so one of the same name is the one, whatever its case; one that is in use rather than an
    archived one."""
    there = sorted(client.find("events", {}), key=lambda event: event.attributes.get("status") == ArchivableStatus.ARCHIVED)
    named = {_name(event): event for event in reversed(there)}
    wanted = ((draft.item, named.get(str(draft.payload["attributes"]["name"]).casefold())) for draft in drafts)
    return {item: _event(client, event) for item, event in wanted if event is not None}


def find_events(client: ProductiveClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    return adopt_events(client, drafts)


def _name(event: Resource) -> str:
    return str(event.attributes.get("name") or "").casefold()


def _event(client: ProductiveClient, resource: Resource) -> Done:
    name = str(resource.attributes.get("name") or "")
    return Done(remote_id=resource.id, number=name or resource.id, url=client.page_url("events", resource.id), agreed={"name": name})


def _of_periods(kind: str, label: Any, build: Any, *, not_ready: Any, **select: Any) -> Export:
    return Export(
        kind=kind,
        label=label,
        switches=("writes_time_off",),
        select={"origin": "import", **select},
        not_ready=not_ready,
        needs=NEEDS,
        by_itself="writes_by_itself",
        incidental=INCIDENTAL,
        choices=(OVERWRITE,),
        build=build,
        create=periods.create,
        update=periods.update,
        withdraws=True,
        find_existing=periods.find_existing,
        exclusive=False,
    )


TIME_OFF = (
    Export(
        kind="event",
        label=_("Absence categories of time off from HR"),
        switches=("writes_time_off",),
        select={"origin": "import"},
        not_ready=_("It comes from Productive."),
        incidental=INCIDENTAL,
        choices=(OVERWRITE,),
        build=build_event,
        create=create_events,
        update=update_events,
        find_existing=find_events,
        adopt=adopt_events,
        not_found=_("It is not in Productive. Add a category of that name there, or switch on that time off is written."),
        exclusive=False,
    ),
    _of_periods(
        "entitlement",
        _("Entitlements from HR"),
        build_entitlement,
        not_ready=_("It comes from Productive, or has no limit."),
        allocated__isnull=False,
    ),
    _of_periods("booking", _("Time off from HR"), build_booking, not_ready=_("It comes from Productive.")),
)
