"""What is told to whom about incidents: a row for each notice and recipient, which says when it went."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import OrganizationOwned
from integrations import clock
from integrations.crypto import EncryptedTextField
from integrations.models.incident import Incident


class NoticeKind(models.TextChoices):
    OPENED = "opened", _("Opened")
    REMINDED = "reminded", _("Reminder")
    CLOSED = "closed", _("Solved")
    DIGEST = "digest", _("Weekly digest")


class NoticeState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    GIVEN_UP = "given_up", _("Given up")
    DROPPED = "dropped", _("Not sent")  # when its time came, nobody was to be told any more


class NoticeEndpoint(OrganizationOwned):
    """An address of the organization's own systems that is called about its incidents. The secret signs the calls."""

    url = models.URLField(
        _("address"),
        max_length=500,
        help_text=_("It is called by POST, with a JSON document, whenever an incident opens, lasts or closes."),
    )
    secret = EncryptedTextField()
    active = models.BooleanField(
        _("active"), default=True, help_text=_("While it is not, nothing is sent there, and nothing is made up for later.")
    )
    created_at = models.DateTimeField(_("added at"), default=clock.now, editable=False)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("notice endpoint")
        verbose_name_plural = _("notice endpoints")
        ordering = ["url", "pk"]

    def __str__(self) -> str:
        return self.url


class Notice(OrganizationOwned):
    """One mail to a person, or one call of an endpoint. `number` counts those of the incident; digests have a `week` (its Monday).

    `key` names it to its recipient, over all tries. Whoever raises `tries`, from the value that was read, has the next one.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=NoticeKind)
    incident = models.ForeignKey(Incident, null=True, on_delete=models.CASCADE, related_name="notices")
    number = models.PositiveIntegerField(default=0)
    week = models.DateField(null=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    endpoint = models.ForeignKey(NoticeEndpoint, null=True, on_delete=models.CASCADE, related_name="notices")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=NoticeState, default=NoticeState.WAITING)
    made_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(default=clock.now)
    tries = models.PositiveIntegerField(default=0)
    trouble = models.TextField(blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "number", "person"], name="mailed_once"),
            models.UniqueConstraint(fields=["incident", "number", "endpoint"], name="called_once"),
            models.UniqueConstraint(fields=["organization", "week", "person"], condition=Q(kind="digest"), name="one_digest_a_week"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="notice_due", condition=Q(state="waiting")),
            models.Index(fields=["endpoint", "-id"], name="notice_of_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.incident or self.week}"
