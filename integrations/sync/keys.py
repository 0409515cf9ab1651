"""Every secret of the database under the newest key: looked through row by row, while everybody goes on working."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.apps import apps
from django.db import models

from integrations import crypto

AT_ONCE = 200
"""Rows that are read together: each is written by itself, so that nobody waits for more than one."""

Column = tuple[type[models.Model], str]


def columns() -> list[Column]:
    """Every encrypted field of every installed model, with the model that has its column."""
    return [
        (model, field.name)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if isinstance(field, crypto.EncryptedTextField | crypto.EncryptedJSONField) and not model._meta.proxy
    ]


def name_of(column: Column) -> str:
    model, field = column
    return f"{model._meta.label}.{field}"


def key_ids(column: Column) -> Counter[str]:
    """How many secrets of the column are under each key; "" for what is no stored secret."""
    return Counter(crypto.key_id_of(text) for _pk, text in _stored(column))


def rotate(column: Column) -> Iterator[bool]:
    """Bring each secret of the column under the newest key; for each that was under another, whether it is now.

    A secret is replaced only while it is what was read: what somebody writes meanwhile is under the newest key by itself.
    What is done is done, so a rotation that was killed is begun again and goes on. False for one that cannot be decrypted,
    which is left as it is.
    """
    model, field = column
    rows = model._base_manager.annotate(stored_secret=crypto.stored(field))
    for pk, text in _stored(column):
        if not crypto.needs_rotation(text):
            continue
        try:
            renewed = crypto.rotate(text)
        except crypto.DecryptionError:
            yield False
            continue
        value = models.Value(renewed, output_field=models.TextField())
        rows.filter(pk=pk, stored_secret=text).update(**{field: value})
        yield True


def _stored(column: Column) -> Iterator[tuple[int, str]]:
    model, field = column
    rows = model._base_manager.annotate(stored_secret=crypto.stored(field)).filter(stored_secret__isnull=False)
    last = None
    while True:
        following = rows if last is None else rows.filter(pk__gt=last)
        chunk = list(following.order_by("pk").values_list("pk", "stored_secret")[:AT_ONCE])
        yield from chunk
        if len(chunk) < AT_ONCE:
            return
        last = chunk[-1][0]
