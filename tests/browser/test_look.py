"""Every page in light and dark, wide and narrow: accessible, within the policy, silent, and no wider than the screen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Invitation
from accounts.tenancy import OrganizationOwned
from integrations.records.base import Record
from integrations.records.models import Attachment, Company, Expense, Person, PurchaseOrder, Salary
from tests.browser.conftest import OpenPage, Watch, check_axe, check_look
from tests.conftest import World
from tests.integrations.admin.setting_up import make_agency

SIGNED_OUT = ("login", "password_reset", "password_reset_done")
PERSONAL = ("own_home", "profile", "password_change", "organizations", "two_factor_enrol")
LISTS = sorted(model._meta.label_lower for model in admin.site._registry if issubclass(model, OrganizationOwned))


@pytest.mark.parametrize("name", SIGNED_OUT)
def test_page_for_everybody_has_the_look(name: str, anonymous_page: Page) -> None:
    anonymous_page.goto(reverse(name))
    check_look(anonymous_page, name)


@pytest.mark.parametrize("name", PERSONAL)
@pytest.mark.parametrize("role", ["member", "admin"])
def test_own_page_has_the_look(name: str, role: str, world: World, open_page: OpenPage) -> None:
    page = open_page(getattr(world, role))
    page.goto(reverse(name))
    check_look(page, f"{name}-{role}")


@pytest.mark.parametrize("label", LISTS)
def test_list_of_rows_has_the_look(label: str, owner_page: Page) -> None:
    owner_page.goto(reverse(f"admin:{label.replace('.', '_')}_changelist"))
    check_look(owner_page, f"list-{label}")


def test_pages_and_full_lists_of_records_have_the_look(world: World, owner_page: Page) -> None:
    for record in make_records(world):
        name = record._meta.label_lower.replace(".", "_")
        owner_page.goto(reverse(f"admin:{name}_changelist"))
        expect(owner_page.locator("#result_list tbody tr")).to_have_count(1)
        check_look(owner_page, f"list-{name}-full")
        owner_page.goto(reverse(f"admin:{name}_change", args=[record.pk]))
        check_look(owner_page, f"record-{name}")


def test_numbers_stand_at_the_right_and_lists_fit_beside_the_navigation(world: World, open_page: OpenPage) -> None:
    make_agency(world.organization)
    page = open_page(world.owner, locale="de-DE")
    page.goto(reverse("admin:records_invoice_changelist"))
    amount = page.locator("td.field-number_amount_with_tax").first
    expect(amount).to_have_css("text-align", "end")
    assert page.evaluate("(table => table.scrollWidth <= table.parentElement.clientWidth)(document.querySelector('#result_list'))")


@pytest.mark.parametrize("label", ["accounts.organization", "accounts.user"])
def test_list_for_operators_has_the_look(label: str, operator_page: Page) -> None:
    operator_page.goto(reverse(f"admin:{label.replace('.', '_')}_changelist"))
    check_look(operator_page, f"list-{label}")


def test_form_with_errors_has_the_look(owner_page: Page) -> None:
    owner_page.goto(reverse("admin:accounts_invitation_add"))
    owner_page.get_by_label("E-mail address").fill("nobody")
    owner_page.locator("[name=_save]").click()
    expect(owner_page).to_have_title("Error: Add invitation · Patchbay")
    check_look(owner_page, "form-with-errors")


def test_settings_form_has_the_look(owner_page: Page) -> None:
    owner_page.goto(reverse("admin:accounts_organization_changelist"))
    check_look(owner_page, "settings")


def test_deletion_and_history_have_the_look(world: World, owner_page: Page) -> None:
    row = Invitation(organization=world.organization, email="new@northwind.example", invited_by=world.owner)
    row.renew()
    row.save()
    for page in ("change", "history"):
        owner_page.goto(reverse(f"admin:accounts_invitation_{page}", args=[row.pk]))
        check_look(owner_page, f"invitation-{page}")


def test_missing_page_has_the_look_signed_in_and_out(admin_page: Page, anonymous_page: Page, watch: Watch) -> None:
    watch.expect("404")
    for name, page in {"in": admin_page, "out": anonymous_page}.items():
        page.goto("/nowhere/")
        expect(page.get_by_role("heading", level=1)).to_have_text("This page does not exist")
        check_look(page, f"missing-{name}")


def test_theme_follows_the_system_until_somebody_chooses(admin_page: Page) -> None:
    admin_page.emulate_media(color_scheme="dark")
    admin_page.goto(reverse("profile"))
    assert background(admin_page) == "rgb(15, 20, 27)"
    admin_page.locator(".org").click()
    admin_page.get_by_label("Light").check(force=True)
    assert background(admin_page) == "rgb(246, 247, 249)"
    admin_page.reload()
    assert admin_page.locator("html").get_attribute("data-theme") == "light", "the server paints the choice, before any script runs"
    admin_page.locator(".org").click()
    admin_page.get_by_label("System").check(force=True)
    admin_page.reload()
    assert background(admin_page) == "rgb(15, 20, 27)"


def test_narrow_menu_opens_and_closes_with_the_keyboard(admin_page: Page) -> None:
    admin_page.set_viewport_size({"width": 360, "height": 800})
    admin_page.goto(reverse("profile"))
    side = admin_page.get_by_role("navigation", name="Main")
    expect(side).to_be_hidden()
    admin_page.get_by_role("button", name="Menu").press("Enter")
    expect(side.get_by_role("link", name="People and roles")).to_be_visible()
    expect(side.get_by_role("button", name="Sign out")).to_be_visible()
    check_axe(admin_page)
    admin_page.keyboard.press("Escape")
    expect(side).to_be_hidden()
    expect(admin_page.get_by_role("button", name="Menu")).to_be_focused()


def test_first_tab_skips_the_navigation(admin_page: Page) -> None:
    admin_page.goto(reverse("profile"))
    admin_page.keyboard.press("Tab")
    expect(admin_page.get_by_role("link", name="Skip to main content")).to_be_focused()
    admin_page.keyboard.press("Enter")
    expect(admin_page.locator("#content")).to_be_focused()


def test_filter_closes_with_escape_and_keeps_the_focus(admin_page: Page) -> None:
    admin_page.goto(reverse("admin:accounts_membership_changelist"))
    summary = admin_page.locator(".filters summary", has_text="Role")
    summary.press("Enter")
    expect(admin_page.locator(".filters a", has_text="Auditor")).to_be_visible()
    admin_page.keyboard.press("Escape")
    expect(admin_page.locator(".filters a", has_text="Auditor")).to_be_hidden()
    expect(summary).to_be_focused()


def test_signing_out_from_the_side_ends_the_session(admin_page: Page) -> None:
    admin_page.goto(reverse("profile"))
    admin_page.locator(".org").click()
    admin_page.get_by_role("button", name="Sign out").click()
    admin_page.goto(reverse("profile"))
    assert reverse("login") in admin_page.url


def make_records(world: World) -> list[Record]:
    """What people and their purchases leave behind: one of each kind."""
    own: dict[str, Any] = {"organization": world.organization}
    money: dict[str, Any] = {"currency": "EUR", "amount": Decimal("1190.50"), "total_amount_with_tax": Decimal("1416.70")}
    day = date(2026, 11, 22)
    person = Person.everywhere.create(**own, first_name="Sofía", last_name="Ibáñez")
    vendor = Company.everywhere.create(**own, name="Druckerei Vogelsang und Söhne GmbH & Co. KG")
    bought: dict[str, Any] = {"name": "Flyers, 2,000 pieces", "date": day, "vendor": vendor, "person": person, "quantity": Decimal("2.5")}
    expense = Expense.everywhere.create(**own, **money, **bought)
    return [
        expense,
        Attachment.everywhere.create(**own, name="receipt.pdf", content_type="application/pdf", size="70400", expense=expense),
        PurchaseOrder.everywhere.create(**own, number="NW-PO-301", issued_on=day, vendor=vendor, currency="EUR"),
        Salary.everywhere.create(**own, person=person, started_on=day, currency="EUR", cost=Decimal(6000), hourly_rate=Decimal("37.5")),
    ]


def background(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")
