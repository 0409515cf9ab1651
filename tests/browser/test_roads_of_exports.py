"""What a person does before and while records are copied, in a real browser: maps, looks ahead, sends, and finds it there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.tenancy import within
from integrations.engine.local import LocalEngine
from integrations.models import Integration, Option
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Invoice, ServiceType
from integrations.sandbox.server import SandboxServer
from tests.books import make_books, make_invoices, make_xero
from tests.browser.conftest import OpenPage
from tests.conftest import World
from tests.integrations.admin.setting_up import make_agency

READY = 3


def url(integration: Integration, name: str, query: str = "") -> str:
    return reverse("admin:integration-section", args=[integration.pk, name]) + query


@pytest.fixture
def books(world: World, vendor: SandboxServer, worker: LocalEngine) -> XeroIntegration:
    """A connected integration with invoices that are ready, and one whose tax rate is not mapped."""
    with within(world.organization):
        books = make_books(world.organization)
        make_invoices(books, READY)
        make_invoices(books, 1, first=READY + 1, tax_rate=books.unmapped_tax_rate)
        integration = make_xero(books)
    call_command("connect", str(integration.pk))
    call_command("fetch_options", str(integration.pk))
    return integration


def there(vendor: SandboxServer) -> dict[str, dict[str, Any]]:
    """The invoices that the vendor holds, by number."""
    return {row["InvoiceNumber"]: row for row in vendor.sandboxes["xero"].state()["records"]["invoices"]}


def mapped(integration: XeroIntegration) -> dict[str, str]:
    names = dict(ServiceType.everywhere.values_list("pk", "name"))
    return {names[int(key)]: code for key, code in XeroIntegration.everywhere.get(pk=integration.pk).account_code_mapping.items()}


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def row_of(page: Page, text: str) -> Any:
    return page.get_by_role("row").filter(has_text=text)


def test_mapping_is_suggested_found_set_together_and_overwrites_nobody(world: World, open_page: OpenPage) -> None:
    agency = make_agency(world.organization, creator=world.admin)
    Option.everywhere.filter(integration=agency).update(gone_at=None)
    XeroIntegration.everywhere.filter(pk=agency.pk).update(account_code_mapping={}, account_code="")
    page, other = open_page(world.admin), open_page(world.owner)
    page.goto(url(agency, "accounts"))
    expect(page.get_by_text("0 of 5 mapped")).to_be_visible()
    page.get_by_role("link", name="Suggest").click()
    expect(page.get_by_label("Account in Xero: Development")).to_have_value("201")
    assert mapped(agency) == {}, "a suggestion is none but a suggestion until somebody saves it"
    save(page)
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert mapped(agency) == {"Design": "220", "Development": "201"}

    other.goto(url(agency, "accounts"))
    page.get_by_placeholder("Find …").first.press_sequentially("trav")
    expect(page.get_by_role("rowheader")).to_have_text(["Travel"])
    page.get_by_label("Tick Travel").check()
    page.get_by_label("Set the ticked rows to").select_option("200")
    page.get_by_role("button", name="Set and save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    other.get_by_label("Account in Xero: Travel").select_option("210")
    other.get_by_label("Account in Xero: Strategy").select_option("210")
    save(other)
    expect(row_of(other, "Travel")).to_contain_text("Somebody else has set this to “200 · Sales” meanwhile")
    assert mapped(agency)["Travel"] == "200"
    assert mapped(agency)["Strategy"] == "210"


def test_what_the_preview_shows_is_what_the_vendor_gets(books: XeroIntegration, vendor: SandboxServer, owner_page: Page) -> None:
    owner_page.goto(url(books, "preview", "?kind=invoice"))
    owner_page.get_by_label("Number or name of the invoice").fill("R-00002")
    owner_page.get_by_role("button", name="Show").click()
    expect(owner_page.get_by_text("would be created")).to_be_visible()
    expect(owner_page.get_by_text("119.00 EUR")).to_be_visible()
    payload = json.loads(owner_page.get_by_label("The payload").inner_text())
    assert there(vendor) == {}, "looking sends nothing"

    owner_page.goto(reverse("admin:records_invoice_change", args=[Invoice.everywhere.get(number="R-00002").pk]))
    owner_page.get_by_role("link", name="Copy").click()
    owner_page.get_by_role("button", name="Copy to Xero").click()
    expect(owner_page.get_by_role("heading", name="Exported 1 invoice")).to_be_visible(timeout=30_000)
    (sent,) = there(vendor).values()
    assert {name: sent[name] for name in ("InvoiceNumber", "CurrencyCode", "Type", "Reference")} == {
        name: payload[name] for name in ("InvoiceNumber", "CurrencyCode", "Type", "Reference")
    }
    for line, shown in zip(sent["LineItems"], payload["LineItems"], strict=True):
        assert {name: line[name] for name in ("Description", "AccountCode", "TaxType")} == {
            name: shown[name] for name in ("Description", "AccountCode", "TaxType")
        }
    owner_page.goto(url(books, "preview", "?kind=invoice&number=R-00002"))
    expect(owner_page.get_by_text("nothing to change")).to_be_visible()


def test_a_dry_run_tells_what_the_export_then_does(books: XeroIntegration, vendor: SandboxServer, owner_page: Page) -> None:
    owner_page.goto(url(books, "dry-run", "?kind=invoice"))
    expect(owner_page.get_by_role("link", name=f"To create {READY}")).to_be_visible()
    owner_page.get_by_role("link", name="Refused 1").click()
    expect(owner_page.get_by_role("rowheader")).to_contain_text(["R-00004"])
    expect(row_of(owner_page, "R-00004")).to_contain_text("The tax rate “VAT 16 %” has no tax rate in Xero.")
    assert there(vendor) == {}, "a dry run sends nothing"

    call_command("export", str(books.pk), "invoice", "--all", "--wait")
    assert set(there(vendor)) == {"R-00001", "R-00002", "R-00003"}
    with within(books.organization):
        changed = Invoice.objects.get(number="R-00001")
        changed.subject = "Another subject"
        changed.save()
    owner_page.goto(url(books, "dry-run", "?kind=invoice&show=update"))
    for text in ("To create 0", "To update 1", f"Unchanged {READY - 1}", "Refused 1"):
        expect(owner_page.get_by_role("link", name=text)).to_be_visible()
    expect(row_of(owner_page, "R-00001")).to_contain_text("would be updated")
    owner_page.get_by_role("link", name="Preview R-00001").click()
    expect(owner_page.get_by_label("The payload")).to_contain_text("Another subject")
    assert there(vendor)["R-00001"]["Reference"] != "Another subject"
