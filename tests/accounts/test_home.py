from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, User
from tests.accounts.pages import sign_in, with_second_factor
from tests.conftest import PASSWORD, World, make_user

NEW = "a quite new password"


@pytest.mark.parametrize("role", ["owner", "admin", "auditor"])
def test_those_who_work_in_the_admin_are_led_there(client: Client, world: World, role: str):
    client.force_login(getattr(world, role))
    assert client.get(reverse("home")).url == reverse("admin:index")
    assert client.get(reverse("own_home")).status_code == 200


def test_member_stays_at_home_and_is_led_there_from_the_admin(client: Client, world: World):
    client.force_login(world.member)
    page = client.get(reverse("home")).content.decode()
    for text in ("Member Northwind Studio", world.member.email, "Northwind Studio", "Your password alone signs you in."):
        assert text in page
    for name in ("admin:index", "admin:accounts_membership_changelist"):
        assert client.get(reverse(name), follow=True).redirect_chain[-1][0] == reverse("home")


def test_home_shows_every_role_and_offers_to_switch(client: Client, world: World, stranger: World):
    client.force_login(world.member)
    assert "Switch organization" not in client.get(reverse("own_home")).content.decode().split("<main")[1]
    Membership.everywhere.create(organization=stranger.organization, user=world.member, role="auditor")
    page = client.get(reverse("own_home")).content.decode().split("<main")[1]
    assert "Auditor" in page
    assert "Switch organization" in page


def test_home_shows_that_the_second_factor_is_on(client: Client, world: World):
    with_second_factor(world.member)
    client.force_login(world.member)
    assert "Signing in asks for a code" in client.get(reverse("own_home")).content.decode()


def test_home_of_somebody_without_an_organization_says_what_to_do(client: Client, db: None):
    client.force_login(make_user("lone@example.com"))
    assert "Ask one of its owners or admins" in client.get(reverse("home"), follow=True).content.decode()


@pytest.mark.parametrize("name", ["home", "own_home", "profile", "password_change"])
def test_pages_ask_for_a_sign_in(client: Client, db: None, name: str):
    assert client.get(reverse(name)).url == f"{reverse('login')}?next={reverse(name)}"


def test_profile_saves_names_and_nothing_else(client: Client, world: World):
    client.force_login(world.member)
    client.post(reverse("profile"), {"first_name": "Ana", "last_name": "<b>Kovač", "email": "other@example.com", "is_staff": "on"})
    user = User.objects.get(pk=world.member.pk)
    assert (user.first_name, user.last_name) == ("Ana", "<b>Kovač")
    assert user.email == world.member.email
    assert not user.is_staff
    assert "<b>Kovač" not in client.get(reverse("profile")).content.decode()


def test_name_that_is_too_long_is_answered_at_its_field(client: Client, world: World):
    client.force_login(world.member)
    assert client.post(reverse("profile"), {"first_name": "x" * 151}).context["form"].errors["first_name"]


def test_password_change_takes_the_old_one_and_ends_other_sessions(client: Client, world: World):
    sign_in(client, world.member)
    other = Client()
    sign_in(other, world.member)
    fields = {"new_password1": NEW, "new_password2": NEW}
    wrong = client.post(reverse("password_change"), {"old_password": "wrong", **fields})
    assert wrong.context["form"].errors["old_password"]
    assert client.post(reverse("password_change"), {"old_password": PASSWORD, **fields}).url == reverse("profile")
    assert client.get(reverse("profile")).status_code == 200
    assert other.get(reverse("profile")).url.startswith(reverse("login"))
    assert sign_in(Client(), world.member, NEW).status_code == 302


def test_person_without_a_password_is_offered_none_to_change(client: Client, world: World):
    world.member.set_unusable_password()
    world.member.save()
    client.force_login(world.member)
    page = client.get(reverse("profile")).content.decode()
    assert reverse("password_change") not in page
    assert reverse("two_factor_enrol") not in page
    response = client.post(reverse("password_change"), {"old_password": "", "new_password1": NEW, "new_password2": NEW})
    assert response.context["form"].errors["old_password"]
