"""Single sign-on in a real browser, with the identity provider on another site than the application; and how its pages look."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Domain, User
from accounts.tenancy import within
from integrations.demo.connections import another_site
from integrations.providers.saml.audit import note
from integrations.providers.saml.configuring import take_metadata
from integrations.providers.saml.models import BreakGlass, EventKind, SamlIntegration, rows
from integrations.providers.saml.rotating import make_key
from integrations.sandbox.server import SandboxServer
from integrations.sync import connections
from tests.browser.conftest import OpenPage, Watch, check_look
from tests.conftest import World
from tests.providers.saml.forge import Forge, key

PANELS = ("guide", "test", "enforcement", "sign-ons", "identity-provider", "claims", "people", "protection", "account")


@pytest.fixture
def sign_on(world: World, vendor: SandboxServer) -> SamlIntegration:
    """Switched on, with the simulated identity provider, which the browser knows as localhost."""
    with within(world.organization):
        Domain.objects.create(name="northwind.example", verified_at=timezone.now(), verified_how=Domain.How.OPERATOR)
        made = SamlIntegration.everywhere.create(
            organization=world.organization,
            provider="saml",
            name="Single sign-on",
            sso_metadata_url=f"{another_site(vendor.url)}/saml/idp/metadata",
        )
        connections.connect_with(made, {}, None)
    return rows().get(pk=made.pk)


def choose(page: Page, name: str) -> None:
    """On the identity provider's page, which is another site."""
    page.wait_for_url("**/saml/idp/sso**")
    assert urlsplit(page.url).hostname == "localhost"
    page.get_by_role("button", name=name).click()


def test_somebody_comes_in_by_the_button_of_the_login_page_and_out_everywhere(
    sign_on: SamlIntegration, anonymous_page: Page, live_server: Any
) -> None:
    page = anonymous_page
    page.goto(f"{reverse('login')}?next=/profile/")
    page.get_by_role("link", name="Use single sign-on (SSO)").click()
    page.get_by_label("Your e-mail address at work").fill("priya@northwind.example")
    page.get_by_role("button", name="Continue").click()
    choose(page, "Priya Raman")
    page.wait_for_url(f"{live_server.url}/")
    priya = User.objects.get(email="priya@northwind.example")
    assert priya.get_full_name() == "Priya Raman"

    page.goto(reverse("own_home"))
    page.locator("form[action$='/logout/'] button").first.evaluate("button => button.form.submit()")
    expect(page.get_by_text("You are signed out here and at your identity provider.")).to_be_visible()
    page.goto(reverse("profile"))
    expect(page).to_have_url(f"{live_server.url}{reverse('login')}?next={reverse('profile')}")


def test_the_session_ends_when_somebody_signs_out_at_the_identity_provider(
    sign_on: SamlIntegration, open_page: OpenPage, vendor: SandboxServer, live_server: Any
) -> None:
    page = open_page()
    for button in ("Sign out", "Sign out by form"):
        page.goto(reverse("saml-login", args=[sign_on.uuid]))
        choose(page, "Jonas Lindqvist")
        page.wait_for_url(f"{live_server.url}/")
        elsewhere = page.context.new_page()
        elsewhere.goto(f"{another_site(vendor.url)}/saml/")
        elsewhere.get_by_label("End the session of").select_option("jonas@northwind.example")
        elsewhere.get_by_role("button", name=button, exact=True).click()
        if button.endswith("form"):
            elsewhere.get_by_role("button", name="Go on").click()
            elsewhere.get_by_role("button", name="Go on").or_(elsewhere.get_by_text("Signed out")).first.wait_for()
        expect(elsewhere.get_by_role("heading", name="Signed out")).to_be_visible()
        page.goto(reverse("profile"))
        expect(page).to_have_url(f"{live_server.url}{reverse('login')}?next={reverse('profile')}")


