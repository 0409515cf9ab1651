from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Membership, Role, User
from accounts.tenancy import within
from integrations.admin import navigation as side
from tests.conftest import World

PEOPLE = "admin:accounts_membership_changelist"


def seen_by(user: User | AnonymousUser, world: World, path: str = "/admin/") -> side.Navigation:
    request: HttpRequest = RequestFactory().get(path)
    request.user = user
    with within(world.organization):
        return side.navigation(request)


def labels(navigation: side.Navigation) -> list[str]:
    return [str(item.label) for group in navigation.groups for item in group.items]


def here(navigation: side.Navigation) -> list[str]:
    return [str(item.label) for group in navigation.groups for item in group.items if item.is_here]


@pytest.fixture
def counters(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(side, "_counters", [])
    return


@pytest.mark.parametrize("role", ["owner", "admin", "auditor"])
def test_who_works_in_the_admin_sees_its_pages(role: str, world: World) -> None:
    navigation = seen_by(getattr(world, role), world)
    assert {"Overview", "People and roles", "Invitations", "Settings"} <= set(labels(navigation))
    assert str(navigation.role) == Role(role).label


def test_member_has_no_groups(world: World) -> None:
    navigation = seen_by(world.member, world)
    assert (navigation.groups, navigation.role) == ([], "Member")


def test_nobody_has_no_groups_and_no_role(world: World) -> None:
    assert seen_by(AnonymousUser(), world) == side.Navigation([], "", may_switch=False)


def test_person_of_another_organization_sees_nothing_here(world: World, stranger: World) -> None:
    assert seen_by(stranger.owner, world) == side.Navigation([], "", may_switch=False)


def test_users_are_for_operators(world: World, operator: User) -> None:
    assert "Users" in labels(seen_by(operator, world))
    assert "Users" not in labels(seen_by(world.owner, world))
    assert str(seen_by(operator, world).role) == "Operator"


def test_page_that_does_not_exist_is_left_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = (side.Page("Nowhere", "admin:nowhere"), side.Rows("Nothing", "accounts.nothing"), side.Rows("Sessions", "sessions.session"))
    monkeypatch.setattr(side, "GROUPS", (("Some", (*pages, side.Page("Overview", "admin:index"))), ("None", pages)))
    navigation = seen_by(world.owner, world)
    assert labels(navigation) == ["Overview"]
    assert [group.label for group in navigation.groups] == ["Some"]


def test_page_with_a_permission_is_shown_to_who_has_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = side.Page("Inviting", "admin:index", permission="accounts.add_invitation")
    monkeypatch.setattr(side, "GROUPS", (("Some", (entry,)),))
    assert labels(seen_by(world.admin, world)) == ["Inviting"]
    assert labels(seen_by(world.auditor, world)) == []


def test_page_in_view_is_the_one_whose_address_fits_best(world: World) -> None:
    row = Membership.everywhere.get(user=world.member)
    assert here(seen_by(world.owner, world, reverse("admin:index"))) == ["Overview"]
    assert here(seen_by(world.owner, world, reverse("admin:accounts_membership_change", args=[row.pk]))) == ["People and roles"]
    assert here(seen_by(world.owner, world, reverse("profile"))) == []


@pytest.mark.usefixtures("counters")
def test_counter_puts_a_number_beside_its_page(world: World) -> None:
    side.counter(lambda: {PEOPLE: 2})
    counts = {str(item.label): item.count for group in seen_by(world.owner, world).groups for item in group.items}
    assert (counts["People and roles"], counts["Overview"]) == (2, 0)


@pytest.mark.usefixtures("counters")
def test_counter_is_not_asked_for_members(world: World) -> None:
    side.counter(lambda: pytest.fail("asked"))
    assert seen_by(world.member, world).groups == []


def test_only_who_has_more_than_one_organization_may_switch(world: World, stranger: World, operator: User) -> None:
    assert not seen_by(world.owner, world).may_switch
    Membership.everywhere.create(organization=stranger.organization, user=world.owner, role=Role.MEMBER)
    assert seen_by(User.objects.get(pk=world.owner.pk), world).may_switch
    assert seen_by(operator, world).may_switch


@pytest.mark.usefixtures("counters")
def test_navigation_costs_no_query_of_its_own(world: World, django_assert_num_queries) -> None:
    user = world.owner
    assert user.memberships
    with django_assert_num_queries(0):
        seen_by(user, world)


def test_side_is_drawn_with_the_page_in_view_and_a_way_out(world: World, client: Client) -> None:
    client.force_login(world.owner)
    page = client.get(reverse(PEOPLE)).content.decode()
    assert f'<a href="{reverse(PEOPLE)}" aria-current="page">People and roles</a>' in page
    assert f'<form method="post" action="{reverse("logout")}">' in page


@pytest.mark.parametrize(
    ("cookie", "painted"), [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"'), ('"><script>', ""), ("", "")]
)
def test_theme_is_painted_from_the_cookie_and_nothing_else_is(cookie: str, painted: str, client: Client, db: None) -> None:
    client.cookies["theme"] = cookie
    assert f'<html lang="en" dir="ltr"{painted}>' in client.get(reverse("login")).content.decode()
