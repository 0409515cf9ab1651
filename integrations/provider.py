"""The contract: what a provider declares. Plain values and functions, no rows.

A provider is one `Provider` value in `integrations/providers/<slug>/provider.py`, named `PROVIDER`; the core builds the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.auth.agreement import Agreement
from integrations.auth.hosts import Hosts, ResolvedHosts
from integrations.auth.ways import Way, unset
from integrations.comparison import Reconciliation
from integrations.errors import ProviderError
from integrations.events import Webhook
from integrations.http.client import Http, Response
from integrations.http.limits import Limits
from integrations.incoming import Import
from integrations.panels import Panel
from integrations.retention import Retention
from integrations.upkeep import Upkeep

Text = str | Promise
Client = Any
"""What a provider's `client` makes of the `Http` it is given: its own typed calls."""


class Record(Protocol):
    """One of the organization's business objects."""

    pk: int
    revision: int


class Category(TextChoices):
    ACCOUNTING = "accounting", _("Accounting")
    PEOPLE = "people", _("People")
    SALES = "sales", _("Sales")
    PROJECTS = "projects", _("Projects")
    COMMUNICATION = "communication", _("Communication")
    CALENDARS = "calendars", _("Calendars")
    STORAGE = "storage", _("Storage")
    SIGN_ON = "sign_on", _("Single sign-on")
    SOURCE = "source", _("Source of records")


# What the vendor has to choose from ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RemoteOption:
    """A value on their side. `value` is what a mapping keeps and a payload sends; `uses` tell which fields may offer it."""

    value: str
    label: str
    code: str = ""
    uses: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OptionSource:
    """A list of theirs, kept and refreshed. `fetch` yields the whole list; what it no longer yields is marked as gone."""

    name: str
    label: Text
    fetch: Callable[[Client], Iterable[RemoteOption]]
    fresh_for: timedelta = timedelta(days=1)


