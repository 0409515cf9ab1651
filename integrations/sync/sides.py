"""Both sides of what is written from here: whoever changed it alone is followed, and a person decides where both did.

What both sides last had is kept at the link, so that either side's change is told from what was there before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.models import Incident, Integration, Link
from integrations.records.base import Origin, Record
from integrations.records.loading.writing import Changes
from integrations.source import Source, plain
from integrations.sync.incidents import close_incident, open_incident

CAUSE = "conflict:"  # of the incidents, before kind and id


@dataclass(frozen=True)
class Conflict:
    """`message` says which columns both sides changed, and to what."""

    record: Record
    message: str
    advice: str

    @property
    def cause(self) -> str:
        return cause_of(self.record)


def cause_of(record: Record) -> str:
    return f"{CAUSE}{record.kind}:{record.pk}"


class Sides:
    """Compares what a page tells of records with what is here. `conflicts` are those that it met."""

    def __init__(self, integration: Integration, declared: Source, links: Mapping[tuple[str, str], Link]) -> None:
        self._integration = integration
        self._declared = declared
        self._links = links
        others = Link.everywhere.filter(is_import=True, archived_at=None, record_id__in={link.record_id for link in links.values()})
        self._brought = set(others.exclude(integration=integration).filter(kind__in=declared.kinds).values_list("kind", "record_id"))
        self._agreed: dict[tuple[str, int], dict[str, Any]] = {}
        self._kept: set[tuple[str, int]] = set()
        self.conflicts: list[Conflict] = []

    def choose(self, record: Record, told: Mapping[str, Any], changes: Changes) -> Changes:
        """What of the changes is taken: all of what is theirs, and of ours what they alone have changed."""
        chosen = dict(changes)
        if record.pk is None:
            return chosen
        is_brought = record.origin == Origin.IMPORT or (record.kind, record.pk) in self._brought
        ours = [column for column in self._declared.ours(self._integration, record, is_brought) if column in told]
        link = self._links.get((record.kind, str(record.productive_id)))
        is_told = link is None or link.revision == record.revision
        if record.remote_deleted_at is not None and is_told:  # else that it is gone has still to be written there
            chosen["remote_deleted_at"] = None
        before = link.agreed if link else {}
        agreed, clashing = dict(before), []
        for column in ours:
            theirs, here = plain(told[column]), plain(getattr(record, column))
            was = before[column] if column in before else self._assumed(record, link, column, here, theirs)
            if column not in changes or here == was:
                agreed[column] = theirs
                continue
            del chosen[column]
            self._kept.add((record.kind, record.pk))
            if theirs != was:
                clashing.append((column, here, theirs))
        if ours:
            self._agreed[record.kind, record.pk] = agreed
        if clashing:
            self.conflicts.append(self._conflict(record, clashing))
        return chosen

    def _assumed(self, record: Record, link: Link | None, column: str, here: Any, theirs: Any) -> Any:
        """What both sides had, where that was never noted: of a record that is theirs what is here, unless something of it has still
        to be sent."""
        empty = plain(record._meta.get_field(column).get_default())  # type: ignore[union-attr]
        is_theirs = record.origin == Origin.PRODUCTIVE and link is not None and link.revision == record.revision
        return here if here == empty or is_theirs else theirs

    def keeps(self, record: Record) -> bool:
        """Whether something of the record has still to be written there."""
        return (record.kind, record.pk) in self._kept

    def agreed(self, record: Record, before: Mapping[str, Any]) -> dict[str, Any]:
        return self._agreed.get((record.kind, record.pk), dict(before))

    def tell(self) -> None:
        """Open an incident for every conflict, and close those of records about which both sides are at one again."""
        for conflict in self.conflicts:
            title = _("Both sides changed %(record)s.") % {"record": conflict.record}
            open_incident(self._integration, conflict.cause, title, message=conflict.message, advice=conflict.advice)
        causes = {f"{CAUSE}{kind}:{pk}" for kind, pk in self._agreed} - {conflict.cause for conflict in self.conflicts}
        if causes:
            over = Incident.everywhere.filter(integration=self._integration, cause__in=causes, closed_at=None)
            for cause in over.values_list("cause", flat=True):
                close_incident(self._integration, cause)

    def _conflict(self, record: Record, clashing: list[tuple[str, Any, Any]]) -> Conflict:
        vendor = self._integration.declaration.label
        said = []
        for column, here, theirs in clashing:
            name = capfirst(str(record._meta.get_field(column).verbose_name))  # type: ignore[union-attr]
            if column in record.pay_columns or record.is_pay():
                said.append(_("%(column)s is another one.") % {"column": name})
                continue
            words = {"column": name, "here": here, "theirs": theirs, "vendor": vendor}
            said.append(_("%(column)s: here “%(here)s”, at %(vendor)s “%(theirs)s”.") % words)
        advice = _("Correct it at %(vendor)s, or copy the record once more with what is here.") % {"vendor": vendor}
        return Conflict(record, " ".join(said), advice)
