"""The only tenancy code: which organization is current, and the managers that show its rows alone.

`Model.objects` answers for the current organization and raises `NoOrganization` outside of one, so that a forgotten
scope is a loud mistake and never a leak. `Model.everywhere` sees all rows: for workers that claim across
organizations and for operators' commands, never for a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpRequest

if TYPE_CHECKING:
    from accounts.models import Organization

Row = TypeVar("Row", bound=models.Model)

_current: ContextVar[Organization | None] = ContextVar("organization", default=None)


class NoOrganization(RuntimeError):
    """Rows of an organization were asked for while no organization was current."""

    def __init__(self, model: type[models.Model]) -> None:
        super().__init__(
            f"{model.__name__}.objects was used while no organization is current: "
            f"enter one with `within(organization)`, or use {model.__name__}.everywhere."
        )


def current_organization() -> Organization | None:
    return _current.get()


@contextmanager
def within(organization: Organization | None) -> Iterator[None]:
    """Make `organization` the current one for the block. Blocks nest; threads start outside of any."""
    token = _current.set(organization)
    try:
        yield
    finally:
        _current.reset(token)


class CurrentOrganization(models.Expression):
    """The current organization's id, looked up when a query runs; running it outside of one raises `NoOrganization`."""

    output_field = models.BigIntegerField()

    def __init__(self, model: type[models.Model]) -> None:
        super().__init__()
        self.model = model

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[int, ...]]:
        organization = _current.get()
        if organization is None:
            raise NoOrganization(self.model)
        return "%s", (organization.pk,)


class OrganizationManager(models.Manager[Row]):
    """Shows the current organization's rows; `through` names the path to the organization."""

    def __init__(self, through: str = "organization") -> None:
        super().__init__()
        self.to_organization = through  # Django's own managers of relations have a `through` already

    def get_queryset(self) -> models.QuerySet[Row]:
        return super().get_queryset().filter(**{self.to_organization: CurrentOrganization(self.model)})


class OrganizationOwned(models.Model):
    """A row of one organization."""

    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE, editable=False, related_name="+")

    objects = OrganizationManager()
    everywhere = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "everywhere"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.organization_id is None:
            self.organization = current_organization()
        super().save(*args, **kwargs)

    def get_additional_data(self) -> dict[str, int]:
        """What every entry of the audit history says beside the change: whose it is."""
        return {"organization": self.organization_id}


class OrganizationScopedAdmin:
    """Mixin of every admin of an organization's rows: the organization is set on new rows and never chosen in a form.

    The rows themselves are scoped by the model's default manager, hence also in filters, choices and autocomplete.
    """

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*(super().get_exclude(request, obj) or ()), "organization"]  # type: ignore[misc]
