"""From the row to the agreement; and what may change of it by itself, and what waits for an admin."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.tenancy import within
from integrations import clock
from integrations.models import Incident
from integrations.providers.saml import configuring
from integrations.providers.saml.complaints import MetadataProblem
from integrations.providers.saml.config import EMAIL, PERSISTENT, POST, REDIRECT
from integrations.providers.saml.configuring import approve, config_of, decline, keys_in_use, mark_of, take_metadata
from integrations.providers.saml.enforcing import has_tested
from integrations.providers.saml.models import Event, EventKind, SamlIntegration, SpKey
from integrations.providers.saml.policy import enforcing
from integrations.providers.saml.rotating import READ_BY_THEN, make_key, retire_old
from integrations.sync import incidents
from tests.conftest import World
from tests.providers.saml.conftest import Browser, SignOnScene, make_sign_on
from tests.providers.saml.forge import Forge, key

SECTION = "identity-provider"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture
def unset(world: World) -> SamlIntegration:
    """Single sign-on that was just added."""
    with within(world.organization):
        made = SamlIntegration.everywhere.create(organization=world.organization, provider="saml", name="Single sign-on")
    return SamlIntegration.everywhere.get(pk=made.pk)


def stored(integration: SamlIntegration) -> SamlIntegration:
    return SamlIntegration.everywhere.get(pk=integration.pk)


def notes(integration: SamlIntegration) -> list[str]:
    found = Event.everywhere.filter(integration=integration, kind=EventKind.METADATA)
    return list(found.order_by("pk").values_list("detail", flat=True))


def other_key(forge: Forge, name: str = "other") -> str:
    return forge.metadata(keys=[key(name)])


# The agreement ----------------------------------------------------------------------------------------------------------


def test_the_agreement_says_what_the_row_says(scene: SignOnScene, settings: Any) -> None:
    row = scene.integration
    row.preset, row.email_attribute, row.name_id_format, row.clock_skew_seconds = "okta", "mail", PERSISTENT, 30
    row.allows_idp_initiated, row.signs_requests, row.wants_encrypted, row.request_binding = True, False, True, POST
    row.save(update_fields=["preset", "email_attribute", "name_id_format", "clock_skew_seconds"])
    row.save(update_fields=["allows_idp_initiated", "signs_requests", "wants_encrypted", "request_binding"])
    config = config_of(stored(row))
    assert config.uuid == str(row.uuid)
    assert config.entity_id == f"{settings.PUBLIC_URL}/sso/{row.uuid}/metadata/"
    assert (config.acs_url, config.sls_url) == (scene.acs, scene.sls)
    assert (config.idp.entity_id, config.idp.sso_at(REDIRECT).location) == (scene.forge.entity_id, scene.forge.sso)  # type: ignore[union-attr]
    assert config.claims.email[0] == "mail"
    assert (config.name_id_format, config.clock_skew_seconds, config.request_binding) == (PERSISTENT, 30, POST)
    assert (config.allows_idp_initiated, config.signs_requests, config.wants_encrypted) == (True, False, True)
    assert [pair.certificate for pair in config.keys] == [SpKey.everywhere.get(integration=row).certificate]


def test_the_agreement_is_made_once_for_each_version(scene: SignOnScene) -> None:
    first = config_of(stored(scene.integration))
    assert config_of(stored(scene.integration)) is first
    scene.integration.clock_skew_seconds = 7
    scene.integration.save(update_fields=["clock_skew_seconds"])
    second = config_of(stored(scene.integration))
    assert (second is first, second.clock_skew_seconds, second.version > first.version) == (False, 7, True)


def test_looking_at_it_again_asks_the_database_nothing(scene: SignOnScene, django_assert_num_queries: Any) -> None:
    row = stored(scene.integration)
    config_of(row)
    with django_assert_num_queries(0):
        config_of(row)


@pytest.mark.parametrize("field", ["allows_idp_initiated", "session_hours", "group_roles", "name_id_format", "email_attribute"])
def test_every_save_of_settings_makes_a_new_version(scene: SignOnScene, field: str) -> None:
    before = stored(scene.integration).config_version
    scene.integration.save(update_fields=[field])
    assert stored(scene.integration).config_version > before
    scene.integration.save()
    assert stored(scene.integration).config_version > before + 1


def test_no_more_agreements_are_kept_than_there_is_room_for(scene: SignOnScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuring, "MOST_KEPT", 2)
    row = stored(scene.integration)
    first = config_of(row)
    with within(scene.world.organization):
        for name in ("a", "b", "c"):
            config_of(SamlIntegration.everywhere.create(organization=scene.world.organization, provider="saml", name=name))
    assert len(configuring._kept) <= 2
    assert config_of(row) is not first


def test_two_integrations_never_share_an_agreement(scene: SignOnScene, stranger: World) -> None:
    theirs = make_sign_on(stranger.organization, Forge(entity_id="https://other.example", key=key("other")))
    ours, others = config_of(scene.integration), config_of(theirs)
    assert ours.entity_id != others.entity_id
    assert ours.idp.entity_id != others.idp.entity_id
    assert not {pair.private_key for pair in ours.keys} & {pair.private_key for pair in others.keys}


def test_a_row_without_metadata_has_an_agreement_that_nobody_can_sign_on_with(unset: SamlIntegration) -> None:
    config = config_of(unset)
    assert (config.idp.entity_id, config.idp.sso, config.idp.certificates) == ("", (), ())
    assert len(config.keys) == 1
    assert config.name_id_format == EMAIL


# Addresses given beside the metadata ------------------------------------------------------------------------------------


def test_the_sign_on_address_fills_in_where_the_metadata_has_none(world: World, forge: Forge) -> None:
    made = make_sign_on(world.organization, forge, sso_url="https://idp.example/given")
    assert [one.location for one in config_of(made).idp.sso] == [forge.sso, forge.sso]
    with pytest.raises(MetadataProblem):
        take_metadata(make_sign_on(world.organization, forge), forge.metadata(bindings=()))
    take_metadata(made, forge.metadata(bindings=()))
    assert [(one.binding, one.location) for one in config_of(made).idp.sso] == [(REDIRECT, "https://idp.example/given")]
    take_metadata(made, forge.metadata(bindings=(POST,)))
    assert [(one.binding, one.location) for one in config_of(made).idp.sso] == [
        (REDIRECT, "https://idp.example/given"),
        (POST, forge.sso),
    ]


def test_the_target_of_requests_goes_before_what_the_metadata_says(world: World, forge: Forge) -> None:
    made = make_sign_on(world.organization, forge, sso_target_url="https://target.example/sso")
    assert {one.location for one in config_of(made).idp.sso} == {"https://target.example/sso"}
    assert {one.location for one in config_of(made).idp.slo} == {forge.slo}
    take_metadata(made, forge.metadata(bindings=()))
    assert [(one.binding, one.location) for one in config_of(made).idp.sso] == [(REDIRECT, "https://target.example/sso")]


def test_another_address_given_here_asks_for_a_new_test(scene: SignOnScene) -> None:
    before = stored(scene.integration).trust_version
    scene.integration.sso_target_url = "https://target.example/sso"
    scene.integration.save(update_fields=["sso_target_url"])
    assert stored(scene.integration).trust_version == before + 1
    assert notes(scene.integration)[-1] == "addresses given here"


# Keys -------------------------------------------------------------------------------------------------------------------


def test_a_new_key_waits_before_it_signs_and_the_agreement_follows_without_anybody(scene: SignOnScene, at: Any) -> None:
    old = SpKey.everywhere.get(integration=scene.integration)
    new = make_key(scene.integration)
    assert new is not None
    row = stored(scene.integration)
    assert [pair.certificate for pair in config_of(row).keys] == [old.certificate, new.certificate]
    assert config_of(row) is config_of(row)
    at(new.signs_from + timedelta(seconds=1))
    assert [pair.certificate for pair in config_of(row).keys] == [new.certificate, old.certificate]
    assert config_of(row) is config_of(row)


def test_a_change_of_keys_makes_a_new_version(scene: SignOnScene) -> None:
    versions = [stored(scene.integration).config_version]
    make_key(scene.integration)
    versions.append(stored(scene.integration).config_version)
    retire_old(scene.integration)
    versions.append(stored(scene.integration).config_version)
    assert versions == sorted(set(versions))


def test_at_most_two_keys_are_in_use_and_a_retired_one_is_forgotten(scene: SignOnScene) -> None:
    old = SpKey.everywhere.get(integration=scene.integration)
    new = make_key(scene.integration)
    assert make_key(scene.integration) is None
    assert retire_old(scene.integration) == old
    assert retire_old(scene.integration) is None
    assert keys_in_use(scene.integration) == [new]
    old.refresh_from_db()
    assert (old.private_key, old.retired_at is None) == (None, False)
    assert old.certificate
    assert keys_in_use(scene.integration)[0].signs_from <= clock.now()
    details = Event.everywhere.filter(integration=scene.integration, kind=EventKind.KEYS).order_by("pk").values_list("detail", flat=True)
    assert list(details) == [f"+{new.fingerprint[:16]}", f"-{old.fingerprint[:16]}"]  # type: ignore[union-attr]


def test_people_can_sign_on_all_through_a_change_of_keys(scene: SignOnScene, at: Any) -> None:
    """Encrypted for the old key, then for either, then for the new one."""
    old = SpKey.everywhere.get(integration=scene.integration)
    new = make_key(scene.integration)
    assert new is not None
    for certificate in (old.certificate, new.certificate):
        scene.reload()
        browser, request = Browser(), {}
        request = browser.begins(scene.integration)
        response = scene.forge.response(scene.saying(request), encrypts_for=certificate)
        assert browser.brings(scene.integration, response, request["relay"]).status_code == 302
        assert browser.user
    retire_old(scene.integration)
    scene.reload()
    for certificate, status in ((old.certificate, 403), (new.certificate, 302)):
        browser = Browser()
        request = browser.begins(scene.integration)
        response = scene.forge.response(scene.saying(request), encrypts_for=certificate)
        assert browser.brings(scene.integration, response, request["relay"]).status_code == status


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each answers, all begun at the same moment on connections of their own."""
    start = threading.Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> Any:
        try:
            start.wait(10)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(begin, call) for call in calls]]


