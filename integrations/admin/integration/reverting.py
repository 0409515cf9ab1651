"""One change of the history taken back: as if the old value were chosen in the form that sets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from integrations.admin.integration.mapping import MappingTable, Query
from integrations.admin.integration.scope import ScopeForm, save_scope
from integrations.admin.integration.section import SectionEditor, lock
from integrations.mappings.fields import ValueMapping
from integrations.models import Integration
from integrations.sync.readiness import Readiness

OF_SCOPE = ("name", "subsidiary")


def can_revert(readiness: Readiness, name: str) -> bool:
    """Whether the field is a setting that a person sets; a connection, say, is not."""
    return name in OF_SCOPE or any(name in section.fields for section in readiness.provider.sections)


def revert(integration: Integration, name: str, key: str, old: str, new: str) -> str:
    """Set a field, or the row `key` of a mapping, from `new` to `old` again; why not, in words, or '' when it is done.

    What was changed since stays as it is.
    """
    with transaction.atomic():
        locked = lock(integration)
        problem = _problem(locked, name, key, old) if _stored(locked, name, key) == new else _("It was changed since. Revert that first.")
        if problem:
            transaction.set_rollback(True)
    return problem


def _stored(integration: Integration, name: str, key: str) -> str:
    """As the history keeps it."""
    value = getattr(integration, integration._meta.get_field(name).attname)  # type: ignore[union-attr]
    return str(value.get(key, "") if key else value)


def _problem(integration: Integration, name: str, key: str, old: str) -> str:
    """Write the value; what is against it, in words."""
    if name in OF_SCOPE:
        given = {one: _posted(_stored(integration, one, "")) for one in OF_SCOPE} | {name: _posted(old)}
        form = ScopeForm(given, instance=integration)
        return "" if form.is_valid() and save_scope(form) else _told(form.errors)
    readiness = Readiness(integration)
    section = next(section for section in readiness.provider.sections if name in section.fields)
    data = _fields(integration, section.fields)
    data |= _row(integration, name, key, old) if key else {name: _posted(old)}
    editor = SectionEditor(readiness, section, Query(), locked=False, data=data)
    editor.save()
    return " ".join(filter(None, [_told(editor.form.errors), *_refusals(editor)]))


def _fields(integration: Integration, names: tuple[str, ...]) -> dict[str, str]:
    """What the section's form brings when nothing is changed in it."""
    shown = {name: getattr(integration, integration._meta.get_field(name).attname) for name in names}  # type: ignore[union-attr]
    return {name: _posted(str(value)) for name, value in shown.items() if not isinstance(value, dict)}


def _row(integration: Integration, name: str, key: str, old: str) -> dict[str, str]:
    new = _stored(integration, name, key)
    if isinstance(integration._meta.get_field(name), ValueMapping):
        return {f"{name}.row.{key}": old, f"{name}.was.{key}": new}
    row, was = f"{name}.0", f"{name}.0.was"
    return {f"{row}.theirs": key if old else "", f"{row}.ours": old, f"{was}.theirs": key if new else "", f"{was}.ours": new}


def _posted(text: str) -> str:
    """A stored text as a form brings it: nothing for what is empty or off."""
    return "" if text in {"None", "False"} else text


def _refusals(editor: SectionEditor) -> Iterator[str]:
    for table in editor.tables.values():
        yield from table.patched.errors.values() if isinstance(table, MappingTable) else (pair.error for pair in table.refused)


def _told(errors: Mapping[str, Any]) -> str:
    return " ".join(str(text) for texts in errors.values() for text in texts)
