"""The whole way in a real browser: cookies, policies and scripts are Chromium's own."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from integrations.providers.saml.config import POST
from integrations.providers.saml.enforcing import has_tested
from tests.browser.conftest import CHROMIUM, OpenPage, Watch
from tests.idp.conftest import Agreement
from tests.idp.serving import JANE, OWNER, Account
from tests.idp.simplesamlphp import SimpleSamlPhp

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not there: apt-get install chromium"),
]


def sign_in(page: Page, password: str, account: Account = JANE) -> None:
    page.get_by_label("Username").fill(account.name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Login").click()


@pytest.mark.parametrize("sends", ["redirects", "forms"])
def test_somebody_comes_in_by_address_and_signs_out_everywhere(
    agreement: Agreement,
    simplesaml: SimpleSamlPhp,
    open_page: OpenPage,
    watch: Watch,
    sends: str,
) -> None:
    watch.expect(f"{simplesaml.url}/favicon.ico")  # which it does not have
    if sends == "forms":
        agreement.sets(request_binding=POST)
        simplesaml.changes(SingleLogoutServiceBinding=[POST])
        agreement.asks()
    page = open_page()
    page.goto("/login/")
    page.get_by_role("link", name="Use single sign-on (SSO)").click()
    page.get_by_label("E-mail").fill(JANE.email)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Enter your username and password").last).to_be_visible()
    sign_in(page, "wrong")
    expect(page.get_by_text("Incorrect username or password").first).to_be_visible()
    sign_in(page, JANE.password)
    expect(page.get_by_text(JANE.email).first).to_be_visible()
    assert page.url.startswith(agreement.application)
    page.goto("/profile/")
    page.get_by_role("button", name=agreement.world.organization.name).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out here and at your identity provider.")).to_be_visible()
    page.goto("/profile/")
    expect(page).to_have_url(re.compile("/login/"))
    page.goto(agreement.sign_on_url)
    expect(page.get_by_label("Username")).to_be_visible()


def test_an_owner_tests_the_sign_on_and_stays_who_that_was(
    agreement: Agreement, simplesaml: SimpleSamlPhp, open_page: OpenPage, watch: Watch
) -> None:
    watch.expect(f"{simplesaml.url}/favicon.ico")
    page = open_page(agreement.world.owner)
    page.goto(reverse("admin:integration-section", args=[agreement.integration.pk, "test"]))
    page.get_by_role("button", name="Begin the test").click()
    sign_in(page, OWNER.password, OWNER)
    expect(page.get_by_role("heading", name="Checks")).to_be_visible()
    expect(page.get_by_text("failed", exact=True)).to_have_count(0)
    expect(page.get_by_role("row", name="givenName")).to_contain_text(OWNER.first_name)
    assert agreement.sign_ons == 0
    assert has_tested(agreement.integration, agreement.world.owner)
