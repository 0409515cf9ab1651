"""`manage.py connect` and `demo --switch-on`: what needs no login is switched on, or says what it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.tenancy import within
from integrations.demo.connections import another_site
from integrations.models import Connection
from integrations.providers.saml.models import SamlIntegration
from integrations.providers.saml.sandbox import SamlSandbox
from integrations.sandbox.server import installed_sandboxes, running_sandbox
from tests.conftest import World


@pytest.fixture
def idp(settings: Any) -> Iterator[str]:
    """The simulated identity provider under the name by which browsers take it for another site."""
    with running_sandbox(sandboxes={**installed_sandboxes("productive"), "saml": SamlSandbox()}) as server:
        settings.SANDBOX_URL = server.url
        yield f"{another_site(server.url)}/saml"


def made(world: World, **values: Any) -> SamlIntegration:
    with within(world.organization):
        return SamlIntegration.everywhere.create(organization=world.organization, provider="saml", name="Single sign-on", **values)


def connect(integration: SamlIntegration) -> str:
    out = StringIO()
    call_command("connect", integration.pk, stdout=out)
    integration.refresh_from_db()
    return out.getvalue()


def test_it_is_switched_on_once_its_metadata_can_be_read(world: World, idp: str) -> None:
    integration = made(world, sso_metadata_url=f"{idp}/idp/metadata")
    assert connect(integration) == "“Single sign-on” is switched on.\n"
    assert integration.connection == Connection.CONNECTED
    assert integration.idp["entity_id"] == f"{idp}/idp/metadata"
    assert connect(integration) == "“Single sign-on” is switched on.\n"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "The metadata of the identity provider is missing."),
        ({"sso_metadata": "<EntityDescriptor"}, "XML"),
        ({"sso_metadata_url": "{idp}/nowhere"}, "404"),
        ({"sso_metadata_url": "http://192.168.7.7/metadata"}, "its address must begin with https://"),
        ({"sso_metadata_url": "https://192.168.7.7/metadata"}, "leads to no address of the public internet"),
    ],
)
def test_what_it_lacks_is_said_and_it_stays_off(world: World, idp: str, values: dict[str, str], words: str) -> None:
    integration = made(world, **{field: value.format(idp=idp) for field, value in values.items()})
    with pytest.raises(CommandError) as refused:
        connect(integration)
    assert words in str(refused.value)
    integration.refresh_from_db()
    assert integration.connection == Connection.NEVER


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_sandbox_may_be_called_by_both_names_of_this_machine(world: World, idp: str, name: str) -> None:
    integration = made(world, sso_metadata_url=f"{idp.replace('localhost', name)}/idp/metadata")
    connect(integration)
    assert integration.connection == Connection.CONNECTED


def test_the_demo_signs_on_through_the_sandbox(db: None, idp: str) -> None:
    out = StringIO()
    call_command("demo", stdout=out)
    integration = SamlIntegration.everywhere.get()
    assert integration.connection == Connection.NEVER
    call_command("demo", switch_on=True, stdout=out)
    assert out.getvalue().endswith("“Single sign-on” of Northwind Studio is switched on.\n")
    integration.refresh_from_db()
    assert integration.connection == Connection.CONNECTED
    assert integration.group_roles == {"owners": "admin", "finance": "admin", "auditors": "auditor"}


def test_without_a_sandbox_the_demo_has_no_single_sign_on(db: None, settings: Any) -> None:
    settings.SANDBOX_URL = ""
    call_command("demo", stdout=StringIO())
    assert not SamlIntegration.everywhere.exists()
