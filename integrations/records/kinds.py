"""The kinds of records, by the names under which commands, mappings and the core speak of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet, prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from integrations.records import models
from integrations.records.base import Record

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class UnknownKind(LookupError):
    """No kind of record has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is no kind of record. The kinds are: {', '.join(kind.name for kind in all_kinds())}.")


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of record: where its rows are, and what people call it.

    `date` and `number` name the attributes by which people know one record from another; None where it has none.
    """

    name: str
    label: _StrPromise
    label_plural: _StrPromise
    model: type[Record]
    date: str | None = None
    number: str | None = None

    @property
    def filter(self) -> dict[str, Any]:
        """What tells this kind's rows from others of the same model."""
        return self.model.kinds()[self.name]

    def queryset(self) -> QuerySet[Record]:
        """The current organization's records of this kind. Raises NoOrganization outside of one."""
        return self.model.objects.filter(**self.filter)

    def everywhere(self) -> QuerySet[Record]:
        return self.model.everywhere.filter(**self.filter)

    def load(self, ids: Iterable[int], reads: Sequence[str] = ()) -> list[Record]:
        """The current organization's records with these primary keys, in their order; those of others are left out.

        `reads` are paths of related records to fetch along (`line_items__tax_rate`): a fixed number of queries, however many
        ids there are. Lines and entries that were deleted in Productive are left out.
        """
        wanted = list(ids)
        by_id = {record.pk: record for record in self.queryset().filter(pk__in=wanted)}
        found = [by_id[pk] for pk in wanted if pk in by_id]
        fetched: dict[str, list[Record]] = {}
        for path in reads:
            owners, model, walked = found, self.model, ""
            for step in path.split("__"):
                relation: Any = model._meta.get_field(step)
                walked = f"{walked}__{step}"
                if walked not in fetched:
                    fetched[walked] = _attach_parts(owners, relation) if relation.one_to_many else _attach_targets(owners, step)
                owners, model = fetched[walked], relation.related_model
        return found


def _attach_targets(owners: Sequence[Record], name: str) -> list[Record]:
    """Fetch what the owners' foreign key names."""
    prefetch_related_objects(owners, name)
    targets = {id(target): target for owner in owners if (target := getattr(owner, name)) is not None}
    return list(targets.values())


def _attach_parts(owners: Sequence[Record], relation: Any) -> list[Record]:
    """Fetch what belongs to the owners and put it where their related managers find it.

    Does what `prefetch_related` does without a queryset of its own for each owner, which costs more than the fetching.
    """
    key, model = relation.field.attname, relation.related_model
    parts = list(model.everywhere.filter(**{f"{key}__in": [owner.pk for owner in owners]}, remote_deleted_at=None))
    by_owner: dict[int, list[Record]] = {owner.pk: [] for owner in owners}
    for part in parts:
        by_owner[getattr(part, key)].append(part)
    empty = model.everywhere.none()
    for owner in owners:
        queryset = empty._chain()
        queryset._result_cache = by_owner[owner.pk]
        owner.__dict__.setdefault("_prefetched_objects_cache", {})[relation.get_accessor_name()] = queryset
    return parts


def get_kind(name: str) -> Kind:
    """Raises UnknownKind, which names the valid ones."""
    try:
        return _KINDS[name]
    except KeyError:
        raise UnknownKind(name) from None


def all_kinds() -> Sequence[Kind]:
    return tuple(_KINDS.values())


def kinds_of(model: type[Record]) -> list[Kind]:
    """The kinds whose rows this model holds."""
    return [get_kind(name) for name in model.kinds()]


def _plain(model: type[Record], date: str | None = None, number: str | None = None) -> Kind:
    """The one kind of a model, called as the model is."""
    (name,) = model.kinds()
    return Kind(name, model._meta.verbose_name, model._meta.verbose_name_plural, model, date, number)  # type: ignore[arg-type]


_KINDS = {
    kind.name: kind
    for kind in (
        _plain(models.Subsidiary),
        _plain(models.Company, number="company_code"),
        _plain(models.ContactEntry),
        _plain(models.Person, number="email"),
        _plain(models.Salary, date="started_on"),
        _plain(models.Event),
        _plain(models.Entitlement, date="start_date"),
        _plain(models.Booking, date="started_on"),
        _plain(models.Project, date="created_at", number="project_number"),
        _plain(models.ProjectTemplate),
        _plain(models.Pipeline),
        _plain(models.DealStatus),
        Kind("deal", _("deal"), _("deals"), models.Deal, "date", "deal_number"),
        Kind("budget", _("budget"), _("budgets"), models.Deal, "date", "deal_number"),
        _plain(models.ServiceType),
        _plain(models.Service),
        _plain(models.Folder),
        _plain(models.TaskList),
        _plain(models.Task, date="due_date", number="task_number"),
        _plain(models.TimeEntry, date="date"),
        _plain(models.CalendarEvent, date="start_date"),
        _plain(models.TaxRate),
        _plain(models.DocumentType),
        Kind("invoice", _("invoice"), _("invoices"), models.Invoice, "invoiced_on", "number"),
        Kind("credit_note", _("credit note"), _("credit notes"), models.Invoice, "invoiced_on", "number"),
        _plain(models.LineItem),
        _plain(models.Payment, date="paid_on"),
        _plain(models.Expense, date="date"),
        _plain(models.ExpenseLineItem),
        _plain(models.PurchaseOrder, date="issued_on", number="number"),
        _plain(models.Attachment, date="created_at"),
        _plain(models.CustomField),
        _plain(models.CustomFieldOption),
    )
}
