"""The table of a field mapping or of fixed values: their field, and what of ours fills it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Field
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.mappings.fields import FieldMapping, FixedValues, Theirs
from integrations.models import OptionList
from integrations.provider import Section
from integrations.records.base import content_fields
from integrations.records.kinds import get_kind
from integrations.sync.readiness import Readiness

NEW_ROWS = 3
MOST_ROWS = 500
LONGEST_CONSTANT = 1000


@dataclass(frozen=True)
class Pair:
    """One row of the form: shown as `was`, to be `theirs` filled by `ours`."""

    number: int
    theirs: str = ""
    ours: str = ""
    was_theirs: str = ""
    was_ours: str = ""
    error: str = ""
    theirs_said: str = ""
    ours_said: str = ""
    is_gone: bool = False


@dataclass
class PairTable:
    """One field mapping, or the fixed values beside it, as a card of its section's form."""

    readiness: Readiness
    section: Section
    column: FieldMapping | FixedValues
    locked: bool
    refused: list[Pair] = field(default_factory=list)
    recalled: list[Pair] = field(default_factory=list)

    template_name = "admin/integrations/integration/pairs.html"

    def __post_init__(self) -> None:
        self.theirs: Theirs | None = self.column.theirs  # None where their side is typed in
        self.name = self.column.name
        self.mapping: dict[str, str] = getattr(self.readiness.integration, self.name)

    # Saving --------------------------------------------------------------------------------------------------------

    def recall(self, data: Mapping[str, Any]) -> None:
        """Show the rows as the form brought them, nothing of which was written."""
        self.recalled = self._given(data)

    def patch(self, data: Mapping[str, Any]) -> bool:
        """Apply the rows of a form to the integration in hand, which the caller saves; whether anything changed."""
        mapping = dict(self.mapping)
        for pair in self._given(data):
            if (pair.theirs, pair.ours) == (pair.was_theirs, pair.was_ours):
                continue
            if error := self._error(pair, mapping):
                self.refused.append(replace(pair, error=error))
                continue
            mapping.pop(pair.was_theirs, None)
            if pair.theirs:
                mapping[pair.theirs] = pair.ours
        changed = mapping != self.mapping
        self.mapping = mapping
        setattr(self.readiness.integration, self.name, mapping)
        return changed

    @property
    def is_refused(self) -> bool:
        return bool(self.refused)

    def _given(self, data: Mapping[str, Any]) -> list[Pair]:
        found = []
        for number in range(MOST_ROWS):
            if f"{self.name}.{number}.theirs" not in data:
                break
            theirs, ours, was_theirs, was_ours = (
                str(data.get(f"{self.name}.{number}.{part}", "")).replace("\0", "").strip()
                for part in ("theirs", "ours", "was.theirs", "was.ours")
            )
            found.append(Pair(number, theirs, ours, was_theirs, was_ours))
        return found

    def _error(self, pair: Pair, mapping: Mapping[str, str]) -> str:
        """Why the row cannot be written, '' when it can."""
        if pair.was_theirs and mapping.get(pair.was_theirs) != pair.was_ours:
            stored = mapping.get(pair.was_theirs)
            return _("Somebody else has changed this row to “%(stored)s” meanwhile.") % {"stored": self._ours(stored or _("nothing"))}
        if not pair.theirs:
            return "" if pair.was_theirs else _("Choose the field that is filled.")
        words = {"field": self._label(pair.theirs)[:100], "count": LONGEST_CONSTANT}
        is_new = pair.theirs != pair.was_theirs
        checks = (
            (is_new and pair.theirs in mapping, _("“%(field)s” is filled already. Change that row.")),
            (is_new and not self._can_choose(pair), _("“%(field)s” is not among the fields. Refresh the list, or choose another one.")),
            (len(pair.theirs) > LONGEST_CONSTANT, _("“%(field)s”: a name has at most %(count)d characters.")),
            (bool(self.attributes) and pair.ours not in dict(self.attributes), _("Choose what fills “%(field)s”.")),
            (not pair.ours, _("Say what “%(field)s” is filled with, or remove the row.")),
            (len(pair.ours) > LONGEST_CONSTANT, _("“%(field)s”: a value has at most %(count)d characters.")),
        )
        return next((text % words for is_wrong, text in checks if is_wrong), "")

    def _can_choose(self, pair: Pair) -> bool:
        return self.theirs is None or self.readiness.offers.can_choose(self.theirs, pair.theirs)

    # What there is to show -----------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        return str(capfirst(self.column.verbose_name))

    @property
    def source(self) -> Theirs | None:
        return self.theirs

    @property
    def read(self) -> OptionList | None:
        return self.readiness.offers.lists.get(self.theirs.source) if self.theirs else None

    @property
    def source_label(self) -> Any:
        return self.readiness.provider.option_source(self.theirs.source).label if self.theirs else ""

    @cached_property
    def attributes(self) -> list[tuple[str, str]]:
        """What can fill a field of theirs: what our record has, or the constants there are; empty for those that are typed."""
        if not isinstance(self.column, FieldMapping):
            return [(value, str(label)) for value, label in self.column.values]
        model = get_kind(self.column.kind).model
        columns: list[Field[Any, Any]] = [column for column in content_fields(model) if not column.is_relation]
        return [(column.name, str(capfirst(column.verbose_name))) for column in columns if column.name not in model.pay_columns]

    @property
    def theirs_options(self) -> list[tuple[str, str]]:
        offered = self.readiness.offers.of(self.theirs).values() if self.theirs else ()
        return [(offer.value, offer.label) for offer in offered if not offer.is_gone]

    @property
    def rows(self) -> list[Pair]:
        """What is stored, what was refused, and some more to fill in."""
        if self.recalled:
            return [self._worded(pair, pair.number) for pair in self.recalled]
        refused = {pair.was_theirs: pair for pair in self.refused if pair.was_theirs}
        shown = [refused.get(theirs) or Pair(0, theirs, ours, theirs, ours) for theirs, ours in self.mapping.items()]
        shown += [pair for pair in self.refused if pair.was_theirs not in self.mapping]
        shown += [] if self.locked else [Pair(0)] * NEW_ROWS
        return [self._worded(pair, number) for number, pair in enumerate(shown)]

    def _worded(self, pair: Pair, number: int) -> Pair:
        return replace(
            pair,
            number=number,
            theirs_said=self._label(pair.theirs),
            ours_said=self._ours(pair.ours),
            is_gone=bool(pair.theirs) and not self._can_choose(pair),
        )

    def _ours(self, ours: str) -> str:
        return dict(self.attributes).get(ours, ours)

    def _label(self, theirs: str) -> str:
        return self.readiness.offers.label(self.theirs, theirs) if self.theirs else theirs
