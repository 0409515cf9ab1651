"""What an integration has used of its vendor's limits, and whether the vendor is up; shared by all workers."""

from __future__ import annotations

from django.db import models

from accounts.tenancy import OrganizationOwned
from integrations.models.integration import Integration


class Limit(OrganizationOwned):
    """`usage` is the state of `integrations.http.limits`, `breaker` that of `.breaker`, `tally` that of `.tally`."""

    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, related_name="limit")
    usage = models.JSONField(default=dict)
    breaker = models.JSONField(default=dict)
    tally = models.JSONField(default=dict)

    class Meta(OrganizationOwned.Meta):
        pass

    def __str__(self) -> str:
        return f"limits of {self.integration_id}"
