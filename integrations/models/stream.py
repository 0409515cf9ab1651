"""One import's place: what, which partition, cursor, when next."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import OrganizationOwned
from integrations import clock
from integrations.models.integration import Integration


class Stream(OrganizationOwned):
    """`cursor` moves with each page, in the page's own transaction; it belongs to `realm_id`."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="streams")
    kind = models.CharField(max_length=40)
    partition = models.CharField(max_length=255, blank=True)
    realm_id = models.CharField(max_length=255, blank=True)
    cursor = models.JSONField(default=dict)
    next_run_at = models.DateTimeField(default=clock.now)
    begun_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("stream")
        verbose_name_plural = _("streams")
        constraints = [models.UniqueConstraint(fields=["integration", "realm_id", "kind", "partition"], name="stream_once")]
        indexes = [models.Index(fields=["next_run_at"], name="stream_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.partition}".strip()
