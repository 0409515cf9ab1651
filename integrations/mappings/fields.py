"""The model fields in which an integration keeps choices and mappings. What they offer is declared on the field itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class Ours:
    """Values of one side: our records of `kind`, known by primary key."""

    kind: str


@dataclass(frozen=True)
class Theirs:
    """Values of one side: the vendor's options of `source`, known by their value; only those for `use`, if one is named.

    Where all may be chosen, only those for `suggested` are suggested, if that is named.
    """

    source: str
    use: str = ""
    suggested: str = ""


class OptionField(models.CharField):  # type: ignore[type-arg]
    """One of the vendor's options. Blank means not chosen."""

    def __init__(self, *args: Any, theirs: Theirs | None = None, **kwargs: Any) -> None:
        self.theirs = theirs
        super().__init__(*args, **{"max_length": 255, "blank": True, "default": "", **kwargs})


class MappingField(models.JSONField):
    """Key -> value, both texts. An absent key is not mapped."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"default": dict, "blank": True, **kwargs})

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        if not isinstance(value, dict) or not all(isinstance(part, str) for pair in value.items() for part in pair):
            raise ValidationError(_("A mapping is an object whose keys and values are texts."), code="mapping")


class ValueMapping(MappingField):
    """Each value of one side -> a value of the other; `noun` says what a value is given, `fallback` names the field of the default.

    `tax_rate_mapping = ValueMapping(of=Ours("tax_rate"), to=Theirs("tax_rates", use="sales"), noun=_("tax rate"))`
    """

    def __init__(
        self,
        *args: Any,
        of: Ours | Theirs | None = None,
        to: Ours | Theirs | None = None,
        noun: Text = "",
        fallback: str = "",
        **kwargs: Any,
    ) -> None:
        self.of, self.to, self.noun, self.fallback = of, to, noun, fallback
        super().__init__(*args, **kwargs)

    def default_of(self, integration: models.Model) -> str:
        """What a value without an entry gets: an option, or the primary key of a record; '' for nothing."""
        chosen = integration.serializable_value(self.fallback) if self.fallback else None
        return "" if chosen is None else str(chosen)


class FieldMapping(MappingField):
    """A field of theirs (an option of `theirs`) -> the attribute of our `kind` of record that fills it."""

    def __init__(self, *args: Any, theirs: Theirs | None = None, kind: str = "", **kwargs: Any) -> None:
        self.theirs, self.kind = theirs, kind
        super().__init__(*args, **kwargs)


class FixedValues(MappingField):
    """A field of theirs (an option of `theirs`, or a name that is typed in) -> a constant, one of `values` where there are some.

    Constants win over a `FieldMapping` of the same field.
    """

    def __init__(self, *args: Any, theirs: Theirs | None = None, values: Sequence[tuple[str, Text]] = (), **kwargs: Any) -> None:
        self.theirs, self.values = theirs, tuple(values)
        super().__init__(*args, **kwargs)
