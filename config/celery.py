"""For Celery's own tools: `celery --app config.celery inspect active`. The workers are `manage.py worker`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from integrations.engine.celery import app  # noqa: E402

__all__ = ["app"]
