"""Settings on their way in a real browser: carried to another organization, taken back, mapped step by step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from integrations.models import Integration, OutboxItem
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Invoice, Project, ServiceType
from tests.browser.conftest import OpenPage, check_look
from tests.conftest import World
from tests.integrations.admin.scenes import UNMAPPED, make_comparison, make_integration, make_items, make_run, make_subsidiaries
from tests.integrations.admin.setting_up import make_agency, make_service_types


def url(integration: Integration, name: str) -> str:
    return reverse("admin:integration-section", args=[integration.pk, name])


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    return make_agency(world.organization, creator=world.admin)


def test_settings_are_carried_to_another_organization_and_one_change_is_taken_back(
    agency: XeroIntegration, stranger: World, admin_page: Page, open_page: OpenPage, tmp_path: Path
) -> None:
    admin_page.goto(url(agency, "settings-file"))
    check_look(admin_page, "settings-file")
    with admin_page.expect_download() as downloaded:
        admin_page.get_by_role("link", name="Download settings").click()
    path = tmp_path / "xero.json"
    downloaded.value.save_as(path)

    make_service_types(stranger.organization, "Design", "Strategy", "Development", "Media buying")
    other = XeroIntegration.everywhere.create(organization=stranger.organization, provider="xero", name="Books")
    there = open_page(stranger.admin)
    there.goto(url(other, "settings-file"))
    there.get_by_label("Settings file", exact=True).set_input_files(path)
    there.get_by_role("button", name="Show what it changes").click()
    expect(there.get_by_text("There is no tax rate “VAT 20%” here.")).to_be_visible()
    check_look(there, "settings-file-problems")

    document = json.loads(path.read_text())
    del document["settings"]["tax_rate_mapping"]
    path.write_text(json.dumps(document))
    there.get_by_label("Settings file", exact=True).set_input_files(path)
    there.get_by_role("button", name="Show what it changes").click()
    check_look(there, "settings-file-difference")
    there.get_by_role("button", name="Apply").click()
    expect(there.get_by_text("changes were applied.")).to_be_visible()
    other.refresh_from_db()
    assert {ServiceType.everywhere.get(pk=key).name: code for key, code in other.account_code_mapping.items()} == {
        "Design": "220",
        "Strategy": "210",
        "Development": "201",
        "Media buying": "260",
    }

    there.goto(url(other, "history"))
    check_look(there, "integration-history-revert")
    there.get_by_role("button", name="Revert Default account").focus()
    there.keyboard.press("Enter")
    expect(there.get_by_text("It is as it was before.")).to_be_visible()
    other.refresh_from_db()
    assert other.account_code == ""


def test_what_is_missing_leads_to_the_row_and_the_steps_save_on_the_way(agency: XeroIntegration, admin_page: Page) -> None:
    run = make_run(agency)
    media = str(ServiceType.everywhere.get(name="Media buying").pk)
    make_items(run, [Invoice.everywhere.get(number="2026-0412")], refusal=UNMAPPED)
    OutboxItem.everywhere.update(value=media)
    Integration.everywhere.non_polymorphic().filter(pk=agency.pk).update(failed_count=1)
    admin_page.goto(url(agency, "account"))
    admin_page.get_by_role("link", name="“Media buying” is mapped to 260").click()
    row = admin_page.locator("tr:target")
    expect(row).to_be_in_viewport()
    row.get_by_role("combobox").select_option("200")
    admin_page.get_by_role("button", name="Save and go back").click()
    expect(admin_page.get_by_role("heading", name="What goes along")).to_be_visible()
    expect(admin_page.get_by_text("7 of 7 steps done")).to_be_visible()
    admin_page.get_by_role("button", name="Save and go on").click()
    admin_page.get_by_role("button", name="Retry", exact=True).click()
    expect(admin_page.get_by_text("1 record is tried again.")).to_be_visible()


def test_comparisons_and_filters_of_the_overview_have_the_look(world: World, agency: XeroIntegration, admin_page: Page) -> None:
    make_comparison(agency, kinds=["invoice"])
    admin_page.goto(url(agency, "reconcile"))
    admin_page.get_by_role("link", name="Last month").click()
    check_look(admin_page, "integration-reconcile")
    admin_page.get_by_role("button", name="Compare").click()
    expect(admin_page.get_by_role("heading", name="Comparing both sides")).to_be_visible()
    (london,) = make_subsidiaries(world.organization, "London")
    project = Project.everywhere.create(organization=world.organization, name="Relaunch")
    make_integration(world.organization, "Xero London", subsidiary=london, project=project)
    admin_page.goto(reverse("admin:index") + "?project=active")
    expect(admin_page.get_by_role("article")).to_have_count(1)
    check_look(admin_page, "dashboard-filtered")
