from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.invitations import accept, invite
from accounts.models import Invitation, Role, User
from tests.accounts.pages import content, enter, links_in_mail
from tests.conftest import World, make_user

LIST = "/admin/accounts/invitation/"


@pytest.fixture
def posted(transactional_db: None):
    """Add an invitation through the page, with real commits, after which mails go out."""

    def add(client: Client, email: str = "ana@example.com", role: str = "member"):
        return client.post(f"{LIST}add/", {"email": email, "role": role})

    return add


def act(client: Client, action: str, *invitations: Invitation):
    data = {"action": action, "_selected_action": [invitation.pk for invitation in invitations]}
    return client.post(LIST, data, follow=True)


def test_adding_sends_the_link(client: Client, world: World, posted):
    client.force_login(world.admin)
    response = posted(client, "Ana@Example.com", "auditor")
    assert response.status_code == 302
    assert "on its way to ana@example.com" in content(client.get(response.url))
    invitation = Invitation.everywhere.get()
    assert (invitation.email, invitation.role, invitation.invited_by) == ("ana@example.com", Role.AUDITOR, world.admin)
    assert invitation.organization == world.organization
    assert mail.outbox[0].to == ["ana@example.com"]
    assert client.get(links_in_mail()[0]).status_code == 302


def test_mail_that_cannot_be_sent_keeps_the_invitation_and_says_so(client: Client, world: World, posted, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    client.force_login(world.admin)
    response = posted(client)
    assert "its mail could not be sent" in content(client.get(response.url))
    assert Invitation.everywhere.count() == 1


def test_owner_invites_owners_and_admins_do_not(client: Client, world: World, posted):
    client.force_login(world.admin)
    assert 'value="owner"' not in content(client.get(f"{LIST}add/"))
    assert posted(client, role="owner").context["adminform"].form.errors["role"]
    client.force_login(world.owner)
    assert posted(client, role="owner").status_code == 302
    assert Invitation.everywhere.get().role == Role.OWNER


def test_second_invitation_and_invitation_of_a_member_are_refused_at_the_field(client: Client, world: World, posted):
    client.force_login(world.admin)
    posted(client)
    assert "invited already" in str(posted(client, "ANA@example.com").context["adminform"].form.errors["email"])
    assert "member already" in str(posted(client, world.member.email.upper()).context["adminform"].form.errors["email"])
    assert Invitation.everywhere.count() == 1


def test_other_organizations_members_and_invitations_are_no_obstacle(client: Client, world: World, stranger: World, posted):
    invite(stranger.organization, "ana@example.com", Role.MEMBER, None)
    client.force_login(world.admin)
    assert posted(client).status_code == 302
    assert posted(client, stranger.member.email).status_code == 302


def test_run_out_invitation_is_sent_again_with_a_new_link(client: Client, world: World):
    invitation, _token = invite(world.organization, "ana@example.com", Role.MEMBER, world.owner)
    digest = invitation.token_digest
    Invitation.everywhere.update(expires_at=timezone.now() - timedelta(days=1))
    client.force_login(world.admin)
    assert "run out" in content(client.get(LIST))
    page = content(act(client, "send_again", invitation))
    assert "on its way to ana@example.com" in page
    assert "waiting" in page
    invitation.refresh_from_db()
    assert invitation.is_open
    assert invitation.token_digest != digest
    assert client.get(links_in_mail()[0]).status_code == 302


def test_revoking_deletes(client: Client, world: World):
    invitation, token = invite(world.organization, "ana@example.com", Role.MEMBER, world.owner)
    client.force_login(world.admin)
    assert "1 invitation is revoked." in content(act(client, "revoke", invitation))
    assert not Invitation.everywhere.exists()
    assert Client().get(f"/invitations/{token}/").status_code == 404


def test_accepted_invitation_is_history(client: Client, world: World):
    invitation, _token = invite(world.organization, "ana@example.com", Role.MEMBER, world.owner)
    accept(invitation, make_user("ana@example.com"))
    client.force_login(world.owner)
    for action in ("revoke", "send_again"):
        page = content(act(client, action, invitation))
        assert "ana@example.com is left out: it was accepted already." in page
    assert client.post(f"{LIST}{invitation.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "accepted" in page
    assert mail.outbox == []


def test_admin_does_not_decide_about_owners(client: Client, world: World):
    invitation, _token = invite(world.organization, "ana@example.com", Role.OWNER, world.owner)
    client.force_login(world.admin)
    for action in ("revoke", "send_again"):
        assert "only owners decide about owners" in content(act(client, action, invitation))
    assert client.post(f"{LIST}{invitation.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Invitation.everywhere.exists()
    assert mail.outbox == []


def test_auditor_sees_and_changes_nothing(client: Client, world: World):
    invitation, _token = invite(world.organization, "ana@example.com", Role.MEMBER, world.owner)
    client.force_login(world.auditor)
    assert "ana@example.com" in content(client.get(LIST))
    assert client.get(f"{LIST}add/").status_code == 403
    for action in ("revoke", "send_again", "delete_selected"):
        act(client, action, invitation)
    assert Invitation.everywhere.get().token_digest == invitation.token_digest
    assert mail.outbox == []


def test_invitation_is_not_edited(client: Client, world: World):
    invitation, _token = invite(world.organization, "ana@example.com", Role.MEMBER, world.owner)
    client.force_login(world.owner)
    assert client.post(f"{LIST}{invitation.pk}/change/", {"email": "other@example.com", "role": "owner"}).status_code == 403
    assert Invitation.everywhere.get().email == "ana@example.com"


def test_actions_leave_other_organizations_alone(client: Client, world: World, stranger: World):
    foreign, _token = invite(stranger.organization, "ana@example.com", Role.MEMBER, None)
    client.force_login(world.owner)
    act(client, "revoke", foreign)
    act(client, "send_again", foreign)
    assert Invitation.everywhere.get().token_digest == foreign.token_digest
    assert mail.outbox == []


def test_operator_invites_into_the_organization_looked_at(client: Client, world: World, operator: User, posted):
    client.force_login(operator)
    enter(client, world.organization)
    posted(client, role="owner")
    assert Invitation.everywhere.get().organization == world.organization


@pytest.mark.parametrize("email", ["", "not an address", "nul\0@example.com", "x" * 300 + "@example.com"])
def test_impossible_address_is_answered_at_its_field(client: Client, world: World, posted, email: str):
    client.force_login(world.owner)
    assert posted(client, email).context["adminform"].form.errors["email"]


def test_pages_carry_no_token(client: Client, world: World):
    invitation, token = invite(world.organization, "ana@example.com", Role.MEMBER, world.owner)
    client.force_login(world.owner)
    for path in (LIST, f"{LIST}{invitation.pk}/change/", f"{LIST}{invitation.pk}/history/", f"{LIST}{invitation.pk}/delete/"):
        page = content(client.get(path))
        assert "ana@example.com" in page
        assert token not in page
        assert invitation.token_digest not in page
