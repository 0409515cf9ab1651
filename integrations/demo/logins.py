"""Who signs in to the demo, and with what password."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from accounts.models import Membership, Organization, User
from integrations.demo.cast import Cast

PASSWORD = "patchbay-demo-login"  # noqa: S105 - documented, and given only where nobody else comes in
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Login:
    """`password` is blank when it is not known any more: somebody changed it, or it was printed at an earlier time."""

    user: User
    password: str


def is_local() -> bool:
    """Whether this installation is for the person at this machine only."""
    return urlsplit(settings.PUBLIC_URL).hostname in LOCAL


def enrol(casts: Iterable[Cast]) -> list[Login]:
    """The users of the casts, made where they are missing, one for each e-mail address.

    A local installation gives them the documented password. Any other one gives them a random password, and takes the
    documented one away from those who got it while the installation was local.
    """
    members = {member.email: member for cast in casts for member in cast.members}
    local, fresh = is_local(), secrets.token_urlsafe(15)
    logins = []
    for member in members.values():
        user = User.objects.filter(email__iexact=member.email).first()
        if user is None:
            password = PASSWORD if local else fresh
            user = User.objects.create_user(member.email, password, first_name=member.first_name, last_name=member.last_name)
        elif not user.check_password(PASSWORD):
            password = ""
        elif local:
            password = PASSWORD
        else:
            password = fresh
            user.set_password(password)
            user.save(update_fields=["password"])
        logins.append(Login(user, password))
    return logins


def join(cast: Cast, organization: Organization, users: dict[str, User]) -> None:
    """Make the cast's members the organization's; who is one already keeps the role."""
    for member in cast.members:
        Membership.everywhere.get_or_create(organization=organization, user=users[member.email], defaults={"role": member.role})
