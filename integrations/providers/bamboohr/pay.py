"""Pay: the rows of the compensation table become salaries, each valid until the next one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.errors import Rejected
from integrations.incoming import Import, Incoming, Page
from integrations.providers.bamboohr.client import BambooClient, Row
from integrations.providers.bamboohr.payloads import day, text, whole
from integrations.providers.bamboohr.people import OVERLAP
from integrations.records.choices import SalaryType

TABLE = "compensation"
AT_ONCE = 200
"""People whose pay is one page."""
PERIODS: Mapping[str, tuple[SalaryType, int]] = {
    "hour": (SalaryType.HOURLY, 1),
    "week": (SalaryType.WEEKLY, 1),
    "every other week": (SalaryType.BIWEEKLY, 1),
    "twice a month": (SalaryType.MONTHLY, 2),
    "month": (SalaryType.MONTHLY, 1),
    "quarter": (SalaryType.ANNUALLY, 4),
    "year": (SalaryType.ANNUALLY, 1),
}
"""For what pay is, in BambooHR's words, which it does not publish: the period here, and how often it is paid in that."""
AMOUNT = re.compile(r"(?P<value>-?[\d,]+(\.\d+)?)\s*(?P<currency>[A-Z]{3})?")


def pay_pages(client: BambooClient, cursor: Mapping[str, Any]) -> Iterator[Page]:
    """One answer tells of everybody; pages are in the order of ids. `after` in the cursor: where it goes on; `until`: when it was asked."""
    if "since" in cursor:
        told = client.changed_table(TABLE, datetime.fromisoformat(cursor["since"]))
        people = [(employee, rows) for employee, rows in told.rows]
    else:
        told = client.table(TABLE)
        by_person: dict[str, list[Row]] = defaultdict(list)
        for row in told.rows:
            by_person[text(row, "employeeId")].append(row)
        people = list(by_person.items())
    until, after = cursor.get("until") or (told.at - OVERLAP).isoformat(), whole(cursor.get("after", ""))
    sees_pay = any(rows for _employee, rows in people)  # else it is hidden from whoever it is connected as, and nobody's is gone
    people = sorted((person for person in people if whole(person[0]) > after), key=lambda person: whole(person[0]))
    for start in range(0, len(people), AT_ONCE):
        some = people[start : start + AT_ONCE]
        records = [record for employee, rows in some for record in read_history(employee, rows, client.person_url(employee, "job"))]
        shown = {"person": ("person", [employee for employee, _rows in some])} if sees_pay else None
        cursor = {**cursor, "until": until, "after": some[-1][0]}
        yield Page(records=records, cursor=cursor, whole=shown)
    yield Page(records=[], cursor={"since": until})


def read_history(employee: str, rows: Sequence[Row], url: str) -> list[Incoming]:
    """Each row is valid until the day before the next; of several for one day, the one that was entered last counts."""
    begun: dict[date, Row] = {}
    refused = []
    for row in sorted(rows, key=lambda row: whole(text(row, "id"))):
        try:
            begun[day(row, "startDate") or date.min] = row
        except Rejected as problem:
            refused.append(_incoming(employee, row, url, refused=problem))
    days = sorted(begun)
    ends = [*(following - timedelta(days=1) for following in days[1:]), None]
    return [*refused, *(_read(employee, begun[begins], ended_on, url) for begins, ended_on in zip(days, ends, strict=False))]


def _read(employee: str, row: Row, ended_on: date | None, url: str) -> Incoming:
    try:
        values = {**_pay(row), "started_on": day(row, "startDate"), "ended_on": ended_on, "note": text(row, "comment")}
    except Rejected as problem:
        return _incoming(employee, row, url, refused=problem)
    return _incoming(employee, row, url, values=values)


def _incoming(employee: str, row: Row, url: str, **more: Any) -> Incoming:
    return Incoming(remote_id=text(row, "id"), belongs_to={"person": ("person", employee)}, url=url, **more)


def _pay(row: Row) -> dict[str, Any]:
    """Raises `Rejected` for what is no amount in a currency for a period."""
    value, currency = _amount(row.get("rate"))
    period = text(row, "paidPer")
    kind, times = PERIODS.get(period.casefold(), (None, 0))
    if kind is None:
        message = _("Pay for “%(period)s” has no counterpart here.") % {"period": period or "–"}
        raise Rejected(message, advice=_("Change in BambooHR for what the pay is, such as an hour, a month or a year."))
    cost = value * times
    return {"salary_type_id": kind, "currency": currency, "cost": cost, "hourly_rate": cost if kind == SalaryType.HOURLY else None}


def _amount(rate: Any) -> tuple[Decimal, str]:
    """BambooHR tells a rate as an object, or as text with the currency behind it."""
    if isinstance(rate, Mapping):
        rate = f"{rate.get('value', '')} {rate.get('currency', '')}".strip()
    found = AMOUNT.fullmatch(str(rate or "").strip())
    try:
        value = Decimal(found["value"].replace(",", "")) if found else None
    except InvalidOperation:
        value = None
    if found is None or value is None or not found["currency"]:
        raise Rejected(_("The pay has no amount with a currency."), advice=_("Correct it in BambooHR."))
    return value, found["currency"]


SALARIES = Import(
    kind="salary",
    label=gettext_lazy("Pay"),
    pages=pay_pages,
    switches=("bamboo_enable_cost_rates",),
    tells_all=False,  # what whoever it is connected as may not see is missing, and is not gone; each page tells of its people
    after=("person",),
)
