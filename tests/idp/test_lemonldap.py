"""What LemonLDAP::NG, or Lasso in it, does differently."""

from __future__ import annotations

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import POST
from tests.conftest import World
from tests.idp.browser import Browser
from tests.idp.conftest import Agreement, agree
from tests.idp.lemonldap import LemonLdap
from tests.idp.serving import JANE, told


@pytest.fixture
def agreement(world: World, lemon: LemonLdap, live_server: LiveServer) -> Agreement:
    return agree(world, lemon, live_server.url)


def test_requests_are_signed_because_it_demands_that_by_redirect_and_by_form(agreement: Agreement) -> None:
    agreement.sets(signs_requests=False)
    agreement.signs_in()
    agreement.sets(request_binding=POST)
    agreement.signs_in()


def test_what_it_signs_by_sha1_is_refused(agreement: Agreement, lemon: LemonLdap, browser: Browser) -> None:
    lemon.config["samlServiceSignatureMethod"] = "RSA_SHA1"
    lemon.starts()
    page = lemon.signs_in(browser, agreement.sets_out(browser), JANE)
    assert (page.status, agreement.codes) == (403, [Code.ALGORITHM_FORBIDDEN]), told(page)
    assert not agreement.is_signed_in(browser)
