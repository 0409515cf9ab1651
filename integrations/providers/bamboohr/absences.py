"""Time off: types become absence categories, assigned policies entitlements, approved requests bookings."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations import clock
from integrations.incoming import Import, Incoming, Page, Rhythm
from integrations.providers.bamboohr.bookings import read_time_off
from integrations.providers.bamboohr.client import COLUMNS, Balance, BambooClient, Policy
from integrations.providers.bamboohr.payloads import NO_DAY
from integrations.records.choices import AbsenceType, LimitationType

BACK, AHEAD = -3, 12
"""How many months from today requests are brought, by the day on which they start."""
RECENT = timedelta(days=14)
BELIEVED = timedelta(days=1)
"""How long an answer that is the same as before is taken for nothing new; after that, whoever came meanwhile gets what is theirs."""
AT_ONCE = 50
"""People whose entitlements are one page."""

Cursor = Mapping[str, Any]


class _Seen:
    """The digests of the answers before, as long as they are believed: those of the cursor, and those that come to them."""

    def __init__(self, cursor: Cursor) -> None:
        now = clock.timestamp()
        believed = now - cursor.get("read_at", 0) < BELIEVED.total_seconds()
        self._before: Mapping[str, str] = cursor.get("digests", {}) if believed else {}
        self._read_at = cursor["read_at"] if believed else now
        self._now: dict[str, str] = dict(cursor.get("now", {}))

    def knows(self, name: str, digest: str) -> bool:
        self._now[name] = digest
        return self._before.get(name) == digest

    def until(self, **place: str) -> Cursor:
        """In the middle of a reading, which goes on at the place."""
        return {"read_at": self._read_at, "digests": self._before, "now": self._now, **place}

    @property
    def final(self) -> Cursor:
        """At the end of a reading, without what is not asked for any more."""
        return {"read_at": self._read_at, "digests": self._now}


# Categories -------------------------------------------------------------------------------------------------------------


def type_pages(client: BambooClient, cursor: Cursor) -> Iterator[Page]:
    seen, told = _Seen(cursor), client.time_off_types()
    if seen.knows("types", told.digest):
        yield Page(records=[], cursor=seen.final)
        return
    limits = {"days": LimitationType.DAYS, "hours": LimitationType.HOURS}
    records = [
        Incoming(
            remote_id=str(found.id),
            values={"name": found.name},
            fills={"limitation_type_id": limits.get(found.units), "absence_type": AbsenceType.TIME_OFF},
            match=found.name,
            number=found.name,
        )
        for found in told.rows
    ]
    yield Page(records=records, cursor=seen.final, whole={})


# Requests ---------------------------------------------------------------------------------------------------------------


def today() -> date:
    return clock.now().date()


def months_away(months: int, day: date | None = None) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    day = day or today()
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def window() -> dict[str, date]:
    """The bookings of which a reading of everything tells."""
    return {"started_on__gte": months_away(BACK), "started_on__lte": months_away(AHEAD)}


def coming_pages(client: BambooClient, cursor: Cursor) -> Iterator[Page]:
    """What starts from today on; at first, all of the window."""
    yield from _requests(client, cursor, today() if cursor else months_away(BACK), months_away(AHEAD))


def recent_pages(client: BambooClient, cursor: Cursor) -> Iterator[Page]:
    yield from _requests(client, cursor, today() - RECENT, today())


def all_pages(client: BambooClient, cursor: Cursor) -> Iterator[Page]:
    yield from _requests(client, cursor, months_away(BACK), months_away(AHEAD))


def _requests(client: BambooClient, cursor: Cursor, first: date, last: date) -> Iterator[Page]:
    """Month by month, since the vendor gives no pages; a request is brought with the month in which it starts. `first` and `month` in
    the cursor: of what a reading was interrupted, and where it goes on."""
    seen, month = _Seen(cursor), first.replace(day=1)
    if "month" in cursor:
        first, month = date.fromisoformat(cursor["first"]), date.fromisoformat(cursor["month"])
    while month <= last:
        following = months_away(1, month)
        told = client.time_off(month, following - timedelta(days=1))
        records = []
        if not seen.knows(month.isoformat(), told.digest):
            shown = [found for found in told.rows if max(first, month) <= found.start <= last and found.start < following]
            records = [record for found in shown for record in read_time_off(found, client.person_url(str(found.employee), "ptoRequests"))]
        month = following
        there = seen.until(first=first.isoformat(), month=month.isoformat()) if month <= last else seen.final
        yield Page(records=records, cursor=there)


# Entitlements -----------------------------------------------------------------------------------------------------------


def this_year() -> dict[str, date]:
    """The entitlements that are brought: those of years that are over stay."""
    return {"start_date__gte": today().replace(month=1, day=1)}


def entitlement_pages(client: BambooClient, cursor: Cursor) -> Iterator[Page]:
    """BambooHR tells of one person at a time, in two calls, and not of what changed. `after` in the cursor: who was read last."""
    seen = _Seen(cursor)
    for ids in _batches(client, cursor.get("after", "")):
        records = [record for employee in ids for record in _entitlements(client, employee)]
        digest = sha256(repr([(record.remote_id, sorted(record.values.items())) for record in records]).encode()).hexdigest()[:16]
        is_new, there = not seen.knows(f"{ids[0]}-{ids[-1]}", digest), seen.until(after=ids[-1])
        yield Page(records=records, cursor=there, whole={"person": ("person", ids)}) if is_new else Page(records=[], cursor=there)
    yield Page(records=[], cursor=seen.final)


def _batches(client: BambooClient, after: str) -> Iterator[list[str]]:
    """Ids of those who work there, some at a time; of whoever it is connected as alone, where that person sees nobody else."""
    if client.head_count() is None:
        me = str(client.myself().get("id", ""))
        yield from [[me]] if me not in {"", after} else []
        return
    for told in client.people((COLUMNS.id,), only=f"{COLUMNS.status} eq 'Active'", after=after):
        ids = [str(row[COLUMNS.id]) for row in told.rows]
        yield from (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _entitlements(client: BambooClient, employee: str) -> list[Incoming]:
    assigned = client.policies(employee)
    end = today().replace(month=12, day=31)
    balances = {balance.type: balance for balance in client.balances(employee, end)} if assigned else {}
    url = client.person_url(employee, "pto")
    return [_entitlement(employee, policy, balances.get(str(policy.type)), end, url) for policy in assigned]


def _entitlement(employee: str, policy: Policy, balance: Balance | None, end: date, url: str) -> Incoming:
    """What may be taken in the year is what will be left at its end, and what is used until then; without a limit, it is unknown."""
    begin = end.replace(month=1, day=1)
    limited = balance if balance is not None and balance.kind != "discretionary" else None
    used = Decimal(balance.used) if balance else None
    return Incoming(
        remote_id=f"{employee}:{policy.id}:{end.year}",
        values={
            "start_date": max(begin, date.fromisoformat(policy.accrues_from)) if policy.accrues_from not in (None, *NO_DAY) else begin,
            "end_date": end,
            "allocated": Decimal(limited.balance) + Decimal(limited.used) if limited else None,
            "used": used,
        },
        belongs_to={"person": ("person", employee), "event": ("event", str(policy.type))},
        url=url,
    )


IMPORTS = (
    Import(
        kind="event",
        label=_("Absence categories"),
        pages=type_pages,
        switches=("bamboo_enable_time_offs",),
        match="name",
        every=timedelta(days=1),
    ),
    Import(
        kind="entitlement",
        label=_("Entitlements"),
        pages=entitlement_pages,
        switches=("bamboo_enable_time_offs",),
        tells_all=False,  # each page tells of its people; those of leavers stay
        within=this_year,
        after=("person", "event"),
        every=timedelta(days=1),
    ),
    Import(
        kind="booking",
        label=_("Time off"),
        pages=coming_pages,
        switches=("bamboo_enable_time_offs",),
        within=window,
        after=("person", "event"),
        every=timedelta(hours=1),
        rhythms=(
            Rhythm(name="recent", pages=recent_pages, every=timedelta(days=1)),
            Rhythm(name="deleted", pages=all_pages, every=timedelta(days=3), full=True),
        ),
    ),
)
