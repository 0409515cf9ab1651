"""The table of a value mapping: our values with how often they are used, and what each of them becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.admin.integration.patches import Patched, apply, read_patches
from integrations.admin.integration.suggestions import Suggestions, as_rate
from integrations.admin.listing import address
from integrations.admin.states import Chip
from integrations.mappings.fields import Ours, Theirs, ValueMapping
from integrations.models import OptionList
from integrations.provider import Section
from integrations.records.kinds import get_kind
from integrations.sync.offers import Offer, Side
from integrations.sync.readiness import Readiness

ROWS_A_PAGE = 100
MOST_OPTIONS = 4000
"""How many options the selects of one page may have together before each holds only its own, and gets the rest when it is opened."""


@dataclass(frozen=True)
class Query:
    """What of the table is asked for: rows in which every word of `words` occurs, the page, or the one with `row`; whether to suggest."""

    words: str = ""
    page: str | None = None
    suggest: bool = False
    row: str = ""


@dataclass(frozen=True)
class Row:
    key: str
    name: str
    detail: str
    uses: int | None
    value: str
    """The stored value, '' for none."""
    chosen: str
    """What the select shows."""
    said: str
    """What it becomes, in words."""
    chip: Chip
    options: list[tuple[str, str]]
    error: str = ""


@dataclass
class MappingTable:
    """One value mapping as a card of its section's form. `given` is what a refused form brought."""

    readiness: Readiness
    section: Section
    column: ValueMapping
    query: Query
    locked: bool
    given: Mapping[str, Any] | None = None
    patched: Patched = field(default_factory=lambda: Patched({}))

    template_name = "admin/integrations/integration/mapping.html"

    def __post_init__(self) -> None:
        assert self.column.of is not None
        assert self.column.to is not None
        self.of: Side = self.column.of
        self.to: Side = self.column.to
        self.name = self.column.name
        self.offers = self.readiness.offers
        self.mapping: dict[str, str] = getattr(self.readiness.integration, self.name)
        self.vendor = self.readiness.provider.label
        self.uses = self.readiness.uses(self.name)

    # Saving --------------------------------------------------------------------------------------------------------

    def recall(self, data: Mapping[str, Any]) -> None:
        """Show the rows as the form brought them, nothing of which was written."""
        self.given = data

    def patch(self, data: Mapping[str, Any]) -> bool:
        """Apply the rows of a form to the integration in hand, which the caller saves; whether anything changed."""
        self.given = data
        self.patched = apply(self.mapping, read_patches(self.name, data), self.keys, self.offers, self.to)
        if self.patched.changed:
            self.mapping = self.patched.mapping
            setattr(self.readiness.integration, self.name, self.mapping)
        return bool(self.patched.changed)

    @property
    def is_refused(self) -> bool:
        """Whether a row of the form was not written."""
        return bool(self.patched.errors or self.patched.conflicts)

    @property
    def lost_errors(self) -> list[str]:
        """What was wrong with rows that are not on this page."""
        shown = set(self.page.object_list)
        return [f"{key[:100]}: {error}" for key, error in self.patched.errors.items() if key not in shown][:10]

    # What there is to show -----------------------------------------------------------------------------------------

    @cached_property
    def keys(self) -> Mapping[str, Offer]:
        """Our values; those that are archived or deleted only while something still uses them."""
        return {key: offer for key, offer in self.offers.of(self.of).items() if not offer.is_gone or (self.uses or {}).get(key)}

    @property
    def title(self) -> str:
        return str(capfirst(self.column.verbose_name))

    @property
    def is_of_theirs(self) -> bool:
        """Whether it is their values that are mapped."""
        return isinstance(self.of, Theirs)

    @property
    def ours_label(self) -> str:
        return str(capfirst(get_kind(self.of.kind).label)) if isinstance(self.of, Ours) else _("At %(vendor)s") % {"vendor": self.vendor}

    @property
    def theirs_label(self) -> str:
        if self.column.noun:
            return str(capfirst(str(self.column.noun)))
        return self.vendor if isinstance(self.to, Theirs) else str(capfirst(get_kind(self.to.kind).label))

    @property
    def source(self) -> Theirs | None:
        """The list of theirs that the table chooses from, or whose values it maps."""
        return next((side for side in (self.to, self.of) if isinstance(side, Theirs)), None)

    @property
    def read(self) -> OptionList | None:
        return self.offers.lists.get(self.source.source) if self.source else None

    @property
    def source_label(self) -> Any:
        return self.readiness.provider.option_source(self.source.source).label if self.source else ""

    @property
    def query_string(self) -> str:
        return address(q=self.query.words)

    @property
    def mapped_count(self) -> int:
        return sum(1 for key in self.keys if self.mapping.get(key))

    @cached_property
    def default(self) -> str:
        return self.column.default_of(self.readiness.integration)

    @property
    def nothing_label(self) -> str:
        if self.default:
            offer = self.offers.of(self.to).get(self.default)
            return _("– default (%(value)s) –") % {"value": offer.code or offer.name if offer else self.default}
        return _("– not mapped –")

    @cached_property
    def offered(self) -> list[tuple[str, str]]:
        return [(offer.value, offer.label) for offer in self.offers.of(self.to).values() if not offer.is_gone]

    @cached_property
    def page(self) -> Page[Any]:
        words = self.query.words.casefold().split()
        found = [key for key, offer in self.keys.items() if all(word in self._searched(key, offer) for word in words)]
        ranked = sorted(found, key=lambda key: (self._rank(key), -(self.uses or {}).get(key, 0), self.keys[key].name.casefold()))
        wanted = ranked.index(self.query.row) // ROWS_A_PAGE + 1 if self.query.row in ranked else self.query.page
        return Paginator(ranked, ROWS_A_PAGE).get_page(wanted)

    @property
    def is_lazy(self) -> bool:
        return len(self.page.object_list) * len(self.offered) > MOST_OPTIONS

    @property
    def rows(self) -> list[Row]:
        suggestions = Suggestions(self.offers.of(self._suggested).values()) if self.query.suggest and not self.locked else None
        return [self._row(key, suggestions) for key in self.page.object_list]

    @property
    def _suggested(self) -> Ours | Theirs:
        """Where suggestions come from: a part of what may be chosen."""
        return Theirs(self.to.source, self.to.suggested) if isinstance(self.to, Theirs) and self.to.suggested else self.to

    def _row(self, key: str, suggestions: Suggestions | None) -> Row:
        offer, value = self.keys[key], self.mapping.get(key, "")
        chosen, chip = value, self._chip(key)
        error = self.patched.errors.get(key, "")
        if key in self.patched.conflicts:
            chip, error = Chip("bad", _("changed meanwhile")), self._conflict(key)
        elif self.given is not None:
            chosen = str(self.given.get(f"{self.name}.row.{key}", value))
        elif suggestions and (not value or self.offers.is_gone(self.to, value)) and (suggestion := suggestions.of(offer)):
            chosen, chip = suggestion.value, Chip("info", _("suggested"))
        return Row(
            key=key,
            name=offer.name,
            detail=_detail(offer),
            uses=None if self.uses is None else self.uses.get(key, 0),
            value=value,
            chosen=chosen,
            said=self.offers.label(self.to, value) if value else self.nothing_label,
            chip=chip,
            options=self._options(value, chosen),
            error=error,
        )

    def _options(self, value: str, chosen: str) -> list[tuple[str, str]]:
        offered = [pair for pair in self.offered if pair[0] in {value, chosen}] if self.is_lazy else self.offered
        if not value or self.offers.can_choose(self.to, value):
            return offered
        said = _("%(option)s (gone)") if self.offers.is_known(self.to) else _("%(option)s (not checked)")
        here = (value, said % {"option": self.offers.label(self.to, value)})
        return [here, *(pair for pair in offered if pair[0] != value)]

    def _rank(self, key: str) -> int:
        """Rows that need a person come first."""
        value = self.mapping.get(key, "")
        if value and self.offers.is_gone(self.to, value):
            return 0
        if not value and not self.default:
            return 1 if self.uses is None or self.uses.get(key) else 3
        return 2

    def _chip(self, key: str) -> Chip:
        value = self.mapping.get(key, "")
        if value and not self.offers.is_known(self.to):
            return Chip("info", _("not checked"))
        if value and self.offers.is_gone(self.to, value):
            return Chip("bad", _("gone at %(vendor)s") % {"vendor": self.vendor} if isinstance(self.to, Theirs) else _("archived"))
        if value:
            return Chip("ok", _("mapped"))
        if self.default:
            return Chip("off", _("default"))
        return Chip("warn", _("to do")) if self._rank(key) == 1 and self.name in self.section.required else Chip("off", _("not mapped"))

    def _conflict(self, key: str) -> str:
        stored = self.patched.conflicts[key]
        yours = str((self.given or {}).get(f"{self.name}.row.{key}", ""))
        words = {"theirs": self._said(stored), "yours": self._said(yours)}
        return _("Somebody else has set this to %(theirs)s meanwhile; your choice of %(yours)s was not saved.") % words

    def _said(self, value: str) -> str:
        return f"“{self.offers.label(self.to, value)}”" if value else _("nothing")

    def _searched(self, key: str, offer: Offer) -> str:
        theirs = self.mapping.get(key, "")
        return f"{offer.label} {self.offers.label(self.to, theirs) if theirs else ''}".casefold()


def _detail(offer: Offer) -> str:
    """What tells apart values of like names: our code, a rate."""
    rate = as_rate(offer.facts.get("rate"))
    percent = f"{rate.normalize():f} %" if rate is not None else ""
    said = offer.name.replace(" ", "")
    return " · ".join(part for part in (str(offer.facts.get("code") or offer.code), percent) if part and part.replace(" ", "") not in said)
