from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Role, User
from tests.accounts.pages import content, enter, with_second_factor
from tests.conftest import World, make_user

LIST = "/admin/accounts/membership/"


def membership(user: User) -> Membership:
    return Membership.everywhere.get(user=user)


def change(client: Client, user: User, **fields: str):
    return client.post(f"{LIST}{membership(user).pk}/change/", fields)


def remove(client: Client, user: User):
    return client.post(f"{LIST}{membership(user).pk}/delete/", {"post": "yes"})


def test_list_shows_who_they_are_and_how_safe(client: Client, world: World):
    with_second_factor(world.member)
    client.force_login(world.admin)
    page = content(client.get(LIST))
    for user in (world.owner, world.admin, world.member, world.auditor):
        assert user.email in page
        assert user.get_full_name() in page
    assert sum(row.second_factor for row in client.get(LIST).context["cl"].result_list) == 1


def test_last_login_is_told_in_the_organizations_time(client: Client, world: World):
    User.objects.filter(pk=world.member.pk).update(last_login=datetime(2026, 7, 1, 12, 30, tzinfo=UTC))
    client.force_login(world.admin)
    for path in (LIST, f"{LIST}{membership(world.member).pk}/change/"):
        assert "1 Jul 2026, 14:30" in content(client.get(path))


def test_list_is_searched_and_filtered(client: Client, world: World):
    client.force_login(world.admin)
    assert [row.user for row in client.get(LIST, {"q": "AUDITOR@north"}).context["cl"].result_list] == [world.auditor]
    assert [row.user for row in client.get(LIST, {"role__exact": "owner"}).context["cl"].result_list] == [world.owner]


def test_list_asks_the_same_number_of_questions_for_many(client: Client, world: World, django_assert_max_num_queries):
    for number in range(60):
        Membership.everywhere.create(organization=world.organization, user=make_user(f"person{number}@northwind-studio.example"))
    client.force_login(world.admin)
    client.get(LIST)
    with django_assert_max_num_queries(12):
        client.get(LIST)


def test_admin_changes_a_role(client: Client, world: World):
    client.force_login(world.admin)
    assert change(client, world.member, role="auditor").status_code == 302
    assert membership(world.member).role == Role.AUDITOR


def test_owner_makes_another_owner_and_lets_somebody_see_pay(client: Client, world: World):
    client.force_login(world.owner)
    change(client, world.admin, role="owner")
    change(client, world.member, role="member", sees_pay="on")
    assert membership(world.admin).role == Role.OWNER
    assert membership(world.member).sees_pay


def test_admin_makes_no_owner(client: Client, world: World):
    client.force_login(world.admin)
    page = content(client.get(f"{LIST}{membership(world.member).pk}/change/"))
    assert 'value="owner"' not in page
    for user in (world.member, world.admin):
        response = change(client, user, role="owner")
        assert response.context["adminform"].form.errors["role"]
    assert membership(world.admin).role == Role.ADMIN


def test_admin_neither_changes_nor_removes_an_owner(client: Client, world: World):
    Membership.everywhere.create(organization=world.organization, user=make_user("second@northwind-studio.example"), role=Role.OWNER)
    client.force_login(world.admin)
    assert change(client, world.owner, role="member").status_code == 403
    assert remove(client, world.owner).status_code == 403
    assert 'name="role"' not in content(client.get(f"{LIST}{membership(world.owner).pk}/change/"))
    assert membership(world.owner).role == Role.OWNER


def test_admin_who_does_not_see_pay_lets_nobody_see_it(client: Client, world: World):
    client.force_login(world.admin)
    for user in (world.admin, world.member):
        change(client, user, role=membership(user).role, sees_pay="on")
        assert not membership(user).sees_pay
    Membership.everywhere.filter(user=world.admin).update(sees_pay=True)
    change(client, world.member, role="member", sees_pay="on")
    assert membership(world.member).sees_pay


def test_nobody_demotes_or_removes_the_last_owner(client: Client, world: World, operator: User):
    for user in (world.owner, operator):
        client.force_login(user)
        enter(client, world.organization)
        response = change(client, world.owner, role="admin")
        assert "This is the last owner" in str(response.context["adminform"].form.errors["role"])
        assert remove(client, world.owner).status_code == 403
    assert membership(world.owner).role == Role.OWNER


def test_owner_who_cannot_sign_in_does_not_count_as_the_one_left(client: Client, world: World):
    second = make_user("second@northwind-studio.example", is_active=False)
    Membership.everywhere.create(organization=world.organization, user=second, role=Role.OWNER)
    client.force_login(world.owner)
    assert change(client, world.owner, role="admin").context["adminform"].form.errors["role"]
    User.objects.filter(pk=second.pk).update(is_active=True)
    assert change(client, world.owner, role="admin").status_code == 302


def test_owner_of_another_organization_does_not_count_either(client: Client, world: World, stranger: World):
    Membership.everywhere.create(organization=stranger.organization, user=world.owner, role=Role.OWNER)
    client.force_login(world.owner)
    enter(client, world.organization)
    member = Membership.everywhere.get(organization=world.organization, user=world.owner)
    assert client.post(f"{LIST}{member.pk}/delete/", {"post": "yes"}).status_code == 403


def test_removing_a_member_keeps_the_person(client: Client, world: World):
    session = Client()
    session.force_login(world.member)
    client.force_login(world.admin)
    assert remove(client, world.member).status_code == 302
    assert User.objects.filter(pk=world.member.pk, is_active=True).exists()
    assert session.get(reverse("own_home")).url == reverse("organizations")


def test_members_are_added_by_invitation_only_and_removed_one_by_one(client: Client, world: World):
    client.force_login(world.owner)
    assert client.get(f"{LIST}add/").status_code == 403
    client.post(LIST, {"action": "delete_selected", "_selected_action": [membership(world.member).pk], "post": "yes"})
    assert Membership.everywhere.filter(user=world.member).exists()


def test_auditor_sees_all_and_changes_nothing(client: Client, world: World):
    client.force_login(world.auditor)
    assert world.member.email in content(client.get(LIST))
    page = content(client.get(f"{LIST}{membership(world.member).pk}/change/"))
    assert world.member.email in page
    assert 'name="role"' not in page
    assert change(client, world.member, role="admin").status_code == 403
    assert remove(client, world.member).status_code == 403
    assert membership(world.member).role == Role.MEMBER


@pytest.mark.parametrize("value", ["boss", "", "OWNER", "\0"])
def test_impossible_role_is_answered_at_its_field(client: Client, world: World, value: str):
    client.force_login(world.owner)
    assert change(client, world.member, role=value).context["adminform"].form.errors["role"]


def test_filter_cannot_spell_a_password_hash(client: Client, world: World):
    client.force_login(world.admin)
    assert client.get(LIST, {"user__password__startswith": "md5"}).status_code == 400


def test_role_that_changes_ends_what_a_running_session_may(client: Client, world: World):
    client.force_login(world.admin)
    assert client.get(LIST).status_code == 200
    Membership.everywhere.filter(user=world.admin).update(role=Role.MEMBER)
    assert client.get(LIST).status_code == 302
