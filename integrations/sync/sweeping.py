"""What a complete full import did not show is gone at the vendor; before much of it is marked as deleted, a person is asked.

The mark is the newest run that brought a record, kept at its link. So an import that was interrupted goes on with the marks it has,
and what another import saw meanwhile counts as seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from integrations.incoming import Import, Incoming, Page
from integrations.models import Integration, Link, Run
from integrations.records.kinds import get_kind
from integrations.sync.incidents import close_incident, open_incident

GUARD_PERCENT = 20
"""A full import that would mark more than so much as deleted stops and asks."""
CHUNK = 500


class Vanished(Exception):
    """More is gone at the vendor than may be marked as deleted without a person's word; nothing was marked."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message, self.advice = message, advice


def cause_of(kind: str) -> str:
    """The cause of the incident of a guard that stopped an import."""
    return f"vanished:{kind}"


def kind_of(cause: str) -> str:
    """The kind whose import was stopped; '' for an incident of another cause."""
    return cause.removeprefix(cause_of("")) if cause.startswith(cause_of("")) else ""


def living(integration: Integration, kind: str, within: Mapping[str, Any] | None = None) -> QuerySet[Link]:
    """Links of what imports brought of the kind (of the records `within`) and was not deleted there since."""
    alive = get_kind(kind).everywhere().filter(organization_id=integration.organization_id, remote_deleted_at=None, **(within or {}))
    return _brought(integration, kind).filter(record_id__in=alive.values("pk"))


def mark_seen(run: Run, records: Sequence[Incoming]) -> None:
    """The vendor has these; called in the transaction that writes them."""
    there = [record.remote_id for record in records if not record.deleted]
    if there:
        _brought(run.integration, run.kind).filter(_not_seen(run), remote_id__in=there).update(seen_in=run.pk)


def refuse_too_many(run: Run, parts: Sequence[Import]) -> None:
    """Raises `Vanished` when the guard stops the run; else closes the incident of an earlier one. A dry run shows them all."""
    if run.dry:
        return
    for part in () if run.unguarded else parts:
        before = _told_of(run, part)
        count, gone = before.count(), before.filter(_not_seen(run)).count()
        if gone * 100 > count * GUARD_PERCENT:
            raise _vanished(run, part.kind, count, gone)
    close_incident(run.integration, cause_of(run.kind))


def _vanished(run: Run, kind: str, count: int, gone: int) -> Vanished:
    vendor = run.integration.declaration.label
    words: dict[str, Any] = {"gone": gone, "count": count, "records": get_kind(kind).label_plural, "vendor": vendor}
    return Vanished(
        _("%(vendor)s does not show %(gone)d of %(count)d %(records)s any more. None of them was marked as deleted.") % words,
        _("Look there first. If they are deleted there, import everything again and say that they may be marked as deleted."),
    )


def ask_person(run: Run, stopped: Vanished) -> None:
    """Open the incident that asks a person."""
    title = _("Many %(records)s are gone at %(vendor)s.")
    words = {"records": get_kind(run.kind).label_plural, "vendor": run.integration.declaration.label}
    open_incident(run.integration, cause_of(run.kind), title % words, message=stopped.message, advice=stopped.advice)


def vanished(run: Run, declared: Import) -> Iterator[list[str]]:
    """Remote ids of what is to be marked, some at a time. Each share has to be marked before the next is asked for."""
    rest = _told_of(run, declared).filter(_not_seen(run)).order_by("pk")
    after = 0
    while rows := list(rest.filter(pk__gt=after).values_list("pk", "remote_id")[:CHUNK]):
        yield [remote_id for _pk, remote_id in rows]
        after = rows[-1][0]


def not_shown(run: Run, declared: Import, page: Page) -> list[Incoming]:
    """What is gone there because the page shows everything of it, but not this. Called in the transaction that wrote the page."""
    if page.whole is None:
        return []
    integration = run.integration
    within = dict(declared.within())
    for attribute, (kind, remote_ids) in page.whole.items():
        owners = Link.everywhere.filter(
            integration_id=integration.pk, realm_id=integration.realm_id, kind=kind, step="", remote_id__in=remote_ids, archived_at=None
        )
        within[f"{attribute}__in"] = list(owners.values_list("record_id", flat=True))
    shown = {record.remote_id for record in page.records}
    there = living(integration, run.kind, within).order_by("pk").values_list("remote_id", flat=True)
    return [Incoming(remote_id=remote_id, deleted=True) for remote_id in there if remote_id not in shown]


def _told_of(run: Run, declared: Import) -> QuerySet[Link]:
    """Links of what a full run of the import has to show, if it is there still."""
    return living(run.integration, declared.kind, declared.within())


def _brought(integration: Integration, kind: str) -> QuerySet[Link]:
    return Link.everywhere.filter(
        integration_id=integration.pk, realm_id=integration.realm_id, kind=kind, step="", is_import=True, archived_at=None
    )


def _not_seen(run: Run) -> Q:
    return Q(seen_in=None) | Q(seen_in__lt=run.pk)
