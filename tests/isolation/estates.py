"""Two organizations that own at least eight rows of every model, so that whatever a page can show of one is there to be shown.

The rows are made from the models themselves: a model that is added later is filled without a line here, or `Unfillable` says which
field it cannot fill. Every text is a word of the organization's own, every large number is its own number, and the rows of
every table have the same eight primary keys, counted from `first_id`: so an id of theirs is a foreign row whatever a view takes
it for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, cached_property
from ipaddress import IPv6Address
from typing import Any
from uuid import UUID

from auditlog.models import LogEntry
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.db.models.fields.related import ForeignKey
from django.utils import timezone

from accounts.models import Invitation, Membership, Organization, Role, User
from accounts.tenancy import OrganizationOwned
from integrations.crypto import EncryptedJSONField, EncryptedTextField
from integrations.mappings.fields import Ours, ValueMapping
from integrations.models import Integration, NoticeKind
from integrations.provider import Provider
from integrations.providers.saml.config import KeyPair
from integrations.providers.saml.keys import new_key_pair
from integrations.providers.saml.models import EventKind
from integrations.records import files
from integrations.records.models import Invoice
from integrations.registry import all_providers
from tests.conftest import PASSWORD

ROWS = 8
"""Of every model: as many as the longest list of states has entries, so that each state is there."""


class Unfillable(Exception):
    """A field of a model that the isolation tests cannot give a value of the organization's own."""

    def __init__(self, column: models.Field[Any, Any]) -> None:
        super().__init__(
            f"{column.model._meta.label}.{column.name} ({type(column).__name__}) cannot be filled: "
            f"add what it holds to KNOWN in tests/isolation/estates.py, or its class to Estate._made_up."
        )