@pytest.mark.django_db(transaction=True)
def test_two_who_make_a_new_key_at_once_make_one(scene: SignOnScene) -> None:
    rows = [stored(scene.integration) for _ in range(2)]
    made = at_once(*(lambda row=row: make_key(row) for row in rows))  # type: ignore[misc]
    assert sorted(key is None for key in made) == [False, True]
    assert len(keys_in_use(scene.integration)) == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_documents_read_at_once_none_gets_past_the_other(scene: SignOnScene) -> None:
    """One brings a new certificate, one another entity ID: whichever is first, the second is judged by what it finds."""
    rows = [stored(scene.integration) for _ in range(2)]
    other = replace(scene.forge, entity_id="https://other.example")
    more = scene.forge.metadata(keys=[scene.forge.key, key("new")])
    taken = at_once(lambda: take_metadata(rows[0], more), lambda: take_metadata(rows[1], other.metadata()))
    after = stored(scene.integration)
    assert taken == [True, False]
    assert (after.idp["entity_id"], len(after.idp["certificates"]), after.trust_version) == (scene.forge.entity_id, 2, 2)


# What counts by itself --------------------------------------------------------------------------------------------------


def test_the_first_metadata_counts_at_once(unset: SamlIntegration, forge: Forge) -> None:
    assert take_metadata(unset, forge.metadata())
    row = stored(unset)
    assert (row.idp["entity_id"], row.proposed, row.trust_version, row.metadata_problem) == (forge.entity_id, {}, 1, "")
    assert row.metadata_read_at is not None
    assert notes(row) == [f"{forge.entity_id} addresses +{config_of(row).idp.certificates[0].fingerprint[:16]}"]


