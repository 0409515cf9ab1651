"""How a record is shown where it is not the subject: its name, whose it is, its amount, the way to its page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import Field, ForeignKey
from django.urls import reverse
from django.utils.text import capfirst

from accounts.models import User
from accounts.roles import VIEW_PAY
from integrations.records.kinds import Kind, UnknownKind, get_kind

AMOUNTS = ("total_amount_with_tax", "total_cost_with_tax", "amount_with_tax", "amount")
"""The column that says what a record is worth: the first that its model has."""
PARTIES = ("company", "vendor", "person", "invoice")
"""The foreign key that tells whose a record is: the first that its model has."""

Key = tuple[str, int]


@dataclass(frozen=True)
class Face:
    label: str
    party: str = ""
    url: str = ""
    amount: Decimal | None = None
    currency: str = ""


def faces(keys: Iterable[Key], user: User | AnonymousUser) -> Mapping[Key, Face]:
    """By (kind, record id), in one query for each kind, as far as the records are still there."""
    wanted: dict[str, list[int]] = defaultdict(list)
    for kind, pk in keys:
        wanted[kind].append(pk)
    found: dict[Key, Face] = {}
    for name, ids in wanted.items():
        try:
            found |= _faces_of(get_kind(name), ids, user)
        except UnknownKind:
            continue
    return found


def faceless(key: Key) -> Face:
    """How a record is shown that is gone: by its kind and id."""
    name, pk = key
    try:
        return Face(f"{capfirst(get_kind(name).label)} {pk}")
    except UnknownKind:
        return Face(f"{name} {pk}")


def amount_column(kind: Kind) -> str:
    """The column with what a record of this kind is worth; '' for kinds that are no money."""
    names = _columns(kind)
    return next((name for name in AMOUNTS if name in names and "currency" in names and name not in kind.model.pay_columns), "")


def may_read(kind: Kind, user: User | AnonymousUser) -> bool:
    """Whether the user may see what records of the kind say, also on their way: pay needs a permission of its own."""
    return not kind.model.is_pay() or user.has_perm(f"{kind.model._meta.app_label}.{VIEW_PAY}")


def _faces_of(kind: Kind, ids: list[int], user: User | AnonymousUser) -> dict[Key, Face]:
    columns = _columns(kind)
    party = next((name for name in PARTIES if isinstance(columns.get(name), ForeignKey)), "")
    amount = amount_column(kind)
    address = address_of(kind, user)
    rows = kind.queryset().filter(pk__in=ids)
    return {
        (kind.name, record.pk): Face(
            label=getattr(record, "number", "") or capfirst(str(record)),
            party=str(getattr(record, party) or "") if party else "",
            url=reverse(address, args=[record.pk]) if address else "",
            amount=getattr(record, amount) if amount else None,
            currency=getattr(record, "currency", "") if amount else "",
        )
        for record in (rows.select_related(party) if party else rows)
    }


def _columns(kind: Kind) -> dict[str, Field[Any, Any]]:
    return {field.name: field for field in kind.model._meta.concrete_fields}


def address_of(kind: Kind, user: User | AnonymousUser) -> str:
    """The name of the URL of a record's page, when there is one that the user may see; else ''."""
    meta = kind.model._meta
    permission = VIEW_PAY if kind.model.is_pay() else f"view_{meta.model_name}"
    visible = admin.site.is_registered(kind.model) and user.has_perm(f"{meta.app_label}.{permission}")
    return f"admin:{meta.app_label}_{meta.model_name}_change" if visible else ""
