"""Connecting in one of two ways, in a browser without scripts: with a key, or by signing in there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from integrations.providers.bamboohr.models import BamboohrIntegration
from integrations.providers.bamboohr.sandbox import BamboohrSandbox
from integrations.sandbox.server import SandboxServer
from tests.browser.conftest import OpenPage, check_look
from tests.conftest import World


@pytest.mark.parametrize("scripts", [True, False])
def test_an_admin_chooses_to_sign_in_and_a_key_the_next_time(
    open_page: OpenPage, world: World, vendor: SandboxServer, scripts: bool
) -> None:
    bamboo = vendor.sandboxes["bamboohr"]
    assert isinstance(bamboo, BamboohrSandbox)
    integration = BamboohrIntegration.everywhere.create(organization=world.organization, provider="bamboohr", name="BambooHR")
    page = open_page(world.admin, java_script_enabled=scripts)
    page.goto(f"/connect/{integration.pk}/")
    if scripts:
        check_look(page, "connect-two-ways")
    page.get_by_role("link", name="Login at BambooHR").click()
    expect(page.get_by_label("API key")).to_have_count(0)
    if scripts:
        check_look(page, "connect-two-ways-signing-in")
    page.get_by_label("Subdomain").fill("northwind")
    page.get_by_role("button", name="Continue to BambooHR").click()
    page.get_by_label("Ana Berger").check()
    if scripts:
        check_look(page, "bamboohr-consent")
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_text("“BambooHR” is connected to northwind.bamboohr.com.")).to_be_visible()
    expect(page.get_by_text("Login at BambooHR")).to_be_visible()
    if scripts:
        check_look(page, "connected-by-signing-in")

    page.goto(f"/connect/{integration.pk}/")
    expect(page.get_by_label("Subdomain")).to_have_value("northwind")
    if scripts:
        check_look(page, "connect-two-ways-again")
    page.get_by_role("link", name="API key").click()
    page.get_by_label("API key").fill(bamboo.company.key())
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("“BambooHR” is connected to northwind.bamboohr.com.")).to_be_visible()
