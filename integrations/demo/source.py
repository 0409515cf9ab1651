"""The simulated source begins with what the demo has, as Productive's API would show it: what is copied can then be told back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.conf import settings

from accounts.models import Organization
from accounts.tenancy import within
from integrations.auth.hosts import resolve
from integrations.http.client import Http
from integrations.provider import Provider
from integrations.records.base import Record
from integrations.records.currencies import exponent_of
from integrations.records.kinds import get_kind
from integrations.records.loading.shapes import shape_of
from integrations.registry import all_providers
from integrations.source import Source, kinds_of, plain


def furnish_sources(organization: Organization) -> None:
    """Give every simulated source the organization's records in place of what it has. The simulated vendors have to run."""
    for provider in all_providers().values():
        if kinds := [kind for declared in provider.imports if isinstance(declared, Source) for kind in kinds_of(declared)]:
            with within(organization):
                _begin_anew(provider, {"documents": list(documents(kinds))})


def _begin_anew(provider: Provider, options: dict[str, Any]) -> None:
    http = Http(settings.SANDBOX_URL, allowed=resolve(provider.slug, provider.hosts).allowed)
    http.send("POST", f"/{provider.slug}/__reset__", json=options)


def documents(kinds: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The current organization's records of these kinds as resource objects, without those that Productive does not have."""
    for model in dict.fromkeys(get_kind(kind).model for kind in kinds):
        there = model.objects.filter(remote_deleted_at=None).exclude(productive_id=None)
        for record in there.select_related(*shape_of(model).references).order_by("pk"):
            yield _document(record)


def _document(record: Record) -> dict[str, Any]:
    shape = shape_of(type(record))
    attributes = {name: plain(getattr(record, column)) for name, (column, _read) in shape.columns.items()}
    attributes |= {name: _minor(getattr(record, name), record) for name in shape.amounts}
    linked = {name: target for name in shape.references if (target := getattr(record, name)) is not None and target.productive_id}
    return {
        "type": record.productive_type,
        "id": record.productive_id,
        "attributes": attributes | {f"{name}_id": target.productive_id for name, target in linked.items()},
        "relationships": {name: {"data": {"type": target.productive_type, "id": target.productive_id}} for name, target in linked.items()},
    }


def _minor(amount: Decimal | None, record: Any) -> int | str | None:
    """In minor units; a price may be finer than they are."""
    if amount is None:
        return None
    minor = amount.scaleb(exponent_of(record.currency))
    return int(minor) if minor == minor.to_integral_value() else plain(minor)
