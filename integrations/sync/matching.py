"""What theirs is here: by link, and where there is none yet, by what both sides know it by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from integrations.errors import Rejected
from integrations.incoming import Import, Incoming, Match
from integrations.models import Integration, Link
from integrations.records.base import Record
from integrations.records.kinds import get_kind
from integrations.sync.counterparts import alike
from integrations.sync.outbox import current_links


@dataclass(frozen=True)
class Known:
    """What a page's remote ids mean here: `links` by (kind, remote id), `rows` by primary key, `twins` by what they match by."""

    links: dict[tuple[str, str], Link]
    rows: Mapping[int, Record]
    twins: Mapping[str, Sequence[Record]]

    @classmethod
    def of(cls, integration: Integration, declared: Import, records: Sequence[Incoming]) -> Known:
        kind = declared.kind
        wanted: dict[str, set[str]] = {kind: {record.remote_id for record in records}}
        for record in records:
            for owner in (*record.belongs_to.values(), *record.mentions.values()):
                if not isinstance(owner, Match):
                    wanted.setdefault(owner[0], set()).add(owner[1])
        links: dict[tuple[str, str], Link] = {}
        for owner_kind, ids in wanted.items():
            found = current_links(integration, owner_kind).filter(remote_id__in=ids)
            if owner_kind != kind:
                found = found.filter(record_id__in=get_kind(owner_kind).everywhere().filter(organization_id=integration.organization_id))
            links |= {(owner_kind, link.remote_id): link for link in found}
        own = [links[key].record_id for record in records if (key := (kind, record.remote_id)) in links]
        rows = get_kind(kind).everywhere().filter(organization_id=integration.organization_id, pk__in=own)
        new = [record for record in records if (kind, record.remote_id) not in links]
        return cls(links, {row.pk: row for row in rows}, _twins(integration, declared, new))

    def record(self, kind: str, incoming: Incoming) -> Record | None:
        """The record that theirs is. Raises `Rejected` when it may be several."""
        link = self.links.get((kind, incoming.remote_id))
        if link is not None:
            return self.rows.get(link.record_id)
        found = self.twins.get(incoming.match.casefold(), ())
        if len(found) > 1:
            message = _("%(count)d records here go by “%(match)s”.") % {"count": len(found), "match": incoming.match}
            raise Rejected(message, advice=_("Leave one of them, or tell them apart."))
        return found[0] if found else None


def _twins(integration: Integration, declared: Import, records: Sequence[Incoming]) -> Mapping[str, Sequence[Record]]:
    """Records that nothing of theirs is linked to yet, by what they match by."""
    wanted = {record.match.casefold() for record in records if record.match}
    if not declared.match or not wanted:
        return {}
    rows = alike(integration, declared.kind, declared.match, wanted).filter(**declared.match_among)
    taken = set(current_links(integration, declared.kind).filter(record_id__in=rows.values("pk")).values_list("record_id", flat=True))
    found: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        if row.pk not in taken:
            found[getattr(row, declared.match).casefold()].append(row)
    return found
