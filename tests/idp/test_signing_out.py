"""People sign out here and there, with SimpleSAMLphp."""

from __future__ import annotations

from integrations.providers.saml.config import POST, REDIRECT
from integrations.providers.saml.models import Event, EventKind
from tests.idp.browser import Browser
from tests.idp.conftest import Agreement
from tests.idp.serving import told
from tests.idp.simplesamlphp import SimpleSamlPhp


def test_a_provider_that_takes_forms_alone_is_signed_out_with_forms(
    agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser
) -> None:
    simplesaml.changes(SingleLogoutServiceBinding=[POST])
    agreement.asks()
    agreement.signs_in(browser)
    page = agreement.signs_out(browser)
    assert "You are signed out here and at your identity provider." in page.words, told(page)
    assert not agreement.is_signed_in(browser)
    assert not simplesaml.knows(browser)
    assert (agreement.sign_ons, agreement.codes) == (0, [])


def test_a_provider_that_was_told_of_forms_alone_signs_out_here_with_forms(
    agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser
) -> None:
    agreement.tells(without=f"//md:SingleLogoutService[@Binding='{REDIRECT}']")
    agreement.signs_in(browser)
    page = simplesaml.signs_out(browser)
    assert page.url == agreement.application + "/login/", told(page)
    assert any(step.startswith(f"POST {agreement.application}/sso/") for step in page.arrived)
    assert not simplesaml.knows(browser)
    assert not agreement.is_signed_in(browser)
    assert (agreement.sign_ons, agreement.codes) == (0, [])


def test_signing_out_there_ends_the_session_of_that_browser_alone(agreement: Agreement, simplesaml: SimpleSamlPhp) -> None:
    one, other = agreement.signs_in(), agreement.signs_in()
    simplesaml.signs_out(one)
    assert not agreement.is_signed_in(one)
    assert agreement.is_signed_in(other)
    assert agreement.sign_ons == 1


def test_whoever_signs_out_here_is_signed_out_though_the_provider_does_not_answer(
    agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser
) -> None:
    agreement.signs_in(browser)
    simplesaml.configures(**{"enable.saml20-idp": False})
    page = agreement.signs_out(browser)
    assert page.url.startswith(simplesaml.url), told(page)
    assert "NOACCESS" in page.text, told(page)
    assert not agreement.is_signed_in(browser)


def test_a_provider_without_single_logout_is_left_alone(agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser) -> None:
    simplesaml.changes(SingleLogoutServiceBinding=[])
    agreement.asks()
    agreement.signs_in(browser)
    page = agreement.signs_out(browser)
    assert page.url.startswith(agreement.application), told(page)
    assert not agreement.is_signed_in(browser)
    assert simplesaml.knows(browser)


def test_a_logout_that_was_not_signed_there_ends_nothing(agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser) -> None:
    agreement.signs_in(browser)
    simplesaml.changes(sign__logout=False)
    simplesaml.signs_out(browser)
    assert agreement.is_signed_in(browser)
    assert Event.everywhere.filter(kind=EventKind.LOGOUT, is_refusal=True).count() == 1
