"""Where the demo's records are put: one organization, in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from accounts.models import Organization
from integrations import clock
from integrations.records.base import Origin, Record

Row = TypeVar("Row", bound=Record)

SATURDAY = 5


class Shelf:
    """Gives records their origin `demo` and Productive ids, the same ones on every installation.

    Nothing is announced: an organization gets these records before it has anything that could export them.
    """

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.zone = ZoneInfo(organization.time_zone)
        self.today = clock.now().astimezone(self.zone).date()
        self._ids: dict[type[Record], Iterator[str]] = {}

    def chance(self, topic: str) -> Random:
        """Choices that are the same on every day and every machine, and that other topics do not shift."""
        return Random(f"{self.organization.slug}/{topic}")  # noqa: S311 - nothing secret is made of it

    def put(self, model: type[Row], rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        ids = self._ids.setdefault(model, self._productive_ids(model))
        return model.everywhere.bulk_create(
            [
                model(organization=self.organization, origin=Origin.DEMO, changed_by=Origin.DEMO, productive_id=next(ids), **row)
                for row in rows
            ]
        )

    def _productive_ids(self, model: type[Record]) -> Iterator[str]:
        chance = self.chance(f"ids of {model.__name__}")
        number = chance.randrange(200_000, 900_000)
        while True:
            number += chance.randrange(3, 60)
            yield str(number)

    def working_day(self, days_ago: int) -> date:
        """That day, or the Friday before when it is a weekend's."""
        day = self.today - timedelta(days=days_ago)
        return day - timedelta(days=max(0, day.weekday() - SATURDAY + 1))

    def morning(self, day: date) -> datetime:
        return datetime.combine(day, time(9, 0), self.zone).astimezone(UTC)
