"""The worker processes of the installation, and when each last said that it is alive."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations import clock


class Worker(models.Model):
    """One process. `name` is its host, process id and a random part; the row goes when the process ends in peace."""

    name = models.CharField(max_length=255, unique=True)
    engine = models.CharField(max_length=20)
    started_at = models.DateTimeField(default=clock.now)
    beat_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[models.Manager[Worker]] = models.Manager()

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        indexes = [models.Index(fields=["beat_at"], name="worker_beat")]

    def __str__(self) -> str:
        return self.name
