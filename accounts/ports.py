"""How an app above plugs into signing in: policies that are asked at every door, and choices on the login page.

An app registers its own in `AppConfig.ready()`; nothing here knows of any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise

if TYPE_CHECKING:
    from accounts.models import Organization, User


class Door(StrEnum):
    LOGIN = "login"  # somebody has just proved who they are and asks to be signed in
    RESET = "reset"  # somebody asks for, or uses, a link to set a new password
    SESSION = "session"  # a session remembered from earlier enters the organization, with every request
    ADMIN = "admin"  # the same, when the request is for the organization's admin


PASSWORD = "password"  # noqa: S105
INVITATION = "invitation"
OWN = frozenset({PASSWORD, INVITATION})


@dataclass(frozen=True)
class Proof:
    """How a person proved who they are: `how` is "password", "invitation", or the word of the app that let them in.

    An organization's word for somebody may end before the session does, at `until`.
    """

    how: str
    at: datetime
    second_factor: bool = False
    until: datetime | None = None

    @property
    def is_own(self) -> bool:
        """The person's own proof, and not an organization's word for the person."""
        return self.how in OWN


@dataclass(frozen=True)
class Refusal:
    """Why a door stays shut, in words for the person, and the address to go to instead.

    A `straight` refusal leads there at once, because that page explains itself; else the reason is shown first.
    """

    reason: str | Promise
    go_to: str
    straight: bool = False


class SignInPolicy(Protocol):
    def refusal(self, door: Door, request: HttpRequest, user: User, organization: Organization, proof: Proof | None) -> Refusal | None:
        """Why `user` may not pass `door` into `organization`, or None. `proof` is None at the reset door: nothing is proved there yet.

        Asked with every request of a session, hence quick; `organization` is current meanwhile.
        """


@dataclass(frozen=True)
class SignInChoice:
    """Another way to sign in, offered as a link below the password form."""

    label: str | Promise
    url: str


Farewell = Callable[[HttpRequest], HttpResponse | None]
SignInChoices = Callable[[HttpRequest], Iterable[SignInChoice]]

sign_in_policies: list[SignInPolicy] = []
sign_in_choices: list[SignInChoices] = []
farewells: list[Farewell] = []


def register_sign_in_policy(policy: SignInPolicy) -> None:
    sign_in_policies.append(policy)


def register_sign_in_choices(choices: SignInChoices) -> None:
    """`choices` is called for every view of the login page and answers what to offer on it."""
    sign_in_choices.append(choices)


def register_farewell(farewell: Farewell) -> None:
    """`farewell` is asked when somebody signs out, while the session is still there: what to answer instead of the usual, or None."""
    farewells.append(farewell)
