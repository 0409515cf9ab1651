"""What operators do about single sign-on at the command line."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from lxml import etree
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from accounts.models import Organization
from accounts.tenancy import within
from integrations import clock
from integrations.models import Connection
from integrations.providers.saml.configuring import config_of, keys_in_use
from integrations.providers.saml.models import Event, EventKind, SamlIntegration, SpKey
from integrations.providers.saml.rotating import READ_BY_THEN
from tests.conftest import World
from tests.providers.saml.conftest import SignOnScene, make_sign_on
from tests.providers.saml.forge import Forge


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def keys(scene: SignOnScene) -> list[SpKey]:
    return keys_in_use(scene.integration)


def told(scene: SignOnScene) -> list[str]:
    found = Event.everywhere.filter(integration=scene.integration, kind=EventKind.KEYS)
    return list(found.order_by("pk").values_list("detail", flat=True))


def certificates(document: str) -> set[str]:
    return {element.text for element in etree.fromstring(document.encode()).iter("{*}X509Certificate")}


def test_our_metadata_is_printed_as_it_stands_at_its_address(scene: SignOnScene, client: Client) -> None:
    printed = run("saml_metadata", scene.world.organization.slug)
    root = etree.fromstring(printed.encode())
    assert root.get("entityID") == scene.entity_id
    assert not isinstance(OneLogin_Saml2_XML.validate_xml(printed, "saml-schema-metadata-2.0.xsd"), str)
    shown = etree.fromstring(client.get(reverse("saml-metadata", args=[scene.integration.uuid])).content)
    for one in (root, shown):
        one.set("ID", "_same")
    assert etree.tostring(root) == etree.tostring(shown)


def test_it_is_printed_before_it_is_switched_on_and_of_the_one_that_is_switched_on(world: World, forge: Forge) -> None:
    with within(world.organization):
        first = SamlIntegration.everywhere.create(organization=world.organization, provider="saml", name="Being set up")
    assert str(first.uuid) in run("saml_metadata", world.organization.slug)
    second = make_sign_on(world.organization, forge)
    assert str(second.uuid) in run("saml_metadata", world.organization.slug)
    SamlIntegration.everywhere.filter(pk=second.pk).update(connection=Connection.NEVER)
    assert str(first.uuid) in run("saml_metadata", world.organization.slug)


def test_nothing_secret_is_printed(scene: SignOnScene) -> None:
    printed = run("saml_metadata", scene.world.organization.slug) + run("rotate_saml_keys", scene.world.organization.slug)
    assert "PRIVATE" not in printed
    for key in keys(scene):
        assert key.private_key
        assert key.private_key.splitlines()[1] not in printed


@pytest.mark.parametrize("command", ["saml_metadata", "rotate_saml_keys"])
def test_an_organization_that_is_not_there_is_said_with_those_that_are(scene: SignOnScene, command: str) -> None:
    with pytest.raises(CommandError) as caught:
        run(command, "nortwind")
    assert "nortwind" in str(caught.value)
    assert scene.world.organization.slug in str(caught.value)
    assert caught.value.returncode == 1


@pytest.mark.parametrize("command", ["saml_metadata", "rotate_saml_keys"])
def test_an_organization_without_single_sign_on_is_said(scene: SignOnScene, stranger: World, command: str) -> None:
    with pytest.raises(CommandError) as caught:
        run(command, stranger.organization.slug)
    assert "no single sign-on" in str(caught.value)
    assert len(keys(scene)) == 1


def test_commands_say_so_where_there_is_no_organization_at_all(db: None) -> None:
    assert not Organization.objects.exists()
    with pytest.raises(CommandError):
        run("saml_metadata", "any")


def test_a_new_key_is_made_beside_the_old_one_which_goes_on_signing(scene: SignOnScene) -> None:
    slug, [old] = scene.world.organization.slug, keys(scene)
    said = run("rotate_saml_keys", slug)
    signing, waiting = keys(scene)
    assert signing == old
    assert waiting.fingerprint[:16] in said
    assert timedelta(0) <= clock.now() + READ_BY_THEN - waiting.signs_from < timedelta(minutes=1)
    assert f"{waiting.signs_from:%Y-%m-%d}" in said
    assert len(certificates(run("saml_metadata", slug))) == 2
    assert told(scene) == [f"+{waiting.fingerprint[:16]}"]


def test_making_a_new_key_again_changes_nothing(scene: SignOnScene) -> None:
    slug = scene.world.organization.slug
    run("rotate_saml_keys", slug)
    before, versions = keys(scene), scene.reload().config_version
    assert "two keys already" in run("rotate_saml_keys", slug)
    assert (keys(scene), scene.reload().config_version, len(told(scene))) == (before, versions, 1)


def test_finishing_forgets_the_old_key_and_signs_with_the_new_one(scene: SignOnScene) -> None:
    slug = scene.world.organization.slug
    run("rotate_saml_keys", slug)
    old, new = keys(scene)
    assert old.fingerprint[:16] in run("rotate_saml_keys", slug, "--finish")
    old.refresh_from_db()
    assert (keys(scene), old.private_key, old.retired_at is not None) == ([new], None, True)
    assert SpKey.everywhere.get(pk=new.pk).signs_from <= clock.now()
    assert [pair.certificate for pair in config_of(scene.reload()).keys] == [new.certificate]
    assert len(certificates(run("saml_metadata", slug))) == 1
    assert told(scene)[1:] == [f"-{old.fingerprint[:16]}"]


def test_finishing_again_changes_nothing(scene: SignOnScene) -> None:
    slug = scene.world.organization.slug
    assert "only one key" in run("rotate_saml_keys", slug, "--finish")
    run("rotate_saml_keys", slug)
    run("rotate_saml_keys", slug, "--finish")
    before = keys(scene)
    assert "only one key" in run("rotate_saml_keys", slug, "--finish")
    assert keys(scene) == before
    assert all(key.private_key for key in before)
    assert len(told(scene)) == 2


def test_keys_can_be_changed_again_and_again(scene: SignOnScene) -> None:
    slug, seen = scene.world.organization.slug, {keys(scene)[0].fingerprint}
    for _ in range(3):
        run("rotate_saml_keys", slug)
        run("rotate_saml_keys", slug, "--finish")
        seen.add(keys(scene)[0].fingerprint)
    assert len(seen) == 4
    kept: Any = SpKey.everywhere.filter(integration=scene.integration).exclude(retired_at=None)
    assert [key.private_key for key in kept] == [None] * 3


def test_the_keys_of_others_are_left_alone(scene: SignOnScene, stranger: World) -> None:
    theirs = make_sign_on(stranger.organization, Forge(entity_id="https://other.example"))
    before = keys_in_use(theirs)
    run("rotate_saml_keys", scene.world.organization.slug)
    run("rotate_saml_keys", scene.world.organization.slug, "--finish")
    assert keys_in_use(theirs) == before
    assert SamlIntegration.everywhere.get(pk=theirs.pk).config_version == theirs.config_version
