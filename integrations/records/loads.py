"""What loading keeps beside the records: references that wait for their record, and loads not yet announced to the end."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import OrganizationOwned
from integrations import clock


class PendingReference(OrganizationOwned):
    """A foreign key that could not be set, because the record it names (or the one that holds it) is not here yet.

    Both ends are given by Productive's ids, the holder with the name of its model.
    """

    organization = models.ForeignKey("accounts.Organization", models.CASCADE, editable=False, related_name="+", db_index=False)
    holder_model = models.CharField(max_length=32)
    holder_id = models.CharField(max_length=32)
    field = models.CharField(max_length=64)
    target_id = models.CharField(max_length=32)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("pending reference")
        verbose_name_plural = _("pending references")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["organization", "holder_model", "holder_id", "field"], name="pending_reference_once")
        ]

    def __str__(self) -> str:
        return f"{self.holder_model} {self.holder_id}: {self.field} {self.target_id}"


class Load(OrganizationOwned):
    """One load of files. Its changes are announced when all files are read, so that nobody exports half an invoice; a row
    that is still here belongs to a load that was interrupted, and the next load announces its changes too."""

    changed_by = models.CharField(max_length=64)
    started_at = models.DateTimeField(default=clock.now)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("load")
        verbose_name_plural = _("loads")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.changed_by}, {self.started_at}"
