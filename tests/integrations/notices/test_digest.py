"""The weekly digest: what it counts, who gets it, and that nobody gets it twice."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError

from accounts.models import Membership
from integrations import clock
from integrations.models import Action, Integration, ItemState, Notice, NoticeState
from integrations.notices import digest
from tests.conftest import World
from tests.integrations.admin.scenes import make_integration, make_invoices, make_items, make_run
from tests.integrations.notices.conftest import TITLE, Desk, Post
from tests.integrations.sync.desk import at_once, run_command

pytestmark = pytest.mark.django_db

READERS = ["admin@northwind-studio.example", "owner@northwind-studio.example"]


def run(*arguments: Any) -> Any:
    return json.loads(run_command("digest", "--json", *arguments))


def in_last_week(desk: Desk) -> datetime:
    monday = digest.last_week(desk.world.organization)
    return datetime(monday.year, monday.month, monday.day, 12, tzinfo=UTC) + timedelta(days=2)


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """3 exported, 5 imported, 2 + 1 failed in the last week, and as much before and after it that does not count; 4 waiting; 1 incident."""
    then = in_last_week(desk)
    invoices = make_invoices(desk.world.organization, 20)
    exported = make_run(desk.integration)
    for days, rows in ((0, invoices[:3]), (-7, invoices[3:7]), (7, invoices[7:12])):
        make_items(exported, rows, finished_at=then + timedelta(days=days))
    make_items(exported, invoices[12:14], ItemState.REJECTED, finished_at=then)
    make_items(exported, invoices[14:15], step="pdf", finished_at=then)
    for days, count in ((0, 5), (-7, 50), (7, 500)):
        make_run(desk.integration, Action.IMPORT, succeeded=count, rejected=count // 5, finished_at=then + timedelta(days=days))
    make_run(desk.integration, Action.IMPORT, succeeded=9, dry=True, finished_at=then)
    Integration.everywhere.filter(pk=desk.integration.pk).update(waiting_count=4)
    make_integration(desk.world.organization, "Quiet one")
    desk.open()
    return desk


def test_it_counts_the_last_whole_week_and_what_needs_somebody_now(busy: Desk) -> None:
    (told,) = run()
    assert told["integrations"] == [
        {
            "id": busy.integration.pk,
            "provider": "xero",
            "name": "Xero",
            "exported": 3,
            "imported": 5,
            "failed": 3,
            "waiting": 4,
            "open_incidents": [TITLE],
        }
    ]
    assert (told["organization"], told["recipients"], told["sent"], told["waiting"]) == ("northwind-studio", READERS, 2, 0)
    assert sorted(one.to[0] for one in mail.outbox) == READERS
    for words in ("3 records were exported", "5 records were imported", "3 records failed", "4 records wait now", f"Open now: {TITLE}"):
        assert words in mail.outbox[0].body
    assert "Quiet one" not in mail.outbox[0].body
    assert mail.outbox[0].subject.startswith("Northwind Studio: the week from ")


def test_a_second_run_in_the_same_week_sends_nothing_twice_unless_it_is_told_to(busy: Desk) -> None:
    run()
    assert run()[0]["sent"] == 2
    assert len(mail.outbox) == 2
    assert run("--again")[0]["sent"] == 2
    assert len(mail.outbox) == 4
    assert len({one.extra_headers["Message-ID"] for one in mail.outbox}) == 4


def test_the_next_week_has_a_digest_of_its_own(busy: Desk) -> None:
    run()
    busy.wait(7)
    assert run()[0]["integrations"][0]["exported"] == 5
    assert len(mail.outbox) == 4


def test_who_came_since_still_gets_it(busy: Desk) -> None:
    run()
    Membership.everywhere.filter(user=busy.world.member).update(role="admin")
    run()
    assert [one.to[0] for one in mail.outbox[2:]] == ["member@northwind-studio.example"]


def test_a_dry_run_sends_nothing_and_says_what_would_be_said(busy: Desk) -> None:
    assert run("--dry-run")[0]["recipients"] == READERS
    assert "Xero: 3 exported, 5 imported, 3 failed, 4 waiting, 1 open incidents" in run_command("digest", "--dry-run")
    assert mail.outbox == []
    assert not Notice.everywhere.exists()


def test_nothing_to_tell_sends_nothing(desk: Desk) -> None:
    assert run() == [
        {
            "organization": "northwind-studio",
            "week": digest.last_week(desk.world.organization).isoformat(),
            "integrations": [],
            "recipients": [],
            "sent": 0,
            "waiting": 0,
        }
    ]
    assert "nothing to tell" in run_command("digest")
    assert mail.outbox == []


def test_each_organization_reads_its_own(busy: Desk, stranger: World) -> None:
    Integration.everywhere.filter(pk=make_integration(stranger.organization, "Canary connection").pk).update(waiting_count=7)
    told = {one["organization"]: one for one in run()}
    assert [line["name"] for line in told["canary-gmbh"]["integrations"]] == ["Canary connection"]
    for one in mail.outbox:
        is_theirs = one.to[0].endswith("@canary-gmbh.example")
        assert ("Canary" in one.body) == is_theirs
    assert len(mail.outbox) == 4


def test_one_organization_alone_can_be_named(busy: Desk, stranger: World) -> None:
    Integration.everywhere.filter(pk=make_integration(stranger.organization).pk).update(waiting_count=7)
    assert [one["organization"] for one in run("--organization", "canary-gmbh")] == ["canary-gmbh"]
    assert {one.to[0].partition("@")[2] for one in mail.outbox} == {"canary-gmbh.example"}
    with pytest.raises(CommandError, match="no organization with the short name 'nobody'"):
        run("--organization", "nobody")


def test_whoever_wants_no_mail_gets_no_digest(busy: Desk) -> None:
    Membership.everywhere.filter(user=busy.world.owner).update(wants_mail=False)
    assert run()[0]["recipients"] == READERS[:1]
    assert [one.to[0] for one in mail.outbox] == READERS[:1]


def test_what_the_mail_server_does_not_take_the_workers_send_later(busy: Desk, post: type[Post]) -> None:
    busy.close()
    post.is_away = True
    assert (run()[0]["sent"], run()[0]["waiting"]) == (0, 2)
    post.is_away = False
    busy.wait(hours=1)
    assert [line.partition(":")[0] for line in busy.beat()] == ["admin", "owner"]
    assert set(Notice.everywhere.values_list("state", flat=True)) == {NoticeState.SENT}


def test_the_week_is_that_of_the_organization_s_calendar(desk: Desk) -> None:
    organization = desk.world.organization
    monday = digest.last_week(organization)
    assert monday.weekday() == 0
    assert timedelta(days=7) <= clock.now().date() - monday <= timedelta(days=14)
    assert digest.last_day(date(2026, 6, 29)) == date(2026, 7, 5)
    run_ = make_run(desk.integration)
    local_midnight = datetime(2026, 6, 28, 22, 0, tzinfo=UTC)  # Monday, 29 June, in Berlin
    first, before = make_invoices(organization, 2)
    make_items(run_, [first], finished_at=local_midnight)
    make_items(run_, [before], finished_at=local_midnight - timedelta(seconds=1))
    assert [line.exported for line in digest.lines(organization, date(2026, 6, 29))] == [1]


@pytest.mark.django_db(transaction=True)
def test_two_calls_at_once_send_each_once(busy: Desk) -> None:
    at_once(run, run)
    assert sorted(one.to[0] for one in mail.outbox) == READERS
