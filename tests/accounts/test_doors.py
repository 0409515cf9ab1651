"""The ports: a policy is asked at every door, and a session enters only what it has proved itself to."""

from __future__ import annotations

import pytest
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts import doors
from accounts.models import Membership, Role, User
from accounts.ports import PASSWORD as BY_PASSWORD
from accounts.ports import Door
from accounts.tenancy import current_organization
from tests.accounts.pages import Policy, code_of, enter, links_in_mail, registered, sign_in, with_second_factor
from tests.conftest import PASSWORD, World


def join(user: User, world: World, role: str = Role.MEMBER) -> None:
    Membership.everywhere.create(organization=world.organization, user=user, role=role)


def sign_in_for(client: Client, user: User, world: World) -> None:
    """As an identity provider of one organization does."""
    request = RequestFactory().get("/sso/")
    request.session = client.session
    assert doors.sign_in(request, user, "identity provider", organization=world.organization) is None
    request.session.save()
    client.cookies["sessionid"] = request.session.session_key


def test_login_door_refuses_with_the_reason_and_where_to_go(client: Client, world: World):
    with registered(Policy({Door.LOGIN})) as policy:
        response = sign_in(client, world.member)
    assert response.status_code == 403
    assert "Northwind Studio lets nobody in here." in response.content.decode()
    assert 'href="/elsewhere/"' in response.content.decode()
    assert SESSION_KEY not in client.session
    door, user, organization, proof = policy.asked[0]
    assert (door, user, organization) == (Door.LOGIN, world.member, world.organization)
    assert proof is not None
    assert (proof.how, proof.second_factor) == ("password", False)


def test_login_door_is_not_asked_before_the_password_is_right(client: Client, world: World):
    with registered(Policy({Door.LOGIN})) as policy:
        sign_in(client, world.member, "wrong")
    assert policy.asked == []


def test_login_door_hears_of_the_second_factor_after_the_second_step(client: Client, world: World):
    key, _codes = with_second_factor(world.member)
    with registered(Policy({Door.LOGIN})) as policy:
        sign_in(client, world.member)
        assert policy.asked == []
        response = client.post(reverse("login_code"), {"code": code_of(key)})
    assert response.status_code == 403
    assert policy.asked[0][3].second_factor is True
    assert SESSION_KEY not in client.session


def test_person_of_two_organizations_is_signed_in_for_the_one_that_agrees(client: Client, world: World, stranger: World):
    join(world.member, stranger)
    with registered(Policy({Door.LOGIN}, stranger.organization)):
        assert sign_in(client, world.member).status_code == 302
        assert list(client.session["proofs"]) == [str(world.organization.pk)]
        assert client.get(reverse("own_home")).context["organization"] == world.organization
        client.post(reverse("organizations"), {"organization": stranger.organization.pk})
        response = client.get(reverse("own_home"))
        assert response.status_code == 403
        assert "Canary Gmbh lets nobody in here." in response.content.decode()
        assert client.get(reverse("organizations")).status_code == 200


def test_reset_door_sends_where_to_go_instead_of_a_link(client: Client, world: World):
    with registered(Policy({Door.RESET})) as policy:
        response = client.post(reverse("password_reset"), {"email": world.member.email})
    assert response.url == reverse("password_reset_done")
    assert [asked[0] for asked in policy.asked] == [Door.RESET]
    assert "Northwind Studio lets nobody in here." in mail.outbox[0].body
    assert links_in_mail() == ["/elsewhere/"]


def test_reset_door_is_asked_again_when_the_link_is_used(client: Client, world: World):
    client.post(reverse("password_reset"), {"email": world.member.email})
    (link,) = links_in_mail()
    page = client.get(link).url
    with registered(Policy({Door.RESET})):
        assert client.get(page).status_code == 403
        answer = client.post(page, {"new_password1": "a quite new password", "new_password2": "a quite new password"})
        assert answer.status_code == 403
    world.member.refresh_from_db()
    assert world.member.check_password(PASSWORD)


def test_reset_is_open_while_one_organization_agrees(client: Client, world: World, stranger: World):
    join(world.member, stranger)
    with registered(Policy({Door.RESET}, stranger.organization)):
        client.post(reverse("password_reset"), {"email": world.member.email})
    assert links_in_mail()[0].startswith("/password-reset/")


def test_remembered_session_meets_a_policy_that_came_later(client: Client, world: World):
    sign_in(client, world.owner)
    assert client.get(reverse("own_home")).status_code == 200
    with registered(Policy({Door.SESSION})):
        for name in ("own_home", "profile", "admin:index", "admin:accounts_membership_changelist"):
            response = client.get(reverse(name))
            assert response.status_code == 403
            assert 'href="/elsewhere/"' in response.content.decode()
            assert world.admin.email not in response.content.decode()
        assert client.post(reverse("profile"), {"first_name": "Other", "last_name": "Name"}).status_code == 403
    assert client.get(reverse("own_home")).status_code == 200
    world.owner.refresh_from_db()
    assert world.owner.first_name == "Owner"


def test_session_door_is_told_the_proof_with_every_request(client: Client, world: World):
    sign_in(client, world.member)
    with registered(Policy()) as policy:
        client.get(reverse("own_home"))
        client.get(reverse("profile"))
    assert [(door, organization, proof.how) for door, _user, organization, proof in policy.asked] == [
        (Door.SESSION, world.organization, "password")
    ] * 2


