"""The pages of Productive, BambooHR and HiBob with what they really bring: set-up, mappings, large imports, and the vendors' own pages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Organization
from integrations.models import Action, Connection, Integration, ItemState, Option, RunState
from integrations.providers.bamboohr.models import BamboohrIntegration
from integrations.providers.bamboohr.rights import GIVE_RIGHTS, NO_ADMIN
from integrations.providers.hibob.models import HibobIntegration
from integrations.providers.productive.models import ProductiveIntegration
from integrations.providers.xero.models import XeroIntegration
from integrations.records.choices import CustomFieldType, CustomizableType
from integrations.records.models import Booking, CustomField, Event, Person, Subsidiary
from integrations.registry import get
from integrations.sandbox.server import SandboxServer
from tests.browser.conftest import check_look
from tests.conftest import World
from tests.integrations.admin.scenes import hours_ago, make_entry, make_incident, make_run

MODELS: dict[str, Any] = {"productive": ProductiveIntegration, "bamboohr": BamboohrIntegration, "hibob": HibobIntegration}
FIELDS = (("customShirtSize", "Shirt Size", "list"), ("customDeskBudget", "Desk Budget", "currency"), ("customMotto", "Motto", "textarea"))


def offer(integration: Integration, source: str, *values: tuple[str, str], uses: tuple[str, ...] = (), **facts: str) -> None:
    for position, (value, label) in enumerate(values):
        Option.everywhere.create(
            organization=integration.organization,
            integration=integration,
            realm_id=integration.realm_id,
            source=source,
            value=value,
            label=label,
            uses=list(uses),
            facts=facts,
            position=position,
        )


def connected(organization: Organization, slug: str, **settings: Any) -> Any:
    label = str(get(slug).label)
    connection: dict[str, Any] = {"connection": Connection.CONNECTED, "realm_id": "northwind", "realm_name": f"Northwind · {label}"}
    made = MODELS[slug].everywhere.create(organization=organization, provider=slug, name=label, **connection, **settings)
    return made


@pytest.mark.parametrize("slug", [*MODELS, "xero"])
def test_way_to_the_vendor_has_the_look(slug: str, world: World, vendor: SandboxServer, admin_page: Page) -> None:
    model = MODELS.get(slug, XeroIntegration)
    integration = model.everywhere.create(organization=world.organization, provider=slug, name=slug)
    admin_page.goto(reverse("connect", args=[integration.pk]))
    check_look(admin_page, f"connect-{slug}")


@pytest.mark.parametrize("slug", MODELS)
def test_set_up_has_the_look(slug: str, world: World, admin_page: Page) -> None:
    here: dict[str, Any] = {"organization": world.organization}
    Subsidiary.everywhere.create(**here, name="Northwind Berlin GmbH")
    for name, kind in (("Shirt", CustomFieldType.SELECT), ("Motto", CustomFieldType.TEXT)):
        CustomField.everywhere.create(**here, name=name, data_type_id=kind, customizable_type=CustomizableType.PEOPLE, productive_id=name)
    vacation = Event.everywhere.create(**here, name="Vacation")
    more: dict[str, Any] = {
        "bamboohr": {"bamboo_workplace_field": "location"},
        "hibob": {"hibob_policy_type_mapping": {"Holiday": str(vacation.pk)}},
    }
    integration = connected(world.organization, slug, **more.get(slug, {}))
    offer(integration, "fields", ("location", "Location"), uses=("workplace",), type="list")
    for value, label, kind in FIELDS:
        offer(integration, "fields", (value, label), uses=("custom_field",), type=kind)
    offer(integration, "workplaces", *((place, place) for place in ("Berlin", "Vienna", "Remote")))
    offer(integration, "policy_types", *((name, name) for name in ("Holiday", "Sick", "Overtime", "Remote")))
    for section in get(slug).sections:
        admin_page.goto(reverse("admin:integration-section", args=[integration.pk, section.name]))
        expect(admin_page.get_by_role("heading", name=str(section.label), exact=True).first).to_be_visible()
        check_look(admin_page, f"integration-{slug}-{section.name}")


def test_large_import_and_what_it_left_out_have_the_look(world: World, admin_page: Page) -> None:
    integration = connected(world.organization, "hibob")
    run = make_run(integration, Action.IMPORT, kind="booking", state=RunState.PARTIAL, total=812, succeeded=140, rejected=30, unchanged=642)
    vacation = Event.everywhere.create(organization=world.organization, name="Vacation")
    for number in range(140):
        days = {"started_on": date(2026, 11, 2) + timedelta(days=number), "ended_on": date(2026, 11, 6) + timedelta(days=number)}
        person = Person.everywhere.create(organization=world.organization, first_name="Sofía", last_name=f"Ibáñez-Lindqvist {number}")
        booking = Booking.everywhere.create(organization=world.organization, person=person, event=vacation, time=480, **days)
        action = ("created", "updated", "deleted")[number % 3]
        make_entry(run, record_id=booking.pk, action=action, state=ItemState.SUCCEEDED, remote_id=f"{4000 + number}")
    for number in range(30):
        message = "No person here has the e-mail address “ivo.nobody@northwind.example”, or several have it."
        make_entry(run, state=ItemState.SKIPPED, remote_id=f"{4400 + number}", number=f"Holiday of Ivo Nobody {number}", message=message)
    for show in ("all", "skipped"):
        admin_page.goto(reverse("admin:run", args=[run.pk]) + f"?show={show}")
        check_look(admin_page, f"run-large-{show}")


def test_dry_run_and_what_is_asked_before_have_the_look(world: World, admin_page: Page) -> None:
    integration = connected(world.organization, "bamboohr")
    admin_page.goto(reverse("admin:integration-import-all", args=[integration.pk, "person"]))
    check_look(admin_page, "import-all-people")
    run = make_run(integration, Action.IMPORT, kind="person", dry=True, state=RunState.SUCCEEDED, total=40, succeeded=40)
    for number in range(40):
        make_entry(run, action="created", state=ItemState.SUCCEEDED, remote_id=str(number), number=f"somebody.{number}@northwind.example")
    admin_page.goto(reverse("admin:run", args=[run.pk]))
    expect(admin_page.get_by_role("heading", level=1)).to_have_text("Would import 40 people")
    check_look(admin_page, "run-dry-people")


def test_rights_that_were_taken_away_have_the_look(world: World, admin_page: Page) -> None:
    integration = connected(world.organization, "bamboohr")
    incident = make_incident(
        integration,
        "BambooHR shows one person only.",
        cause="rights",
        message=str(NO_ADMIN),
        advice=str(GIVE_RIGHTS),
        opened_at=hours_ago(30),
    )
    admin_page.goto(reverse("admin:incident", args=[incident.pk]))
    check_look(admin_page, "incident-rights")


def test_menu_of_many_imports_fits_and_has_the_look(world: World, admin_page: Page) -> None:
    integration = connected(world.organization, "productive")
    admin_page.goto(reverse("admin:integration", args=[integration.pk]))
    admin_page.locator("summary", has_text="Import now").click()
    last = admin_page.get_by_role("button", name="Calendar events")
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    check_look(admin_page, "integration-productive-menu")


SANDBOX_PAGES = {
    "productive": ("/", "/?tab=line_items", "/4711/invoices/{invoice}"),
    "bamboohr": ("/",),
    "hibob": ("/",),
}


@pytest.mark.parametrize("slug", SANDBOX_PAGES)
def test_vendor_s_own_pages_have_the_look(slug: str, vendor: SandboxServer, anonymous_page: Page) -> None:
    productive: Any = vendor.sandboxes["productive"]
    invoice = next(iter(productive.store.of("invoices")))
    for number, address in enumerate(SANDBOX_PAGES[slug]):
        anonymous_page.goto(f"{vendor.url}/{slug}{address.format(invoice=invoice)}")
        check_look(anonymous_page, f"sandbox-{slug}-{number}")