def test_an_admin_tests_the_sign_on_and_stays_who_they_are(sign_on: SamlIntegration, owner_page: Page, live_server: Any) -> None:
    page = owner_page
    page.goto(reverse("admin:integration-section", args=[sign_on.pk, "test"]))
    page.get_by_role("button", name="Begin the test").click()
    choose(page, "Ana Berger")
    page.wait_for_url(f"{live_server.url}{reverse('admin:integration-section', args=[sign_on.pk, 'test'])}")
    expect(page.get_by_text("An account would be made for ana@northwind.example")).to_be_visible()
    assert not User.objects.filter(email="ana@northwind.example").exists()
    check_look(page, "sign-on-tested")


def test_a_refused_person_sees_a_number_and_the_admin_the_reason(
    sign_on: SamlIntegration, open_page: OpenPage, world: World, vendor: SandboxServer, watch: Watch
) -> None:
    watch.expect("403")
    page = open_page()
    page.goto(f"{another_site(vendor.url)}/saml/")
    page.get_by_label("It shall").select_option("audience")
    page.get_by_role("button", name="Set").click()
    page.goto(reverse("saml-login", args=[sign_on.uuid]))
    choose(page, "Jonas Lindqvist")
    number = page.locator(".reference").inner_text()
    check_look(page, "sign-on-refused")
    admin = open_page(world.owner)
    admin.goto(f"{reverse('admin:integration-section', args=[sign_on.pk, 'sign-ons'])}?q={number}")
    expect(admin.get_by_text("The assertion was made for another application.")).to_be_visible()
    expect(admin.locator("tbody tr")).to_have_count(1)
    check_look(admin, "sign-ons-found")


@pytest.mark.parametrize("name", PANELS)
def test_every_page_of_single_sign_on_has_the_look(name: str, sign_on: SamlIntegration, owner_page: Page, world: World) -> None:
    note(sign_on, EventKind.SIGN_ON, code="email_missing", subject="8f3a", detail="")
    note(sign_on, EventKind.SIGN_ON, user=world.member, subject=world.member.email)
    BreakGlass.everywhere.create(organization=world.organization, integration=sign_on, user=world.owner)
    owner_page.goto(reverse("admin:integration-section", args=[sign_on.pk, name]))
    check_look(owner_page, f"sign-on-{name}")


@pytest.mark.parametrize("provider", ["okta", "entra", "google", "other"])
def test_every_guide_has_the_look(provider: str, sign_on: SamlIntegration, owner_page: Page) -> None:
    owner_page.goto(f"{reverse('admin:integration-section', args=[sign_on.pk, 'guide'])}?for={provider}")
    check_look(owner_page, f"sign-on-guide-{provider}")


def test_a_change_that_waits_and_a_key_that_is_changed_have_the_look(sign_on: SamlIntegration, owner_page: Page) -> None:
    take_metadata(sign_on, Forge(entity_id="https://other.example/metadata", key=key("other")).metadata())
    make_key(sign_on)
    owner_page.goto(reverse("admin:integration-section", args=[sign_on.pk, "guide"]))
    expect(owner_page.get_by_text("A change of the metadata waits for you")).to_be_visible()
    check_look(owner_page, "sign-on-proposed")


def test_pages_for_everybody_have_the_look(sign_on: SamlIntegration, anonymous_page: Page) -> None:
    anonymous_page.goto(reverse("login"))
    check_look(anonymous_page, "login-with-sso")
    anonymous_page.goto(reverse("sso"))
    check_look(anonymous_page, "sso")
    anonymous_page.get_by_label("Your e-mail address at work").fill("nobody@elsewhere.example")
    anonymous_page.get_by_role("button", name="Continue").click()
    expect(anonymous_page.get_by_text("No single sign-on belongs to the domain")).to_be_visible()
    check_look(anonymous_page, "sso-unknown")


def test_domains_have_the_look(world: World, owner_page: Page) -> None:
    owner_page.goto(reverse("admin:accounts_domain_add"))
    owner_page.get_by_label("Domain").fill("northwind-studio.example")
    owner_page.locator("[name=_save]").click()
    expect(owner_page.get_by_text("Now set a TXT record").first).to_be_visible()
    check_look(owner_page, "domains")