@dataclass
class Estate:
    """One organization with everything it owns: call `fill` for all of them, then `fill_history`. `people` are its users by number."""

    name: str
    word: str
    number: int
    first_id: int
    organization: Organization = field(init=False)
    people: list[User] = field(default_factory=list)
    _words: int = 0

    # What it is made of ------------------------------------------------------------------------------------------------

    @property
    def domain(self) -> str:
        return f"{self.word.lower()}.example"

    @property
    def ids(self) -> range:
        """The primary keys of every table's rows."""
        return range(self.first_id, self.first_id + ROWS)

    @property
    def integration_ids(self) -> range:
        """Those of its integrations, as many of each provider."""
        return range(self.first_id, self.first_id + ROWS * len(_providers()))

    def ids_of(self, model: type[models.Model]) -> range:
        """The primary keys of one table's rows. Integrations of all providers share theirs."""
        if not issubclass(model, Integration) or model is Integration:
            return self.ids
        first = self.first_id + ROWS * _providers().index(model)
        return range(first, first + ROWS)

    def person(self, role: Role) -> User:
        return self.people[list(Role).index(role)]

    @cached_property
    def traces(self) -> re.Pattern[str]:
        """Whatever must not be read anywhere outside of the organization: its words, addresses and numbers."""
        digits = str(self.number)
        grouped = r"[,.\s ’']?".join([digits[:3], digits[3:6], digits[6:]])
        return re.compile(rf"{re.escape(self.word)}|{re.escape(self.domain)}|{grouped}", re.IGNORECASE)

    # Filling -----------------------------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Make every row. Runs in a transaction: foreign keys are checked when all is there."""
        self.organization = Organization(pk=self.first_id, name=f"{self.word} {self.name}", slug=self._slug(), time_zone="Europe/Berlin")
        self.organization.save(force_insert=True)
        self.people = [self._person(number) for number in range(ROWS)]
        for model in owned_models():
            rows = [self._row(model, number) for number in range(ROWS)]
            if issubclass(model, Integration):
                for row in rows:
                    row.save()
            else:
                model.everywhere.bulk_create(rows)
        connection.check_constraints()

    def _slug(self) -> str:
        return f"{self.word}-{self.name}".lower().replace(" ", "-")

    def _person(self, number: int) -> User:
        role = list(Role)[number % len(Role)]
        user = User(
            pk=self.first_id + number,
            email=f"{role.value}{number}@{self.domain}",
            first_name=self.text(),
            last_name=self.text(),
            password=make_password(PASSWORD),
        )
        user.save(force_insert=True)
        return user

    def _row(self, model: type[OrganizationOwned], number: int) -> OrganizationOwned:
        row: Any = model()
        for column in model._meta.concrete_fields:
            value = self._value(column, model, number)
            if value is not KEPT:
                setattr(row, column.attname, value)
        row.id = self.ids_of(model)[number]
        return row  # type: ignore[no-any-return]

    def _value(self, column: models.Field[Any, Any], model: type[models.Model], number: int) -> Any:
        if column.name in {f"{provider.tenant_field}s" for provider in all_providers().values()}:
            return [{"id": self.text(), "name": self.text()} for _account in range(2)]
        for label in (f"{column.model._meta.label}.{column.name}", column.name):
            if label in KNOWN:
                return KNOWN[label](self, model, number)
        if isinstance(column, ForeignKey):
            return self._reference(column, number)
        if column.choices:
            return list(dict(column.flatchoices))[number % len(column.flatchoices)]
        if column.unique and column.has_default():
            return KEPT
        return self._made_up(column, number)

    def _reference(self, column: ForeignKey[Any, Any], number: int) -> int | None:
        target = column.related_model
        if target is Organization:
            return self.organization.pk
        if target is column.model:
            return self.first_id if number == ROWS - 1 else None
        if target is User or issubclass(target, OrganizationOwned):
            return self.ids_of(target)[number]
        raise Unfillable(column)

    def _made_up(self, column: models.Field[Any, Any], number: int) -> Any:
        match column:
            case EncryptedJSONField():
                return {"access_token": self.text(), "refresh_token": self.text(), "api_key": self.text()}
            case EncryptedTextField():
                return self.text()
            case ValueMapping():
                keys = [str(pk) for pk in self.ids] if isinstance(column.of, Ours) else [self.text()]
                return {key: self.text() for key in keys[:-1]}
            case models.JSONField():
                return {self.text(): self.text()} if column.default is dict else [self.text()]
            case models.EmailField():
                return f"{self.text().lower()}@{self.domain}"
            case models.URLField():
                return f"https://{self.text().lower()}.{self.domain}/"
            case models.CharField() if column.max_length and column.max_length < len(self.word) + 5:
                raise Unfillable(column)
            case models.CharField() | models.TextField():
                return self.text()
            case models.BinaryField():
                return self.text().encode()
            case models.GenericIPAddressField():
                return str(IPv6Address("2001:db8::") + self.number)
            case models.BooleanField():
                return number % 2 == 0
            case models.DateTimeField():
                return None if column.null and number % 2 == 0 else timezone.now() - timedelta(hours=number + 1)
            case models.DateField():
                return date(2026, 9, 1) + timedelta(days=number)
            case models.DecimalField():
                return Decimal(self.number) if column.max_digits - column.decimal_places >= 9 else Decimal(number)
            case models.PositiveSmallIntegerField() | models.SmallIntegerField():
                return number + 1
            case models.IntegerField():
                return self.number
            case models.AutoField():
                return KEPT
            case _:
                raise Unfillable(column)

    def text(self) -> str:
        """A word that nobody else has."""
        self._words += 1
        return f"{self.word}-{self._words}"

    def fill_history(self) -> None:
        """Entries of the audit history, beside those that saving has left under numbers of their own."""
        kind = ContentType.objects.get_for_model(Invoice)
        for number, pk in enumerate(self.ids):
            LogEntry.objects.create(
                pk=pk,
                content_type=kind,
                object_pk=str(pk),
                object_id=pk,
                object_repr=self.text(),
                action=number % 2,
                actor=self.people[number],
                actor_email=self.people[number].email,
                changes={"subject": [self.text(), self.text()]},
                additional_data={"organization": self.organization.pk},
                timestamp=timezone.now(),
            )


KEPT = object()
"""What a model gives the field itself."""

Maker = Callable[[Estate, type[models.Model], int], Any]


def _provider(model: type[models.Model]) -> Provider:
    return all_providers()[model._meta.app_config.name.rpartition(".")[2]]


