"""Our single sign-on with identity providers that others wrote: Patchbay is at 127.0.0.1, they are at localhost, which is another site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from lxml import etree
from pytest_django.live_server_helper import LiveServer

from accounts.models import Domain, User
from accounts.tenancy import within
from integrations import clock
from integrations.models import Stream
from integrations.providers.saml.models import Event, SamlIntegration, SignOn
from integrations.sync import upkeep
from integrations.sync.connections import connect_with
from tests.browser.conftest import chromium, open_page, watch  # noqa: F401 - fixtures of test_in_chromium
from tests.conftest import World
from tests.idp import lemonldap, simplesamlphp
from tests.idp.browser import Browser, Page
from tests.idp.lemonldap import LemonLdap, running_lemonldap
from tests.idp.serving import JANE, OWNER, Account, Provider, told
from tests.idp.simplesamlphp import SimpleSamlPhp, running_simplesamlphp
from tests.providers.saml.forge import key


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.idp)


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    """At 127.0.0.1, whatever is said elsewhere."""
    server = LiveServer("127.0.0.1")
    yield server
    server.stop()


@pytest.fixture
def simplesaml(settings: Any, live_server: LiveServer, tmp_path: Path) -> Iterator[SimpleSamlPhp]:
    if not simplesamlphp.is_there():
        pytest.skip("SimpleSAMLphp is not there: make test-idp installs it.")
    settings.PUBLIC_URL = live_server.url
    with running_simplesamlphp(tmp_path, key("idp"), (JANE, OWNER), live_server.url) as server:
        settings.SANDBOX_URL = server.url  # which lets Patchbay call this machine, without encryption
        yield server


@pytest.fixture
def lemon(settings: Any, live_server: LiveServer, tmp_path: Path) -> Iterator[LemonLdap]:
    if not lemonldap.is_there():
        pytest.skip("LemonLDAP::NG is not there: make test-idp installs it.")
    settings.PUBLIC_URL = live_server.url
    with running_lemonldap(tmp_path, key("idp"), (JANE, OWNER)) as server:
        settings.SANDBOX_URL = server.url
        yield server


@dataclass
class Agreement:
    """One organization, its identity provider, and what both have agreed on."""

    world: World
    provider: Provider
    application: str
    integration: SamlIntegration

    @property
    def sign_on_url(self) -> str:
        return self.application + reverse("saml-login", args=[self.integration.uuid])

    @property
    def metadata_url(self) -> str:
        return self.application + reverse("saml-metadata", args=[self.integration.uuid])

    @property
    def profile_url(self) -> str:
        return self.application + reverse("profile")

    def sets(self, **values: Any) -> None:
        """Change settings of our side, as an admin does."""
        for name, value in values.items():
            setattr(self.integration, name, value)
        self.integration.save()

    def tells(self, *, without: str = "") -> None:
        """Give the identity provider our metadata of now, `without` the first element or attribute that an XPath finds."""
        page = Browser().opens(self.metadata_url)
        assert page.status == 200, told(page)
        document = etree.fromstring(page.text.encode())
        if without:
            left_out = document.xpath(without, namespaces={"md": "urn:oasis:names:tc:SAML:2.0:metadata"})[0]
            if getattr(left_out, "is_attribute", False):
                del left_out.getparent().attrib[left_out.attrname]
            else:
                left_out.getparent().remove(left_out)
        self.provider.trusts(etree.tostring(document))

    def asks(self) -> None:
        """Read the identity provider's metadata of now, by the upkeep."""
        Stream.everywhere.filter(integration=self.integration).update(next_run_at=clock.now())
        assert upkeep.take_turn(self.integration.pk)
        self.integration.refresh_from_db()
        assert self.integration.metadata_problem == ""

    def sets_out(self, browser: Browser) -> Page:
        """Open a page of ours that leads to the identity provider's login page."""
        page = browser.opens(f"{self.sign_on_url}?next={reverse('profile')}")
        assert page.url.startswith(self.provider.url), told(page)
        return page

    def signs_in(self, browser: Browser | None = None, account: Account = JANE) -> Browser:
        """A whole sign-on that has to succeed."""
        browser = browser or Browser()
        page = self.provider.signs_in(browser, self.sets_out(browser), account)
        assert page.url == self.profile_url, (self.codes, told(page))
        assert account.email in page.words, told(page)
        return browser

    def is_signed_in(self, browser: Browser) -> bool:
        """Whether Patchbay shows the browser somebody's profile."""
        return browser.opens(self.profile_url).url == self.profile_url

    def signs_out(self, browser: Browser) -> Page:
        """Sign out with the button of our profile page."""
        page = browser.opens(self.profile_url)
        form = next(form for form in page.forms if form.action == self.application + reverse("logout"))
        return browser.sends(form)

    @property
    def codes(self) -> list[str]:
        """Why things were refused, the newest last."""
        return list(Event.everywhere.filter(integration=self.integration, is_refusal=True).order_by("pk").values_list("code", flat=True))

    @property
    def sign_ons(self) -> int:
        return SignOn.everywhere.filter(integration=self.integration).count()

    def person(self, account: Account = JANE) -> User:
        return User.objects.get(email=account.email)


def agree(world: World, provider: Provider, application: str, **values: Any) -> Agreement:
    """Single sign-on of the organization, connected by the address of the provider's metadata; the provider is given ours."""
    domain = f"{world.organization.slug}.example"
    Domain.everywhere.create(organization=world.organization, name=domain, verified_at=clock.now(), verified_how=Domain.How.DNS)
    with within(world.organization):
        made = SamlIntegration.everywhere.create(
            organization=world.organization, provider="saml", name="Single sign-on", sso_metadata_url=provider.metadata_url, **values
        )
        connect_with(made, {}, world.owner)
    made.refresh_from_db()
    agreement = Agreement(world, provider, application, made)
    agreement.tells()
    return agreement


@pytest.fixture
def agreement(world: World, simplesaml: SimpleSamlPhp, live_server: LiveServer) -> Agreement:
    """With SimpleSAMLphp."""
    return agree(world, simplesaml, live_server.url)


@pytest.fixture(params=["simplesaml", "lemon"])
def any_agreement(request: pytest.FixtureRequest, world: World, live_server: LiveServer) -> Agreement:
    """With each of the providers in turn."""
    return agree(world, request.getfixturevalue(request.param), live_server.url)


@pytest.fixture
def browser() -> Browser:
    return Browser()
