"""Keys are changed at SimpleSAMLphp and here, without a day on which somebody cannot sign in."""

from __future__ import annotations

from integrations.providers.saml.codes import Code
from integrations.providers.saml.configuring import approve, mark_of, provider_of
from integrations.providers.saml.keys import certificate_of
from integrations.providers.saml.rotating import make_key, retire_old
from tests.idp.browser import Browser
from tests.idp.conftest import Agreement
from tests.idp.serving import JANE
from tests.idp.simplesamlphp import SimpleSamlPhp
from tests.providers.saml.forge import key

OLD, NEW = key("idp"), key("the next of the idp")


def believed(agreement: Agreement) -> set[str]:
    agreement.integration.refresh_from_db()
    return {certificate.fingerprint for certificate in provider_of(agreement.integration).certificates}


def test_a_new_key_of_the_provider_is_believed_beside_the_old_one_until_that_goes(agreement: Agreement, simplesaml: SimpleSamlPhp) -> None:
    agreement.signs_in()
    simplesaml.signs_with(OLD, beside=NEW)
    agreement.asks()
    assert believed(agreement) == {certificate_of(OLD.certificate).fingerprint, certificate_of(NEW.certificate).fingerprint}
    agreement.signs_in()
    simplesaml.signs_with(NEW)
    agreement.signs_in()
    agreement.asks()
    assert believed(agreement) == {certificate_of(NEW.certificate).fingerprint}
    agreement.signs_in()

    simplesaml.signs_with(OLD)
    browser = Browser()
    page = simplesaml.signs_in(browser, agreement.sets_out(browser), JANE)
    assert (page.status, agreement.codes) == (403, [Code.SIGNATURE_WRONG])
    assert not agreement.is_signed_in(browser)


def test_a_key_that_nobody_announced_waits_for_an_admin(agreement: Agreement, simplesaml: SimpleSamlPhp, browser: Browser) -> None:
    simplesaml.signs_with(NEW)
    agreement.asks()
    assert believed(agreement) == {certificate_of(OLD.certificate).fingerprint}
    page = simplesaml.signs_in(browser, agreement.sets_out(browser), JANE)
    assert (page.status, agreement.codes) == (403, [Code.SIGNATURE_WRONG])
    assert approve(agreement.integration, agreement.world.owner, mark_of(agreement.integration))
    assert believed(agreement) == {certificate_of(NEW.certificate).fingerprint}
    agreement.signs_in(Browser())


def test_our_key_changes_while_the_provider_encrypts_and_demands_signatures(agreement: Agreement, simplesaml: SimpleSamlPhp) -> None:
    simplesaml.encrypts()
    simplesaml.changes(validate__authnrequest=True)
    agreement.sets(wants_encrypted=True)
    agreement.signs_in()

    new = make_key(agreement.integration)
    assert new
    agreement.signs_in()  # the provider has read nothing yet
    agreement.tells()
    agreement.signs_in()  # both keys are known there, and the old one is used
    agreement.tells(without="//md:KeyDescriptor[@use='encryption']")
    agreement.signs_in()  # encrypted for the new one, asked with the old one

    old = retire_old(agreement.integration)
    assert old
    assert old.fingerprint != new.fingerprint
    browser = agreement.signs_in()
    agreement.tells()
    agreement.signs_in()
    assert "signed out here and at your identity provider" in agreement.signs_out(browser).words