def test_the_same_metadata_once_more_changes_nothing_but_when_it_was_read(scene: SignOnScene) -> None:
    before, told = stored(scene.integration), notes(scene.integration)
    assert take_metadata(scene.integration, scene.forge.metadata())
    after = stored(scene.integration)
    assert (after.idp, after.trust_version) == (before.idp, before.trust_version)
    assert after.metadata_read_at > before.metadata_read_at  # type: ignore[operator]
    assert notes(scene.integration) == told


def test_metadata_that_is_dated_anew_each_time_is_the_same_metadata(scene: SignOnScene) -> None:
    before = stored(scene.integration)
    until = clock.now().replace(microsecond=0) + timedelta(days=3)
    said = f' validUntil="{until:%Y-%m-%dT%H:%M:%S}Z" cacheDuration="PT6H"'
    assert take_metadata(scene.integration, scene.forge.metadata(attributes=said))
    after = stored(scene.integration)
    assert (after.trust_version, len(notes(after))) == (before.trust_version, 1)
    assert (config_of(after).idp.valid_until, config_of(after).idp.cache_seconds) == (until, 6 * 3600)


def test_a_new_certificate_counts_beside_the_old_one_until_that_leaves_the_metadata(scene: SignOnScene) -> None:
    forge, old, new = scene.forge, scene.forge.key, key("new")
    assert take_metadata(scene.integration, forge.metadata(keys=[old, new]))
    scene.signs_on()
    replace(scene, forge=replace(forge, key=new)).signs_on()
    assert take_metadata(scene.integration, forge.metadata(keys=[new]))
    replace(scene, forge=replace(forge, key=new)).signs_on()
    browser = Browser()
    request = browser.begins(scene.integration)
    assert browser.brings(scene.integration, forge.response(scene.saying(request)), request["relay"]).status_code == 403
    assert [len(detail.split()) for detail in notes(scene.integration)] == [3, 1, 1]


