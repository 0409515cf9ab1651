from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client

from accounts import second_factor
from accounts.models import User
from tests.accounts.pages import content, enter, sign_in, with_second_factor
from tests.conftest import PASSWORD, World

LIST = "/admin/accounts/user/"


@pytest.fixture
def at_work(client: Client, world: World, operator: User) -> Client:
    client.force_login(operator)
    enter(client, world.organization)
    return client


def fields(user: User, **changed: str) -> dict[str, str]:
    return {"email": user.email, "first_name": user.first_name, "last_name": user.last_name, "is_active": "on", **changed}


def test_operator_sees_every_user_and_no_hash(at_work: Client, world: World, stranger: World):
    page = content(at_work.get(LIST))
    one = content(at_work.get(f"{LIST}{stranger.member.pk}/change/"))
    assert world.member.email in page
    assert stranger.member.email in page
    assert stranger.member.email in one
    for text in (page, one):
        assert "md5$" not in text
        assert stranger.member.password not in text
        assert 'name="password"' not in text


@pytest.mark.parametrize("role", ["owner", "admin", "auditor"])
def test_nobody_else_sees_users(client: Client, world: World, role: str):
    client.force_login(getattr(world, role))
    for path in (LIST, f"{LIST}{world.member.pk}/change/", f"{LIST}add/", f"{LIST}{world.member.pk}/history/"):
        assert client.get(path).status_code == 403
    assert client.post(f"{LIST}{world.member.pk}/change/", fields(world.member, is_staff="on")).status_code == 403


def test_operator_changes_address_and_makes_operators_and_inactive(at_work: Client, world: World):
    data = fields(world.member, email="New.Address@Example.com", is_staff="on")
    assert at_work.post(f"{LIST}{world.member.pk}/change/", data).status_code == 302
    user = User.objects.get(pk=world.member.pk)
    assert (user.email, user.is_staff) == ("new.address@example.com", True)
    assert user.check_password(PASSWORD)
    del data["is_active"]
    at_work.post(f"{LIST}{world.member.pk}/change/", data)
    assert not User.objects.get(pk=world.member.pk).is_active


def test_address_of_another_user_is_refused_in_any_case(at_work: Client, world: World):
    response = at_work.post(f"{LIST}{world.member.pk}/change/", fields(world.member, email=world.admin.email.upper()))
    assert "Another user has this e-mail address." in str(response.context["adminform"].form.errors["email"])


def test_operator_does_not_lock_oneself_out(at_work: Client, operator: User):
    data = fields(operator)
    response = at_work.post(f"{LIST}{operator.pk}/change/", data)
    assert response.context["adminform"].form.errors["is_staff"]
    del data["is_active"]
    response = at_work.post(f"{LIST}{operator.pk}/change/", {**data, "is_staff": "on"})
    assert response.context["adminform"].form.errors["is_active"]


def test_users_are_neither_added_nor_deleted_here(at_work: Client, world: World):
    assert at_work.get(f"{LIST}add/").status_code == 403
    assert at_work.post(f"{LIST}{world.member.pk}/delete/", {"post": "yes"}).status_code == 403
    at_work.post(LIST, {"action": "delete_selected", "_selected_action": [world.member.pk], "post": "yes"})
    assert User.objects.filter(pk=world.member.pk).exists()


def test_operator_helps_somebody_who_lost_the_phone(at_work: Client, world: World):
    with_second_factor(world.member)
    page = at_work.post(LIST, {"action": "remove_second_factor", "_selected_action": [world.member.pk]}, follow=True)
    assert "signs in with the password alone now" in content(page)
    assert not second_factor.is_set_up(world.member)
    assert "Removed the second factor." in content(at_work.get(f"{LIST}{world.member.pk}/history/"))


def test_filter_cannot_spell_a_password_hash(at_work: Client, world: World):
    for lookup in ("password", "password__startswith", "password__regex"):
        assert at_work.get(LIST, {lookup: "md5"}).status_code == 400


def test_createsuperuser_makes_an_operator_who_can_sign_in(client: Client, db: None, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--email", "Ops@Example.com", verbosity=0)
    assert User.objects.get(email="ops@example.com").is_operator
    assert sign_in(client, "ops@example.com").status_code == 302
