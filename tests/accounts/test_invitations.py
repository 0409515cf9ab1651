from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.invitations import accept, invite, renew
from accounts.mails import send_invitation
from accounts.models import Invitation, Membership, Role, User
from accounts.ports import Door
from tests.accounts.pages import Policy, links_in_mail, registered, sign_in
from tests.conftest import PASSWORD, World, make_user

OPENED = "/invitations/opened/"
NEW_PERSON = {"first_name": "Ana", "last_name": "Kovač", "new_password1": PASSWORD, "new_password2": PASSWORD}


def invited(world: World, email: str = "ana@example.com", role: str = Role.ADMIN) -> str:
    """The path of the link that the invitation's mail carries."""
    invitation, token = invite(world.organization, email, role, world.owner)
    assert send_invitation(invitation, token)
    (link,) = links_in_mail()
    return link


def role_of(email: str, world: World) -> str | None:
    membership = Membership.everywhere.filter(user__email=email, organization=world.organization).first()
    return membership.role if membership else None


def test_mail_is_plain_text_with_who_where_and_until_when(world: World):
    link = invited(world)
    message = mail.outbox[0]
    assert message.to == ["ana@example.com"]
    assert message.subject == "You are invited to Northwind Studio"
    assert "Owner Northwind Studio invites you to Northwind Studio on Patchbay." in message.body
    assert f"http://127.0.0.1:8000{link}" in message.body
    assert not getattr(message, "alternatives", None)


def test_name_with_markup_stands_unescaped_in_the_mail(world: World):
    world.organization.name = "Smith & <Sons>"
    invited(world)
    assert mail.outbox[0].subject == "You are invited to Smith & <Sons>"


def test_new_person_sets_name_and_password_and_is_in(client: Client, world: World):
    link = invited(world)
    assert client.get(link).url == OPENED
    page = client.get(OPENED).content.decode()
    assert "Join Northwind Studio" in page
    assert "ana@example.com" in page
    response = client.post(OPENED, NEW_PERSON, follow=True)
    assert response.redirect_chain[-1][0] == reverse("admin:index")
    user = User.objects.get(email="ana@example.com")
    assert user.get_full_name() == "Ana Kovač"
    assert user.check_password(PASSWORD)
    assert role_of(user.email, world) == Role.ADMIN
    assert client.session["proofs"][str(world.organization.pk)]["how"] == "invitation"
    assert not user.is_staff


def test_session_key_changes_when_a_new_person_comes_in(client: Client, world: World):
    client.get(invited(world))
    before = client.session.session_key
    client.post(OPENED, NEW_PERSON)
    assert client.session.session_key != before


def test_token_is_on_no_page_and_only_its_digest_is_kept(client: Client, world: World):
    link = invited(world)
    token = link.split("/")[-2]
    assert token not in client.get(OPENED).content.decode()
    assert token not in client.get(link, follow=True).content.decode()
    assert token not in str(Invitation.everywhere.values().get())
    assert token not in str(dict(client.session))


def test_person_with_an_account_signs_in_and_joins(client: Client, world: World):
    make_user("ana@example.com")
    client.get(invited(world, "ANA@example.com"))
    page = client.get(OPENED).content.decode()
    assert f'href="{reverse("login")}?next={OPENED}"' in page
    assert sign_in(client, "ana@example.com", next=OPENED).url == OPENED
    assert "Your role: Admin" in client.get(OPENED).content.decode()
    assert role_of("ana@example.com", world) is None
    assert client.post(OPENED).url == reverse("home")
    assert role_of("ana@example.com", world) == Role.ADMIN
    assert client.get(reverse("home")).url == reverse("admin:index")


def test_member_of_another_organization_comes_into_the_new_one(client: Client, world: World, stranger: World):
    client.force_login(stranger.member)
    client.get(invited(world, stranger.member.email))
    client.post(OPENED)
    assert client.get(reverse("own_home")).context["organization"] == world.organization


def test_account_cannot_be_taken_over_with_an_invitation(client: Client, world: World, stranger: World):
    client.get(invited(world, stranger.owner.email))
    client.post(OPENED, NEW_PERSON)
    stranger.owner.refresh_from_db()
    assert stranger.owner.first_name == "Owner"
    assert role_of(stranger.owner.email, world) is None
    assert SESSION_KEY not in client.session