@pytest.mark.parametrize(
    "change",
    [
        {"bindings": (POST,)},
        {"sso": "https://idp.example/sso/two"},
        {"slo_bindings": ()},
        {"wants_signed": True},
    ],
)
def test_smaller_changes_count_at_once_and_ask_for_a_new_test(scene: SignOnScene, change: dict[str, Any]) -> None:
    before = stored(scene.integration)
    assert take_metadata(scene.integration, scene.forge.metadata(**change))
    after = stored(scene.integration)
    assert after.idp != before.idp
    assert (after.trust_version, after.proposed) == (before.trust_version + 1, {})
    assert len(notes(after)) == 2


# What waits -------------------------------------------------------------------------------------------------------------

LARGE = [
    pytest.param(lambda forge: replace(forge, entity_id="https://other.example").metadata(), "entity id", id="another entity ID"),
    pytest.param(lambda forge: replace(forge, entity_id=forge.entity_id.upper()).metadata(), "entity id", id="the same in capitals"),
    pytest.param(lambda forge: forge.metadata(sso="https://evil.example/sso"), "host", id="another host"),
    pytest.param(lambda forge: forge.metadata(sso="https://idp.example:8443/sso"), "host", id="another port"),
    pytest.param(lambda forge: replace(forge, slo="https://evil.example/slo").metadata(), "host", id="another host for logout"),
    pytest.param(lambda forge: forge.metadata(keys=[key("other")]), "certificates", id="other certificates"),
]


@pytest.mark.parametrize(("change", "reason"), LARGE)
def test_a_large_change_is_never_taken_silently(scene: SignOnScene, change: Callable[[Forge], str], reason: str) -> None:
    before = stored(scene.integration)
    assert not take_metadata(scene.integration, change(scene.forge))
    after = stored(scene.integration)
    assert (after.idp, after.trust_version) == (before.idp, before.trust_version)
    assert after.proposed
    assert notes(after)[1:] == [f"waits for approval: {reason}"]
    scene.reload()
    scene.signs_on()


