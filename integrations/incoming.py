"""What comes in: the part of the contract that says what a vendor's records become here. Plain values and functions, no rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.utils.functional import Promise

from integrations.errors import Rejected

Text = str | Promise
Key = tuple[str, str]
"""A kind of record, and its remote id."""


@dataclass(frozen=True)
class Match:
    """The one record of ours whose column `by` says `value`, in whatever case: how both sides know a person by the e-mail."""

    kind: str
    by: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One of their records, in our words: attribute -> value.

    `fills`       are taken only where our record has nothing yet; of what is `deleted` there, nothing else is taken
    `merges`      parts of our hashes: attribute -> the keys that are theirs; the record's other keys stay
    `belongs_to`  our foreign keys: attribute -> (kind, remote id); a record whose owner we do not know is not ours and is left alone.
                  Or, to what no import brings, a `Match`: where there is none here, or several, theirs is left out and the run says why
    `mentions`    the same for what the record is not part of: left as it is where we do not know the id, emptied by one of ''
    `match`       what the import's `match` compares; '' matches nothing
    `creates`     False for what nobody here has to have: it only changes the record that we have
    `remarks`     what of it could not be taken, in words: listed with it, if it changes anything
    `left_out`    why it is none of ours: it is listed as skipped with this reason, and what we have of it is left as it is
    `refused`     why it cannot be taken: it is listed as rejected, and nothing is written
    """

    remote_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    fills: Mapping[str, Any] = field(default_factory=dict)
    merges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    belongs_to: Mapping[str, Key | Match] = field(default_factory=dict)
    mentions: Mapping[str, Key] = field(default_factory=dict)
    match: str = ""
    creates: bool = True
    remarks: tuple[str, ...] = ()
    left_out: str = ""
    refused: Rejected | None = None
    number: str = ""
    url: str = ""
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Page:
    """What one call brought and where the next one begins; both are kept in one transaction.

    `whole` tells of what the page shows everything, so that what it does not show is gone there: {} of the kind, {attribute:
    (kind, remote ids)} of these owners. None for a page that tells nothing of the sort.
    """

    records: Sequence[Incoming]
    cursor: Mapping[str, Any]
    whole: Mapping[str, tuple[str, Collection[str]]] | None = None


Pages = Callable[[Any, Mapping[str, Any]], Iterator[Page]]


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """A further stream of an import, with a pace, a cursor and pages of its own. A `full` one begins at {}, and tells what is gone."""

    name: str
    pages: Pages
    every: timedelta
    full: bool = False


@dataclass(frozen=True, kw_only=True)
class Import:
    """One kind of record that comes in.

    `pages(client, cursor)` yields what changed since `cursor` ({} for everything). `creates` is False for what only adds
    to records that we exported. `every` is its rhythm; `rhythms` are other paces for a part of it. With `full`, every run begins at {}
    and tells what is gone: for a vendor that cannot be asked what changed. All of `switches` have to be on, or one of `asked_by`.
    `only_when` names attributes that are left alone while a switch of their own is off; each of these switches asks for the import just
    as well. `after` are kinds that have to have come before, if they are on.

    Records come and go while pages are read, and a page number then steps over one: a page begins where the one before ended by
    time of change or by key. With `tells_all`, what the pages of {} did not show is gone there and is marked as deleted here;
    False for a vendor whose lists leave something out. `within` are lookups: of which of our records they show everything.

    `match` is the attribute by which a record that we have already is known, whatever its case, when theirs first comes;
    `match_among` are the lookups of those that it may be.
    """

    kind: str
    label: Text
    pages: Pages
    switches: tuple[str, ...] = ()
    asked_by: tuple[str, ...] = ()
    creates: bool = True
    tells_all: bool = True
    within: Callable[[], Mapping[str, Any]] = dict
    every: timedelta = timedelta(hours=1)
    full: bool = False
    rhythms: tuple[Rhythm, ...] = ()
    after: tuple[str, ...] = ()
    match: str = ""
    match_among: Mapping[str, Any] = field(default_factory=dict)
    only_when: Mapping[str, str] = field(default_factory=dict)

    def is_on(self, integration: Any) -> bool:
        return not self.switched_off(integration)

    def switched_off(self, integration: Any) -> list[str]:
        """Those of the switches that are off, unless another one asks for the import."""
        if any(getattr(integration, switch) for switch in (*self.asked_by, *self.only_when.values())):
            return []
        return [switch for switch in self.switches if not getattr(integration, switch)]

    @property
    def sweeps(self) -> bool:
        """Whether a complete full import tells what is gone there."""
        return self.creates and self.tells_all

    def takes(self, integration: Any, attribute: str) -> bool:
        return attribute not in self.only_when or bool(getattr(integration, self.only_when[attribute]))

    def paces(self) -> dict[str, Rhythm]:
        """Every stream of the import by its name; its own is ''."""
        own = Rhythm(name="", pages=self.pages, every=self.every, full=self.full)
        return {rhythm.name: rhythm for rhythm in (own, *self.rhythms)}

    def at(self, pace: str) -> Import:
        """The import as that stream reads it. Raises KeyError for one that is not declared any more."""
        rhythm = self.paces()[pace]
        return replace(self, pages=rhythm.pages, every=rhythm.every)
