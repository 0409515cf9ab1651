"""An integration's secrets, or one person's for a personal provider: encrypted, versioned."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import OrganizationOwned
from integrations import clock
from integrations.crypto import EncryptedJSONField
from integrations.models.integration import Integration


class Credential(OrganizationOwned):
    """`payload` is replaced together with `version` in one statement; whoever holds the lease may ask the vendor to renew it.

    At `expires_at` it has to be renewed, at `ends_at` a person has to connect anew; None where no such time is known.
    """

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="credentials")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    payload: models.Field[dict[str, Any], dict[str, Any]] = EncryptedJSONField(editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)
    ends_at = models.DateTimeField(null=True, editable=False)
    renewed_at = models.DateTimeField(default=clock.now, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        constraints = [
            models.UniqueConstraint(fields=["integration"], condition=Q(person=None), name="one_credential"),
            models.UniqueConstraint(fields=["integration", "person"], condition=Q(person__isnull=False), name="one_credential_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.integration_id}, version {self.version}"