def test_somebody_signed_in_with_a_different_address_is_refused(client: Client, world: World, stranger: World):
    client.force_login(stranger.member)
    client.get(invited(world))
    for response in (client.get(OPENED), client.post(OPENED, NEW_PERSON)):
        assert response.status_code == 403
        assert "for a different address" in response.content.decode()
        assert "ana@example.com" not in response.content.decode()
    assert not User.objects.filter(email="ana@example.com").exists()
    assert role_of(stranger.member.email, world) is None


@pytest.mark.parametrize("why", ["wrong", "expired", "used", "revoked", "sent again", "none opened"])
def test_invitation_that_is_not_valid_always_answers_the_same_page(client: Client, world: World, why: str):
    link = invited(world)
    invitation = Invitation.everywhere.get()
    if why == "wrong":
        link = reverse("invitation", args=["x" * 43])
    elif why == "expired":
        Invitation.everywhere.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif why == "used":
        assert accept(invitation, make_user("ana@example.com"))
    elif why == "revoked":
        invitation.delete()
    elif why == "sent again":
        renew(invitation)
    else:
        link = OPENED
    response = client.get(link)
    missing = Client().get(reverse("invitation", args=["nothing"]))
    assert response.status_code == 404
    assert response.content == missing.content
    assert "This invitation is not valid" in response.content.decode()


def test_invitation_that_ends_while_its_page_is_open_makes_nobody(client: Client, world: World):
    client.get(invited(world))
    Invitation.everywhere.all().delete()
    assert client.post(OPENED, NEW_PERSON).status_code == 404
    assert not User.objects.filter(email="ana@example.com").exists()


def test_invitation_is_accepted_once(world: World):
    invitation, _token = invite(world.organization, "ana@example.com", Role.ADMIN, world.owner)
    assert accept(invitation, make_user("ana@example.com"))
    assert not accept(invitation, make_user("second@example.com"))
    assert role_of("second@example.com", world) is None


def test_sending_again_gives_a_new_link_and_a_new_term(client: Client, world: World):
    old = invited(world)
    invitation = Invitation.everywhere.get()
    Invitation.everywhere.update(expires_at=timezone.now() - timedelta(days=1))
    send_invitation(invitation, renew(invitation))
    assert client.get(old).status_code == 404
    assert client.get(links_in_mail()[0]).url == OPENED


def test_member_who_accepts_once_more_keeps_the_role(client: Client, world: World):
    client.force_login(world.owner)
    client.get(invited(world, world.owner.email, Role.MEMBER))
    client.post(OPENED)
    assert role_of(world.owner.email, world) == Role.OWNER


def test_one_open_invitation_an_address(world: World, stranger: World):
    invite(world.organization, "ana@example.com", Role.MEMBER, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        invite(world.organization, "Ana@Example.com", Role.MEMBER, None)
    invite(stranger.organization, "ana@example.com", Role.MEMBER, None)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"first_name": ""}, "first_name"),
        ({"last_name": " "}, "last_name"),
        ({"new_password1": "short", "new_password2": "short"}, "new_password2"),
        ({"new_password2": "different from the first"}, "new_password2"),
        ({"new_password1": "ana@example.com", "new_password2": "ana@example.com"}, "new_password2"),
        ({"first_name": "x" * 151}, "first_name"),
    ],
)
def test_wrong_input_is_answered_at_its_field(client: Client, world: World, wrong: dict[str, str], field: str):
    client.get(invited(world))
    response = client.post(OPENED, NEW_PERSON | wrong)
    assert response.status_code == 200
    assert response.context["form"].errors[field]
    assert not User.objects.filter(email="ana@example.com").exists()


def test_policy_of_the_organization_keeps_the_new_person_at_the_door(client: Client, world: World):
    client.get(invited(world))
    with registered(Policy({Door.LOGIN})):
        response = client.post(OPENED, NEW_PERSON)
    assert response.status_code == 403
    assert "lets nobody in here" in response.content.decode()
    assert SESSION_KEY not in client.session
    assert not User.objects.filter(email="ana@example.com").exists()
    assert Invitation.everywhere.get(email="ana@example.com").is_open
