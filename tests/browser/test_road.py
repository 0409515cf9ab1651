"""The whole road in a browser, as a newcomer walks it: from signing in to a payment that comes back."""

from __future__ import annotations

from decimal import Decimal

from playwright.sync_api import Page, expect

from accounts.tenancy import within
from integrations.engine.local import LocalEngine
from integrations.providers.xero.sandbox import XeroSandbox
from integrations.records.models import Invoice, Payment
from integrations.sandbox.server import SandboxServer
from tests.books import make_books, make_invoices
from tests.browser.conftest import OpenPage
from tests.conftest import PASSWORD, World

INVOICES = 12


def sign_in(page: Page, world: World) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(world.owner.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def connect(page: Page) -> None:
    page.get_by_role("link", name="Catalogue", exact=True).click()
    page.get_by_role("main").get_by_role("button", name="Connect", description="Xero").click()
    page.get_by_role("main").get_by_role("link", name="Connect", exact=True).first.click()
    page.get_by_role("button", name="Continue to Xero").click()
    expect(page.get_by_role("heading", name="wants access to Xero")).to_be_visible()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_role("heading", name="Which account at Xero?")).to_be_visible()
    page.get_by_label("Demo Company (Global)").check()
    page.get_by_role("button", name="Use this account").click()
    expect(page.get_by_text("is connected to Demo Company (Global)")).to_be_visible()


def open_section(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Set-up").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, exact=True).first).to_be_visible()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved").first).to_be_visible()


def pay_half_of_one(page: Page, vendor: str) -> None:
    """Enter a payment on the vendor's own page."""
    page.goto(f"{vendor}/xero/")
    page.get_by_role("link", name="R-00001").click()
    page.get_by_label("Amount").last.fill("59.50")
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_text("59.50").first).to_be_visible()


def test_newcomer_connects_maps_exports_corrects_and_is_paid(
    open_page: OpenPage, world: World, vendor: SandboxServer, worker: LocalEngine
) -> None:
    with within(world.organization):
        books = make_books(world.organization)
        make_invoices(books, INVOICES - 1)
        (unmapped,) = make_invoices(books, 1, first=INVOICES, tax_rate=books.unmapped_tax_rate)
        Invoice.everywhere.filter(pk=unmapped.pk).update(amount_tax=Decimal(16), amount_with_tax=Decimal(116))
    page = open_page()
    sign_in(page, world)
    connect(page)

    open_section(page, "What to sync")
    page.get_by_label("Bring payments back").check()
    save(page)
    open_section(page, "Tax rates")
    page.get_by_label("Tax rate in Xero: VAT 19 %").select_option("OUTPUT")
    save(page)
    open_section(page, "Invoices")
    page.get_by_label("Send our number").check()
    page.get_by_label("Status of new invoices").select_option(label="Approved")
    save(page)
    open_section(page, "Accounts")
    page.get_by_label("Default account").select_option("200")
    save(page)

    page.get_by_text("Export now").click()
    page.get_by_role("main").get_by_role("button", name="Invoices").or_(page.get_by_role("link", name="Invoices …")).first.click()
    expect(page.get_by_role("heading", name=f"Exported {INVOICES - 1} of {INVOICES} invoices")).to_be_visible(timeout=30_000)
    row = page.get_by_role("row").filter(has_text=unmapped.number)
    expect(row).to_contain_text("The tax rate “VAT 16 %” has no tax rate in Xero.")
    run_address = page.url

    row.get_by_role("link", name="Map it").click()
    page.get_by_label("Tax rate in Xero: VAT 16 %").select_option("TAX001")
    save(page)
    page.goto(run_address)
    page.get_by_role("row").filter(has_text=unmapped.number).get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", name=f"Exported {INVOICES} invoices")).to_be_visible(timeout=30_000)

    sandbox = vendor.sandboxes["xero"]
    assert isinstance(sandbox, XeroSandbox)
    assert len(sandbox.state()["records"]["invoices"]) == INVOICES

    pay_half_of_one(page, vendor.url)
    page.goto(run_address)
    page.get_by_role("navigation", name="Breadcrumbs").get_by_role("link", name="Xero").click()
    page.get_by_role("button", name="Import now").click()
    expect(page.get_by_role("heading", name="Imported 1 payment")).to_be_visible(timeout=30_000)
    with within(world.organization):
        assert Payment.objects.get().amount == Decimal("59.50")