def test_the_same_change_read_again_is_noted_once(scene: SignOnScene) -> None:
    for _ in range(3):
        take_metadata(scene.integration, other_key(scene.forge))
    assert len(notes(scene.integration)) == 2
    take_metadata(scene.integration, other_key(scene.forge, "yet another"))
    assert len(notes(scene.integration)) == 3


def test_a_change_that_is_taken_back_there_waits_no_longer(scene: SignOnScene) -> None:
    take_metadata(scene.integration, other_key(scene.forge))
    assert take_metadata(scene.integration, scene.forge.metadata())
    assert stored(scene.integration).proposed == {}


def test_what_is_approved_counts_from_then_on(scene: SignOnScene) -> None:
    before = stored(scene.integration)
    take_metadata(scene.integration, other_key(scene.forge))
    assert approve(scene.integration, scene.world.admin, mark_of(scene.integration))
    after = stored(scene.integration)
    assert (after.proposed, after.trust_version) == ({}, before.trust_version + 1)
    assert Event.everywhere.filter(integration=after, kind=EventKind.METADATA).latest("pk").user == scene.world.admin
    replace(scene, forge=replace(scene.forge, key=key("other")), integration=after).signs_on()


def test_only_what_was_looked_at_is_approved(scene: SignOnScene) -> None:
    take_metadata(scene.integration, other_key(scene.forge))
    seen, before = mark_of(scene.integration), stored(scene.integration)
    take_metadata(stored(scene.integration), other_key(scene.forge, "evil"))
    assert not approve(scene.integration, scene.world.admin, seen)
    assert not approve(scene.integration, scene.world.admin, "")
    after = stored(scene.integration)
    assert (after.idp, after.trust_version, bool(after.proposed)) == (before.idp, before.trust_version, True)


def test_approving_where_nothing_waits_changes_nothing(scene: SignOnScene) -> None:
    before = stored(scene.integration)
    assert not approve(scene.integration, scene.world.admin, mark_of(scene.integration))
    assert not approve(scene.integration, scene.world.admin, "")
    assert stored(scene.integration).trust_version == before.trust_version
    decline(scene.integration, scene.world.admin)
    assert len(notes(scene.integration)) == 1


def test_what_is_declined_is_forgotten_and_waits_again_when_it_is_read_again(scene: SignOnScene) -> None:
    before = stored(scene.integration)
    take_metadata(scene.integration, other_key(scene.forge))
    decline(scene.integration, scene.world.admin)
    after = stored(scene.integration)
    assert (after.proposed, after.idp, after.trust_version) == ({}, before.idp, before.trust_version)
    assert notes(after)[-1] == "declined"
    assert not take_metadata(scene.integration, other_key(scene.forge))
    assert stored(scene.integration).proposed


@pytest.mark.parametrize("answer", ["approve", "decline"])
def test_the_incident_of_a_change_closes_with_the_answer(scene: SignOnScene, answer: str) -> None:
    take_metadata(scene.integration, other_key(scene.forge))
    with within(scene.world.organization):
        incidents.open_incident(scene.integration, "metadata:proposed", "It has changed.")
        if answer == "approve":
            approve(scene.integration, scene.world.admin, mark_of(scene.integration))
        else:
            decline(scene.integration, scene.world.admin)
    assert not Incident.everywhere.filter(integration=scene.integration, closed_at=None).exists()


def test_one_who_looks_at_an_old_row_decides_by_what_counts_now(scene: SignOnScene) -> None:
    """The upkeep read the row, then an admin approved another identity provider, then the upkeep goes on."""
    old = stored(scene.integration)
    other = replace(scene.forge, entity_id="https://other.example", key=key("other"))
    take_metadata(scene.integration, other.metadata())
    approve(scene.integration, scene.world.admin, mark_of(scene.integration))
    assert not take_metadata(old, scene.forge.metadata(sso="https://idp.example/sso/two"))
    assert config_of(stored(scene.integration)).idp.entity_id == "https://other.example"


