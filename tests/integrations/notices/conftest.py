"""An organization with an integration, a receiver of calls on a real socket, and a mail server that can be broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from accounts.models import User
from integrations.models import Incident, Integration, Notice, NoticeEndpoint
from integrations.notices.sending import call_endpoints, tell_people
from integrations.notices.signing import new_secret
from integrations.sync.incidents import close_incident, open_incident
from tests.conftest import World
from tests.integrations.admin.scenes import make_integration
from tests.integrations.http.conftest import Vendor, connected, start_vendor, vendor

__all__ = ["connected", "start_vendor", "vendor"]

CAUSE, TITLE = "connection", "Xero needs to be reconnected."


class Killed(BaseException):
    """Ends the thread where it is, as SIGKILL ends a process: nothing after it is done."""


class Post(EmailBackend):
    """Django's mailbox in memory, behind a server that is away for everybody, or refuses some addresses.

    `kills` is when the worker that speaks to it dies: before or after the mail is taken.
    """

    is_away = False
    refused: set[str] = set()
    kills = ""

    def send_messages(self, messages: Any) -> int:
        if self.is_away:
            raise SMTPServerDisconnected("Connection unexpectedly closed")
        if self.kills:
            taken = super().send_messages(messages) if self.kills == "after" else 0
            raise Killed(taken)
        for message in messages:
            if bad := self.refused.intersection(message.to):
                raise SMTPRecipientsRefused(dict.fromkeys(bad, (550, b"No such user here")))
        return super().send_messages(messages)


@pytest.fixture
def post(settings: Any) -> type[Post]:
    settings.EMAIL_BACKEND = f"{__name__}.Post"
    Post.is_away, Post.refused, Post.kills = False, set(), ""
    return Post


@dataclass
class Desk:
    """What the tests do and see. `creator` is a plain member."""

    world: World
    integration: Integration
    later: Callable[[float], None]
    seen: int = field(default=0)

    @property
    def creator(self) -> User:
        return self.world.member

    def open(self, cause: str = CAUSE, title: str = TITLE, **more: str) -> Incident:
        open_incident(self.integration, cause, title, **more)
        return Incident.everywhere.get(integration=self.integration, cause=cause, closed_at=None)

    def close(self, cause: str = CAUSE) -> None:
        close_incident(self.integration, cause)

    def wait(self, days: float = 0, **parts: float) -> None:
        self.later(timedelta(days=days, **parts).total_seconds())

    def beat(self) -> list[str]:
        """What the workers do next by the clock; who got a mail by it, and its subject."""
        while tell_people() is not None:
            pass
        while call_endpoints() is not None:
            pass
        new = mail.outbox[self.seen :]
        self.seen = len(mail.outbox)
        return sorted(f"{one.to[0].partition('@')[0]}: {one.subject}" for one in new)


@pytest.fixture
def desk(world: World, later: Callable[[float], None], post: type[Post]) -> Desk:
    return Desk(world, make_integration(world.organization, "Xero", creator=world.member), later)


@dataclass
class Ear:
    """An organization's own system, listening at a socket."""

    vendor: Vendor
    endpoint: NoticeEndpoint

    def heard(self) -> list[dict[str, Any]]:
        return [json.loads(received.body) for received in self.vendor.received]

    def kinds(self) -> list[str]:
        return [document["kind"] for document in self.heard()]

    def notices(self) -> list[Notice]:
        return list(Notice.everywhere.filter(endpoint=self.endpoint).order_by("pk"))


@pytest.fixture
def ear(desk: Desk, vendor: Vendor, settings: Any) -> Ear:
    settings.NOTICE_HOSTS = vendor.allowed
    url = f"{vendor.base}/hooks/incidents?team=finance"
    return Ear(vendor, NoticeEndpoint.everywhere.create(organization=desk.world.organization, url=url, secret=new_secret()))
