"""People on their way here in a browser: connected with a key, mapped, tried, brought; hired, gone, and paid for nobody's eyes."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.tenancy import within
from integrations.engine.local import LocalEngine
from integrations.providers.bamboohr.sandbox import BamboohrSandbox
from integrations.providers.productive.sandbox import ProductiveSandbox
from integrations.records.choices import CustomFieldType, CustomizableType
from integrations.records.models import CustomField, Person, Subsidiary
from integrations.sandbox.server import SandboxServer
from tests.browser.conftest import OpenPage, Watch
from tests.browser.test_road import open_section, save
from tests.browser.test_road_of_the_circle import begin, connect_productive, given, reload_until
from tests.conftest import World


def begin_among_subsidiaries(page: Page, vendor: str) -> None:
    """Where there are several, an integration is added for one of them, or for all."""
    page.get_by_role("link", name="Catalogue", exact=True).click()
    page.get_by_role("link", name="Connect", exact=True, description=vendor).click()
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("main").get_by_role("link", name="Connect", exact=True).first.click()


def connect_bamboohr(page: Page, vendor: SandboxServer, begin: Callable[[Page, str], None]) -> None:
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


def bring(page: Page, what: str, heading: str) -> None:
    """From the integration's page to the run that brought it."""
    page.locator("summary", has_text="Import now").click()
    page.get_by_role("main").get_by_role("button", name=what, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(heading, timeout=30_000)


def hire(page: Page, vendor: SandboxServer, name: str, email: str) -> None:
    """What BambooHR's own people do for somebody new."""
    page.goto(f"{vendor.url}/bamboohr/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Hire").click()
    expect(page.get_by_role("status")).to_be_visible()


def act(page: Page, vendor: SandboxServer, person: str, button: str) -> None:
    """What BambooHR's own people do with somebody."""
    page.goto(f"{vendor.url}/bamboohr/")
    page.get_by_role("row").filter(has_text=person).first.get_by_role("button", name=button).click()
    expect(page.get_by_role("status")).to_be_visible()


def test_people_are_brought_hired_and_leave_and_their_pay_is_not_for_everybody(
    open_page: OpenPage, world: World, vendor: SandboxServer, worker: LocalEngine, watch: Watch
) -> None:
    bamboo = vendor.sandboxes["bamboohr"]
    assert isinstance(bamboo, BamboohrSandbox)
    bamboo.company.hire("Ivo Lang", email=world.member.email, customMotto="Less is more", location="Vienna")
    here = {"organization": world.organization}
    with within(world.organization):
        for name in ("Northwind GmbH", "Northwind Wien"):
            Subsidiary.objects.create(**here, name=name)
        CustomField.objects.create(
            **here,
            productive_id="1",
            name="Favourite words",
            data_type_id=CustomFieldType.TEXT,
            customizable_type=CustomizableType.PEOPLE,
        )
    page = open_page(world.admin)
    connect_bamboohr(page, vendor, begin_among_subsidiaries)
    settings = set_up(page)

    page.locator("summary", has_text="More").click()
    page.get_by_role("link", name="Import everything again: People …").click()
    everything = page.url
    page.get_by_role("button", name="Dry run").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Would import 7 people", timeout=30_000)
    with within(world.organization):
        assert set(Person.objects.values_list("subsidiary", flat=True)) == {None}, (
            "they came when it was connected, before anything was set"
        )
    page.goto(everything)
    page.get_by_role("button", name="Import everything").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Imported 7 people", timeout=30_000)
    page.get_by_role("row").filter(has_text="Ivo Lang").get_by_role("link").first.click()
    main = page.get_by_role("main")
    expect(main.get_by_text("Northwind Wien").first).to_be_visible()
    expect(main.get_by_text("Less is more").first).to_be_visible()

    hire(page, vendor, "Mary Shelley", "mary@northwind.example")
    page.goto(settings)
    bring(page, "People", "Imported 1 person")
    expect(page.get_by_role("row").filter(has_text="Mary Shelley")).to_be_visible()

    theirs = open_page(world.member)
    theirs.goto("/")
    expect(theirs.get_by_text(world.organization.name).first).to_be_visible()
    act(page, vendor, "Ivo Lang", "Leave")
    page.goto(settings)
    bring(page, "People", "Imported 1 person")
    theirs.goto("/")
    expect(theirs.get_by_text("You do not belong to an organization.")).to_be_visible()

    act(page, vendor, "Mary Shelley", "Raise pay")
    page.goto(settings)
    bring(page, "Pay", "Imported 1 salary")
    watch.expect("403")
    page.goto(reverse("admin:records_salary_changelist"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your role does not allow this")
    owner = open_page(world.owner)
    owner.goto(reverse("admin:records_salary_changelist"))
    expect(owner.get_by_text("5,000.00").first).to_be_visible()


def test_who_is_hired_in_bamboohr_is_in_productive_until_they_leave(
    open_page: OpenPage, world: World, vendor: SandboxServer, worker: LocalEngine
) -> None:
    page = open_page(world.owner)
    connect_productive(page, vendor)
    open_section(page, "What to write back")
    page.get_by_label("Write people").check()
    save(page)
    page.get_by_role("link", name="People", exact=True).click()
    reload_until(page, "Ada")

    connect_bamboohr(page, vendor, begin)
    open_section(page, "Subsidiaries")
    page.get_by_label("Default subsidiary").select_option(label="Northwind GmbH")
    save(page)
    settings = page.url
    hire(page, vendor, "Mary Shelley", "mary@northwind.example")
    page.goto(settings)
    page.get_by_role("button", name="Import now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Imported [0-9]+ (person|people)"), timeout=30_000)
    page.goto(f"{vendor.url}/productive/?tab=people")
    reload_until(page, "mary@northwind.example")
    mary = page.get_by_role("row").filter(has_text="mary@northwind.example")
    expect(mary).to_have_count(1)
    expect(mary).to_contain_text("Mary")

    act(page, vendor, "Mary Shelley", "Leave")
    page.goto(settings)
    page.get_by_role("button", name="Import now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Imported [0-9]+ (person|people)"), timeout=30_000)
    productive = vendor.sandboxes["productive"]
    assert isinstance(productive, ProductiveSandbox)
    (left,) = (one for one in productive.store.of("people").values() if one.attributes["email"] == "mary@northwind.example")
    for _try in range(60):
        if left.attributes.get("deactivated_at"):
            break
        page.wait_for_timeout(500)
    assert left.attributes["deactivated_at"]