# Trouble, and what follows ----------------------------------------------------------------------------------------------


def test_metadata_that_cannot_be_used_leaves_everything_as_it_was(scene: SignOnScene) -> None:
    before = stored(scene.integration)
    with pytest.raises(MetadataProblem):
        take_metadata(scene.integration, "<html>")
    after = stored(scene.integration)
    assert (after.idp, after.trust_version, after.config_version) == (before.idp, before.trust_version, before.config_version)


def test_neither_our_own_metadata_nor_that_of_another_organization_here_is_anybodys(
    scene: SignOnScene, stranger: World, forge: Forge
) -> None:
    theirs = make_sign_on(stranger.organization, forge)
    for row in (scene.integration, theirs):
        with pytest.raises(MetadataProblem) as caught:
            take_metadata(scene.integration, replace(forge, entity_id=config_of(row).entity_id).metadata())
        assert caught.value.code == "own"


def test_enforcement_stays_when_the_metadata_changes_and_a_new_test_is_needed_to_begin_it_again(scene: SignOnScene) -> None:
    row, admin = scene.integration, scene.world.admin
    Event.everywhere.create(
        organization=scene.world.organization,
        integration=row,
        kind=EventKind.TEST,
        user=admin,
        subject=admin.email,
        trust_version=row.trust_version,
    )
    assert has_tested(row, admin)
    SamlIntegration.everywhere.filter(pk=row.pk).update(force_sso_login=True)
    take_metadata(row, scene.forge.metadata(keys=[scene.forge.key, key("new")]))
    after = stored(row)
    assert after.force_sso_login
    assert enforcing(scene.world.organization) == after
    assert not has_tested(after, admin)


# Saving in the admin ----------------------------------------------------------------------------------------------------


def paste(client: Client, integration: SamlIntegration, **given: str) -> Any:
    fields = ("preset", "sso_metadata_url", "sso_metadata", "sso_url", "sso_target_url")
    row = stored(integration)
    shown = {name: str(getattr(row, name)) for name in fields}
    form = {**shown, **{f"initial-{name}": value for name, value in shown.items()}, **given}
    return client.post(reverse("admin:integration-section", args=[integration.pk, SECTION]), form)


def errors_of(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return dict(answer.context["editor"].form.errors)


@pytest.fixture
def admin(world: World) -> Client:
    client = Client()
    client.force_login(world.admin)
    return client


def test_pasted_metadata_counts_when_it_is_saved(unset: SamlIntegration, forge: Forge, admin: Client) -> None:
    assert paste(admin, unset, sso_metadata=forge.metadata()).status_code == 302
    row = stored(unset)
    assert (row.idp["entity_id"], row.trust_version, row.metadata_problem) == (forge.entity_id, 1, "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sso_metadata": "<!DOCTYPE html><html></html>"}, "web page"),
        ({"sso_metadata": Forge().metadata().replace('="', "=“")}, "curly"),
        ({"sso_metadata": "https://idp.example/metadata"}, "This is an address"),
        ({"sso_metadata": Forge().metadata(bindings=())}, "no address for sign-on"),
        ({"sso_metadata": Forge(entity_id="http://127.0.0.1:8000/sso/x/metadata/").metadata()}, "own metadata"),
        ({"sso_metadata_url": "http://idp.example/metadata"}, "https://"),
        ({"sso_metadata_url": "https://user:secret@idp.example/metadata"}, "user name"),
        ({"sso_url": "http://idp.example/sso"}, "https://"),
        ({"sso_target_url": "http://idp.example/sso"}, "https://"),
    ],
)
def test_the_form_says_at_the_field_what_is_wrong_and_saves_nothing(
    unset: SamlIntegration, admin: Client, given: dict[str, str], said: str, settings: Any
) -> None:
    settings.SANDBOX_URL = ""
    (field,) = given
    errors = errors_of(paste(admin, unset, **given))
    assert list(errors) == [field]
    assert said in " ".join(errors[field])
    row = stored(unset)
    assert (row.idp, getattr(row, field)) == ({}, "")


