"""People on their way here in a browser: connected with a key, mapped, tried, brought; hired, gone, and paid for nobody's eyes."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from accounts.tenancy import within
from integrations.engine.local import LocalEngine
from integrations.providers.bamboohr.sandbox import BamboohrSandbox
from integrations.records.choices import CustomFieldType, CustomizableType
from integrations.records.models import CustomField, Person, Subsidiary
from integrations.sandbox.server import SandboxServer
from tests.browser.conftest import OpenPage, Watch, check_look
from tests.browser.test_road import open_section, save
from tests.browser.test_road_of_the_circle import begin, given
from tests.conftest import PASSWORD, World


def connect_bamboohr(page: Page, vendor: SandboxServer) -> None:
    page.goto(f"{vendor.url}/bamboohr/")
    subdomain, key = given(page, "Subdomain"), given(page, "API key")
    page.goto("/admin/")
    begin(page, "BambooHR")
    page.get_by_label("Subdomain").fill(subdomain)
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("“BambooHR” is connected to northwind.bamboohr.com.")).to_be_visible()


def set_up(page: Page) -> str:
    """Decide where people belong and what else of them comes; the address of the integration's page."""
    open_section(page, "What to sync")
    page.get_by_label("Bring pay").check()
    save(page)
    open_section(page, "Subsidiaries")
    page.get_by_label("Default subsidiary").select_option(label="Northwind GmbH")
    for _second in range(40):  # until the worker has read the lists
        if page.get_by_label("Subsidiary: Vienna").count():
            break
        page.wait_for_timeout(500)
        page.reload()
        page.get_by_label("Default subsidiary").select_option(label="Northwind GmbH")
    page.get_by_label("Workplace field").select_option(label="Location")
    page.get_by_label("Subsidiary: Vienna").select_option(label="Northwind Wien")
    save(page)
    open_section(page, "Custom fields")
    page.get_by_label("Custom field: Motto").select_option(label="Favourite words")
    save(page)
    return page.url


def bring(page: Page, settings: str, what: str) -> None:
    page.goto(settings)
    page.get_by_text("Import now").click()
    page.get_by_role("main").get_by_role("button", name=what, exact=True).click()


def row_of(page: Page, text: str) -> object:
    return page.get_by_role("row").filter(has_text=text).first


def test_people_are_brought_hired_and_leave_and_their_pay_is_not_for_everybody(
    open_page: OpenPage, world: World, vendor: SandboxServer, worker: LocalEngine, watch: Watch
) -> None:
    bamboo = vendor.sandboxes["bamboohr"]
    assert isinstance(bamboo, BamboohrSandbox)
    leaver = bamboo.company.hire("Mem Ber", email=world.member.email, customMotto="Less is more", location="Vienna")
    with within(world.organization):
        for name in ("Northwind GmbH", "Northwind Wien"):
            Subsidiary.objects.create(organization=world.organization, name=name)
        words = {"name": "Favourite words", "data_type_id": CustomFieldType.TEXT, "customizable_type": CustomizableType.PEOPLE}
        CustomField.objects.create(organization=world.organization, productive_id="1", **words)
    page = open_page(world.admin)
    connect_bamboohr(page, vendor)
    settings = set_up(page)

    page.locator("summary", has_text="More").click()
    page.get_by_role("link", name="Import everything again: People …").click()
    page.get_by_role("button", name="Dry run").click()
    expect(page.get_by_text("Dry run: nothing was kept")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("people", timeout=30_000)
