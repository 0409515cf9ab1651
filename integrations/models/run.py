"""One execution of an import, an export, an options refresh, a reconciliation."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import OrganizationOwned
from integrations import clock
from integrations.models.integration import Integration


class Action(models.TextChoices):
    EXPORT = "export", _("Export")
    IMPORT = "import", _("Import")
    OPTIONS = "options", _("Refresh of lists")
    RECONCILE = "reconcile", _("Reconciliation")


class RunState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    PARTIAL = "partial", _("Partly failed")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


FINISHED = (RunState.SUCCEEDED, RunState.PARTIAL, RunState.FAILED, RunState.CANCELLED)


class Run(OrganizationOwned):
    """An export's state follows its outbox items; every other run is claimed with a lease and done by one worker."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="runs")
    action = models.CharField(_("action"), max_length=12, choices=Action)
    kind = models.CharField(_("kind of record"), max_length=40, blank=True)
    pace = models.CharField(max_length=40, blank=True, default="")  # which of an import's streams it reads
    state = models.CharField(_("state"), max_length=12, choices=RunState, default=RunState.QUEUED)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("started by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    full = models.BooleanField(default=False)
    unguarded = models.BooleanField(default=False)  # a person said that as many may vanish as are gone there
    dry = models.BooleanField(default=False)
    total = models.PositiveIntegerField(_("records"), default=0)
    succeeded = models.PositiveIntegerField(_("succeeded"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    uncertain = models.PositiveIntegerField(_("uncertain"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    skipped = models.PositiveIntegerField(_("skipped"), default=0)
    message = models.TextField(blank=True)
    advice = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["integration", "-id"], name="run_of_integration"),
            models.Index(fields=["organization", "-id"], name="run_of_organization"),
            models.Index(fields=["state", "id"], name="run_open"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED


class Entry(OrganizationOwned):
    """What an import did with one of their records; unchanged ones are only counted."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=40)
    record_id = models.PositiveBigIntegerField(null=True)
    remote_id = models.CharField(max_length=255)
    number = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=12)
    action = models.CharField(max_length=12, blank=True)
    message = models.TextField(blank=True)
    advice = models.TextField(blank=True)

    class Meta(OrganizationOwned.Meta):
        verbose_name = _("imported record")
        verbose_name_plural = _("imported records")
        indexes = [models.Index(fields=["run", "state"], name="entry_of_run")]

    def __str__(self) -> str:
        return self.number or self.remote_id
