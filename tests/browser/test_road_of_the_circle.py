"""The circle in a browser: an invoice comes from Productive, goes to Xero, is paid there, and Productive shows all of it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from integrations.engine.local import LocalEngine
from integrations.providers.productive.sandbox import ProductiveSandbox
from integrations.providers.xero.sandbox import XeroSandbox
from integrations.records.models import Payment
from integrations.sandbox.server import SandboxServer
from tests.browser.conftest import OpenPage
from tests.browser.test_road import connect, open_section, save, sign_in
from tests.conftest import World


def given(page: Page, name: str) -> str:
    """What the vendor's page says that an app is connected with."""
    return page.locator("dt", has_text=re.compile(f"^{name}$")).locator("xpath=following-sibling::dd[1]").inner_text()


def begin(page: Page, vendor: str) -> None:
    """Add an integration from the catalogue and go to the form that asks for its keys."""
    page.get_by_role("link", name="Catalogue", exact=True).click()
    page.get_by_role("main").get_by_role("button", name="Connect", description=vendor).click()
    page.get_by_role("main").get_by_role("link", name="Connect", exact=True).first.click()


def connect_productive(page: Page, vendor: SandboxServer) -> None:
    page.goto(f"{vendor.url}/productive/")
    token, organization = given(page, "API token"), given(page, "Organization id")
    page.goto("/")
    begin(page, "Productive")
    page.get_by_label("API token").fill(token)
    page.get_by_label("Organization id").fill(organization)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("“Productive” is connected to 4711.")).to_be_visible()


def reload_until(page: Page, seen: str, tries: int = 60) -> None:
    """What workers do by themselves shows when the page is looked at again."""
    for _try in range(tries):
        if page.get_by_role("main").get_by_text(seen).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(page.get_by_role("main").get_by_text(seen).first).to_be_visible()


def test_an_invoice_of_productive_is_copied_and_paid_in_xero_and_productive_learns_of_both(
    open_page: OpenPage, world: World, vendor: SandboxServer, worker: LocalEngine
) -> None:
    page = open_page()
    sign_in(page, world)
    connect_productive(page, vendor)
    open_section(page, "What to write back")
    page.get_by_label("Write final numbers").check()
    save(page)
    page.get_by_role("link", name="Invoices", exact=True).click()
    reload_until(page, "Borealis Films")
    reload_until(page, "Alpine Outdoor")

    connect(page)
    open_section(page, "What to sync")
    page.get_by_label("Bring payments back").check()
    save(page)
    open_section(page, "Tax rates")
    page.get_by_label("Tax rate in Xero: VAT 19 %").select_option("OUTPUT")
    save(page)
    open_section(page, "Invoices")
    page.get_by_label("Take their number").check()
    page.get_by_label("Status of new invoices").select_option(label="Approved")
    save(page)
    open_section(page, "Accounts")
    page.get_by_label("Default account").select_option("200")
    save(page)
    settings = page.url

    page.get_by_role("link", name="Invoices", exact=True).click()
    page.get_by_role("link", name="2026-002").click()
    page.get_by_role("link", name="Copy").click()
    page.get_by_role("button", name="Copy to Xero").click()
    expect(page.get_by_role("heading", name="Exported 1 invoice")).to_be_visible(timeout=30_000)

    xero = vendor.sandboxes["xero"]
    assert isinstance(xero, XeroSandbox)
    (copied,) = xero.state()["records"]["invoices"]
    number = copied["InvoiceNumber"]
    page.goto(f"{vendor.url}/xero/")
    page.get_by_role("link", name=number).click()
    page.get_by_label("Amount").last.fill("1000.00")
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_text("1000.00").first).to_be_visible()
    page.goto(settings)
    page.get_by_text("Import now").click()
    page.get_by_role("button", name="Payments", exact=True).or_(page.get_by_role("button", name="Import now: Payments")).first.click()
    expect(page.get_by_role("heading", name="Imported 1 payment")).to_be_visible(timeout=30_000)

    productive = vendor.sandboxes["productive"]
    assert isinstance(productive, ProductiveSandbox)
    page.goto(f"{vendor.url}/productive/?tab=invoices")
    page.get_by_role("row").filter(has_text="Borealis Films").get_by_role("link").first.click()
    reload_until(page, "1,380.00 EUR")
    reload_until(page, number)
    main = page.get_by_role("main")
    expect(main.get_by_role("heading", name=number)).to_be_visible()
    expect(main.get_by_text(copied["InvoiceID"]).first).to_be_visible()
    expect(main.get_by_role("row").filter(has_text="1,000.00 EUR").first).to_be_visible()
    main.get_by_role("link", name=re.compile(copied["InvoiceID"])).click()
    expect(page.get_by_role("heading", name=number)).to_be_visible()
    assert len(productive.store.of("payments")) == len(xero.state()["records"]["payments"]) == Payment.everywhere.count() == 1
