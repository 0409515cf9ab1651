"""Records of ours that an import names by what both sides know of them, such as a person by the e-mail."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from integrations.incoming import Incoming, Match
from integrations.models import Integration
from integrations.records.kinds import get_kind


class LeftOut(Exception):
    """One of their records is none of ours, for a reason that the run shows."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message, self.advice = message, advice


class Counterparts:
    """Whom the matches of one page name: one query for each kind and column."""

    def __init__(self, integration: Integration, records: Sequence[Incoming]) -> None:
        wanted: dict[tuple[str, str], set[str]] = {}
        for match in (match for record in records for match in matches_of(record).values()):
            wanted.setdefault((match.kind, match.by), set()).add(match.value.casefold())
        self._found = {place: _ids(integration, *place, values) for place, values in wanted.items()}

    def of(self, incoming: Incoming) -> dict[str, int]:
        """The foreign keys of what it matches. Raises `LeftOut`."""
        if incoming.deleted:
            return {}
        if incoming.left_out:
            raise LeftOut(incoming.left_out)
        return {f"{attribute}_id": self._one(match) for attribute, match in matches_of(incoming).items()}

    def _one(self, match: Match) -> int:
        found = self._found[match.kind, match.by].get(match.value.casefold(), [])
        if len(found) == 1:
            return found[0]
        kind = get_kind(match.kind)
        column = kind.model._meta.get_field(match.by).verbose_name  # type: ignore[union-attr]
        words = {"kind": kind.label, "records": kind.label_plural, "column": column, "value": match.value, "count": len(found)}
        if not match.value:
            raise LeftOut(_("There is no %(column)s to find the %(kind)s by.") % words, _("Enter it at the vendor."))
        if found:
            raise LeftOut(_("%(count)d %(records)s here have the %(column)s %(value)s.") % words, _("Let only one of them have it."))
        raise LeftOut(
            _("No %(kind)s here has the %(column)s %(value)s.") % words,
            _("If it should come, make both sides say the same; then import everything again, or wait until that happens by itself."),
        )


def matches_of(incoming: Incoming) -> dict[str, Match]:
    return {attribute: owner for attribute, owner in incoming.belongs_to.items() if isinstance(owner, Match)}


def alike(integration: Integration, kind: str, by: str, values: Collection[str]) -> QuerySet[Any]:
    """The records of the kind whose column `by` is one of the values, whatever its case; as `matched`, in small letters."""
    alive = get_kind(kind).everywhere().filter(organization_id=integration.organization_id, remote_deleted_at=None)
    return alive.annotate(matched=Lower(by)).filter(matched__in=values).order_by("pk")


def _ids(integration: Integration, kind: str, by: str, values: set[str]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for pk, value in alike(integration, kind, by, values - {""}).values_list("pk", "matched"):
        found.setdefault(value.casefold(), []).append(pk)
    return found
