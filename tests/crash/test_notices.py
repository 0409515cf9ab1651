"""`kill -9` of the worker while it tells of an incident: nobody is left out, and at most one mail comes twice, with the same Message-ID."""

from __future__ import annotations

import time
from collections import Counter
from email import message_from_string
from pathlib import Path

import pytest

from tests.crash.conftest import Installation
from tests.figures import Figures

pytestmark = pytest.mark.crash

PEOPLE = 5
POINTS = {"before a mail went": ("notice.sending", 0), "after a mail went": ("notice.sent", 1)}

TROUBLE = f"""
import django
django.setup()
from accounts.models import Membership, User
from integrations.models import Integration
from integrations.sync.incidents import open_incident
integration = Integration.everywhere.get()
Integration.everywhere.non_polymorphic().update(connection="paused")
Membership.everywhere.all().delete()
for number in range({PEOPLE}):
    user = User.objects.create_user(f"person{{number}}@example.com")
    Membership.everywhere.create(organization=integration.organization, user=user, role="admin")
open_incident(integration, "connection", "It needs to be reconnected.")
"""


def mails(folder: Path) -> list[tuple[str, str]]:
    """Recipient and Message-ID of what went."""
    texts = [text.strip() for path in folder.glob("*.log") for text in path.read_text().split("-" * 79)]
    messages = [message_from_string(text) for text in texts if text]
    return [(message["To"], message["Message-ID"]) for message in messages]


@pytest.mark.parametrize("engine", ["sqlite-local", "postgres-local"], indirect=True)
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_while_it_sends_loses_no_mail_and_doubles_one_at_most(
    installation: Installation, engine: str, point: str, figures: Figures
) -> None:
    event, doubles = POINTS[point]
    folder = installation.folder / "mails"
    installation.run("-c", TROUBLE)
    hasty = {"EMAIL_URL": f"filemail:///{folder}", "CLOCK_SCALE": "300", "CLOCK_EPOCH": str(time.time())}
    installation.environment.update(hasty)
    died_at = installation.dies_at(event, nth="3")
    with installation.working(), installation.working():
        sent = "SELECT COUNT(*) FROM integrations_notice WHERE state = 'sent'"
        installation.wait_for(lambda: installation.query(sent) == [(PEOPLE,)], 60, "the last mail")
        took = time.time() - died_at
        time.sleep(1)
    arrived = mails(folder)
    assert Counter(to for to, _key in arrived).keys() == {f"person{number}@example.com" for number in range(PEOPLE)}
    assert len(arrived) == PEOPLE + doubles
    assert len(set(arrived)) == PEOPLE
    figures(f"killed {point}, {engine}: all {PEOPLE} told, {doubles} of them twice, after {took:.1f} s (5 min and more on the clock)")
