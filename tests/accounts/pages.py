"""What the tests of the accounts app share: signing in as a person does, codes of an authenticator app, a policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import ports, second_factor
from accounts.models import Organization, User
from accounts.ports import Door, Proof, Refusal
from tests.conftest import PASSWORD


def sign_in(client: Client, user: User | str, password: str = PASSWORD, **more: str) -> HttpResponse:
    email = user.email if isinstance(user, User) else user
    return client.post(reverse("login"), {"username": email, "password": password, **more})


def code_of(key: str, steps_ahead: int = 0) -> str:
    """What an authenticator app with this key shows, now or some steps of 30 seconds later."""
    otp = TOTP(bytes.fromhex(key))
    otp.time = timezone.now().timestamp() + 30 * steps_ahead
    return f"{otp.token():06d}"


def with_second_factor(user: User) -> tuple[str, list[str]]:
    """Give the user an app, and answer its key and the recovery codes. The code of the current step is still unused."""
    key = second_factor.new_key()
    made = second_factor.enrol(user, key, code_of(key))
    assert made is not None
    TOTPDevice.objects.filter(user=user).update(last_t=-1)
    return key, made[1]


def links_in_mail() -> list[str]:
    """The paths of all addresses in the last mail."""
    return re.findall(r"http://127\.0\.0\.1:8000(/\S*)", mail.outbox[-1].body)


def enter(client: Client, organization: Organization) -> None:
    """Choose the organization to look at."""
    session = client.session
    session["organization_id"] = organization.pk
    session.save()


@dataclass
class Policy:
    """Refuses at the given doors of the given organization, and remembers what it was asked."""

    shut: set[Door] = field(default_factory=set)
    organization: Organization | None = None
    asked: list[tuple[Door, User, Organization, Proof | None]] = field(default_factory=list)

    def refusal(self, door: Door, request: HttpRequest, user: User, organization: Organization, proof: Proof | None) -> Refusal | None:
        self.asked.append((door, user, organization, proof))
        if door in self.shut and self.organization in {None, organization}:
            return Refusal(f"{organization} lets nobody in here.", "/elsewhere/")
        return None


@contextmanager
def registered(policy: Policy) -> Iterator[Policy]:
    ports.register_sign_in_policy(policy)
    try:
        yield policy
    finally:
        ports.sign_in_policies.remove(policy)


def content(response: HttpResponse) -> str:
    """What the page says, without the token that differs with every view."""
    return re.sub(r'(name="csrfmiddlewaretoken" value=")\w+', r"\1", response.content.decode())
