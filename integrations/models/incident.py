"""One problem that needs a person: opened once per cause, closed on recovery."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import OrganizationOwned
from integrations import clock
from integrations.models.integration import Integration


class Incident(OrganizationOwned):
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="incidents")
    cause = models.CharField(max_length=60)
    title = models.CharField(_("what happened"), max_length=300)
    message = models.TextField(_("in the vendor's words"), blank=True)
    advice = models.TextField(_("what to do"), blank=True)
    opened_at = models.DateTimeField(_("opened at"), default=clock.now)
    last_seen_at = models.DateTimeField(_("last seen at"), default=clock.now)
    urgency = models.PositiveSmallIntegerField(default=0)
    seen = models.PositiveIntegerField(_("times seen"), default=1)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    told = models.PositiveIntegerField(default=0)  # how many times notices were made
    tell_at = models.DateTimeField(null=True, default=clock.now)  # when the next ones are to be made; null: no more

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-opened_at"]
        indexes = [models.Index(fields=["tell_at"], name="incident_to_tell", condition=Q(tell_at__isnull=False))]
        constraints = [
            models.UniqueConstraint(fields=["integration", "cause"], condition=Q(closed_at=None), name="one_open_incident_a_cause")
        ]

    def __str__(self) -> str:
        return self.title
