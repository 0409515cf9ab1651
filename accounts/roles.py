"""What a role may do in the current organization. Permissions are computed, never stored: there are no groups.

Owners and admins may do everything to the organization's rows, auditors see them all, members have their home page.
Pay figures (`view_pay`) and owners' memberships need more than a role; operators may do what owners may, in the one
organization that they look at.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.apps import apps

from accounts.tenancy import OrganizationOwned, current_organization

if TYPE_CHECKING:
    from accounts.models import Membership, User

VIEW_PAY = "view_pay"
OPERATE = "accounts.operate"
"""To look at what belongs to the installation and to no organization."""
OPERATORS_ONLY = frozenset({OPERATE, "accounts.add_organization", "accounts.view_user", "accounts.change_user"})


@cache
def _permissions(role: str) -> frozenset[str]:
    from accounts.models import Role

    if role == Role.MEMBER:
        return frozenset()
    actions = ("view",) if role == Role.AUDITOR else ("view", "add", "change", "delete")
    own_settings = {f"accounts.{action}_organization" for action in actions if action in {"view", "change"}}
    return frozenset(own_settings) | {
        f"{model._meta.app_label}.{action}_{model._meta.model_name}"
        for model in apps.get_models()
        if issubclass(model, OrganizationOwned)
        for action in actions
        if action in model._meta.default_permissions
    }


def membership_of(user: User) -> Membership | None:
    """The user's membership in the current organization."""
    organization = current_organization()
    return user.memberships.get(organization.pk) if organization is not None and user.is_active else None


def role_of(user: User) -> str | None:
    """The user's role in the current organization; an operator acts as an owner of the one looked at."""
    from accounts.models import Role

    if current_organization() is not None and user.is_operator:
        return Role.OWNER
    membership = membership_of(user)
    return membership.role if membership else None


def sees_pay(user: User) -> bool:
    from accounts.models import Role

    membership = membership_of(user)
    return role_of(user) == Role.OWNER or (membership is not None and membership.sees_pay)


def gives(user: User) -> list[str]:
    """The roles that the user may give to others, and take from them: admins may not touch owners."""
    from accounts.models import Role

    every = [role.value for role in Role]
    return {Role.OWNER.value: every, Role.ADMIN.value: [role for role in every if role != Role.OWNER]}.get(role_of(user) or "", [])


def has_permission(user: User, permission: str) -> bool:
    if permission in OPERATORS_ONLY:
        return user.is_operator
    if permission.endswith(f".{VIEW_PAY}"):
        return sees_pay(user)
    role = role_of(user)
    return role is not None and permission in _permissions(role)


def has_any_permission(user: User, app_label: str) -> bool:
    role = role_of(user)
    return role is not None and any(permission.startswith(f"{app_label}.") for permission in _permissions(role))
