"""Columns of lists and pages whose values people read in another form than they are stored in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from django.contrib import admin
from django.db import models
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.records.base import Record
from integrations.records.columns import MoneyField
from integrations.records.models import CustomField, CustomFieldOption
from integrations.templatetags.words import NOTHING
from integrations.templatetags.words import money as in_words

Column = Callable[[Any], str]


def shown(model: type[Record], name: str) -> str | Column:
    """How the column is shown: a function of the record where its plain value would not do."""
    field = model._meta.get_field(name)
    if isinstance(field, MoneyField):
        return money(model, name)
    own: dict[str, Column] = {"custom_fields": custom_fields, "digest": kept_file, "size": file_size}
    if name in own:
        return own[name]
    if isinstance(field, models.DecimalField):
        return number(model, name)
    if isinstance(field, models.JSONField):
        return _listed(model, name)
    return _unlinked(model, name) if _is_of_operators(field) else name


def _is_of_operators(field: Any) -> bool:
    """Whether it names a row, such as a login, whose page only operators may open: Django would link to it for everybody."""
    return field.is_relation and not issubclass(field.related_model, Record)


@cache
def money(model: type[Record], name: str) -> Column:
    """An amount with its currency. Cells and headings get the class `number_<column>`, by which they stand at the right."""

    def column(record: Any) -> str:
        return in_words(getattr(record, name), record.currency)

    return _named(column, f"number_{name}", model, name)


@cache
def number(model: type[Record], name: str) -> Column:
    """A number with as many decimals as it has: 1.50000000 as 1.5."""

    def column(record: Any) -> str:
        value = getattr(record, name)
        return "" if value is None else number_format(f"{value.normalize():f}", use_l10n=True)

    return _named(column, f"number_{name}", model, name)


@cache
def duration(model: type[Record], name: str) -> Column:
    """Minutes as hours and minutes: 95 as 1:35."""

    def column(record: Any) -> str:
        minutes = getattr(record, name)
        return "" if minutes is None else f"{'-' if minutes < 0 else ''}{abs(minutes) // 60}:{abs(minutes) % 60:02}"

    return _named(column, f"number_{name}", model, name)


@cache
def beginning(model: type[Record], name: str) -> Column:
    """The first words of a long text."""

    def column(record: Any) -> str:
        return Truncator(getattr(record, name)).words(12) or str(record)

    return _named(column, name, model, name)


def _named(column: Column, called: str, model: type[Record], name: str) -> Column:
    def told(record: Any) -> str:
        return column(record) or NOTHING

    told.__name__ = called
    field: Any = model._meta.get_field(name)
    return admin.display(told, description=field.verbose_name, ordering=name)


@cache
def _listed(model: type[Record], name: str) -> Column:
    def column(record: Any) -> str:
        return _told(getattr(record, name))

    return _named(column, name, model, name)


@cache
def _unlinked(model: type[Record], name: str) -> Column:
    def column(record: Any) -> str:
        return str(getattr(record, name) or "")

    return _named(column, name, model, name)


def _told(value: Any) -> str:
    """A list as words between commas, a hash as its names and values."""
    if isinstance(value, Mapping):
        return _pairs((name, _told(part)) for name, part in value.items() if part not in (None, "", [], {}))
    if isinstance(value, list):
        return format_html_join(", ", "{}", ((_told(part),) for part in value))
    return "" if value is None else str(value)


def _pairs(pairs: Iterable[tuple[object, object]]) -> str:
    lines = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", ((name, value) for name, value in pairs))
    return format_html("<dl>{}</dl>", lines) if lines else ""


@admin.display(description=gettext_lazy("kept file"))
def kept_file(attachment: Any) -> str:
    """The way to the file itself, where Patchbay keeps it."""
    if not attachment.digest:
        return NOTHING
    return format_html('<a href="{}">{}</a>', reverse("admin:file", args=[attachment.pk]), attachment.name or _("Save it"))


@admin.display(description=gettext_lazy("size"))
def file_size(attachment: Any) -> str:
    """Productive tells it as text, mostly in bytes."""
    size: str = attachment.size
    return filesizeformat(size) if size.isdigit() else size or NOTHING


@admin.display(description=gettext_lazy("custom fields"))
def custom_fields(record: Any) -> str:
    """The values of custom fields under the fields' names; those of sensitive fields are not shown."""
    given: dict[str, Any] = record.custom_fields
    fields = {field.productive_id: field for field in CustomField.objects.filter(productive_id__in=given)}
    chosen = {str(part) for value in given.values() for part in (value if isinstance(value, list) else [value]) if value is not None}
    options = dict(
        CustomFieldOption.objects.filter(custom_field__in=fields.values(), productive_id__in=chosen).values_list("productive_id", "name")
    )

    def worded(key: str, value: Any) -> str:
        if key in fields and fields[key].sensitive:
            return _("hidden, because the field is sensitive")
        parts = value if isinstance(value, list) else [value]
        return format_html_join(", ", "{}", ((options.get(str(part)) or _told(part),) for part in parts))

    return _pairs((fields.get(key, key), worded(key, value)) for key, value in given.items() if value not in (None, "", [])) or NOTHING
