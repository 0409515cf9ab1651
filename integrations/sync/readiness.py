"""What still keeps an integration from doing its work, step by step of its set-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Field
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.mappings.fields import MappingField, OptionField, Ours, Theirs, ValueMapping
from integrations.models import Connection, Integration
from integrations.provider import Section
from integrations.sync import routes
from integrations.sync.offers import Offers
from integrations.sync.usage import uses

ACCOUNT = "account"
"""The first step of every set-up: the connection itself."""


@dataclass(frozen=True)
class Missing:
    """One thing to do: `field` of `section`, and in a mapping the row of `value`. `text` says what and how."""

    section: str
    field: str
    text: str
    value: str = ""


def missing(integration: Integration) -> list[Missing]:
    """What a person has to do before the integration can do all that it is switched on for; empty when it is ready.

    At most one query for each list and mapping, whatever their sizes.
    """
    return Readiness(integration).missing


class Readiness:
    """What is missing, with the offers and counts that it follows from, each of them read once."""

    def __init__(self, integration: Integration) -> None:
        self.integration = integration
        self.provider = integration.declaration
        self.offers = Offers(integration)
        self._uses: dict[str, Mapping[str, int] | None] = {}

    @cached_property
    def missing(self) -> list[Missing]:
        return [*self._connection(), *self._routes(), *(found for section in self.provider.sections for found in self._section(section))]

    def of(self, section: str) -> list[Missing]:
        return [found for found in self.missing if found.section == section]

    def is_shown(self, section: Section) -> bool:
        """False for a section that is pointless while one of its switches is off."""
        return not self.switched_off(section)

    def switched_off(self, section: Section) -> list[str]:
        return [switch for switch in section.shown_when if not getattr(self.integration, switch)]

    def section_of(self, field: str) -> str:
        """The section where a field is set; the first step for what is set nowhere else."""
        return next((section.name for section in self.provider.sections if field in section.fields), ACCOUNT)

    def uses(self, name: str) -> Mapping[str, int] | None:
        """How often each value of the mapping is used, see `usage.uses`."""
        if name not in self._uses:
            section = next(section for section in self.provider.sections if name in section.fields)
            field = self._field(name)
            assert isinstance(field, ValueMapping)
            self._uses[name] = uses(self.integration, field, section)
        return self._uses[name]

    def _field(self, name: str) -> Field:  # type: ignore[type-arg]
        return self.integration._meta.get_field(name)  # type: ignore[return-value]

    def _connection(self) -> Iterator[Missing]:
        words = {"vendor": self.provider.label}
        texts = {
            Connection.NEVER: _("Switch it on.") if self.provider.is_agreement else _("Connect it to %(vendor)s."),
            Connection.NEEDS_RECONNECT: _("%(vendor)s refuses the connection: make it anew."),
            Connection.DISCONNECTED: _("It is disconnected from %(vendor)s. Connect it again to move records."),
        }
        if text := texts.get(Connection(self.integration.connection)):
            yield Missing(ACCOUNT, "connection", text % words)

    def _routes(self) -> Iterator[Missing]:
        for taken in routes.taken(self.integration):
            switch = next(iter(taken.export.switches), "subsidiary")
            yield Missing(self.section_of(switch), switch, str(taken))

    def _section(self, section: Section) -> Iterator[Missing]:
        if not self.is_shown(section):
            return
        for name in section.fields:
            field = self._field(name)
            required = name in section.required
            if isinstance(field, ValueMapping):
                yield from self._mapping(section, field, required)
            elif isinstance(field, MappingField):
                if required and not getattr(self.integration, name):
                    yield Missing(section.name, name, _("“%(field)s” is empty.") % {"field": capfirst(field.verbose_name)})
            elif required or isinstance(field, OptionField):
                yield from self._single(section, field, required)

    def _single(self, section: Section, field: Field, required: bool) -> Iterator[Missing]:  # type: ignore[type-arg]
        value = getattr(self.integration, field.attname)
        words = {"field": capfirst(field.verbose_name), "vendor": self.provider.label}
        if value in (None, ""):
            if required:
                yield Missing(section.name, field.name, _("“%(field)s” is not set.") % words)
        elif isinstance(field, OptionField) and field.theirs and self.offers.is_gone(field.theirs, value):
            words["option"] = self.offers.label(field.theirs, value)
            yield Missing(section.name, field.name, _("“%(field)s”: %(option)s is gone at %(vendor)s. Choose another one.") % words)

    def _mapping(self, section: Section, field: ValueMapping, required: bool) -> Iterator[Missing]:
        """Unmapped values that are in use, where nothing stands in for them; and entries whose option is gone."""
        mapping: Mapping[str, str] = getattr(self.integration, field.name)
        if required and not field.default_of(self.integration):
            used = self.uses(field.name)
            if used is None and not mapping:
                yield Missing(section.name, field.name, _("“%(field)s”: nothing is mapped yet.") % {"field": capfirst(field.verbose_name)})
            for value in self._existing(field.of, [value for value, count in (used or {}).items() if count and not mapping.get(value)]):
                yield Missing(section.name, field.name, self._no_entry(field, value), value)
        to = field.to
        if to is not None and self.offers.is_known(to):
            for value in self._existing(field.of, [value for value, entry in mapping.items() if entry and self.offers.is_gone(to, entry)]):
                words = {
                    "value": self.value_name(field, value),
                    "option": self.offers.label(to, mapping[value]),
                    "vendor": self.provider.label,
                }
                text = _("“%(value)s” is mapped to %(option)s, which is gone at %(vendor)s. Choose another one.")
                if isinstance(to, Ours):
                    text = _("“%(value)s” is mapped to %(option)s, which is archived or deleted. Choose another one.")
                yield Missing(section.name, field.name, text % words, value)

    def _no_entry(self, field: ValueMapping, value: str) -> str:
        words = {"value": self.value_name(field, value), "noun": field.noun}
        return _("“%(value)s” is in use and has no %(noun)s.") % words

    def value_name(self, field: ValueMapping, value: str) -> str:
        return self.offers.label(field.of, value) if field.of else value

    def _existing(self, side: Ours | Theirs | None, values: list[str]) -> list[str]:
        """The values that are there to be mapped: what was deleted keeps its entry, and needs none."""
        if side is None or not values:
            return values
        offers = self.offers.of(side)
        return [value for value in values if value in offers and (isinstance(side, Ours) or not offers[value].is_gone)]
