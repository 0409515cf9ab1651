"""The one place where a mapping is looked up: the explicit entry, else the default, else the record is refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from integrations.errors import ConfigProblem
from integrations.mappings.fields import FieldMapping, FixedValues, ValueMapping


def resolve(integration: models.Model, name: str, value: models.Model | None) -> str:
    """What the mapping field `name` of `integration` makes of our record `value` (None where the document has none).

    Raises `ConfigProblem` naming the mapping, the unmapped record and the cure.
    """
    field = integration._meta.get_field(name)
    if not isinstance(field, ValueMapping):
        raise TypeError(f"{name} is not a value mapping")
    explicit = getattr(integration, name).get(str(value.pk)) if value is not None else None
    if resolved := explicit or field.default_of(integration):
        return str(resolved)
    words = {"noun": field.noun, "kind": value._meta.verbose_name if value is not None else "", "value": value}
    cure = _("Map it or set a default.") if field.fallback else _("Map it.")
    if value is None:
        message = _("A line has nothing to choose its %(noun)s by, and there is no default %(noun)s.") % words
        raise ConfigProblem(message, field=field.fallback or name, advice=_("Set a default, or complete the line."))
    message = _("The %(kind)s “%(value)s” has no %(noun)s.") % words
    raise ConfigProblem(message, field=name, value=str(value.pk), advice=cure)


def chosen(integration: models.Model, name: str, key: int | None) -> str:
    """What the mapping field `name` has for our record with that primary key; '' where it has nothing, and nothing is needed."""
    return str(getattr(integration, name).get(str(key), ""))


def resolve_theirs(integration: models.Model, name: str, value: str) -> str:
    """What the mapping field `name` makes of their option `value`; '' when it is not mapped and there is no default."""
    field = integration._meta.get_field(name)
    if not isinstance(field, ValueMapping):
        raise TypeError(f"{name} is not a value mapping")
    return str(getattr(integration, name).get(value) or field.default_of(integration))


def filled_fields(integration: models.Model, record: models.Model, *names: str) -> Mapping[str, Any]:
    """Their field -> value, from the field mappings and fixed values `names`; constants win, empty values are left out."""
    filled: dict[str, Any] = {}
    fields = [(name, integration._meta.get_field(name)) for name in names]
    for name, field in fields:
        if isinstance(field, FieldMapping):
            filled |= {theirs: getattr(record, ours) for theirs, ours in getattr(integration, name).items()}
    for name, field in fields:
        if isinstance(field, FixedValues):
            filled |= getattr(integration, name)
    return {theirs: value for theirs, value in filled.items() if value not in (None, "")}
