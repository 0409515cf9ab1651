"""Records waiting to be exported, and the write requests in which they went."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import OrganizationOwned
from integrations import clock
from integrations.models.integration import Integration
from integrations.models.run import Run


class ItemState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Sending")
    SUCCEEDED = "succeeded", _("Succeeded")
    REJECTED = "rejected", _("Rejected")
    UNCERTAIN = "uncertain", _("Uncertain")
    PARKED = "parked", _("Parked")
    SKIPPED = "skipped", _("Skipped")


IN_FLIGHT = (ItemState.SENDING, ItemState.UNCERTAIN)
FAILED = (ItemState.REJECTED, ItemState.PARKED)
OPEN = (ItemState.WAITING, *IN_FLIGHT)


class BatchState(models.TextChoices):
    CLAIMED = "claimed", _("Claimed")  # nothing was sent
    SENDING = "sending", _("Sending")  # the vendor may have it
    UNCERTAIN = "uncertain", _("Uncertain")  # the call ended without an answer
    SETTLED = "settled", _("Settled")


UNSETTLED = (BatchState.CLAIMED, BatchState.SENDING, BatchState.UNCERTAIN)


class Batch(OrganizationOwned):
    """The items of one write request, with its frozen `body` (JSON: a list of drafts) and idempotency `key`.

    Whoever holds the lease works on it; each taking raises the `fence`, and finishing needs the fence it was taken with.
    """

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="batches")
    kind = models.CharField(max_length=40)
    step = models.CharField(max_length=40, blank=True)
    updates = models.BooleanField(default=False)
    realm_id = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=10, choices=BatchState, default=BatchState.CLAIMED)
    key = models.CharField(max_length=64)
    body = models.TextField(blank=True)
    fence = models.PositiveIntegerField(default=1)
    lease_until = models.DateTimeField()
    claimed_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)  # when an uncertain one is looked into again
    tries = models.PositiveIntegerField(default=0)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        indexes = [models.Index(fields=["integration", "state"], name="batch_open")]

    def __str__(self) -> str:
        return self.key


class OutboxItem(OrganizationOwned):
    """One step of one record. Retrying reopens the row; exporting the record anew makes another and marks this one replaced."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="items")
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="items")
    kind = models.CharField(max_length=40)
    record_id = models.PositiveBigIntegerField()
    step = models.CharField(max_length=40, blank=True)
    revision = models.PositiveIntegerField()
    create_new = models.BooleanField(default=False)
    choices = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=ItemState, default=ItemState.WAITING)
    waits_for = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="waited_for_by")
    replaced_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    batch = models.ForeignKey(Batch, null=True, on_delete=models.SET_NULL, related_name="items")
    earlier_batches = models.ManyToManyField(Batch, through="EarlierBatch", related_name="+")  # those in which it went before the last one
    alone = models.BooleanField(default=False)  # sent by itself, after a request was refused as a whole
    decided = models.BooleanField(default=False)  # a person had it sent again although the vendor may have it
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=clock.now)
    error = models.CharField(max_length=20, blank=True)  # the class of the error, see `integrations.errors`
    field = models.CharField(max_length=100, blank=True)
    value = models.CharField(max_length=255, blank=True)
    message = models.TextField(blank=True)
    advice = models.TextField(blank=True)
    request_id = models.CharField(max_length=100, blank=True)
    skip_reason = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("outbox item")
        verbose_name_plural = _("outbox items")
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "kind", "record_id", "step"], condition=Q(state="waiting"), name="one_waiting_item"
            ),
            models.UniqueConstraint(
                fields=["integration", "kind", "record_id", "step"],
                condition=Q(state__in=["sending", "uncertain"]),
                name="one_item_in_flight",
            ),
        ]
        indexes = [
            models.Index(fields=["integration", "state", "kind", "step", "due_at", "id"], name="item_due"),
            models.Index(fields=["run", "state", "id"], name="item_of_run"),
            models.Index(fields=["kind", "record_id", "integration"], name="item_of_record"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.record_id}"


class EarlierBatch(models.Model):
    """A batch in which an item went before its last one. A model of its own, so that a dump reads it where no organization is current."""

    outboxitem = models.ForeignKey(OutboxItem, on_delete=models.CASCADE, related_name="+")
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "integrations_outboxitem_earlier_batches"
        verbose_name = _("earlier batch")
        verbose_name_plural = _("earlier batches")
        unique_together = [("outboxitem", "batch")]

    def __str__(self) -> str:
        return f"{self.outboxitem_id} in {self.batch_id}"
