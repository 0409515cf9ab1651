"""Time off on its way here in a browser: connected with keys, mapped, brought, and what was left out said why."""

from __future__ import annotations

from playwright.sync_api import expect

from accounts.tenancy import within
from integrations.engine.local import LocalEngine
from integrations.providers.hibob.models import HibobIntegration
from integrations.providers.hibob.sandbox import HibobSandbox
from integrations.records.choices import LimitationType
from integrations.records.models import Booking, Event, Person
from integrations.sandbox.server import SandboxServer
from tests.browser.conftest import OpenPage, check_look
from tests.browser.test_road import open_section, save
from tests.conftest import World


def test_an_admin_connects_hibob_maps_its_policy_types_and_brings_time_off(
    open_page: OpenPage, world: World, vendor: SandboxServer, worker: LocalEngine
) -> None:
    hibob = vendor.sandboxes["hibob"]
    assert isinstance(hibob, HibobSandbox)
    with within(world.organization):
        Person.objects.create(organization=world.organization, first_name="Ana", last_name="Berger", email="ana@northwind.example")
        Event.objects.create(organization=world.organization, name="Vacation", limitation_type_id=LimitationType.DAYS)
        integration = HibobIntegration.everywhere.create(organization=world.organization, provider="hibob", name="HiBob")
    page = open_page(world.admin)
    page.goto(f"/connect/{integration.pk}/")
    page.get_by_label("Service user ID").fill(hibob.door.service_user)
    page.get_by_label("Token").fill(hibob.door.token)
    check_look(page, "connect-with-keys")
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("“HiBob” is connected to HiBob.")).to_be_visible()

    open_section(page, "Policy types")
    for _second in range(20):  # until the worker has read the list
        if page.get_by_label("Absence category: Holiday").count():
            break
        expect(page.get_by_text("stands here once its list was read")).to_be_visible()
        page.wait_for_timeout(1000)
        page.reload()
    page.get_by_label("Absence category: Holiday").select_option(label="Vacation")
    save(page)

    page.get_by_text("Import now").click()
    page.get_by_role("main").get_by_role("button", name="Time off").click()
    expect(page.get_by_role("heading", name="Imported 1 booking")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("row").filter(has_text="No person here has the e-mail").first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="The policy type “Sick” has no absence category here.").first).to_be_visible()
    check_look(page, "run-of-time-off")
    with within(world.organization):
        assert Booking.objects.get().person.email == "ana@northwind.example"
