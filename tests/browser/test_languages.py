"""German is longer than English: the pages fit all the same, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import Page, expect

from integrations.models import Connection
from tests.browser.conftest import OpenPage, check_axe, check_fits, photograph
from tests.conftest import World
from tests.integrations.admin.scenes import make_comparison, make_export, make_history, make_incident, make_integration

PAGES = ("index", "catalogue", "runs", "incidents", "records_invoice_changelist", "accounts_membership_changelist")

COVERED = """[...document.querySelectorAll("tr:has(> .state)")].filter(row => {
    const name = row.querySelector("th a, th").getBoundingClientRect(), chip = row.querySelector(".state").getBoundingClientRect();
    return name.right > chip.left && name.bottom > chip.top && chip.bottom > name.top;
}).map(row => row.innerText)"""
CUT_OFF = """[...document.querySelectorAll(".scroll")].filter(box => box.scrollWidth > box.clientWidth).map(box => box.innerText)"""


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    translation.deactivate()


def check_german(page: Page, path: str, name: str) -> None:
    page.goto(path)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    for _picture in photograph(page, f"german-{name}", themes=("light",)):
        check_fits(page)
    assert page.evaluate(COVERED) == [], f"{path}: chips lie on names"
    assert page.evaluate(CUT_OFF) == [], f"{path}: what stands at the end of these rows cannot be seen"
    check_axe(page)


def test_german_pages_fit(world: World, open_page: OpenPage) -> None:
    lost = make_integration(world.organization, "Xero Berlin", connection=Connection.NEEDS_RECONNECT, waiting_count=14, failed_count=3)
    make_history(lost, (5, 4, 0, 0, 6))
    make_incident(lost, "Xero Berlin muss neu verbunden werden.", seen=12)
    integration = make_integration(world.organization, unmapped_count=2)
    export, comparison = make_export(integration, world.admin), make_comparison(integration)
    page = open_page(world.admin, locale="de-DE")
    for name in PAGES:
        check_german(page, reverse(f"admin:{name}"), name)
    check_german(page, reverse("admin:integration", args=[integration.pk]), "integration")
    for found in sorted({link.get_attribute("href") or "" for link in page.locator(".steps a").all()}):
        check_german(page, found, f"section-{found.strip('/').rpartition('/')[2]}")
    for run in (export, comparison):
        check_german(page, reverse("admin:run", args=[run.pk]), f"run-{run.action}")
    check_german(page, reverse("profile"), "profile")


def test_german_is_chosen_below_the_sign_in(open_page: OpenPage, db: None) -> None:
    page = open_page()
    page.goto(reverse("login"))
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
    for _picture in photograph(page, "german-login", themes=("light",)):
        check_fits(page)


def test_language_is_chosen_in_the_menu(admin_page: Page) -> None:
    admin_page.goto(reverse("profile"))
    admin_page.locator(".org").click()
    admin_page.get_by_role("button", name="Deutsch").click()
    expect(admin_page.get_by_role("heading", level=1)).to_have_text("Profil")
    admin_page.locator(".org").click()
    for _picture in photograph(admin_page, "german-menu", themes=("light",)):
        check_fits(admin_page)
