"""BambooHR's people to records. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from django.utils.translation import gettext as _

from integrations.errors import Rejected
from integrations.incoming import Incoming
from integrations.providers.bamboohr.client import COLUMNS, Row
from integrations.providers.bamboohr.custom_fields import Target
from integrations.records.choices import HrmType

NO_DAY = ("", "0000-00-00")
INACTIVE = "Inactive"


@dataclass(frozen=True)
class Plan:
    """What becomes of a person, as the organization has settled it. `provisions` False: people are only recognised.

    `workplaces` are ids of subsidiaries by the value of the column `workplace`; `zone` is where days begin.
    """

    provisions: bool = True
    zone: tzinfo = UTC
    default_subsidiary: int | None = None
    workplace: str = ""
    workplaces: Mapping[str, int] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys([*COLUMNS.names(), *filter(None, [self.workplace]), *self.targets]))


def read_person(row: Row, plan: Plan, url: str, now: datetime) -> Incoming:
    """A person whom we do not have is made only of somebody who works there now and has an e-mail address."""
    try:
        return _person(row, plan, url, now)
    except Rejected as refused:
        return Incoming(remote_id=text(row, COLUMNS.id), number=text(row, COLUMNS.email), url=url, refused=refused)


def _person(row: Row, plan: Plan, url: str, now: datetime) -> Incoming:
    email, is_gone = text(row, COLUMNS.email), text(row, COLUMNS.status) == INACTIVE
    known: dict[str, Any] = {"remote_id": text(row, COLUMNS.id), "match": email, "url": url, "number": email}
    if not plan.provisions:
        return Incoming(**known, creates=False)
    custom, remarks = _custom_fields(row, plan)
    subsidiary, refused = _subsidiary(row, plan)
    return Incoming(
        **known,
        values=_values(row, plan, subsidiary, is_gone=is_gone),
        fills={"deactivated_at": moment(row, COLUMNS.left_on, plan.zone) or now} if is_gone else {},
        merges={"custom_fields": custom} if custom else {},
        mentions=manager(row),
        creates=bool(email) and not is_gone,
        refused=None if is_gone else refused,
        remarks=remarks,
    )


def read_gone(remote_id: str, now: datetime) -> Incoming:
    """Somebody whose record was deleted there."""
    return Incoming(remote_id=remote_id, deleted=True, fills={"deactivated_at": now})


def manager(row: Row) -> dict[str, tuple[str, str]]:
    return {"manager": ("person", text(row, COLUMNS.manager))} if COLUMNS.manager in row else {}


def text(row: Row, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value).strip()


def whole(number: str) -> int:
    return int(number) if number.isdecimal() else 0


def day(row: Row, name: str) -> date | None:
    """Raises `Rejected` for what is no day."""
    said = text(row, name)
    try:
        return None if said in NO_DAY else date.fromisoformat(said)
    except ValueError:
        message = _("“%(value)s” is no day (%(field)s).") % {"value": said[:100], "field": name}
        raise Rejected(message, advice=_("Correct it in BambooHR.")) from None


def moment(row: Row, name: str, zone: tzinfo) -> datetime | None:
    """The beginning of a day."""
    found = day(row, name)
    return datetime.combine(found, time(), zone).astimezone(UTC) if found else None


def _values(row: Row, plan: Plan, subsidiary: int | None, *, is_gone: bool) -> dict[str, Any]:
    """What is hidden from the key's owner is empty there, and stays as it is here."""
    said = {"first_name": COLUMNS.first_name, "last_name": COLUMNS.last_name, "email": COLUMNS.email}
    values: dict[str, Any] = {ours: text(row, theirs) for ours, theirs in said.items() if text(row, theirs)}
    if hired_at := moment(row, COLUMNS.hired_on, plan.zone):
        values["joined_at"] = hired_at
    if subsidiary is not None:
        values["subsidiary_id"] = subsidiary
    if not is_gone:
        values["deactivated_at"] = None
    return {**values, "hrm_type_id": HrmType.EMPLOYEE}


def _subsidiary(row: Row, plan: Plan) -> tuple[int | None, Rejected | None]:
    if not plan.workplace:
        return plan.default_subsidiary, None
    workplace = text(row, plan.workplace)
    found = plan.workplaces.get(workplace) or plan.default_subsidiary
    if found is not None:
        return found, None
    message = _("The workplace “%(workplace)s” has no subsidiary.") % {"workplace": workplace or "–"}
    return None, Rejected(message, advice=_("Map it, or set a default subsidiary."))


def _custom_fields(row: Row, plan: Plan) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What fills custom fields, and what could not be read."""
    found: dict[str, Any] = {}
    remarks = []
    for theirs, target in plan.targets.items():
        if theirs not in row:
            continue
        try:
            found[target.key] = target.value(text(row, theirs))
        except ValueError:
            message = _("“%(field)s” cannot hold “%(value)s”; it was left as it is.")
            remarks.append(message % {"field": target.name, "value": text(row, theirs)[:100]})
    return found, tuple(remarks)
