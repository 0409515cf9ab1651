"""People sign in with SimpleSAMLphp, however it is set up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from time import time

import pytest
from django.conf import settings

from accounts.models import Membership, Role, User
from integrations import clock
from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import PERSISTENT, POST
from integrations.providers.saml.models import Preset, SignOn
from tests.idp.browser import Browser
from tests.idp.conftest import Agreement
from tests.idp.serving import JANE, told
from tests.idp.simplesamlphp import SimpleSamlPhp


def test_whoever_is_signed_in_there_comes_in_without_another_login_page(agreement: Agreement, browser: Browser) -> None:
    agreement.signs_in(browser)
    browser.forgets(agreement.application)
    assert not agreement.is_signed_in(browser)
    page = browser.opens(agreement.sign_on_url)
    assert page.url.startswith(agreement.application), told(page)
    assert agreement.is_signed_in(browser)


def test_an_assertion_in_clear_is_refused_where_encryption_is_required(agreement: Agreement, browser: Browser) -> None:
    agreement.sets(wants_encrypted=True)
    page = agreement.provider.signs_in(browser, agreement.sets_out(browser), JANE)
    assert (page.status, agreement.codes) == (403, [Code.NOT_ENCRYPTED])
    assert not agreement.is_signed_in(browser)


@pytest.mark.parametrize("encrypts", [False, True], ids=["clear", "encrypted"])
@pytest.mark.parametrize("signed", ["assertion", "response"])
def test_one_signature_is_enough_on_the_assertion_or_on_the_response(
    agreement: Agreement, simplesaml: SimpleSamlPhp, signed: str, encrypts: bool
) -> None:
    agreement.tells(without="//@WantAssertionsSigned")
    simplesaml.changes(
        saml20__sign__assertion=signed == "assertion", saml20__sign__response=signed == "response", assertion__encryption=encrypts
    )
    agreement.signs_in()


@pytest.mark.parametrize("encrypts", [False, True], ids=["clear", "encrypted"])
def test_what_is_signed_nowhere_is_refused(agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser, encrypts: bool) -> None:
    agreement.tells(without="//@WantAssertionsSigned")
    simplesaml.changes(saml20__sign__assertion=False, saml20__sign__response=False, assertion__encryption=encrypts)
    page = simplesaml.signs_in(browser, agreement.sets_out(browser), JANE)
    assert (page.status, agreement.codes) == (403, [Code.UNSIGNED])
    assert not agreement.is_signed_in(browser)


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_a_provider_that_demands_signed_requests_gets_them(agreement: Agreement, simplesaml: SimpleSamlPhp, binding: str) -> None:
    simplesaml.changes(validate__authnrequest=True)
    if binding == "post":
        agreement.sets(request_binding=POST)
    agreement.signs_in()


def test_an_unsigned_request_is_refused_there_until_we_have_read_that_it_has_to_be_signed(
    agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser
) -> None:
    agreement.sets(signs_requests=False)
    simplesaml.changes(validate__authnrequest=True)
    page = browser.opens(agreement.sign_on_url)
    assert page.url.startswith(simplesaml.url)
    assert "no signature found on message" in page.text, told(page)
    agreement.asks()
    agreement.signs_in(browser)


def test_an_unsigned_request_is_taken_where_nobody_demands_signatures(agreement: Agreement) -> None:
    agreement.sets(signs_requests=False)
    agreement.tells()
    agreement.signs_in()


def test_a_request_goes_as_a_form_where_that_is_chosen(agreement: Agreement, browser: Browser) -> None:
    agreement.sets(request_binding=POST)
    page = agreement.sets_out(browser)
    assert any(step.startswith(f"POST {agreement.provider.url}") for step in page.arrived), page.arrived
    assert agreement.provider.signs_in(browser, page, JANE).url == agreement.profile_url


def test_a_provider_that_takes_forms_alone_is_sent_forms(agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser) -> None:
    simplesaml.changes(SingleSignOnServiceBinding=[POST])
    agreement.asks()
    page = agreement.sets_out(browser)
    assert any(step.startswith(f"POST {simplesaml.url}") for step in page.arrived), page.arrived
    assert simplesaml.signs_in(browser, page, JANE).url == agreement.profile_url


def test_what_begins_there_is_refused_while_that_is_not_allowed(agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser) -> None:
    page = simplesaml.signs_in(browser, browser.opens(simplesaml.starts + agreement.metadata_url), JANE)
    assert (page.status, agreement.codes) == (403, [Code.REQUEST_UNKNOWN])
    assert not agreement.is_signed_in(browser)


def test_what_begins_there_signs_in_where_that_is_allowed(agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser) -> None:
    agreement.sets(allows_idp_initiated=True)
    page = simplesaml.signs_in(browser, browser.opens(simplesaml.starts + agreement.metadata_url), JANE)
    assert page.url.startswith(agreement.application), told(page)
    assert page.status == 200
    assert agreement.is_signed_in(browser)


def test_names_and_role_follow_the_provider(agreement: Agreement, simplesaml: SimpleSamlPhp) -> None:
    agreement.sets(group_roles={"Finance": Role.AUDITOR, "Partners": Role.ADMIN})
    agreement.signs_in()
    jane = agreement.person()
    assert Membership.everywhere.get(user=jane).role == Role.AUDITOR
    simplesaml.has(replace(JANE, last_name="Smith", groups=("Everybody", "Partners")))
    agreement.signs_in()
    jane.refresh_from_db()
    assert (jane.first_name, jane.last_name) == ("Jane", "Smith")
    assert Membership.everywhere.get(user=jane).role == Role.ADMIN


def test_claims_are_understood_by_their_numbers(agreement: Agreement, simplesaml: SimpleSamlPhp) -> None:
    numbers = {"class": "core:AttributeMap", "0": "name2oid"}
    simplesaml.changes(authproc={**simplesaml.hosted["authproc"], "90": numbers})
    agreement.sets(preset=Preset.OIDS, groups_attribute="groups", group_roles={"Finance": Role.AUDITOR})
    agreement.signs_in()
    jane = agreement.person()
    assert (jane.first_name, jane.last_name) == (JANE.first_name, JANE.last_name)
    assert Membership.everywhere.get(user=jane).role == Role.AUDITOR


def test_a_lasting_name_is_the_same_person_whatever_the_address_is(agreement: Agreement, simplesaml: SimpleSamlPhp) -> None:
    simplesaml.names_for_good()
    agreement.sets(name_id_format=PERSISTENT)
    agreement.tells()
    agreement.signs_in()
    renamed = replace(JANE, email="jane.smith@northwind-studio.example", last_name="Smith")
    simplesaml.has(renamed)
    browser = Browser()
    page = simplesaml.signs_in(browser, agreement.sets_out(browser), renamed)
    assert page.url == agreement.profile_url, told(page)
    assert JANE.email in page.words  # an address moves no account
    assert not User.objects.filter(email=renamed.email).exists()
    assert agreement.person().last_name == "Smith"


def test_a_name_for_one_session_is_refused(agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser) -> None:
    simplesaml.changes(authproc={})
    page = simplesaml.signs_in(browser, agreement.sets_out(browser), JANE)
    assert (page.status, agreement.codes) == (403, [Code.NAME_ID_TRANSIENT])


def test_a_sign_on_ends_when_the_provider_says_so(agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser) -> None:
    simplesaml.configures(session__duration=120)
    agreement.signs_in(browser)
    session = browser.cookie(agreement.application, settings.SESSION_COOKIE_NAME)
    assert SignOn.everywhere.get().expires_at <= clock.now() + timedelta(seconds=120)
    assert session
    assert session.ends <= time() + 120
