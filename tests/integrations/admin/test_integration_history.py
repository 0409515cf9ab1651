"""Who changed what of an integration."""

from __future__ import annotations

from typing import Any

import pytest
from auditlog.models import LogEntry
from django.test import Client
from django.urls import reverse

from integrations.models import Integration
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import ServiceType
from integrations.sync.outbox import recount
from tests.conftest import World
from tests.integrations.admin.setting_up import make_agency


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    integration = make_agency(world.organization)
    LogEntry.objects.all().delete()
    return integration


@pytest.fixture
def admin(world: World, client: Client) -> Client:
    client.force_login(world.admin)
    return client


def section(integration: Integration, name: str) -> str:
    return reverse("admin:integration-section", args=[integration.pk, name])


def changes(admin: Client, integration: Integration) -> list[tuple[str, list[tuple[str, str, str]]]]:
    shown: Any = admin.get(section(integration, "history")).context["changes"]
    return [(change.who, [(line.label, line.old, line.new) for line in change.lines]) for change in shown]


def test_settings_are_told_field_by_field_and_mappings_row_by_row(world: World, agency: XeroIntegration, admin: Client) -> None:
    travel, design = (str(ServiceType.everywhere.get(name=name).pk) for name in ("Travel", "Design"))
    mapping = {
        f"account_code_mapping.row.{travel}": "201",
        f"account_code_mapping.was.{travel}": "",
        f"account_code_mapping.row.{design}": "",
        f"account_code_mapping.was.{design}": "220",
    }
    admin.post(section(agency, "accounts"), {"account_code": "210", "initial-account_code": "200", **mapping})
    admin.post(
        section(agency, "invoices"), {"xero_invoice_status_id": "3", "initial-xero_invoice_status_id": "1", "xero_reference": "subject"}
    )
    (second, first) = changes(admin, agency)
    assert (second, first[0]) == (("Admin Northwind Studio", [("Status of new invoices", "Draft", "Approved")]), "Admin Northwind Studio")
    assert sorted(first[1]) == [
        ("Accounts by service type: Design", "220 · Sales – Design", "nothing"),
        ("Accounts by service type: Travel", "nothing", "201 · Sales – Development"),
        ("Default account", "200 · Sales", "210 · Sales – Consulting"),
    ]


def test_switches_are_on_or_off(agency: XeroIntegration, admin: Client) -> None:
    admin.post(section(agency, "options"), {"use_invoices_export": "on", "use_companies_export": "on", "payments_import": "on"})
    assert changes(admin, agency)[0][1] == [("Bring payments back", "off", "on")]


def test_pausing_is_part_of_the_history(agency: XeroIntegration, admin: Client) -> None:
    admin.post(reverse("admin:integration-pause", args=[agency.pk]))
    admin.post(reverse("admin:integration-resume", args=[agency.pk]))
    assert [lines for _who, lines in changes(admin, agency)] == [
        [("Connection", "Paused", "Connected")],
        [("Connection", "Connected", "Paused")],
    ]


def test_what_workers_count_is_none(agency: XeroIntegration, admin: Client) -> None:
    recount(agency.pk)
    agency.waiting_count, agency.sync = 9, "partial"
    agency.save()
    assert changes(admin, agency) == []


def test_creating_is_told_without_a_list_of_defaults(world: World, admin: Client) -> None:
    integration = make_agency(world.organization)
    (_mapped, created) = admin.get(section(integration, "history")).context["changes"]
    assert (created.is_creation, created.lines, created.who) == (True, [], "Patchbay itself")


def test_entries_of_others_are_not_shown(world: World, stranger: World, agency: XeroIntegration, admin: Client) -> None:
    make_agency(stranger.organization, name="Canary")
    make_agency(world.organization, name="Other")
    assert changes(admin, agency) == []


def test_entries_of_fields_that_are_no_more_and_of_odd_shapes_are_shown(agency: XeroIntegration, admin: Client) -> None:
    odd = {
        "forgotten": ["a", "b"],
        "account_code_mapping": ["not json", "{"],
        "tax_rate_mapping": ["[]", "null"],
        "name": "x",
        "subsidiary": [],
    }
    LogEntry.objects.log_create(agency, action=LogEntry.Action.UPDATE, changes=odd)
    assert ("forgotten", "a", "b") in changes(admin, agency)[0][1]
