"""A database with rows of every model there is: run as `python -m tests.crash.full_estate fill` or `rows`; each prints JSON.

`fill` makes the rows and tells every secret among them; `rows` tells every value of every row as the models read them, times to
the millisecond, as JSON has them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import django

FIRST = 6_000_001
LEFT_OUT = {"contenttypes.ContentType", "auth.Permission", "sessions.Session"}
"""What the README's command leaves out."""


def models() -> Iterator[Any]:
    from django.apps import apps

    for model in apps.get_models(include_auto_created=True):
        if model._meta.label not in LEFT_OUT and model._meta.managed and not model._meta.proxy:
            yield model


def fill() -> list[str]:
    """Raises whatever keeps a model from having a row."""
    from django.db import transaction

    from tests.isolation.estates import Estate

    with transaction.atomic():
        estate = Estate("Studio", "Canary", 314_159_265, FIRST)
        estate.fill()
        estate.fill_history()
    for _round in range(3):  # some need rows of others
        for model in models():
            if not model._base_manager.exists() and not model._meta.auto_created:
                model._base_manager.bulk_create([_row(estate, model)])
    for model in models():
        if model._meta.auto_created and not model._base_manager.exists():
            model._base_manager.bulk_create([_row(estate, model)])
    empty = [model._meta.label for model in models() if not model._base_manager.exists()]
    assert not empty, f"There is no row of {empty}."
    return sorted(set(_secrets()))


def _row(estate: Any, model: Any) -> Any:
    from django.contrib.contenttypes.models import ContentType
    from django.db.models import ForeignKey

    row = model()
    for column in model._meta.concrete_fields:
        if isinstance(column, ForeignKey):
            related = ContentType if column.related_model is ContentType else column.related_model
            first = related._base_manager.values_list("pk", flat=True).order_by("pk").first()
            setattr(row, column.attname, first)
        elif not column.primary_key and not column.has_default():
            setattr(row, column.attname, next(iter(dict(column.flatchoices)), None) or estate._made_up(column, 0))
    return row


def _secrets() -> Iterator[str]:
    from integrations.crypto import EncryptedJSONField, EncryptedTextField

    for model in models():
        for column in model._meta.local_concrete_fields:
            if isinstance(column, EncryptedJSONField | EncryptedTextField):
                for value in model._base_manager.values_list(column.name, flat=True):
                    yield from value.values() if isinstance(value, dict) else [value] if value else []


def rows() -> dict[str, list[list[str]]]:
    from django.contrib.contenttypes.models import ContentType

    kinds = {kind.pk: kind.natural_key() for kind in ContentType.objects.all()}

    def told(row: Any, column: Any) -> str:
        value = getattr(row, column.attname)
        if column.related_model is ContentType:
            value = kinds.get(value)
        if isinstance(value, dict):
            value = json.dumps(value, sort_keys=True, default=str)
        return f"{column.name}: {value.isoformat(timespec='milliseconds') if isinstance(value, datetime) else value}"

    found = {}
    for model in models():
        read = getattr(model._base_manager, "non_polymorphic", model._base_manager.all)()
        found[model._meta.label] = sorted([told(row, column) for column in model._meta.local_concrete_fields] for row in read)
    return found


if __name__ == "__main__":
    django.setup()
    print(json.dumps({"fill": fill, "rows": rows}[sys.argv[1]]()))
