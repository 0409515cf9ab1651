"""One call to a vendor about a batch, and its answer: as they may be shown, without secrets and cut."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import OrganizationOwned
from integrations import clock
from integrations.models.outbox import Batch


class Attempt(OrganizationOwned):
    """`status` is None when no answer came; `failure` says what was wrong, '' when nothing was."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="attempts")
    made_at = models.DateTimeField(default=clock.now)
    method = models.CharField(max_length=10)
    url = models.TextField()
    status = models.PositiveSmallIntegerField(null=True)
    failure = models.TextField(blank=True)
    milliseconds = models.PositiveIntegerField()
    request_id = models.CharField(max_length=100, blank=True)
    request_headers = models.JSONField(default=dict)
    request_body = models.TextField(blank=True)
    response_headers = models.JSONField(default=dict)
    response_body = models.TextField(blank=True)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.method} {self.url}"
