"""This record here is that record there."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import OrganizationOwned
from integrations import clock
from integrations.models.integration import Integration


class Link(OrganizationOwned):
    """Belongs to one account at the vendor (`realm_id`). Archived links are history: of an earlier generation or account."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="links")
    realm_id = models.CharField(max_length=255, blank=True)
    kind = models.CharField(max_length=40)
    record_id = models.PositiveBigIntegerField()
    step = models.CharField(max_length=40, blank=True)
    generation = models.PositiveIntegerField(default=1)
    remote_id = models.CharField(max_length=255)
    number = models.CharField(max_length=255, blank=True)
    url = models.URLField(max_length=1000, blank=True)
    revision = models.PositiveIntegerField(default=0)  # the record's when it was last sent, or brought
    digest = models.CharField(max_length=64, blank=True)  # of the payload that was last sent
    is_import = models.BooleanField(default=False)
    seen_in = models.PositiveBigIntegerField(null=True)  # the newest import run that brought it: what a complete one did not is gone there
    agreed = models.JSONField(default=dict)  # what both sides last had of the columns that are written from here
    difference = models.TextField(blank=True)  # where the vendor's totals are not ours, in words
    warnings = models.JSONField(default=list)
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    archived_at = models.DateTimeField(null=True)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("link")
        verbose_name_plural = _("links")
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "realm_id", "kind", "step", "record_id"], condition=Q(archived_at=None), name="one_link_a_record"
            ),
            models.UniqueConstraint(
                fields=["integration", "realm_id", "kind", "remote_id"], condition=Q(archived_at=None, is_import=True), name="imported_once"
            ),
        ]
        indexes = [
            models.Index(fields=["integration", "realm_id", "kind", "remote_id"], name="link_by_remote_id"),
            models.Index(fields=["kind", "record_id", "integration"], name="link_of_record"),
        ]

    def __str__(self) -> str:
        return self.number or self.remote_id
