"""Fields of theirs that fill custom fields of ours: whether the types go together, and what a value becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from integrations.records.choices import CustomFieldType, CustomizableType
from integrations.records.models import CustomField, CustomFieldOption

OF_PEOPLE = (CustomizableType.PEOPLE, CustomizableType.EMPLOYEES)
NUMBERS = frozenset({"int", "integer", "number", "decimal", "percentage", "percent", "currency"})
DATES = frozenset({"date"})
LISTS = frozenset({"list", "multilist", "options", "gender", "country", "state"})
FITTING: Mapping[int, frozenset[str] | None] = {
    CustomFieldType.TEXT: None,
    CustomFieldType.NUMBER: NUMBERS,
    CustomFieldType.DATE: DATES,
    CustomFieldType.SELECT: LISTS,
    CustomFieldType.MULTISELECT: LISTS,
}
"""Which of BambooHR's types a custom field of ours takes; None for every one. BambooHR's words for types are not published."""


@dataclass(frozen=True)
class Target:
    """A custom field of ours, by the key under which people keep its value, with the options that it has by their names."""

    key: str
    name: str
    type: int
    options: Mapping[str, str] = field(default_factory=dict)

    def value(self, text: str) -> Any:
        """What the text is here; None for an empty one. Raises `ValueError` for what the field cannot hold."""
        if not text:
            return None
        if self.type == CustomFieldType.NUMBER:
            return _number(text)
        if self.type == CustomFieldType.DATE:
            return None if text == "0000-00-00" else date.fromisoformat(text).isoformat()
        if self.type == CustomFieldType.SELECT:
            return self._option(text)
        if self.type == CustomFieldType.MULTISELECT:
            return [self._option(part.strip()) for part in text.split(",") if part.strip()]
        return text

    def _option(self, name: str) -> str:
        try:
            return self.options[name.casefold()]
        except KeyError:
            raise ValueError(name) from None


def targets(integration: Any) -> dict[str, Target]:
    """By the field of theirs that fills it. What is not there any more is left out: the drift is told apart from here."""
    mapping: Mapping[str, str] = integration.bamboo_custom_field_mapping
    fields = _ours(integration)
    options: dict[int, dict[str, str]] = {}
    for option in CustomFieldOption.everywhere.filter(custom_field__in=fields, archived_at=None, remote_deleted_at=None):
        options.setdefault(option.custom_field_id or 0, {})[option.name.casefold()] = option.productive_id or ""
    return {
        theirs: Target(ours.productive_id, ours.name, ours.data_type_id or 0, options.get(ours.pk, {}))
        for theirs, pk in mapping.items()
        if pk.isdecimal() and (ours := fields.get(int(pk))) is not None and ours.productive_id
    }


def misfits(integration: Any) -> dict[str, str]:
    """What is wrong with the mapping, by the field of theirs, in words."""
    fields, wrong = _ours(integration), {}
    options = integration.remote_options.filter(realm_id=integration.realm_id, source="fields") if integration.pk else ()
    offered = {option.value: option for option in options}
    for theirs, pk in integration.bamboo_custom_field_mapping.items():
        ours, option = fields.get(int(pk)) if pk.isdecimal() else None, offered.get(theirs)
        words = {"theirs": option.label if option else theirs, "ours": ours.name if ours else pk}
        if ours is None or ours.productive_id is None:
            wrong[theirs] = _("“%(theirs)s” fills a custom field that is not there any more. Choose another one.") % words
        elif ours.customizable_type not in OF_PEOPLE:
            wrong[theirs] = _("“%(ours)s” is no custom field of people. Choose another one for “%(theirs)s”.") % words
        elif option is not None and option.gone_at is not None:
            wrong[theirs] = _("BambooHR has no field “%(theirs)s” any more. Remove it from the custom fields.") % words
        elif option is not None and not fits(option.facts.get("type", ""), ours.data_type_id):
            words |= {"type": ours.get_data_type_id_display() or "", "their_type": option.facts.get("type", "")}
            text = _("“%(theirs)s” is of the type %(their_type)s, which “%(ours)s” (%(type)s) cannot hold. Choose another one.")
            wrong[theirs] = text % words
    return wrong


def fits(their_type: str, our_type: int | None) -> bool:
    fitting = FITTING.get(our_type or 0, frozenset())
    return fitting is None or their_type in fitting


def _ours(integration: Any) -> dict[int, CustomField]:
    wanted = [int(pk) for pk in integration.bamboo_custom_field_mapping.values() if pk.isdecimal()]
    rows = CustomField.everywhere.filter(
        organization_id=integration.organization_id, pk__in=wanted, archived_at=None, remote_deleted_at=None
    )
    return {row.pk: row for row in rows}


def _number(text: str) -> str:
    """BambooHR writes amounts with a currency behind them, and percentages with their sign."""
    try:
        number = Decimal(text.split(maxsplit=1)[0].rstrip("%").replace(",", ""))
    except (InvalidOperation, IndexError):
        raise ValueError(text) from None
    if not number.is_finite():
        raise ValueError(text)
    return format(number, "f")