# What an admin sets up ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Section:
    """One step of the set-up, in the order of the vendor's own: names of the integration's fields.

    `required` are those without which nothing can be exported. `shown_when` names switches, of which each makes the section
    pointless while it is off.
    """

    name: str
    label: Text
    about: Text
    fields: tuple[str, ...]
    required: tuple[str, ...] = ()
    shown_when: tuple[str, ...] = ()

    def shapes(self, export: Export) -> bool:
        """Whether what is set here may show in the payloads of the export."""
        return set(self.shown_when) <= set(export.switches)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What may be decided for each copy: asked on the page and taken from `--set name=value`.

    Offered are the options of `source` (those for `use`), or `values`. `required` tells whether this integration refuses a
    copy without it. A choice that `binds` a foreign key of the record is the remote id of the record there: it is linked.
    """

    name: str
    label: Text
    source: str = ""
    use: str = ""
    values: tuple[tuple[str, Text], ...] = ()
    required: Callable[[Any], bool] = lambda integration: False
    binds: str = ""


# Out ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Copy:
    """What building one payload may lean on.

    `reference` is ours alone: unique for the record, the integration and the generation of the copy, the same on every
    attempt; a payload carries it so that `find_existing` can recognise the copy. `address` leads back to the record here.
    `linked(kind, record id)` is the remote id of a record that the export `needs`, or `mentions`: then '' where the vendor has
    it not. `option(source, value)` is what the vendor's list says of a value; None where it was never read or has it not.
    `main_id` is the remote id of the record's copy itself, for a further step of it. `agreed` is as with `Done`, from before.
    """

    integration: Any
    reference: str
    address: str
    choices: Mapping[str, str]
    linked: Callable[[str, int], str]
    option: Callable[[str, str], RemoteOption | None] = lambda source, value: None
    remote_id: str = ""
    main_id: str = ""
    agreed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One record's frozen share of a write request; all that is left of it after a crash."""

    item: int
    record: int
    revision: int
    reference: str
    payload: dict[str, Any]
    remote_id: str = ""
    expected: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class File:
    """What a vendor made of a record, to be kept here as its document."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Done:
    """The vendor has it. `totals` are compared with `Draft.expected`, name by name. `file` becomes the record's `attachment`.
    `agreed`, for a source, is what both sides now have of the columns that are written from here. With `behind`, what was found there
    is not yet what was to be written, and follows as an update. With `gone`, the vendor has it no more: its link becomes history."""

    remote_id: str
    number: str = ""
    url: str = ""
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    file: File | None = None
    agreed: Mapping[str, Any] = field(default_factory=dict)
    behind: bool = False
    gone: bool = False


Outcome = Done | ProviderError


@dataclass(frozen=True, kw_only=True)
class Export:
    """One kind of record that goes out, or one further `step` of it (a PDF, a note), which follows whenever the record was looked at.

    `switches`     settings that all have to be on
    `select`       filter of the records that may go at all; others are refused with `not_ready`
    `brought`      only what another integration brings may go, whether it made the record or found it here
    `needs`        foreign key of the record -> kind of what has to be at the vendor before
    `mentions`     the same for what the payload may name, if the vendor has it: nothing is copied for its sake
    `then`         the steps that follow, for records that their own `select` lets through
    `by_itself`    the switch with which records that are ready go when they are new or changed, without anybody asking
    `incidental`   top-level names of the payload that say nothing of the record (its id there, the status that a copy begins
                   with): a payload that differs in nothing else is not sent again
    `reads`        paths of related records that `build` looks at, fetched for a whole batch at once
    `build`        the payload and the totals we expect of it; raises `Rejected` or `ConfigProblem`. Nothing is sent of an empty one
    `create`       writes up to `batch_size` drafts with the idempotency key; one outcome for each draft, in their order
    `update`       the same for drafts with a `remote_id`; None when the vendor cannot
    `adds`         an update adds something there: one whose outcome is unknown is looked up like a new one, not just sent again
    `withdraws`    a copy follows its record when that is deleted where it came from: `build` sees its `remote_deleted_at`, and what
                   becomes of the copy is an update. Without it copies stay
    `find_existing`  looks drafts up by their reference among what was written since the given time: found ones by item;
                   None when the vendor cannot be asked
    `adopt`        looks for what the vendor may know already before anything is created (a contact by tax id). While a
                   switch is off, records that others need are only adopted, never written; `not_found` says so
    `key_window`   how long the vendor answers a repeated key with the first result; None without keys
    `settle_after` how long after an uncertain write the vendor's lists can be trusted
    `bring`        what of an answer becomes the record's own: attribute -> value
    `exclusive`    at most one integration exports this kind for a subsidiary
    """

    kind: str
    label: Text
    step: str = ""
    switches: tuple[str, ...] = ()
    select: Mapping[str, Any] = field(default_factory=dict)
    not_ready: Text = ""
    brought: bool = False
    needs: Mapping[str, str] = field(default_factory=dict)
    mentions: Mapping[str, str] = field(default_factory=dict)
    then: tuple[str, ...] = ()
    by_itself: str = ""
    reads: tuple[str, ...] = ()
    incidental: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    build: Callable[[Copy, Any], tuple[dict[str, Any], dict[str, Decimal]]]
    create: Callable[[Client, Sequence[Draft], str], Sequence[Outcome]]
    update: Callable[[Client, Sequence[Draft], str], Sequence[Outcome]] | None = None
    adds: bool = False
    withdraws: bool = False
    find_existing: Callable[[Client, Sequence[Draft], datetime], Mapping[int, Done]] | None = None
    adopt: Callable[[Client, Sequence[Draft]], Mapping[int, Done]] | None = None
    not_found: Text = ""
    batch_size: int = 1
    key_window: timedelta | None = None
    settle_after: timedelta = timedelta(seconds=30)
    bring: Callable[[Any, Done], Mapping[str, Any]] = lambda integration, done: {}
    exclusive: bool = True

    def is_on(self, integration: Any) -> bool:
        return not self.switched_off(integration)

    def switched_off(self, integration: Any) -> list[str]:
        """Those of the switches that are off."""
        return [switch for switch in self.switches if not getattr(integration, switch)]


# The provider ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """An account at the vendor that a connection may use; its id becomes the integration's `realm_id`."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """One step of a connection test."""

    label: Text
    run: Callable[[Client], Text]


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Everything the core knows of a vendor.

    `type_id`      Productive's `integration_type_id`; `type_id_is_published` where Productive has published it
    `promise`      one sentence for the catalogue; `requirements` what the admin needs at hand
    `auth`         the way to connect that is offered first; `other_ways` further ones, each of another kind
    `client`       makes the vendor's client of an `Http`, the integration and the vendor's resolved hosts
    `headers`      what every call carries beside the authorization, given the integration
    `read_error`   the vendor's error answers in our classes; None leaves it to the status code
    `tenants`      the accounts that the credential may use; None when the credential is the account
    `tenant_field` prefix of the integration's fields that keep the offered tenants (`…s`) and the choice (`…_id`)
    `facts`        what is worth keeping of the account in `options`, read after connecting
    `leave`        what to tell the vendor when the integration is disconnected, beside revoking the credential
    `panels`       pages of its own beside the set-up
    `upkeep`       what is looked after from time to time; `retention` which of its own rows go after a while
    """

    slug: str
    label: str
    category: Category
    type_id: int
    type_id_is_published: bool = False
    promise: Text
    requirements: Text
    documentation_url: str
    auth: Way
    other_ways: tuple[Way, ...] = ()
    hosts: Hosts = field(default_factory=lambda: Hosts(api=""))
    limits: Limits = field(default_factory=Limits)
    client: Callable[[Http, Any, ResolvedHosts], Client] = lambda http, integration, hosts: http
    headers: Callable[[Any], Mapping[str, str]] = lambda integration: {}
    read_error: Callable[[Response], ProviderError | None] = lambda response: None
    tenants: Callable[[Client], Iterable[Tenant]] | None = None
    tenant_field: str = ""
    facts: Callable[[Client], Mapping[str, str]] | None = None
    leave: Callable[[Client, Any], None] | None = None
    checks: tuple[Check, ...]
    sections: tuple[Section, ...]
    options: tuple[OptionSource, ...] = ()
    exports: tuple[Export, ...] = ()
    imports: tuple[Import, ...] = ()
    reconciliations: tuple[Reconciliation, ...] = ()
    webhook: Webhook | None = None
    panels: tuple[Panel, ...] = ()
    upkeep: tuple[Upkeep, ...] = ()
    retention: tuple[Retention, ...] = ()

    @property
    def moves_records(self) -> bool:
        return bool(self.exports or self.imports)

    @property
    def is_agreement(self) -> bool:  # there is no account to connect to: it is switched on and off
        return isinstance(self.auth, Agreement)

    @property
    def ways(self) -> tuple[Way, ...]:
        return (self.auth, *self.other_ways)

    def way(self, kind: str) -> Way:
        """The way of this kind; the first for a kind that is not declared."""
        return next((way for way in self.ways if way.kind == kind), self.auth)

    def offered_ways(self) -> tuple[Way, ...]:
        """Those that this installation can go; where it can go none, the first, so that trying it says what is missing."""
        return tuple(way for way in self.ways if not unset(self.slug, way)) or (self.auth,)

    def export(self, kind: str, step: str = "") -> Export:
        """Raises KeyError for what the provider does not export."""
        for export in self.exports:
            if (export.kind, export.step) == (kind, step):
                return export
        raise KeyError(kind)

    def import_of(self, kind: str) -> Import:
        """Raises KeyError for what the provider does not import."""
        for found in self.imports:
            if found.kind == kind:
                return found
        raise KeyError(kind)

    def option_source(self, name: str) -> OptionSource:
        return next(source for source in self.options if source.name == name)
