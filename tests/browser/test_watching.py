"""Pages about what went wrong and what vendors told, in a real browser."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from integrations.models import Delivery, DeliveryState, Incident, Notice, NoticeEndpoint, NoticeState
from integrations.notices.planning import make_due
from integrations.notices.signing import new_secret
from integrations.providers.xero.models import XeroIntegration
from integrations.sync.incidents import open_incident
from integrations.sync.sweeping import cause_of
from tests.browser.conftest import check_look
from tests.conftest import World
from tests.integrations.admin.setting_up import make_agency

EVENT = b'{"resourceId": "1d3bfe2e-0000-4000-8000-5c1a2b3c4d5e", "eventCategory": "INVOICE", "eventType": "UPDATE"}'


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    return make_agency(world.organization, creator=world.admin)


@pytest.fixture
def endpoint(world: World) -> NoticeEndpoint:
    return NoticeEndpoint.everywhere.create(
        organization=world.organization, url="https://alarms.northwind-studio.example/patchbay", secret=new_secret()
    )


def tell(integration: XeroIntegration) -> int:
    """An incident of which people and an endpoint were told; the endpoint did not answer."""
    open_incident(
        integration,
        cause_of("payment"),
        "Many payments are gone at Xero.",
        message="Xero does not show 45 of 120 payments any more. None of them was marked as deleted.",
        advice="Look there first.",
    )
    make_due()
    Notice.everywhere.filter(endpoint__isnull=False).update(state=NoticeState.GIVEN_UP, tries=9, trouble="It does not answer.")
    return Incident.everywhere.get(integration=integration).pk


def deliver(integration: XeroIntegration | None, count: int = 3) -> list[int]:
    states = [DeliveryState.HANDLED, DeliveryState.FAILED, DeliveryState.IGNORED]
    rows = [
        Delivery.everywhere.create(
            organization=integration.organization if integration else None,
            integration=integration,
            slug="xero",
            event_id=f"{number}",
            realm_id="0f7a2c9e-northwind",
            kind="INVOICE.UPDATE",
            remote_id="1d3bfe2e-0000-4000-8000-5c1a2b3c4d5e",
            headers={"user-agent": "Xero/1.0", "content-type": "application/json"},
            body=EVENT,
            state=states[number % 3],
            message="" if number % 3 == 0 else "Patchbay failed at it. The details are in its log.",
            attempts=number + 1,
        )
        for number in range(count)
    ]
    return [row.pk for row in rows]


def test_incident_of_which_people_were_told_has_the_look(agency: XeroIntegration, endpoint: NoticeEndpoint, admin_page: Page) -> None:
    admin_page.goto(reverse("admin:incident", args=[tell(agency)]))
    check_look(admin_page, "incident-told")


def test_incidents_with_an_endpoint_in_trouble_have_the_look(agency: XeroIntegration, endpoint: NoticeEndpoint, admin_page: Page) -> None:
    tell(agency)
    admin_page.goto(reverse("admin:incidents"))
    check_look(admin_page, "incidents-told")


def test_endpoint_is_added_and_its_secret_shown_once(agency: XeroIntegration, admin_page: Page) -> None:
    admin_page.goto(reverse("admin:integrations_noticeendpoint_changelist"))
    check_look(admin_page, "endpoints-empty")
    admin_page.goto(reverse("admin:integrations_noticeendpoint_add"))
    check_look(admin_page, "endpoint-new")
    admin_page.get_by_label("Address").fill("https://alarms.northwind-studio.example/patchbay")
    admin_page.get_by_role("button", name="Save", exact=True).click()
    expect(admin_page.get_by_text(re.compile("^whsec_"))).to_be_visible()
    check_look(admin_page, "endpoint-secret")
    secret = NoticeEndpoint.everywhere.get().secret
    admin_page.goto(reverse("admin:integrations_noticeendpoint_changelist"))
    assert secret not in admin_page.content()
    check_look(admin_page, "endpoints")


def test_endpoint_that_did_not_answer_has_the_look(agency: XeroIntegration, endpoint: NoticeEndpoint, admin_page: Page) -> None:
    tell(agency)
    admin_page.goto(reverse("admin:integrations_noticeendpoint_change", args=[endpoint.pk]))
    check_look(admin_page, "endpoint")


def test_deliveries_are_ticked_and_replayed_together(agency: XeroIntegration, admin_page: Page) -> None:
    deliver(agency)
    admin_page.goto(reverse("admin:deliveries"))
    check_look(admin_page, "deliveries")
    admin_page.get_by_label(re.compile("^Tick delivery")).first.check()
    admin_page.get_by_role("button", name="Replay the ticked").click()
    expect(admin_page.get_by_text("Looked at again: 1.")).to_be_visible()


def test_delivery_has_the_look(agency: XeroIntegration, admin_page: Page) -> None:
    _handled, failed, _ignored = deliver(agency)
    admin_page.goto(reverse("admin:delivery", args=[failed]))
    check_look(admin_page, "delivery")


def test_delivery_of_nobody_has_the_look(operator_page: Page, operator: User) -> None:
    admin_page = operator_page
    (first,) = deliver(None, 1)
    admin_page.goto(reverse("admin:unclaimed-delivery", args=[first]))
    check_look(admin_page, "delivery-unclaimed")


def test_importing_everything_asks_first(agency: XeroIntegration, admin_page: Page) -> None:
    switch = next(one for one in agency.declaration.imports if one.kind == "payment").switches[0]
    XeroIntegration.everywhere.filter(pk=agency.pk).update(**{switch: True})
    admin_page.goto(reverse("admin:incident", args=[tell(agency)]))
    admin_page.get_by_role("link", name=re.compile("^Import everything again")).click()
    expect(admin_page.get_by_role("button", name="Import everything")).to_be_visible()
    check_look(admin_page, "import-all")


def test_own_profile_with_the_switch_of_mails_has_the_look(agency: XeroIntegration, admin_page: Page) -> None:
    admin_page.goto(reverse("profile"))
    expect(admin_page.get_by_label(re.compile("mails about what needs somebody", re.IGNORECASE))).to_be_checked()
    check_look(admin_page, "profile")
