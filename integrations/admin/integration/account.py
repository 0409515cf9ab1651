"""The first step: the account at the vendor, its lists, and the last runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse

from integrations.admin.allowance import allowance
from integrations.admin.diagnostics import diagnostics
from integrations.admin.integration.steps import next_step, to_do
from integrations.admin.run_words import subject
from integrations.admin.states import Chip, run_chip
from integrations.auth.environment import variable
from integrations.events import Webhook
from integrations.models import Delivery, Integration, Option, OptionList, Run
from integrations.provider import OptionSource
from integrations.sync.connections import CheckedStep
from integrations.sync.readiness import ACCOUNT, Readiness
from integrations.webhooks.receiving import keys

RUNS_SHOWN = 5


@dataclass(frozen=True)
class List:
    """One list of the vendor's options: how many, how old, and what the last attempt to read it met."""

    source: OptionSource
    count: int
    read: OptionList | None


@dataclass(frozen=True)
class Line:
    run: Run
    subject: str
    chip: Chip


@dataclass(frozen=True)
class Calls:
    """How the vendor tells us of changes. `variable` is what the operator has to set first, '' once it is."""

    webhook: Webhook
    address: str
    variable: str
    last: Delivery | None


def panel(request: HttpRequest, readiness: Readiness, checked: list[CheckedStep] | None = None) -> dict[str, Any]:
    integration = readiness.integration
    runs = Run.objects.filter(integration_id=integration.pk).select_related("started_by")[:RUNS_SHOWN]
    return {
        "missing": to_do(readiness),
        "next": next_step(readiness, ACCOUNT),
        "can_try": any(not export.step and export.is_on(integration) for export in readiness.provider.exports),
        "lists": _lists(readiness),
        "checked": checked,
        "all_passed": checked is not None and all(step.passed for step in checked),
        "allowance": allowance(integration),
        "calls": _calls(readiness),
        "diagnostics": diagnostics(integration),
        "lines": [Line(run, _subject(integration, run), run_chip(run)) for run in runs],
    }


def _calls(readiness: Readiness) -> Calls | None:
    provider = readiness.provider
    if provider.webhook is None:
        return None
    return Calls(
        webhook=provider.webhook,
        address=f"{settings.PUBLIC_URL}{reverse('webhook', args=[provider.slug])}",
        variable="" if keys(provider) else variable(provider.slug, "WEBHOOK_KEY"),
        last=Delivery.objects.filter(integration_id=readiness.integration.pk).first(),
    )


def _lists(readiness: Readiness) -> list[List]:
    integration = readiness.integration
    rows = Option.objects.filter(integration_id=integration.pk, realm_id=integration.realm_id, gone_at=None)
    counts = dict(rows.order_by().values_list("source").annotate(Count("pk")))
    return [List(source, counts.get(source.name, 0), readiness.offers.lists.get(source.name)) for source in readiness.provider.options]


def _subject(integration: Integration, run: Run) -> str:
    run.integration = integration
    return subject(run)
