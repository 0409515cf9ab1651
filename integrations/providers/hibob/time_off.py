"""Approved time off becomes bookings: everything of a period in windows, or what changed since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations import clock
from integrations.incoming import Import, Incoming, Page, Rhythm
from integrations.providers.hibob.client import Change, Employee, HibobClient, Out
from integrations.providers.hibob.payloads import DAY, bookings, gone, replaced

BACK, AHEAD = timedelta(days=90), timedelta(days=365)
"""What a full import looks at: from three months ago to a year from now."""
WINDOW = timedelta(days=30)
AT_ONCE = 1000
"""Bookings that are one page, of all that changed: HiBob tells of them in one answer."""
OVERLAP = timedelta(minutes=5)
FEED = timedelta(days=180)
"""How far back HiBob tells what changed."""
CREATED = "created"


def within() -> Mapping[str, Any]:
    """A day less than what is looked at on either end: the day may change on the way."""
    today = clock.now().date()
    return {"ended_on__gte": today - BACK + DAY, "started_on__lte": today + AHEAD - DAY}


def pages(client: HibobClient, cursor: Mapping[str, Any]) -> Iterator[Page]:
    """`since` in the cursor: when what was brought last was asked for. `from`: where a look at everything goes on."""
    now = clock.now()
    since = datetime.fromisoformat(cursor["since"]) if "since" in cursor else None
    if since is None:
        yield from _everything(client, cursor)
    elif since < now - FEED:
        yield from _everything(client, {})
    else:
        records = _changed(client, since - OVERLAP)
        for start in range(0, len(records), AT_ONCE):
            yield Page(records=records[start : start + AT_ONCE], cursor=cursor)
        yield Page(records=[], cursor={"since": now.isoformat()})


def _everything(client: HibobClient, cursor: Mapping[str, Any]) -> Iterator[Page]:
    now = clock.now()
    begun = cursor.get("begun", now.isoformat())
    first, last = now.date() - BACK, now.date() + AHEAD
    resumed = "from" in cursor
    if resumed:
        first = date.fromisoformat(cursor["from"])
    people = client.employees(inactive=True)
    while first <= last:
        end = min(first + WINDOW, last)
        outs = [out for out in client.outs(first, end) if not resumed or _begins(out) >= first]  # earlier ones were in the window before
        first, resumed = end + DAY, True
        following = {"from": first.isoformat(), "begun": begun} if first <= last else {"since": begun}
        yield Page(records=_brought(client, people, outs), cursor=following)


def _begins(out: Out) -> date:
    return out.first or date.max


def _changed(client: HibobClient, since: datetime) -> list[Incoming]:
    """What changed, in the state it is in now: a change shows how a request was at the time."""
    latest = {change.request_id: change for change in client.changes(since)}
    alive = {request_id: change for request_id, change in latest.items() if change.change_type.lower() == CREATED}
    records = [record for request_id, change in latest.items() if request_id not in alive for record in gone(change)]
    for change in alive.values():
        if change.previous_request_id is not None:
            records += replaced(change.previous_request_id)
    if alive:
        outs = [out for first, last in spans(alive.values()) for out in client.outs(first, last)]
        now_there = {out.request_id: out for out in outs if out.request_id in alive}
        people = {change.employee_id: Employee(change.employee_id, change.email) for change in alive.values()}
        is_told = all(employee.email for employee in people.values())
        records += _brought(client, people if is_told else client.employees(inactive=True), now_there.values())
    return records


def spans(changes: Iterable[Change]) -> list[tuple[date, date]]:
    """As few periods as hold all the changed requests, without gaps of more than a window."""
    dated = sorted((change.first, change.last) for change in changes if change.first and change.last)
    found: list[tuple[date, date]] = []
    for first, last in dated:
        if found and first <= found[-1][1] + WINDOW:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _brought(client: HibobClient, people: Mapping[str, Employee], outs: Iterable[Out]) -> list[Incoming]:
    mapping: Mapping[str, str] = client.integration.hibob_policy_type_mapping
    return [record for out in outs for record in bookings(out, people.get(out.employee_id), mapping.get(out.policy_type, ""), client.web)]


BOOKINGS = Import(
    kind="booking",
    label=_("Time off"),
    pages=pages,
    switches=("hibob_enable_time_offs",),
    within=within,
    every=timedelta(days=1),
    rhythms=(Rhythm(name="everything", pages=pages, every=timedelta(days=7), full=True),),
)
