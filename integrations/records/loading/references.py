"""References from one record to another by Productive's ids: set when both are here, kept waiting until then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef

from accounts.models import Organization
from integrations.records.base import Record
from integrations.records.loading.reading import Content
from integrations.records.loading.shapes import shape_of
from integrations.records.loading.storing import store_waiting
from integrations.records.models import PendingReference

Links = dict[str, dict[str, str]]
"""Productive's id of a record to its foreign keys, each with the id of the target."""


class References:
    """The references of some records of one model: which targets are here, and what waits for one."""

    def __init__(self, organization: Organization, model: type[Record], contents: Collection[Content]) -> None:
        self._organization = organization
        self._model = model
        self._targets = shape_of(model).references
        self._waiting: dict[str, dict[str, str]] = defaultdict(dict)
        self._before: dict[tuple[str, str], tuple[int, str]] = {}
        for key, holder, name, target in self._mine({content.id for content in contents}):
            self._waiting[holder][name] = target
            self._before[holder, name] = key, target
        self.currencies: dict[int, str] = {}
        """The currencies of the records that the contents' records are part of, by primary key."""
        self._keys = self._keys_of_targets(contents)

    def _mine(self, holders: set[str]) -> Iterable[tuple[int, str, str, str]]:
        waiting = PendingReference.everywhere.filter(organization=self._organization, holder_model=self._model._meta.model_name)
        return waiting.filter(holder_id__in=holders).values_list("pk", "holder_id", "field", "target_id")

    def _keys_of_targets(self, contents: Collection[Content]) -> dict[str, dict[str, int]]:
        wanted: dict[type[Record], set[str]] = defaultdict(set)
        named = [reference for content in contents for reference in content.references.items()]
        waiting = [reference for references in self._waiting.values() for reference in references.items()]
        for name, target in named + waiting:
            if target is not None:
                wanted[self._targets[name]].add(target)
        found: dict[type[Record], dict[str, int]] = {}
        for model, ids in wanted.items():
            rows: Any = model.everywhere.filter(organization=self._organization, productive_id__in=ids)
            found[model] = dict(rows.values_list("productive_id", "pk"))
            if self._model.currency_of and model is self._targets[self._model.currency_of]:
                self.currencies = dict(rows.values_list("pk", "currency"))
        return {name: found.get(target, {}) for name, target in self._targets.items()}

    def keys_for(self, record: Record, content: Content) -> dict[str, int | None]:
        """The columns of the record's foreign keys as the content, or what waited for the record, wants them."""
        keys = {
            f"{name}_id": self._keys[name][target]
            for name, target in self._waiting.get(content.id, {}).items()
            if target in self._keys[name] and getattr(record, f"{name}_id") is None
        }
        return keys | {
            f"{name}_id": None if target is None else self._keys[name].get(target) for name, target in content.references.items()
        }

    def newly_waiting(self, content: Content) -> dict[str, str]:
        """The foreign keys whose target is not here, with its id, as far as they did not wait for the same one before."""
        waiting = self._waiting.get(content.id, {})
        return {
            name: target
            for name, target in content.references.items()
            if target is not None and target not in self._keys[name] and waiting.get(name) != target
        }

    def accept(self, content: Content) -> None:
        """The record is stored as `keys_for` told: what was set waits no longer, what could not be set waits from now on."""
        waiting = self._waiting.get(content.id, {})
        for name in list(waiting):
            target = content.references.get(name, waiting[name])
            if target is None or target in self._keys[name]:
                del waiting[name]
        new = self.newly_waiting(content)
        if new:
            self._waiting[content.id].update(new)

    def wait_for_holder(self, content: Content) -> None:
        """The record itself is not here: all its references wait for it."""
        self._waiting[content.id].update({name: target for name, target in content.references.items() if target is not None})

    def save(self) -> None:
        """Store what waits, forget what waits no longer."""
        now = {(holder, name): target for holder, waiting in self._waiting.items() for name, target in waiting.items()}
        over = [key for place, (key, _target) in self._before.items() if place not in now]
        if over:
            PendingReference.everywhere.filter(pk__in=over).delete()
        new = ((*place, target) for place, target in now.items() if place not in self._before or self._before[place][1] != target)
        store_waiting(self._organization.pk, str(self._model._meta.model_name), new)


def resolvable(organization: Organization, size: int) -> Iterator[tuple[type[Record], set[str]]]:
    """Batches of holders (model and Productive's ids) of waiting references of which both ends are here by now.

    Whoever takes a batch has to set its references before asking for the next one.
    """
    waiting = PendingReference.everywhere.filter(organization=organization)
    for name, field in waiting.values_list("holder_model", "field").distinct().order_by("holder_model", "field"):
        model, target = _ends(name, field)
        here = waiting.filter(holder_model=name, field=field).filter(
            Exists(model.everywhere.filter(organization=organization, productive_id=OuterRef("holder_id"))),
            Exists(target.everywhere.filter(organization=organization, productive_id=OuterRef("target_id"))),
        )
        while holders := set(here.values_list("holder_id", flat=True)[:size]):
            yield model, holders


def unresolved(organization: Organization, limit: int) -> list[dict[str, str]]:
    """What still waits: the reference, and which of its ends is missing."""
    listed = list(PendingReference.everywhere.filter(organization=organization).order_by("pk")[:limit])
    holders: dict[type[Record], set[str]] = defaultdict(set)
    for pending in listed:
        holders[_ends(pending.holder_model, pending.field)[0]].add(pending.holder_id)
    here = {
        (model._meta.model_name, holder)
        for model, ids in holders.items()
        for holder in model.everywhere.filter(organization=organization, productive_id__in=ids).values_list("productive_id", flat=True)
    }
    return [_told(pending, (pending.holder_model, pending.holder_id) in here) for pending in listed]


def _told(pending: PendingReference, holder_is_here: bool) -> dict[str, str]:
    model, target = (next(iter(end.kinds())) for end in _ends(pending.holder_model, pending.field))
    missing = {"kind": target, "id": pending.target_id} if holder_is_here else {"kind": model, "id": pending.holder_id}
    return {
        "kind": model,
        "id": pending.holder_id,
        "field": pending.field,
        "target_kind": target,
        "target_id": pending.target_id,
        "missing": "{kind} {id}".format(**missing),
    }


def _ends(holder_model: str, field: str) -> tuple[type[Record], type[Record]]:
    model: type[Record] = apps.get_model("records", holder_model)
    return model, shape_of(model).references[field]
