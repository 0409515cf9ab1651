"""Which integration exports a kind of record of a subsidiary: never two."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.tenancy import OrganizationOwned
from integrations.models.integration import Integration


class Route(OrganizationOwned):
    """Written from the integration's switches. `subsidiary` None stands for every one without a route of its own."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="routes")
    subsidiary = models.ForeignKey("records.Subsidiary", null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)

    class Meta(OrganizationOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind"], condition=Q(subsidiary=None), name="one_exporter"),
            models.UniqueConstraint(
                fields=["organization", "subsidiary", "kind"], condition=Q(subsidiary__isnull=False), name="one_exporter_a_subsidiary"
            ),
        ]

    def __str__(self) -> str:
        return self.kind
