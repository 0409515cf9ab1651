"""What has to work with every identity provider."""

from __future__ import annotations

from accounts.models import Membership, Role
from tests.idp.browser import Browser
from tests.idp.conftest import Agreement
from tests.idp.serving import JANE, told


def test_somebody_signs_in(any_agreement: Agreement, browser: Browser) -> None:
    any_agreement.signs_in(browser)
    jane = any_agreement.person()
    assert (jane.first_name, jane.last_name) == (JANE.first_name, JANE.last_name)
    assert Membership.everywhere.get(user=jane).role == Role.MEMBER
    assert (any_agreement.sign_ons, any_agreement.codes) == (1, [])


def test_a_wrong_password_leads_back_to_the_login_page_and_nobody_in(any_agreement: Agreement, browser: Browser) -> None:
    page = any_agreement.provider.signs_in(browser, any_agreement.sets_out(browser), JANE, "wrong")
    assert page.url.startswith(any_agreement.provider.url)
    assert not any_agreement.is_signed_in(browser)
    assert any_agreement.sign_ons == 0
    page = any_agreement.provider.signs_in(browser, page, JANE)
    assert page.url == any_agreement.profile_url, told(page)


def test_an_encrypted_assertion_signs_in(any_agreement: Agreement) -> None:
    any_agreement.provider.encrypts()
    any_agreement.sets(wants_encrypted=True)
    any_agreement.signs_in()


def test_signing_out_here_signs_out_there(any_agreement: Agreement, browser: Browser) -> None:
    any_agreement.signs_in(browser)
    page = any_agreement.signs_out(browser)
    assert "You are signed out here and at your identity provider." in page.words, told(page)
    assert not any_agreement.is_signed_in(browser)
    assert not any_agreement.provider.knows(browser)
    assert (any_agreement.sign_ons, any_agreement.codes) == (0, [])


def test_signing_out_there_signs_out_here(any_agreement: Agreement, browser: Browser) -> None:
    any_agreement.signs_in(browser)
    page = any_agreement.provider.signs_out(browser)
    assert any(step.startswith(f"GET {any_agreement.application}/sso/") for step in page.arrived), page.arrived
    assert not any_agreement.provider.knows(browser)
    assert not any_agreement.is_signed_in(browser)
    assert (any_agreement.sign_ons, any_agreement.codes) == (0, [])
