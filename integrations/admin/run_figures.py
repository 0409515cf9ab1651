"""The counts of a run, and what its records are worth at the vendor: from one grouped query, whatever the size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _

from integrations.admin.faces import amount_column
from integrations.admin.states import Text
from integrations.models import Action, ItemState, Link, Run
from integrations.models.outbox import FAILED
from integrations.records.kinds import UnknownKind, get_kind

ITEM_GROUPS: Mapping[str, tuple[str, ...]] = {
    "rejected": FAILED,
    "uncertain": (ItemState.UNCERTAIN,),
    "waiting": (ItemState.WAITING, ItemState.SENDING),
    "succeeded": (ItemState.SUCCEEDED,),
    "skipped": (ItemState.SKIPPED,),
}
ENTRY_GROUPS = ("rejected", "created", "updated", "deleted", "skipped")
LABELS: Mapping[str, Text] = {
    "succeeded": _("succeeded"),
    "rejected": _("rejected"),
    "uncertain": _("uncertain"),
    "waiting": _("waiting"),
    "unchanged": _("unchanged"),
    "skipped": _("skipped"),
    "created": _("created"),
    "updated": _("updated"),
    "deleted": _("deleted"),
    "along": _("went along"),
}
WOULD: Mapping[str, Text] = {"created": _("to create"), "updated": _("to update"), "deleted": _("to delete")}
"""What these are called while nothing is kept."""
SHOWN = {
    Action.EXPORT: ("succeeded", "rejected", "uncertain", "waiting", "unchanged", "skipped", "along"),
    Action.IMPORT: ("created", "updated", "deleted", "rejected", "skipped", "unchanged"),
}
QUIET, OPEN = frozenset({"unchanged", "skipped", "deleted", "along"}), frozenset({"uncertain", "waiting"})
MOVED = ("succeeded", "created", "updated", "deleted")
TONES = {"rejected": "bad", "uncertain": "warn", "differs": "warn", "only_here": "warn", "only_there": "warn"}


@dataclass(frozen=True)
class Figure:
    name: str
    label: Text
    count: int

    @property
    def tone(self) -> str:
        return TONES.get(self.name, "") if self.count else ""


@dataclass(frozen=True)
class Figures:
    """`counts` by group of states, of everything that the run touched. `own` are those of the run's own kind that it set out to
    move, without what they needed before them and what came of it further.
    """

    counts: Mapping[str, int]
    own: Mapping[str, int]

    @property
    def records(self) -> int:
        """How many the run set out to move."""
        return sum(self.own.values()) - self.own.get("unchanged", 0)

    @property
    def moved(self) -> int:
        """How many of them are there."""
        return sum(self.own.get(name, 0) for name in MOVED)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        return self.total - self.counts.get("waiting", 0) - self.counts.get("uncertain", 0)

    def shown(self, run: Run) -> list[Figure]:
        """Those that belong on the page of the run; some are left out while they are nothing."""
        quiet = QUIET | OPEN if run.is_finished else QUIET
        counts = {**self.own, "along": self.total - sum(self.own.values())}
        labels = labels_of(run)
        found = [Figure(name, labels[name], counts.get(name, 0)) for name in SHOWN.get(Action(run.action), ())]
        return [figure for figure in found if figure.count or figure.name not in quiet]


def labels_of(run: Run) -> Mapping[str, Text]:
    return {**LABELS, **WOULD} if run.dry else LABELS


def figures(run: Run) -> Figures:
    if run.action == Action.EXPORT:
        return _export_figures(run)
    if run.action == Action.IMPORT:
        rows = run.entries.order_by().values_list("state", "action").annotate(Count("pk"))
        counts = Counter({"unchanged": run.unchanged})
        for state, action, count in rows:
            counts[action or state] += count  # what nothing was done with has no action
        return Figures(counts, counts)
    return Figures({"succeeded": run.succeeded}, {"succeeded": run.succeeded, "other": run.total - run.succeeded})


def _export_figures(run: Run) -> Figures:
    counts, own = Counter({"unchanged": run.unchanged}), Counter({"unchanged": run.unchanged})
    groups = {state: group for group, states in ITEM_GROUPS.items() for state in states}
    for kind, step, state, count in run.items.order_by().values_list("kind", "step", "state").annotate(Count("pk")):
        counts[groups[state]] += count
        if kind == run.kind and not step:
            own[groups[state]] += count
    return Figures(counts, own)


@dataclass(frozen=True)
class Worth:
    """What the succeeded records are worth, by currency; `differing` counts those whose totals are not ours at the vendor."""

    sums: Mapping[str, Decimal]
    differing: int


def amounts_of(run: Run) -> str:
    """The column with what the run's records are worth; '' where they are no money, or of a kind that is no more."""
    try:
        return amount_column(get_kind(run.kind))
    except UnknownKind:
        return ""


def worth(run: Run) -> Worth:
    """Of an export of money records; nothing for every other run."""
    column = amounts_of(run) if run.action == Action.EXPORT else ""
    if not column:
        return Worth({}, 0)
    kind = get_kind(run.kind)
    succeeded = run.items.order_by().filter(kind=run.kind, step="", state=ItemState.SUCCEEDED).values("record_id")
    places = Decimal(1).scaleb(-kind.model._meta.get_field(column).decimal_places)  # type: ignore[union-attr]
    records: Any = kind.queryset()
    rows = records.filter(pk__in=succeeded, **{f"{column}__isnull": False}).order_by().values_list("currency")
    sums = {currency: Decimal(total).quantize(places) for currency, total in rows.annotate(Sum(column))}  # SQLite adds in floating point
    links = Link.objects.filter(
        ~Q(difference=""), integration_id=run.integration_id, realm_id=run.integration.realm_id, kind=run.kind, step="", archived_at=None
    )
    return Worth(dict(sorted(sums.items())), links.filter(record_id__in=succeeded).count())
