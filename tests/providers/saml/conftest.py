"""An organization with single sign-on, and browsers that go through it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from accounts.models import Domain, Organization
from accounts.tenancy import within
from integrations.models import Connection
from integrations.providers.saml.configuring import take_metadata
from integrations.providers.saml.models import SamlIntegration
from tests.conftest import World
from tests.providers.saml.forge import Forge, Saying

COOKIE = "__Host-saml"


def make_sign_on(organization: Organization, forge: Forge, **values: Any) -> SamlIntegration:
    """Single sign-on of an organization, switched on, with a verified domain named after the organization."""
    with within(organization):
        made = SamlIntegration.everywhere.create(organization=organization, provider="saml", name="Single sign-on", **values)
        take_metadata(made, forge.metadata())
        made.connection, made.connected_at = Connection.CONNECTED, timezone.now()
        made.save(update_fields=["connection", "connected_at"])
        domain = f"{organization.slug}.example"
        Domain.everywhere.get_or_create(
            organization=organization, name=domain, defaults={"verified_at": timezone.now(), "verified_how": Domain.How.DNS}
        )
    return made


@dataclass
class Browser:
    """A browser that leaves Lax cookies at home on posts from other sites, as browsers do."""

    client: Client = field(default_factory=Client)

    def begins(self, integration: SamlIntegration, next_url: str = "") -> dict[str, str]:
        """Set out to sign on; what the identity provider is told: `id`, `relay` and `xml`."""
        answer = self.client.get(reverse("saml-login", args=[integration.uuid]), {"next": next_url} if next_url else {})
        if answer.status_code == 200:  # a form
            fields = dict(re.findall(r'name="(SAMLRequest|RelayState)" value="([^"]*)"', answer.content.decode()))
            return told_by_form(fields)
        assert answer.status_code == 302, answer.content
        return told(answer["Location"])

    def brings(self, integration: SamlIntegration, response: str, relay: str = "", **more: str) -> Any:
        """The cross-site POST to the assertion consumer service."""
        return self.posts_from_elsewhere(
            reverse("saml-acs", args=[integration.uuid]), {"SAMLResponse": response, "RelayState": relay, **more}
        )

    def posts_from_elsewhere(self, address: str, form: dict[str, str]) -> Any:
        elsewhere = Client()
        if COOKIE in self.client.cookies:
            elsewhere.cookies[COOKIE] = self.client.cookies[COOKIE].value
        answer = elsewhere.post(address, form)
        for name, morsel in elsewhere.cookies.items():
            if name in answer.cookies:
                self.client.cookies[name] = morsel.value
        return answer

    @property
    def user(self) -> int | None:
        """The primary key of whoever is signed in."""
        key = self.client.session.get("_auth_user_id")
        return int(key) if key else None


def told(address: str) -> dict[str, str]:
    """What an address of the identity provider carries."""
    import base64
    import zlib

    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    xml = zlib.decompress(base64.b64decode(query["SAMLRequest"]), -15).decode()
    return {"id": str(etree.fromstring(xml.encode()).get("ID")), "relay": query.get("RelayState", ""), "xml": xml}


def told_by_form(fields: dict[str, str]) -> dict[str, str]:
    """What a form for the identity provider carries."""
    import base64

    xml = base64.b64decode(fields["SAMLRequest"]).decode()
    return {"id": str(etree.fromstring(xml.encode()).get("ID")), "relay": fields.get("RelayState", ""), "xml": xml}


@dataclass
class SignOnScene:
    """One organization, its identity provider and its single sign-on."""

    world: World
    forge: Forge
    integration: SamlIntegration

    @property
    def acs(self) -> str:
        from accounts.mails import public

        return public(reverse("saml-acs", args=[self.integration.uuid]))

    @property
    def sls(self) -> str:
        from accounts.mails import public

        return public(reverse("saml-sls", args=[self.integration.uuid]))

    @property
    def entity_id(self) -> str:
        from accounts.mails import public

        return public(reverse("saml-metadata", args=[self.integration.uuid]))

    def saying(self, request: dict[str, str] | None = None, **values: Any) -> Saying:
        """What the identity provider says of Jane, in answer to a request."""
        answers = request["id"] if request else None
        told_by_default = {"email": ["jane@northwind-studio.example"], "FirstName": ["Jane"], "LastName": ["Doe"]}
        defaults: dict[str, Any] = {
            "acs": self.acs,
            "audience": self.entity_id,
            "issuer": self.forge.entity_id,
            "in_response_to": answers,
            "name_id": "jane@northwind-studio.example",
            "attributes": told_by_default,
        }
        return Saying(**{**defaults, **values})

    def signs_on(self, browser: Browser | None = None, **values: Any) -> Browser:
        """A whole sign-on that has to succeed."""
        browser = browser or Browser()
        request = browser.begins(self.integration)
        answer = browser.brings(self.integration, self.forge.response(self.saying(request, **values)), request["relay"])
        assert answer.status_code == 302, answer.content.decode()
        return browser

    def reload(self) -> SamlIntegration:
        self.integration = SamlIntegration.everywhere.get(pk=self.integration.pk)
        return self.integration


REFERENCE = re.compile(r"<code>([2-9A-HJKMNP-TV-Z]{8})</code>")


def reference_of(answer: Any) -> str:
    """The number that a refused person is shown."""
    match = REFERENCE.search(answer.content.decode())
    assert match, answer.content.decode()
    return match[1]


@pytest.fixture
def forge() -> Forge:
    return Forge()


@pytest.fixture
def scene(world: World, forge: Forge) -> SignOnScene:
    return SignOnScene(world, forge, make_sign_on(world.organization, forge))


@pytest.fixture
def browser() -> Browser:
    return Browser()