def _one_of(*values: str) -> Maker:
    return lambda estate, model, number: values[number % len(values)]


def _source(estate: Estate, model: type[models.Model], number: int) -> str:
    names = [source.name for provider in all_providers().values() for source in provider.options]
    return names[number % len(names)]


def _setting(estate: Estate, model: type[models.Model], number: int) -> str:
    names = [name for provider in all_providers().values() for section in provider.sections for name in section.fields]
    return names[number % len(names)]


@cache
def _key_pair() -> KeyPair:
    return new_key_pair("Patchbay", timezone.now())


KNOWN: dict[str, Maker] = {
    "polymorphic_ctype": lambda *_: KEPT,
    "provider": lambda estate, model, number: _provider(model).slug,
    "integration_type_id": lambda estate, model, number: _provider(model).type_id,
    "way": lambda estate, model, number: _provider(model).auth.kind,
    "realm_id": lambda estate, model, number: f"{estate.word}-account",
    "tag": lambda *_: KEPT,
    "language": _one_of("", "de"),
    "kind": _one_of("invoice"),
    "step": _one_of(""),
    "record_id": lambda estate, model, number: estate.first_id + number,
    "currency": _one_of("EUR"),
    "default_currency": _one_of("EUR"),
    "source": _source,
    "uses": lambda *_: ["sales", "purchases"],
    "saml.SpKey.certificate": lambda *_: _key_pair().certificate,
    "saml.SpKey.private_key": lambda *_: _key_pair().private_key,
    "saml.SamlIntegration.uuid": lambda estate, model, number: UUID(int=estate.first_id + number),
    "saml.Event.kind": _one_of(*EventKind.values),
    "idp": lambda *_: {},
    "proposed": lambda *_: {},
    "force_sso_login": lambda *_: False,
    "reference": lambda estate, model, number: f"{estate.word[:7]}-{number}",
    "token_digest": lambda estate, model, number: Invitation.digest(f"{estate.word}-token-{number}"),
    "accounts.Membership.role": lambda estate, model, number: list(Role)[number % len(Role)],
    "accounts.Invitation.expires_at": lambda *_: timezone.now() + timedelta(days=5),
    "integrations.Attempt.method": _one_of("PUT", "GET"),
    "integrations.OutboxItem.error": _one_of("ConfigProblem", "Rejected"),
    "integrations.OutboxItem.field": _setting,
    "records.Attachment.digest": lambda estate, model, number: files.keep(estate.first_id, f"{estate.word} file {number}".encode()),
    "integrations.Notice.kind": _one_of(*NoticeKind.values),
    "integrations.Run.kind": _one_of("invoice", "payment"),
    "integrations.Entry.state": _one_of("succeeded", "rejected"),
    "integrations.Entry.action": _one_of("created", "updated", "deleted"),
}
"""What fields hold that no text of one's own can stand in for, by name or by model and name."""


def owned_models() -> list[type[OrganizationOwned]]:
    """Every model whose rows belong to an organization. Of the integrations, whose base has no rows of its own, the providers'."""
    found = [model for model in apps.get_models() if issubclass(model, OrganizationOwned) and not model._meta.proxy]
    return [model for model in found if not any(other is not model and issubclass(other, model) for other in found)]


def _providers() -> list[type[models.Model]]:
    """Those that move records first: what the records' rows belong to."""
    return sorted((model for model in owned_models() if issubclass(model, Integration)), key=lambda model: not _provider(model).exports)


def rows_of(estate: Estate, model: type[models.Model]) -> Iterable[int]:
    """The primary keys of the organization's rows of any model that pages may show. Raises `LookupError` for one it does not know."""
    if issubclass(model, OrganizationOwned):
        return model.everywhere.filter(organization=estate.organization).values_list("pk", flat=True)
    if model is Organization:
        return [estate.organization.pk]
    if model is User:
        members = Membership.everywhere.filter(organization=estate.organization)
        return members.values_list("user_id", flat=True)
    if model is LogEntry:
        return LogEntry.objects.filter(additional_data__organization=estate.organization.pk).values_list("pk", flat=True)
    raise LookupError(f"Say in tests/isolation/estates.py whose the rows of {model._meta.label} are: the admin shows them.")