def test_metadata_without_an_address_is_fine_when_the_address_stands_beside_it(unset: SamlIntegration, forge: Forge, admin: Client) -> None:
    without = forge.metadata(bindings=())
    assert paste(admin, unset, sso_metadata=without, sso_url="https://idp.example/sso").status_code == 302
    assert config_of(stored(unset)).idp.sso[0].location == "https://idp.example/sso"
    assert "sso_metadata" in errors_of(paste(admin, unset, sso_url=""))
    assert stored(unset).sso_url


def test_other_sections_can_be_saved_whatever_became_of_the_metadata(scene: SignOnScene, admin: Client, at: Any) -> None:
    scene.integration.sso_metadata = scene.forge.metadata()
    scene.integration.save(update_fields=["sso_metadata"])
    SamlIntegration.everywhere.filter(pk=scene.integration.pk).update(sso_metadata="<html>")
    with pytest.raises(ValidationError):
        SamlIntegration._meta.get_field("sso_metadata").clean("<html>", None)
    form = {"name_id_format": PERSISTENT, "initial-name_id_format": EMAIL}
    answer = admin.post(reverse("admin:integration-section", args=[scene.integration.pk, "claims"]), form)
    assert answer.status_code == 302
    assert stored(scene.integration).name_id_format == PERSISTENT


def test_pasting_a_large_change_waits_too(scene: SignOnScene, admin: Client) -> None:
    assert paste(admin, scene.integration, sso_metadata=other_key(scene.forge)).status_code == 302
    row = stored(scene.integration)
    assert row.proposed
    guide = reverse("admin:integration-section", args=[row.pk, "guide"])
    page = admin.get(guide)
    assert "waits for you" in page.content.decode()
    mark = page.context["proposed"]["mark"]
    assert admin.post(guide, {"do": "approve", "seen": mark}).status_code == 302
    assert (stored(row).proposed, stored(row).trust_version) == ({}, 2)


def test_what_was_declined_after_pasting_can_be_read_once_more(scene: SignOnScene, admin: Client) -> None:
    paste(admin, scene.integration, sso_metadata=other_key(scene.forge))
    guide = reverse("admin:integration-section", args=[scene.integration.pk, "guide"])
    admin.post(guide, {"do": "decline"})
    assert stored(scene.integration).proposed == {}
    admin.post(guide, {"do": "read"})
    assert stored(scene.integration).proposed


def test_with_an_address_the_pasted_metadata_does_not_count(unset: SamlIntegration, forge: Forge, admin: Client) -> None:
    assert paste(admin, unset, sso_metadata=forge.metadata(), sso_metadata_url="https://idp.example/metadata").status_code == 302
    assert stored(unset).idp == {}
    assert paste(admin, unset, sso_metadata_url="").status_code == 302
    assert stored(unset).idp


def test_a_row_saved_whole_reads_what_was_pasted(unset: SamlIntegration, forge: Forge) -> None:
    unset.sso_metadata = forge.metadata()
    unset.save()
    assert stored(unset).idp["entity_id"] == forge.entity_id


def test_a_row_made_with_pasted_metadata_reads_it(world: World, forge: Forge) -> None:
    with within(world.organization):
        made = SamlIntegration.everywhere.create(organization=world.organization, provider="saml", name="x", sso_metadata=forge.metadata())
    assert stored(made).idp["entity_id"] == forge.entity_id


def test_pasted_metadata_that_comes_past_the_form_is_noted_and_counts_for_nothing(unset: SamlIntegration) -> None:
    unset.sso_metadata = "<html>"
    unset.save(update_fields=["sso_metadata"])
    assert (stored(unset).idp, "web page" in stored(unset).metadata_problem) == ({}, True)
    unset.sso_metadata = ""
    unset.save(update_fields=["sso_metadata"])
    assert stored(unset).metadata_problem == ""


def test_the_grace_of_a_new_key_is_some_days() -> None:
    assert timedelta(days=1) <= READ_BY_THEN <= timedelta(days=7)
