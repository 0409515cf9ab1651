"""One event that a vendor told us by webhook: kept as it came, then taken as a hint."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from accounts.tenancy import OrganizationOwned
from integrations import clock
from integrations.models.integration import Integration


class DeliveryState(models.TextChoices):
    RECEIVED = "received", _("Received")  # kept, and nothing done about it yet
    HANDLED = "handled", _("Handled")
    IGNORED = "ignored", _("Ignored")
    FAILED = "failed", _("Failed")


class Delivery(OrganizationOwned):
    """One event for one integration. `slug` is the provider's, `body` the event's own share of the request, byte for byte.

    What matches no integration has no organization: operators alone see it. A body that could not be read is kept whole, without
    a `kind`.
    """

    organization = models.ForeignKey(  # type: ignore[assignment]
        Organization, null=True, on_delete=models.CASCADE, editable=False, related_name="+"
    )
    integration = models.ForeignKey(Integration, null=True, on_delete=models.CASCADE, related_name="deliveries")
    slug = models.CharField(max_length=40)
    event_id = models.CharField(max_length=255)
    realm_id = models.CharField(max_length=255, blank=True)
    kind = models.CharField(max_length=100, blank=True)
    remote_id = models.CharField(max_length=255, blank=True)
    occurred_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=clock.now)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState, default=DeliveryState.RECEIVED)
    message = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["slug", "event_id", "integration"], name="delivered_once"),
            models.UniqueConstraint(fields=["slug", "event_id"], condition=Q(integration=None), name="delivered_once_to_nobody"),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="delivery_of_organization"),
            models.Index(fields=["integration", "-id"], name="delivery_of_integration"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id}".strip() or self.event_id
