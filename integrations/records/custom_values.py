"""What a record says in a custom field, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.records.choices import CustomFieldType
from integrations.records.fields import CustomField, CustomFieldOption
from integrations.records.people import Person


def custom_value(field: CustomField | None, custom_fields: Mapping[str, Any]) -> str:
    """The value that `custom_fields` have for the field: options and people by their names, several between commas; '' for none."""
    value = custom_fields.get(field.productive_id or "") if field is not None else None
    if field is None or value in (None, "", []):
        return ""
    parts = [str(part) for part in (value if isinstance(value, list) else [value])]
    names: dict[str | None, str] = {}
    if field.data_type_id in (CustomFieldType.SELECT, CustomFieldType.MULTISELECT):
        names = dict(CustomFieldOption.everywhere.filter(custom_field=field, productive_id__in=parts).values_list("productive_id", "name"))
    elif field.data_type_id == CustomFieldType.PERSON:
        people = Person.everywhere.filter(organization_id=field.organization_id, productive_id__in=parts)
        names = {person.productive_id: str(person) for person in people}
    return ", ".join(names.get(part, part) for part in parts)
