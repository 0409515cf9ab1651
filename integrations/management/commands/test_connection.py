"""Tests an integration's connection, step by step."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from integrations.management.command import IntegrationCommand
from integrations.models import Integration
from integrations.sync.connections import check_connection


class Command(IntegrationCommand):
    help = "Test the connection, step by step."

    def act(self, integration: Integration, options: dict[str, Any]) -> Any:
        steps = check_connection(integration)
        for step in steps:
            self.say(options, f"{'ok' if step.passed else 'FAILED':<8} {step.label}: {step.text}")
        if not all(step.passed for step in steps) and not options["json"]:
            raise CommandError("The connection does not work.")
        return [{"step": str(step.label), "passed": step.passed, "text": step.text} for step in steps]