def test_admin_door_is_asked_with_every_request_for_the_admin_and_for_nothing_else(client: Client, world: World):
    sign_in(client, world.admin)
    with registered(Policy({Door.ADMIN})) as policy:
        assert client.get(reverse("own_home")).status_code == 200
        assert Door.ADMIN not in [asked[0] for asked in policy.asked]
        for path in (reverse("admin:index"), reverse("admin:accounts_membership_changelist"), reverse("admin:jsi18n")):
            assert client.get(path).status_code == 403
        assert client.post(reverse("admin:accounts_invitation_add"), {"email": "a@b.example", "role": "member"}).status_code == 403
        assert [asked[0] for asked in policy.asked][-2:] == [Door.SESSION, Door.ADMIN]


def test_refused_person_can_still_sign_out_and_switch(client: Client, world: World):
    sign_in(client, world.member)
    with registered(Policy({Door.SESSION})):
        assert client.get(reverse("organizations")).status_code == 200
        assert client.post(reverse("logout")).url == reverse("login")
    assert SESSION_KEY not in client.session


def test_operator_passes_the_doors_of_the_organization_looked_at(client: Client, world: World, operator: User):
    sign_in(client, operator)
    with registered(Policy()) as policy:
        client.post(reverse("organizations"), {"organization": world.organization.pk})
        assert client.get(reverse("admin:index")).status_code == 200
    assert [door for door, *_ in policy.asked] == [Door.LOGIN, Door.SESSION, Door.ADMIN]
    with registered(Policy({Door.SESSION})):
        assert client.get(reverse("admin:index")).status_code == 403


def test_policy_is_asked_inside_the_organization(client: Client, world: World):
    seen = []

    class Nosy(Policy):
        def refusal(self, *asked):
            seen.append(current_organization())
            return super().refusal(*asked)

    with registered(Nosy()):
        sign_in(client, world.member)
        client.get(reverse("own_home"))
    assert seen == [world.organization, world.organization]


def test_what_one_organization_vouches_for_opens_no_other_one(client: Client, world: World, stranger: World):
    join(world.member, stranger, Role.OWNER)
    sign_in_for(client, world.member, world)
    assert client.get(reverse("own_home")).context["organization"] == world.organization
    client.post(reverse("organizations"), {"organization": stranger.organization.pk})
    for name in ("own_home", "admin:index", "admin:accounts_membership_changelist"):
        response = client.get(reverse(name))
        assert response.status_code == 403
        assert "Sign in with your password" in response.content.decode()
        assert stranger.admin.email not in response.content.decode()
    assert list(client.session["proofs"]) == [str(world.organization.pk)]


def test_session_prefers_the_organization_it_has_proved_itself_to(client: Client, world: World, stranger: World):
    join(world.member, stranger)
    sign_in_for(client, world.member, world)
    assert client.get(reverse("own_home")).context["organization"] == world.organization


def test_own_password_adds_to_what_an_organization_vouched_for(client: Client, world: World, stranger: World):
    join(world.member, stranger)
    sign_in_for(client, world.member, world)
    sign_in(client, world.member)
    assert {proof["how"] for proof in client.session["proofs"].values()} == {"password"}
    assert len(client.session["proofs"]) == 2


def test_organization_that_vouches_itself_asks_for_no_second_factor(client: Client, world: World):
    world.organization.requires_second_factor = True
    world.organization.save()
    sign_in_for(client, world.member, world)
    assert client.get(reverse("own_home")).status_code == 200
    assert client.get(reverse("two_factor_enrol")).status_code == 403


def test_login_that_goes_past_the_doors_opens_nothing(client: Client, world: World):
    session = client.session
    session["_auth_user_id"] = str(world.owner.pk)
    session["_auth_user_backend"] = doors.BACKEND
    session["_auth_user_hash"] = world.owner.get_session_auth_hash()
    session.save()
    assert client.get(reverse("admin:index")).status_code == 403


def test_membership_that_came_during_the_session_is_entered_after_the_login_door(client: Client, world: World, stranger: World):
    sign_in(client, world.member)
    join(world.member, stranger)
    client.post(reverse("organizations"), {"organization": stranger.organization.pk})
    with registered(Policy({Door.LOGIN})):
        assert client.get(reverse("own_home")).status_code == 403
    assert client.get(reverse("own_home")).context["organization"] == stranger.organization


def test_session_records_how_it_proved_itself_to_each_organization(client: Client, world: World, stranger: World):
    join(world.member, stranger)
    sign_in(client, world.member)
    request = RequestFactory().get("/")
    request.session = client.session
    for organization in (world.organization, stranger.organization):
        proof = doors.proof_for(request, organization)
        assert proof is not None
        assert (proof.how, proof.second_factor) == (BY_PASSWORD, False)
        assert proof.at.tzinfo is not None
    assert set(client.session["proofs"][str(world.organization.pk)]) == {"how", "at", "second_factor"}


@pytest.mark.parametrize("ended", ["membership", "organization"])
def test_proof_opens_nothing_after_the_membership_ended(client: Client, world: World, ended: str):
    sign_in(client, world.owner)
    enter(client, world.organization)
    if ended == "membership":
        Membership.everywhere.filter(user=world.owner).delete()
    else:
        world.organization.delete()
    assert client.get(reverse("admin:index")).url == reverse("organizations")
    assert "You do not belong to an organization" in client.get(reverse("organizations")).content.decode()
