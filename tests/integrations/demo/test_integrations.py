"""The demo's integrations come set up, not connected, and with exactly two invoices that need a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.apps import apps
from django.db import transaction

from accounts.models import Organization
from integrations.demo.connections import SANDBOX, UnfitSettings, add_integrations
from integrations.errors import ConfigProblem
from integrations.mappings.fields import ValueMapping
from integrations.mappings.resolve import resolve
from integrations.models import Integration
from integrations.provider import Category
from integrations.records.kinds import get_kind
from integrations.registry import all_providers
from integrations.settings_file import as_document, changes
from integrations.sync.readiness import missing
from integrations.sync.routes import taken, wanted


@pytest.fixture
def accounting(northwind: Organization) -> list[Integration]:
    """Those that copy invoices for the one subsidiary."""
    found = [one for one in Integration.objects.all() if one.declaration.category == Category.ACCOUNTING]
    assert [str(one.subsidiary) for one in found] == ["Northwind Studio GmbH"]
    return found


def demo_files() -> dict[str, Path]:
    configs = {config.name: Path(config.path) for config in apps.get_app_configs()}
    paths = {slug: configs[f"integrations.providers.{slug}"] / "demo.json" for slug in all_providers()}
    return {slug: path for slug, path in paths.items() if path.exists()}


def refusals(integration: Integration, kind: str) -> dict[str, list[ConfigProblem]]:
    """What the integration's mappings say against each finalised document that has something unmapped."""
    export = integration.declaration.export(kind)
    sections = [section for section in integration.declaration.sections if section.shapes(export)]
    fields = [(integration._meta.get_field(name), name in section.required) for section in sections for name in section.fields]
    mappings = [field for field, required in fields if isinstance(field, ValueMapping) and (field.fallback or required)]
    assert mappings
    found: dict[str, list[ConfigProblem]] = {}
    for document in get_kind(kind).queryset().filter(finalized_on__isnull=False).prefetch_related("line_items"):
        for line in document.line_items.all():
            for field in mappings:
                try:
                    resolve(integration, field.name, getattr(line, field.of.kind))
                except ConfigProblem as problem:
                    found.setdefault(document.number, []).append(problem)
    return found


def test_every_provider_with_a_demo_file_has_one_integration_that_was_never_connected(northwind: Organization) -> None:
    integrations = list(Integration.objects.all())
    without_sandbox = {slug for slug, path in demo_files().items() if SANDBOX not in path.read_text()}
    assert {integration.provider for integration in integrations} == without_sandbox
    for integration in integrations:
        assert (integration.connection, integration.connected_at, integration.realm_id) == ("never", None, "")


def test_integrations_are_set_up_as_their_files_say(northwind: Organization) -> None:
    for integration in Integration.objects.all():
        document = json.loads(demo_files()[integration.provider].read_text())
        assert changes(integration, document) == []
        assert integration.name == document["name"]
        assert as_document(integration)["settings"].keys() >= document["settings"].keys()


def test_two_invoices_cannot_be_copied_because_one_tax_rate_is_not_mapped(accounting: list[Integration]) -> None:
    for integration in accounting:
        found = refusals(integration, "invoice")
        assert len(found) == 2
        assert {problem.field for problems in found.values() for problem in problems} == {"tax_rate_mapping"}
        assert all("Florida sales tax 6 % + 1 %" in problem.message for problems in found.values() for problem in problems)
        assert refusals(integration, "credit_note") == {}


def test_the_other_organization_has_no_integration(demo) -> None:
    assert not Integration.everywhere.filter(organization__slug="contoso-works").exists()


def test_a_file_that_does_not_fit_makes_nothing_and_says_what_is_wrong(db) -> None:
    organization = Organization.objects.create(name="Without records", slug="without-records")
    with pytest.raises(UnfitSettings) as unfit, transaction.atomic():
        add_integrations(organization)
    assert "demo.json cannot be applied." in str(unfit.value)
    assert "subsidiary: There is no subsidiary “Northwind Studio GmbH” here. Create it first, or correct the name." in str(unfit.value)
    assert not Integration.everywhere.exists()


def test_the_set_up_asks_for_that_tax_rate_and_for_the_connection_and_nothing_else(accounting: list[Integration]) -> None:
    for integration in accounting:
        wanting = {(found.field, found.text) for found in missing(integration)}
        assert {field for field, _ in wanting} == {"connection", "tax_rate_mapping"}
        assert len(wanting) == 2
        assert any("Florida sales tax 6 % + 1 %" in text for _, text in wanting)


def test_the_others_only_have_to_be_connected(accounting: list[Integration]) -> None:
    others = Integration.objects.exclude(pk__in=[one.pk for one in accounting])
    assert {other.provider: {found.field for found in missing(other)} for other in others} == {
        slug: {"connection"} for slug in ("productive", "bamboohr", "hibob")
    }


def test_what_the_integration_is_switched_on_for_is_its_own(accounting: list[Integration]) -> None:
    for integration in Integration.objects.all():
        assert not taken(integration)
        assert set(integration.routes.values_list("kind", flat=True)) == {export.kind for export in wanted(integration)}
    assert all(wanted(integration) for integration in accounting)
