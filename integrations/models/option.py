"""A value on their side, offered in dropdowns."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import OrganizationOwned
from integrations.models.integration import Integration


class Option(OrganizationOwned):
    """Kept when it disappears there (`gone_at`), so that a mapping which uses it can say so."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="remote_options")
    realm_id = models.CharField(max_length=255, blank=True)
    source = models.CharField(max_length=60)
    value = models.CharField(max_length=255)
    label = models.CharField(max_length=500)
    code = models.CharField(max_length=100, blank=True)
    uses = models.JSONField(default=list)
    facts = models.JSONField(default=dict)
    position = models.PositiveIntegerField(default=0)
    gone_at = models.DateTimeField(null=True)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("option")
        verbose_name_plural = _("options")
        ordering = ["source", "position"]
        constraints = [models.UniqueConstraint(fields=["integration", "realm_id", "source", "value"], name="option_once")]

    def __str__(self) -> str:
        return f"{self.code} · {self.label}" if self.code else self.label


class OptionList(OrganizationOwned):
    """One source of options of one integration: how old the list is, and what the last attempt to refresh it said."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="option_lists")
    realm_id = models.CharField(max_length=255, blank=True)
    source = models.CharField(max_length=60)
    fetched_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("list of options")
        verbose_name_plural = _("lists of options")
        constraints = [models.UniqueConstraint(fields=["integration", "realm_id", "source"], name="option_list_once")]

    def __str__(self) -> str:
        return self.source
