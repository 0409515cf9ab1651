"""What every record has: where it came from, its revision, and who changed it last."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from functools import cache
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.db.models import F
from django.utils.formats import date_format
from django.utils.text import camel_case_to_spaces, capfirst
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import OrganizationOwned, current_organization
from integrations import clock
from integrations.records.changes import announce

BOOKKEEPING = frozenset({"id", "organization", "productive_id", "origin", "revision", "changed_by", "changed_at", "stored_at"})


def in_words(day: date | None) -> str:
    """A day as part of a record's name."""
    return date_format(day, "DATE_FORMAT") if day else "…"


class Origin(models.TextChoices):
    PRODUCTIVE = "productive", _("Productive")
    FILE = "file", _("File")
    IMPORT = "import", _("Import")
    DEMO = "demo", _("Demo")


class Record(OrganizationOwned):
    """One of the organization's own business objects; its other columns are named as Productive's API v2 names them.

    `changed_by` tells who made the last change (`productive`, `file`, `user:5`, `integration:12`); whoever saves sets it first.
    `save` raises the revision when content changed and writes nothing when it did not. `QuerySet.update` and `bulk_create` do
    neither and announce nothing: bulk writers keep the revision themselves.
    """

    organization = models.ForeignKey(  # without an index of its own: the one with `productive_id` begins with it
        "accounts.Organization", models.CASCADE, editable=False, related_name="+", db_index=False
    )
    productive_id = models.CharField(_("Productive id"), max_length=32, null=True, blank=True)  # noqa: DJ001 (unique, so absent is null)
    origin = models.CharField(_("origin"), max_length=16, choices=Origin, default=Origin.PRODUCTIVE)
    revision = models.PositiveIntegerField(_("revision"), default=1)
    changed_by = models.CharField(_("changed by"), max_length=64, blank=True, default="")
    changed_at = models.DateTimeField(_("changed at"), default=clock.now)
    stored_at = models.DateTimeField(_("stored at"), default=clock.now)
    remote_deleted_at = models.DateTimeField(_("deleted in Productive at"), null=True, blank=True)

    productive_type: ClassVar[str]
    """The type of its JSON:API documents."""
    parts_of: ClassVar[tuple[str, ...]] = ()
    """Foreign keys to the records whose content this one is part of: a change here raises their revision too."""
    currency_of: ClassVar[str] = ""
    """The foreign key to the record whose currency the amounts are in, where the attributes carry none themselves."""
    subsidiary_through: ClassVar[str] = ""
    """The foreign key to the record whose subsidiary this one is of, where it names none itself."""
    pay_columns: ClassVar[frozenset[str]] = frozenset()
    """Columns from which somebody's pay can be told: shown with the permission `view_pay` only."""

    class Meta(OrganizationOwned.Meta):
        abstract = True
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["organization", "productive_id"], name="%(class)s_productive_id_once")]

    def __str__(self) -> str:
        return getattr(self, "name", "") or f"{capfirst(self._meta.verbose_name)} {self.pk}"

    @classmethod
    def kinds(cls) -> dict[str, dict[str, object]]:
        """The kinds whose rows this model holds, with the condition that tells each from the others."""
        return {_name_of(cls): {}}

    @classmethod
    def subsidiary_path(cls) -> str:
        """The lookup that leads to the record's subsidiary; "" for what belongs to all of them."""
        if cls.subsidiary_through:
            return f"{cls.subsidiary_through}__subsidiary"
        return "subsidiary" if any(field.name == "subsidiary" for field in cls._meta.fields) else ""

    def of_subsidiary(self) -> int | None:
        """The id of the subsidiary that the record is of."""
        record: Any = getattr(self, self.subsidiary_through) if self.subsidiary_through else self
        found: int | None = getattr(record, "subsidiary_id", None)
        return found

    @classmethod
    def is_pay(cls) -> bool:
        """Whether all of it is somebody's pay, so that nothing of it is shown without the permission `view_pay`."""
        return "view" not in cls._meta.default_permissions

    @property
    def kind(self) -> str:
        return next(
            name for name, condition in self.kinds().items() if all(getattr(self, column) == condition[column] for column in condition)
        )

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Store the record; its revision rises and its parents' with it only when content differs from what is stored."""
        if self.organization_id is None:
            self.organization = current_organization()
        with transaction.atomic():
            stored = type(self).everywhere.select_for_update().filter(pk=self.pk).first() if self.pk else None
            if stored is None:
                super().save(*args, **kwargs)
            else:
                changed = self._changed_columns(stored, update_fields)
                if not changed:
                    return
                self.revision, self.changed_at = stored.revision + 1, clock.now()
                super().save(update_fields=[*changed, "revision", "changed_at", "changed_by"])
            self._raise_parents(self, *([stored] if stored else []))
            announce(type(self), [self.pk], self.changed_by, self.organization_id)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the record; the content of its parents changes by it."""
        with transaction.atomic():
            result = super().delete(*args, **kwargs)
            self._raise_parents(self)
            return result

    def _changed_columns(self, stored: Self, among: Iterable[str] | None) -> list[str]:
        allowed = None if among is None else set(among)
        unsaved = self.get_deferred_fields()
        return [
            field.name
            for field in content_fields(type(self))
            if (allowed is None or field.name in allowed or field.attname in allowed)
            and field.attname not in unsaved
            and as_stored(field, getattr(self, field.attname)) != getattr(stored, field.attname)
        ]

    def _raise_parents(self, *versions: Self) -> None:
        for name in self.parts_of:
            model: type[Record] = self._meta.get_field(name).related_model  # type: ignore[assignment]
            ids = {getattr(version, f"{name}_id") for version in versions} - {None}
            if ids:
                model.raise_revisions(ids, self.changed_by, self.organization_id)

    @classmethod
    def raise_revisions(cls, ids: Collection[int], changed_by: str, organization_id: int) -> None:
        """Raise the revision of records whose content changed elsewhere (in a line, in an entry), and announce it."""
        cls.everywhere.filter(pk__in=ids).update(revision=F("revision") + 1, changed_by=changed_by, changed_at=clock.now())
        announce(cls, ids, changed_by, organization_id)


@cache
def _name_of(model: type[Record]) -> str:
    return camel_case_to_spaces(model.__name__).replace(" ", "_")


@cache
def content_fields(model: type[Record]) -> tuple[models.Field[Any, Any], ...]:
    """The columns that make a record's content: all but the bookkeeping."""
    return tuple(field for field in model._meta.concrete_fields if field.name not in BOOKKEEPING)


def as_stored(field: models.Field[Any, Any], value: Any) -> Any:
    """The value as the database will answer it, so that `12.5` and `Decimal("12.5000")` are no difference."""
    value = field.to_python(value)
    if isinstance(field, models.DecimalField) and value is not None:
        return round(value, field.decimal_places)
    return value
