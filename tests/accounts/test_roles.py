from __future__ import annotations

import pytest

from accounts import roles
from accounts.models import Membership, Role, User
from accounts.tenancy import within
from tests.conftest import World

EVERYTHING = [f"accounts.{action}_{model}" for model in ("membership", "invitation") for action in ("view", "add", "change", "delete")]
SETTINGS = ["accounts.view_organization", "accounts.change_organization"]
OPERATORS = ["accounts.add_organization", "accounts.view_user", "accounts.change_user"]
NOBODYS = [
    "accounts.delete_organization",
    "accounts.add_user",
    "accounts.delete_user",
    "auth.view_group",
    "axes.view_accesslog",
    "",
    "nonsense",
]


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("owner", EVERYTHING + SETTINGS),
        ("admin", EVERYTHING + SETTINGS),
        ("auditor", ["accounts.view_membership", "accounts.view_invitation", "accounts.view_organization"]),
        ("member", []),
    ],
)
def test_permissions_follow_from_the_role_in_the_current_organization(world: World, stranger: World, role: str, may: list[str]):
    user: User = getattr(world, role)
    asked = EVERYTHING + SETTINGS + OPERATORS + NOBODYS
    with within(world.organization):
        assert [permission for permission in asked if user.has_perm(permission)] == may
        assert user.has_module_perms("accounts") is bool(may)
    for elsewhere in (None, stranger.organization):
        with within(elsewhere):
            assert not any(user.has_perm(permission) for permission in asked)
            assert not user.has_module_perms("accounts")


def test_operator_may_what_an_owner_may_in_the_one_organization_looked_at(world: World, operator: User):
    with within(world.organization):
        assert operator.has_perms(EVERYTHING + SETTINGS + OPERATORS)
        assert not any(operator.has_perm(permission) for permission in NOBODYS)
    assert not any(operator.has_perm(permission) for permission in EVERYTHING + SETTINGS)


def test_somebody_inactive_may_nothing(world: World, operator: User):
    world.owner.is_active = operator.is_active = False
    with within(world.organization):
        assert not any(user.has_perm(permission) for user in (world.owner, operator) for permission in EVERYTHING + SETTINGS + OPERATORS)


def test_admins_give_every_role_but_owner_and_others_give_none(world: World, operator: User):
    with within(world.organization):
        assert roles.gives(world.owner) == roles.gives(operator) == ["owner", "admin", "member", "auditor"]
        assert roles.gives(world.admin) == ["admin", "member", "auditor"]
        assert roles.gives(world.auditor) == roles.gives(world.member) == []
    assert roles.gives(world.owner) == []


def test_pay_is_seen_by_owners_and_by_whom_it_was_allowed(world: World):
    Membership.everywhere.filter(user=world.member).update(sees_pay=True)
    with within(world.organization):
        assert world.owner.has_perm("records.view_pay")
        assert world.member.has_perm("records.view_pay")
        assert not world.admin.has_perm("records.view_pay")
        assert not world.auditor.has_perm("records.view_pay")


def test_role_is_another_one_in_another_organization(world: World, stranger: World):
    Membership.everywhere.create(organization=stranger.organization, user=world.owner, role=Role.AUDITOR)
    with within(stranger.organization):
        assert roles.role_of(world.owner) == Role.AUDITOR
        assert not world.owner.has_perm("accounts.change_membership")
    with within(world.organization):
        assert roles.role_of(world.owner) == Role.OWNER
