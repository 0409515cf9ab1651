"""Single sign-on only: every other door of the installation is closed for the organization's people, and nobody is locked out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.invitations import invite
from accounts.models import Membership, Role, User
from accounts.tenancy import within
from integrations.models import Connection, Incident
from integrations.providers.saml import enforcing
from integrations.providers.saml.audit import note
from integrations.providers.saml.models import BreakGlass, Event, EventKind
from integrations.records.choices import HrmType
from integrations.records.people import Person
from tests.conftest import PASSWORD
from tests.providers.saml.conftest import Browser, SignOnScene

OPEN_TO_ALL = {
    "login",
    "login_code",
    "password_reset",
    "password_reset_done",
    "password_reset_complete",
    "password_reset_confirm",
    "invitation",
    "invitation_opened",
    "logout",
    "set_language",
    "sso",
    "sso-organization",
    "saml-metadata",
    "saml-login",
    "saml-acs",
    "saml-sls",
    "webhook",
    "admin:login",
}
"""The doors: whatever can be reached by somebody who has not signed in. Each is tried below, or lets nobody in by itself."""
LETS_NOBODY_IN = {"set_language", "logout", "password_reset_done", "password_reset_complete", "saml-metadata", "webhook", "admin:login"}
TRIED = {
    "login": "test_a_password_opens_nothing",
    "login_code": "test_a_password_with_a_second_factor_opens_nothing",
    "password_reset": "test_no_link_to_set_a_password_is_sent",
    "password_reset_confirm": "test_a_link_that_was_sent_before_sets_no_password",
    "invitation": "test_an_invitation_makes_no_password",
    "invitation_opened": "test_an_invitation_makes_no_password",
    "sso": "test_sessions",
    "sso-organization": "test_sessions",
    "saml-login": "test_sessions",
    "saml-acs": "test_corpus",
    "saml-sls": "test_sessions",
}


def patterns(resolver: URLResolver, prefix: str = "") -> list[tuple[str, URLPattern]]:
    found = []
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            space = f"{entry.namespace}:" if entry.namespace else ""
            found += patterns(entry, prefix + space)
        else:
            found.append((f"{prefix}{entry.name}", entry))
    return found


def test_every_door_of_the_installation_is_known_and_tried() -> None:
    doors = {name for name, pattern in patterns(get_resolver()) if not getattr(pattern.callback, "login_required", True)}
    machines = {"healthz", "readyz", "metrics"}
    assert doors - machines <= OPEN_TO_ALL, f"Not looked at yet: {sorted(doors - OPEN_TO_ALL)}"
    assert LETS_NOBODY_IN | set(TRIED) == OPEN_TO_ALL


@pytest.fixture
def enforced(scene: SignOnScene) -> SignOnScene:
    """Switched on by the owner, who has tested it and has emergency access."""
    owner = scene.world.owner
    note(scene.integration, EventKind.TEST, user=owner, subject=owner.email)
    TOTPDevice.objects.create(user=owner, confirmed=True, key="0" * 40)
    with within(scene.world.organization):
        assert enforcing.name_access(scene.integration, owner, owner)
        assert enforcing.switch_on(scene.integration, owner) == []
    scene.reload()
    return scene


def signs_in(user: User, password: str = PASSWORD) -> tuple[Client, Any]:
    client = Client()
    return client, client.post(reverse("login"), {"username": user.email, "password": password})


def is_inside(client: Client) -> bool:
    return bool(client.get("/profile/").status_code == 200)


@pytest.mark.parametrize("role", ["admin", "member", "auditor", "owner"])
def test_a_password_opens_nothing(enforced: SignOnScene, role: str) -> None:
    client, answer = signs_in(getattr(enforced.world, role))
    assert answer.status_code in ({403} if role != "owner" else {302})
    assert not is_inside(client)
    assert client.get(reverse("admin:index")).status_code in (302, 403)


def test_a_password_with_a_second_factor_opens_nothing(enforced: SignOnScene) -> None:
    admin = enforced.world.admin
    TOTPDevice.objects.create(user=admin, confirmed=True, key="1" * 40)
    client, _answer = signs_in(admin)
    answer = client.post(reverse("login_code"), {"code": code_of("1" * 40)})
    assert answer.status_code == 403
    assert not is_inside(client)


def code_of(key: str) -> str:
    return f"{TOTP(bytes.fromhex(key)).token():06d}"


def test_the_login_page_of_the_admin_opens_nothing(enforced: SignOnScene) -> None:
    client = Client()
    client.post("/admin/login/", {"username": enforced.world.admin.email, "password": PASSWORD})
    assert not is_inside(client)


def test_a_remembered_session_is_closed_at_once(scene: SignOnScene) -> None:
    client, _answer = signs_in(scene.world.member)
    assert is_inside(client)
    with within(scene.world.organization):
        owner = scene.world.owner
        note(scene.integration, EventKind.TEST, user=owner, subject=owner.email)
        TOTPDevice.objects.create(user=owner, confirmed=True, key="0" * 40)
        enforcing.name_access(scene.integration, owner, owner)
        enforcing.switch_on(scene.integration, owner)
    answer = client.get("/profile/")
    assert answer.status_code == 403
    assert reverse("sso-organization", args=[scene.world.organization.slug]) in answer.content.decode()


def test_no_link_to_set_a_password_is_sent(enforced: SignOnScene) -> None:
    Client().post(reverse("password_reset"), {"email": enforced.world.member.email})
    [sent] = mail.outbox
    assert "/password-reset/" not in sent.body
    assert f"/sso/{enforced.world.organization.slug}/" in sent.body


def test_a_link_that_was_sent_before_sets_no_password(enforced: SignOnScene) -> None:
    member = enforced.world.member
    token = default_token_generator.make_token(member)
    address = reverse("password_reset_confirm", args=[urlsafe_base64_encode(force_bytes(member.pk)), token])
    before = member.password
    client = Client()
    assert client.get(address, follow=True).status_code == 403
    form = {"new_password1": "another long password", "new_password2": "another long password"}
    set_password = reverse("password_reset_confirm", args=[urlsafe_base64_encode(force_bytes(member.pk)), "set-password"])
    assert client.post(set_password, form).status_code == 403
    member.refresh_from_db()
    assert member.password == before


def test_an_invitation_makes_no_password(enforced: SignOnScene) -> None:
    with within(enforced.world.organization):
        _invitation, token = invite(enforced.world.organization, "new@elsewhere.example", Role.MEMBER, None)
    client = Client()
    client.get(reverse("invitation", args=[token]))
    names = {"first_name": "N", "last_name": "N", "new_password1": "another long password", "new_password2": "another long password"}
    for answer in (client.get(reverse("invitation_opened")), client.post(reverse("invitation_opened"), names)):
        assert answer.status_code == 403
        assert f"/sso/{enforced.world.organization.slug}/" in answer.content.decode()
    assert not User.objects.filter(email="new@elsewhere.example").exists()


def test_a_new_password_of_ones_own_opens_nothing(enforced: SignOnScene) -> None:
    browser = enforced.signs_on()
    answer = browser.client.post(
        reverse("password_change"), {"old_password": "", "new_password1": "another long password", "new_password2": "another long password"}
    )
    assert answer.status_code == 200
    client, _answer = signs_in(User.objects.get(email="jane@northwind-studio.example"), "another long password")
    assert not is_inside(client)


def test_choosing_the_organization_opens_nothing(enforced: SignOnScene, stranger: Any) -> None:
    """Somebody of two organizations comes into the one that lets passwords in, and no further."""
    member = enforced.world.member
    Membership.everywhere.create(organization=stranger.organization, user=member, role=Role.ADMIN)
    client, answer = signs_in(member)
    assert answer.status_code == 302
    client.post(reverse("organizations"), {"organization": enforced.world.organization.pk})
    assert client.get("/profile/").status_code == 403
    client.post(reverse("organizations"), {"organization": stranger.organization.pk})
    assert client.get("/profile/").status_code == 200


def test_single_sign_on_opens(enforced: SignOnScene) -> None:
    browser = enforced.signs_on()
    assert is_inside(browser.client)


def test_the_identity_provider_of_another_organization_opens_nothing_here(enforced: SignOnScene, stranger: Any) -> None:
    from tests.providers.saml.conftest import make_sign_on
    from tests.providers.saml.forge import Forge, key

    forge = Forge(entity_id="https://canary.example/metadata", key=key("canary"))
    theirs = SignOnScene(stranger, forge, make_sign_on(stranger.organization, forge))
    member = enforced.world.member
    Membership.everywhere.create(organization=stranger.organization, user=member, role=Role.MEMBER)
    from accounts.models import Domain

    Domain.everywhere.filter(organization=enforced.world.organization).delete()
    taken = {"name": "northwind-studio.example", "verified_at": enforced.integration.connected_at}
    Domain.everywhere.create(organization=stranger.organization, **taken)
    browser = theirs.signs_on(Browser(), name_id=member.email, attributes={"email": [member.email]})
    browser.client.post(reverse("organizations"), {"organization": enforced.world.organization.pk})
    assert browser.client.get("/profile/").status_code == 403


def test_contacts_of_clients_are_not_concerned(enforced: SignOnScene) -> None:
    member = enforced.world.member
    with within(enforced.world.organization):
        Person.objects.create(organization=enforced.world.organization, email=member.email, hrm_type_id=HrmType.CONTACT)
    client, answer = signs_in(member)
    assert answer.status_code == 302
    assert is_inside(client)


def test_an_admin_is_no_contact_whatever_the_records_say(enforced: SignOnScene) -> None:
    admin = enforced.world.admin
    with within(enforced.world.organization):
        Person.objects.create(organization=enforced.world.organization, email=admin.email, hrm_type_id=HrmType.CONTACT)
    client, _answer = signs_in(admin)
    assert not is_inside(client)


def test_operators_are_not_concerned(enforced: SignOnScene, operator: User) -> None:
    client, answer = signs_in(operator)
    assert answer.status_code == 302
    client.post(reverse("organizations"), {"organization": enforced.world.organization.pk})
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_named_owner_comes_in_with_the_second_factor_and_everybody_hears_of_it(enforced: SignOnScene) -> None:
    owner = enforced.world.owner
    client, answer = signs_in(owner)
    assert answer["Location"] == reverse("login_code")
    answer = client.post(reverse("login_code"), {"code": code_of("0" * 40)})
    assert answer.status_code == 302
    assert is_inside(client)
    assert BreakGlass.everywhere.get().used_at is not None
    assert Event.everywhere.filter(kind=EventKind.EMERGENCY, user=owner, detail="").count() == 1
    assert Incident.everywhere.filter(integration=enforced.integration, cause__startswith="emergency:").exists()
    assert [sent.to for sent in mail.outbox] == [[owner.email]]


def test_an_owner_who_is_not_named_does_not_come_in(enforced: SignOnScene) -> None:
    admin = enforced.world.admin
    Membership.everywhere.filter(user=admin).update(role=Role.OWNER)
    TOTPDevice.objects.create(user=admin, confirmed=True, key="2" * 40)
    client, _answer = signs_in(admin)
    assert client.post(reverse("login_code"), {"code": code_of("2" * 40)}).status_code == 403


def test_a_named_owner_who_is_none_any_more_does_not_come_in(enforced: SignOnScene) -> None:
    Membership.everywhere.filter(user=enforced.world.owner).update(role=Role.ADMIN)
    client, _answer = signs_in(enforced.world.owner)
    assert client.post(reverse("login_code"), {"code": code_of("0" * 40)}).status_code == 403


@pytest.mark.parametrize("connection", [Connection.DISCONNECTED, Connection.PAUSED])
def test_what_is_not_switched_on_locks_nobody_out(enforced: SignOnScene, connection: Connection) -> None:
    enforced.integration.connection = connection
    enforced.integration.save(update_fields=["connection"])
    client, answer = signs_in(enforced.world.member)
    assert answer.status_code == 302
    assert is_inside(client)


# Switching ------------------------------------------------------------------------------------------------------------


def panel(scene: SignOnScene, user: User, **form: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(reverse("admin:integration-section", args=[scene.integration.pk, "enforcement"]), form, follow=True)


def test_it_is_not_switched_on_before_everything_is_ready(scene: SignOnScene) -> None:
    owner = scene.world.owner
    assert "Not switched on yet" in panel(scene, owner, do="on").content.decode()
    note(scene.integration, EventKind.TEST, user=scene.world.admin, subject=scene.world.admin.email)
    TOTPDevice.objects.create(user=owner, confirmed=True, key="0" * 40)
    panel(scene, owner, do="name", person=owner.pk)
    assert BreakGlass.everywhere.get().user == owner
    page = panel(scene, owner, do="on").content.decode()
    assert "You have tested the sign-on yourself" in page
    assert not scene.reload().force_sso_login
    note(scene.integration, EventKind.TEST, user=owner, subject=owner.email)
    panel(scene, owner, do="on")
    assert scene.reload().force_sso_login


def test_a_test_with_other_metadata_counts_no_more(scene: SignOnScene) -> None:
    from integrations.providers.saml.configuring import take_metadata
    from tests.providers.saml.forge import key

    owner = scene.world.owner
    note(scene.integration, EventKind.TEST, user=owner, subject=owner.email)
    assert enforcing.has_tested(scene.integration, owner)
    take_metadata(scene.integration, scene.forge.metadata(keys=[scene.forge.key, key("second")]))
    assert not enforcing.has_tested(scene.integration, owner)


def test_a_refused_test_and_one_that_named_somebody_else_do_not_count(scene: SignOnScene) -> None:
    owner = scene.world.owner
    note(scene.integration, EventKind.TEST, user=owner, subject=owner.email, code="expired")
    note(scene.integration, EventKind.TEST, user=owner, subject=scene.world.admin.email)
    assert not enforcing.has_tested(scene.integration, owner)


def test_the_last_emergency_access_stays(enforced: SignOnScene) -> None:
    browser = enforced.signs_on(Browser(), name_id=enforced.world.admin.email, attributes={"email": [enforced.world.admin.email]})
    address = reverse("admin:integration-section", args=[enforced.integration.pk, "enforcement"])
    page = browser.client.post(address, {"do": "remove", "person": BreakGlass.everywhere.get().pk}, follow=True).content.decode()
    assert "This is the last emergency access that works" in page
    assert BreakGlass.everywhere.exists()
    browser.client.post(address, {"do": "off"})
    assert not enforced.reload().force_sso_login
    assert is_inside(signs_in(enforced.world.member)[0])


def test_an_owner_without_a_second_factor_cannot_be_named(scene: SignOnScene) -> None:
    page = panel(scene, scene.world.owner, do="name", person=scene.world.owner.pk).content.decode()
    assert re.search("needs a password and a second factor", page)
    assert not BreakGlass.everywhere.exists()


def test_nobody_but_owners_and_admins_switches(scene: SignOnScene) -> None:
    assert panel(scene, scene.world.auditor, do="on").status_code == 403
    panel(scene, scene.world.member, do="on")
    assert not scene.reload().force_sso_login
