"""The page of an integration in a real browser: its look, with the keyboard alone, and without script."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from integrations import clock
from integrations.models import Connection, Integration, ItemState, OutboxItem
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Invoice, ServiceType
from tests.browser.conftest import OpenPage, check_axe, check_look
from tests.conftest import World
from tests.integrations.admin.scenes import LOCKED, UNMAPPED, make_export, make_items, make_links, make_run
from tests.integrations.admin.setting_up import make_agency
from tests.integrations.admin.test_mapping_table import make_crowd

SECTIONS = ("account", "options", "tax_rates", "invoices", "along", "accounts", "tracking", "preview", "dry-run", "scope", "history")
WITH_PREVIEW = ("invoices", "accounts")


def url(integration: Integration, name: str, query: str = "") -> str:
    return reverse("admin:integration-section", args=[integration.pk, name]) + query


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    return make_agency(world.organization, creator=world.admin)


def mapped(integration: XeroIntegration, name: str) -> str:
    mapping = XeroIntegration.everywhere.get(pk=integration.pk).account_code_mapping
    return str(mapping.get(str(ServiceType.everywhere.get(name=name).pk), ""))


# The look -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SECTIONS)
def test_section_has_the_look(name: str, agency: XeroIntegration, admin_page: Page) -> None:
    admin_page.goto(url(agency, name))
    if name in WITH_PREVIEW:
        expect(admin_page.locator(".summary")).to_be_visible()
    check_look(admin_page, f"integration-{name}")


@pytest.mark.parametrize("name", ["account", "options", "accounts", "scope"])
def test_section_that_may_only_be_read_has_the_look(name: str, agency: XeroIntegration, auditor_page: Page) -> None:
    auditor_page.goto(url(agency, name))
    check_look(auditor_page, f"integration-{name}-auditor")


def test_new_integration_has_the_look(agency: XeroIntegration, admin_page: Page) -> None:
    Integration.everywhere.non_polymorphic().filter(pk=agency.pk).update(connection=Connection.NEVER, connected_at=None, realm_name="")
    admin_page.goto(reverse("admin:integration", args=[agency.pk]))
    check_look(admin_page, "integration-new")


def test_integration_in_trouble_has_the_look(world: World, agency: XeroIntegration, admin_page: Page) -> None:
    make_export(agency, world.admin)
    Integration.everywhere.non_polymorphic().filter(pk=agency.pk).update(connection=Connection.NEEDS_RECONNECT)
    admin_page.goto(url(agency, "account"))
    check_look(admin_page, "integration-trouble")


def test_refused_rows_and_suggestions_have_the_look(agency: XeroIntegration, admin_page: Page) -> None:
    admin_page.goto(url(agency, "accounts", "?suggest=1"))
    admin_page.get_by_label("Account in Xero: Design").select_option("210")
    design = str(ServiceType.everywhere.get(name="Design").pk)
    stored = {**XeroIntegration.everywhere.get(pk=agency.pk).account_code_mapping, design: "200"}
    XeroIntegration.everywhere.filter(pk=agency.pk).update(account_code_mapping=stored, failed_count=1)
    run = make_run(agency)
    make_items(run, [Invoice.everywhere.get(number="2026-0412")], refusal=UNMAPPED)
    admin_page.get_by_role("button", name="Save", exact=True).click()
    expect(admin_page.get_by_text("Somebody else has set this to “200 · Sales” meanwhile")).to_be_visible()
    expect(admin_page.locator(".summary")).to_be_visible()
    check_look(admin_page, "integration-conflict")


def test_menus_are_open_and_readable(agency: XeroIntegration, admin_page: Page) -> None:
    admin_page.goto(url(agency, "scope"))
    for name, inside in {"Export now": "Credit notes", "More": "Disconnect …"}.items():
        admin_page.locator("summary", has_text=name).click()
        expect(admin_page.get_by_text(inside, exact=True)).to_be_visible()
        check_look(admin_page, f"integration-menu-{name.split()[0].lower()}")
        admin_page.keyboard.press("Escape")
        expect(admin_page.get_by_text(inside, exact=True)).to_be_hidden()


def test_disconnecting_has_the_look(agency: XeroIntegration, admin_page: Page) -> None:
    make_links(agency, Invoice.everywhere.all()[:3])
    admin_page.goto(reverse("admin:integration-disconnect", args=[agency.pk]))
    check_look(admin_page, "integration-disconnect")
    OutboxItem.everywhere.create(
        organization=agency.organization, integration=agency, kind="invoice", record_id=1, revision=1, state=ItemState.SENDING
    )
    admin_page.reload()
    expect(admin_page.get_by_role("button", name="Disconnect all the same")).to_be_visible()
    check_look(admin_page, "integration-disconnect-in-flight")


def test_removing_has_the_look(agency: XeroIntegration, admin_page: Page) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(connection=Connection.NEVER, connected_at=None)
    admin_page.goto(reverse("admin:integration", args=[agency.pk]))
    admin_page.get_by_role("link", name="Remove …").click()
    check_look(admin_page, "integration-remove")
    admin_page.get_by_role("button", name="Remove").click()
    expect(admin_page.get_by_text("is removed. It never moved anything.")).to_be_visible()


def test_long_table_has_the_look(world: World, admin_page: Page) -> None:
    admin_page.goto(url(make_crowd(world.organization), "accounts"))
    check_axe(admin_page)


def test_where_a_record_went_and_the_form_that_sends_it_have_the_look(agency: XeroIntegration, admin_page: Page) -> None:
    invoice, refused = Invoice.everywhere.order_by("-pk")[:2]
    make_links(agency, [invoice], difference="total: 5340.00 here, 5340.01 there")
    make_links(agency, [invoice], archived_at=clock.now())
    make_items(make_run(agency), [refused], refusal=LOCKED)
    for name, record in {"copied": invoice, "refused": refused}.items():
        admin_page.goto(reverse("admin:records_invoice_change", args=[record.pk]))
        expect(admin_page.get_by_role("heading", name="Where it went")).to_be_visible()
        check_look(admin_page, f"record-{name}")
    admin_page.goto(reverse("admin:copy", args=[agency.pk, "invoice"]) + f"?ids={invoice.pk}&new=1")
    check_look(admin_page, "copy")


# With the keyboard alone ------------------------------------------------------------------------------------------------------


def test_row_is_mapped_with_the_keyboard_alone(agency: XeroIntegration, admin_page: Page) -> None:
    admin_page.goto(url(agency, "accounts"))
    admin_page.get_by_label("Account in Xero: Travel").focus()
    admin_page.keyboard.type("210")
    admin_page.keyboard.press("Tab")
    for _step in range(10):
        if admin_page.evaluate("document.activeElement.textContent.trim()") == "Save":
            break
        admin_page.keyboard.press("Tab")
    admin_page.keyboard.press("Enter")
    expect(admin_page.get_by_text("Saved.")).to_be_visible()
    assert mapped(agency, "Travel") == "210"


def test_enter_in_the_form_saves_and_refreshes_nothing(agency: XeroIntegration, admin_page: Page) -> None:
    admin_page.goto(url(agency, "options"))
    admin_page.get_by_label("Bring payments back").focus()
    admin_page.keyboard.press("Space")
    admin_page.keyboard.press("Enter")
    expect(admin_page.get_by_text("Saved.")).to_be_visible()
    assert XeroIntegration.everywhere.get(pk=agency.pk).payments_import


def test_menu_of_exports_works_with_the_keyboard(agency: XeroIntegration, admin_page: Page) -> None:
    admin_page.goto(url(agency, "scope"))
    admin_page.locator("summary", has_text="Export now").focus()
    admin_page.keyboard.press("Enter")
    admin_page.keyboard.press("Tab")
    assert admin_page.evaluate("document.activeElement.textContent") == "Customers and vendors"


# Mapping ------------------------------------------------------------------------------------------------------------------------


def test_typing_filters_the_rows_at_once(agency: XeroIntegration, admin_page: Page) -> None:
    admin_page.goto(url(agency, "accounts"))
    admin_page.get_by_placeholder("Find …").first.press_sequentially("trav")
    expect(admin_page.get_by_role("rowheader")).to_have_text(["Travel"])
    admin_page.get_by_placeholder("Find …").first.fill("nothing like it")
    expect(admin_page.get_by_text("Nothing on this page fits.")).to_be_visible()


def test_ticked_rows_are_set_together(agency: XeroIntegration, admin_page: Page) -> None:
    admin_page.goto(url(agency, "accounts"))
    bar = admin_page.get_by_label("Set the ticked rows to")
    expect(bar).to_be_hidden()
    admin_page.get_by_label("Tick all rows of this page").check()
    bar.select_option("210")
    admin_page.get_by_role("button", name="Set and save").click()
    expect(admin_page.get_by_text("Saved.")).to_be_visible()
    assert {mapped(agency, name) for name in ("Travel", "Design", "Media buying")} == {"210"}


def test_long_lists_are_filled_when_they_are_opened(world: World, admin_page: Page) -> None:
    integration = make_crowd(world.organization)
    admin_page.goto(url(integration, "accounts"))
    row = admin_page.get_by_label("Account in Xero: Service 0042")
    assert row.locator("option").count() == 2
    row.focus()
    assert row.locator("option").count() == 301
    assert row.input_value() == "1042", "what was chosen stays chosen"
    row.select_option("1299")
    admin_page.get_by_role("button", name="Save", exact=True).click()
    expect(admin_page.get_by_text("Saved.")).to_be_visible()
    assert mapped(integration, "Service 0042") == "1299"


def test_everything_works_without_script(world: World, open_page: OpenPage, agency: XeroIntegration) -> None:
    page = open_page(world.admin, java_script_enabled=False)
    page.goto(url(agency, "accounts", "?q=travel"))
    page.get_by_label("Account in Xero: Travel").select_option("201")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.locator("summary", has_text="More").click()
    page.get_by_role("link", name="Disconnect …").click()
    expect(page.get_by_role("heading", name="Disconnect Xero?")).to_be_visible()
    page.goto(url(agency, "accounts"))
    page.get_by_role("link", name="Show", exact=True).click()
    expect(page.get_by_text("would be created")).to_be_visible()
    assert mapped(agency, "Travel") == "201"


def test_rows_of_a_long_list_are_changed_without_script(world: World, open_page: OpenPage) -> None:
    integration = make_crowd(world.organization)
    page = open_page(world.admin, java_script_enabled=False)
    page.goto(url(integration, "accounts"))
    page.get_by_label("Tick Service 0007").check()
    page.get_by_label("Set the ticked rows to").select_option("1200")
    page.get_by_role("button", name="Set and save").click()
    assert mapped(integration, "Service 0007") == "1200"
