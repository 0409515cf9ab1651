"""What the installation looks after by the clock, for all its workers together: a row each, which says when next."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations import clock


class Chore(models.Model):
    """Whoever moves `next_run_at` on, from the value that it read, has the chore to itself."""

    name = models.CharField(max_length=100, unique=True)
    next_run_at = models.DateTimeField(default=clock.now)
    begun_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Chore]] = models.Manager()

    class Meta:
        verbose_name = _("chore")
        verbose_name_plural = _("chores")

    def __str__(self) -> str:
        return self.name
