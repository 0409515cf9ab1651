"""One organization's configured row for one provider: everything hot in the base row, settings in the subclass."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from polymorphic.managers import PolymorphicManager
from polymorphic.models import PolymorphicModel
from polymorphic.query import PolymorphicQuerySet

from accounts.tenancy import CurrentOrganization, OrganizationOwned
from integrations import clock

if TYPE_CHECKING:
    from integrations.auth.ways import Way
    from integrations.provider import Provider


class Connection(models.TextChoices):
    NEVER = "never", _("Not connected")
    CONNECTED = "connected", _("Connected")
    NEEDS_RECONNECT = "needs_reconnect", _("Reconnect")
    PAUSED = "paused", _("Paused")
    DISCONNECTED = "disconnected", _("Disconnected")


class SyncState(models.TextChoices):
    NEVER = "never", _("Nothing moved yet")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Healthy")
    PARTIAL = "partial", _("Partly failed")
    FAILED = "failed", _("Failed")


def new_tag() -> str:
    return secrets.token_hex(4)


class IntegrationManager(PolymorphicManager["Integration", "Integration"]):
    """Shows the current organization's integrations."""

    def get_queryset(self) -> PolymorphicQuerySet[Integration, Integration]:
        return super().get_queryset().filter(organization=CurrentOrganization(self.model))


class Integration(PolymorphicModel, OrganizationOwned):
    """Names of fields are those of Productive's Integration resource, where it has one."""

    provider = models.CharField(_("provider"), max_length=40, editable=False)
    integration_type_id = models.PositiveSmallIntegerField(editable=False)
    name = models.CharField(_("name"), max_length=200, help_text=_("How this connection is called on every page."))
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("connected by"), null=True, on_delete=models.SET_NULL, editable=False, related_name="+"
    )
    subsidiary = models.ForeignKey(
        "records.Subsidiary",
        verbose_name=_("subsidiary"),
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
        help_text=_("Only this subsidiary's records are moved. Without one: those of every subsidiary that has no connection of its own."),
    )
    project = models.ForeignKey(
        "records.Project", null=True, blank=True, on_delete=models.RESTRICT, related_name="+", verbose_name=_("project")
    )
    deal = models.ForeignKey("records.Deal", null=True, blank=True, on_delete=models.RESTRICT, related_name="+", verbose_name=_("budget"))
    options = models.JSONField(default=dict, blank=True, editable=False)
    tag = models.CharField(max_length=16, default=new_tag, editable=False, unique=True)  # part of every reference that we leave there
    created_at = models.DateTimeField(default=clock.now, editable=False)

    realm_id = models.CharField(_("account at the vendor"), max_length=255, blank=True, editable=False)
    realm_name = models.CharField(_("name of the account at the vendor"), max_length=255, blank=True, editable=False)
    way = models.CharField(_("connected with"), max_length=20, blank=True, editable=False)  # the kind; "": not connected yet
    client_id = models.CharField(max_length=255, blank=True, editable=False)
    redirect_uri = models.CharField(max_length=500, blank=True, editable=False)
    request_token = models.CharField(max_length=128, blank=True, editable=False)
    request_uri = models.CharField(max_length=2000, blank=True, editable=False)
    requested_at = models.DateTimeField(null=True, editable=False)
    connected_at = models.DateTimeField(_("connected at"), null=True, editable=False)
    deactivated_at = models.DateTimeField(_("disconnected at"), null=True, editable=False)
    muted_until = models.DateTimeField(_("incidents muted until"), null=True, editable=False)
    last_synced_at = models.DateTimeField(_("last synced at"), null=True, editable=False)

    connection = models.CharField(max_length=20, choices=Connection, default=Connection.NEVER, editable=False)
    sync = models.CharField(max_length=20, choices=SyncState, default=SyncState.NEVER, editable=False)
    waiting_count = models.PositiveIntegerField(default=0, editable=False)
    failed_count = models.PositiveIntegerField(default=0, editable=False)
    unmapped_count = models.PositiveIntegerField(default=0, editable=False)
    work_due_at = models.DateTimeField(null=True, editable=False)  # when the outbox has something to send; null: nothing waits
    served_at = models.DateTimeField(default=clock.now, editable=False)  # the last turn a worker gave it
    backed_up_at = models.DateTimeField(
        null=True, editable=False
    )  # since when, after a backup was restored, nobody here knows what was sent
    restored_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[IntegrationManager] = IntegrationManager()  # type: ignore[assignment]
    everywhere: ClassVar[PolymorphicManager[Integration, Integration]] = PolymorphicManager()

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("integration")
        verbose_name_plural = _("integrations")
        ordering = ["name", "pk"]
        indexes = [
            models.Index(fields=["work_due_at"], name="integration_due", condition=models.Q(work_due_at__isnull=False)),
            models.Index(fields=["provider", "realm_id"], name="integration_realm"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.integration_type_id:
            self.integration_type_id = self.declaration.type_id
        super().save(*args, **kwargs)

    @property
    def declaration(self) -> Provider:
        from integrations.registry import get

        return get(self.provider)

    @property
    def auth(self) -> Way:
        """The way that it was connected by; before, the one that is offered first."""
        return self.declaration.way(self.way)

    @property
    def can_work(self) -> bool:
        """Whether exports and imports may call the vendor now."""
        return self.connection == Connection.CONNECTED and self.deactivated_at is None
