"""People: everybody at first, then whoever changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from integrations.incoming import Import, Incoming, Page
from integrations.providers.bamboohr.client import COLUMNS, IDS_AT_ONCE, BambooClient, Row
from integrations.providers.bamboohr.custom_fields import targets
from integrations.providers.bamboohr.payloads import Plan, manager, read_gone, read_person, text, whole
from integrations.records.choices import HrmType

OVERLAP = timedelta(minutes=5)
"""What changed shortly before is asked for again: the vendor's clocks are not one."""

Cursor = Mapping[str, Any]


def plan_of(integration: Any) -> Plan:
    return Plan(
        provisions=integration.bamboo_enable_user_provisioning,
        zone=ZoneInfo(integration.organization.time_zone),
        default_subsidiary=integration.bamboo_default_subsidiary_id,
        workplace=integration.bamboo_workplace_field,
        workplaces={value: int(pk) for value, pk in integration.bamboo_workplace_mapping.items() if pk.isdecimal()},
        targets=targets(integration),
    )


def people_pages(client: BambooClient, cursor: Cursor) -> Iterator[Page]:
    """Begins anew when the settings changed that decide what a person becomes, and when more than one person comes to be seen."""
    plan = plan_of(client.integration)
    settings = sha256(repr(plan).encode()).hexdigest()[:16]
    if cursor.get("settings") != settings:
        cursor = {}
    if not cursor and client.head_count() is None:
        yield Page(records=_owner(client), cursor={"alone": True})
    elif "since" in cursor:
        yield from _changes(client, plan, cursor)
    else:
        yield from _everybody(client, plan, cursor or {"settings": settings})


def _owner(client: BambooClient) -> list[Incoming]:
    """All that is seen by somebody who is no admin."""
    row = client.myself(("workEmail",))
    employee = str(row.get("id", ""))
    found = Incoming(remote_id=employee, match=text(row, "workEmail"), creates=False, url=client.person_url(employee))
    return [found] if employee else []


def _everybody(client: BambooClient, plan: Plan, cursor: Cursor) -> Iterator[Page]:
    """Whoever comes before their manager is told of the manager in a second round, when everybody is known."""
    if "managers_after" not in cursor:
        for told in client.people(plan.columns, after=cursor.get("after", "")):
            last = text(told.rows[-1], COLUMNS.id) if told.rows else cursor.get("after", "")
            cursor = {**cursor, "after": last, "began": cursor.get("began") or _until(told.at)}
            yield Page(records=_read(client, plan, told.rows, told.at), cursor=cursor)
        cursor = {**cursor, "managers_after": ""}
    if plan.provisions:
        for told in client.people((COLUMNS.id, COLUMNS.manager), after=cursor["managers_after"]):
            later = [_managed(row) for row in told.rows if _precedes_manager(row)]
            last = text(told.rows[-1], COLUMNS.id) if told.rows else cursor["managers_after"]
            cursor = {**cursor, "managers_after": last}
            yield Page(records=later, cursor=cursor)
    yield Page(records=[], cursor={"since": cursor["began"], "settings": cursor["settings"]})


def _changes(client: BambooClient, plan: Plan, cursor: Cursor) -> Iterator[Page]:
    """In the order of ids. `after` in the cursor: where it goes on; `until`: when it was first asked what changed; `managers`: whom
    people before that have as their manager, who comes after them."""
    told = client.changed(datetime.fromisoformat(cursor["since"]))
    until, after = cursor.get("until") or _until(told.at), whole(cursor.get("after", ""))
    gone = [read_gone(change.id, told.at) for change in told.rows if change.action == "Deleted"]
    changed = sorted((change.id for change in told.rows if change.action != "Deleted" and whole(change.id) > after), key=whole)
    if gone:
        yield Page(records=gone, cursor=cursor)
    for start in range(0, len(changed), IDS_AT_ONCE):
        ids = changed[start : start + IDS_AT_ONCE]
        rows = client.people_with(ids, plan.columns)
        later = {text(row, COLUMNS.id): text(row, COLUMNS.manager) for row in rows if plan.provisions and _precedes_manager(row)}
        cursor = {**cursor, "until": until, "after": ids[-1], "managers": {**cursor.get("managers", {}), **later}}
        yield Page(records=_read(client, plan, rows, told.at), cursor=cursor)
    managed = [_managed({COLUMNS.id: employee, COLUMNS.manager: boss}) for employee, boss in cursor.get("managers", {}).items()]
    yield Page(records=managed, cursor={"since": until, "settings": cursor["settings"]})


def _read(client: BambooClient, plan: Plan, rows: Sequence[Row], now: datetime) -> list[Incoming]:
    return [read_person(row, plan, client.person_url(text(row, COLUMNS.id)), now) for row in rows]


def _managed(row: Row) -> Incoming:
    return Incoming(remote_id=text(row, COLUMNS.id), mentions=manager(row), creates=False)


def _precedes_manager(row: Row) -> bool:
    return whole(text(row, COLUMNS.manager)) > whole(text(row, COLUMNS.id))


def _until(at: datetime) -> str:
    return (at - OVERLAP).isoformat()


PEOPLE = Import(
    kind="person",
    label=_("People"),
    pages=people_pages,
    switches=("bamboo_enable_user_provisioning",),
    asked_by=("bamboo_enable_time_offs", "bamboo_enable_cost_rates"),
    tells_all=False,  # what whoever it is connected as may not see is missing, and is not gone; whoever is deleted is told as such
    match="email",
    match_among={"hrm_type_id": HrmType.EMPLOYEE},
)
