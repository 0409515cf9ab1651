"""Who is told of an incident by mail, when, and in which words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from accounts.models import Membership
from integrations import clock
from integrations.errors import AuthLost
from integrations.models import Incident, Notice, NoticeState
from integrations.notices.planning import make_due
from integrations.sync.incidents import QUIET, open_incident
from integrations.sync.losing import lose_connection
from integrations.sync.turns import take_turn
from tests.conftest import World, make_user
from tests.integrations.admin.scenes import make_integration
from tests.integrations.notices.conftest import TITLE, Desk, Post

pytestmark = pytest.mark.django_db

EVERYBODY = ["admin", "member", "owner"]


def names(told: list[str]) -> list[str]:
    return [line.partition(":")[0] for line in told]


def test_creator_owners_and_admins_are_told_once_when_it_opens(desk: Desk) -> None:
    desk.open()
    assert desk.beat() == [f"{name}: {TITLE}" for name in EVERYBODY]
    desk.open()
    desk.wait(hours=23)
    assert desk.beat() == []


def test_reminders_come_at_growing_intervals_and_never_end(desk: Desk) -> None:
    desk.open()
    assert desk.beat() == [f"{name}: {TITLE}" for name in EVERYBODY]
    for days in (1, 3, 7, 14, 14):
        desk.wait(days - 0.1)
        assert desk.beat() == []
        desk.wait(0.1)
        assert desk.beat() == [f"{name}: Still open: {TITLE}" for name in EVERYBODY]


def test_a_worker_that_was_away_for_a_month_reminds_once(desk: Desk) -> None:
    desk.open()
    desk.beat()
    desk.wait(30)
    assert names(desk.beat()) == EVERYBODY
    assert desk.beat() == []


def test_when_it_is_over_whoever_was_told_hears_it_once(desk: Desk) -> None:
    desk.open()
    desk.beat()
    desk.close()
    assert desk.beat() == [f"{name}: Solved: {TITLE}" for name in EVERYBODY]
    desk.wait(30)
    assert desk.beat() == []


def test_what_opens_and_closes_between_two_beats_is_told_to_nobody(desk: Desk) -> None:
    desk.open()
    desk.close()
    assert desk.beat() == []
    assert Incident.everywhere.get().tell_at is None


def test_what_comes_and_goes_again_and_again_is_told_once_an_hour_at_most(desk: Desk) -> None:
    told = []
    for _turn in range(11):
        desk.open()
        told += desk.beat()
        desk.close()
        told += desk.beat()
        desk.wait(minutes=5)
    assert len(told) == 2 * len(EVERYBODY)
    desk.open()
    desk.wait(seconds=QUIET.total_seconds() + 1)
    assert names(desk.beat()) == EVERYBODY


def test_somebody_who_came_after_the_opening_is_not_told_that_it_is_over(desk: Desk) -> None:
    desk.open()
    desk.beat()
    Membership.everywhere.create(organization=desk.world.organization, user=make_user("late@northwind.example"), role="admin")
    desk.close()
    assert names(desk.beat()) == EVERYBODY


def test_lost_connection_is_told_by_the_engine_itself(desk: Desk) -> None:
    lose_connection(desk.integration, AuthLost("The refresh token was revoked."))
    assert names(desk.beat()) == EVERYBODY
    assert "The refresh token was revoked." in mail.outbox[0].body


# Who does not hear of it ---------------------------------------------------------------------------------------------------


def test_other_organizations_hear_nothing(desk: Desk, stranger: World) -> None:
    make_integration(stranger.organization, "Canary connection", creator=stranger.member)
    desk.open()
    desk.beat()
    desk.close()
    desk.beat()
    desk.wait(20)
    desk.beat()
    assert len(mail.outbox) == 2 * len(EVERYBODY)
    assert all(one.to[0].endswith("@northwind-studio.example") for one in mail.outbox)
    assert not Notice.everywhere.exclude(organization=desk.world.organization).exists()


def test_former_members_and_switched_off_accounts_hear_nothing(desk: Desk) -> None:
    Membership.everywhere.filter(user=desk.creator).delete()
    desk.world.admin.is_active = False
    desk.world.admin.save()
    desk.open()
    assert names(desk.beat()) == ["owner"]


def test_whoever_leaves_while_the_mail_waits_does_not_get_it(desk: Desk, post: type[Post]) -> None:
    post.is_away = True
    desk.open()
    desk.beat()
    Membership.everywhere.filter(user__in=[desk.creator, desk.world.admin]).delete()
    post.is_away = False
    desk.wait(hours=1)
    assert names(desk.beat()) == ["owner"]
    assert Notice.everywhere.filter(state=NoticeState.DROPPED).count() == 2


def test_an_admin_who_became_a_member_and_a_creator_elsewhere_hear_nothing(desk: Desk, stranger: World) -> None:
    Membership.everywhere.filter(user=desk.world.admin).update(role="member")
    desk.integration.creator = stranger.owner
    desk.integration.save()
    desk.open()
    assert names(desk.beat()) == ["owner"]


def test_auditors_and_operators_hear_nothing(desk: Desk, operator: object) -> None:
    desk.open()
    assert names(desk.beat()) == EVERYBODY


# Words ----------------------------------------------------------------------------------------------------------------------


def test_it_says_what_happened_what_to_do_and_where(desk: Desk, settings: Any) -> None:
    settings.PUBLIC_URL = "https://patchbay.example"
    incident = desk.open(message="The refresh token was revoked.", advice="Connect it again. Nothing is lost.")
    Incident.everywhere.update(opened_at="2026-07-01T22:30:00Z")
    desk.beat()
    body = mail.outbox[0].body
    for words in (
        "Xero · Northwind Studio",
        "The refresh token was revoked.",
        "Connect it again. Nothing is lost.",
        "2 July 2026, 00:30",
        f"https://patchbay.example/admin/incidents/{incident.pk}/",
        "https://patchbay.example/profile/",
    ):
        assert words in body
    assert mail.outbox[0].extra_headers["Message-ID"].endswith("@patchbay.example>")
    assert len({one.extra_headers["Message-ID"] for one in mail.outbox}) == len(EVERYBODY)


def test_each_reads_it_in_the_own_language_and_the_others_in_the_installation_s(desk: Desk, settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    desk.creator.language = "de"
    desk.creator.save()
    desk.world.owner.language = "xx"
    desk.world.owner.save()
    desk.open()
    Incident.everywhere.update(opened_at="2026-07-01T12:00:00Z")
    desk.beat()
    months = {one.to[0].partition("@")[0]: ("Juli" if "Juli" in one.body else "July") for one in mail.outbox}
    assert months == {"member": "Juli", "owner": "July", "admin": "July"}


def test_a_title_of_several_lines_stays_one_subject(desk: Desk) -> None:
    desk.open(title="Trouble\nBcc: all@example.com")
    assert desk.beat()[0] == "admin: Trouble Bcc: all@example.com"
    assert mail.outbox[0].recipients() == [mail.outbox[0].to[0]]


# Muted ----------------------------------------------------------------------------------------------------------------------


def test_a_person_who_wants_no_mail_gets_none(desk: Desk) -> None:
    Membership.everywhere.filter(user=desk.world.owner).update(wants_mail=False)
    desk.open()
    assert names(desk.beat()) == ["admin", "member"]


def test_a_muted_integration_is_told_when_the_day_has_come_if_it_is_still_open(desk: Desk) -> None:
    desk.integration.muted_until = clock.now() + timedelta(days=2)
    desk.integration.save()
    desk.open()
    desk.open(cause="other")
    assert desk.beat() == []
    desk.close("other")
    assert desk.beat() == []
    desk.wait(2.1)
    assert desk.beat() == [f"{name}: {TITLE}" for name in EVERYBODY]


def test_muting_after_it_was_told_ends_reminders_but_not_the_word_that_it_is_over(desk: Desk) -> None:
    desk.open()
    desk.beat()
    desk.integration.muted_until = clock.now() + timedelta(days=30)
    desk.integration.save()
    desk.wait(9)
    assert desk.beat() == []
    desk.close()
    assert names(desk.beat()) == EVERYBODY


def test_a_disconnected_integration_reminds_nobody(desk: Desk) -> None:
    desk.open()
    desk.beat()
    desk.integration.deactivated_at = clock.now()
    desk.integration.save()
    desk.wait(20)
    assert desk.beat() == []


# A mail server that fails ----------------------------------------------------------------------------------------------------


def test_a_mail_server_that_is_away_delays_and_loses_nothing_and_the_order_stays(desk: Desk, post: type[Post]) -> None:
    post.is_away = True
    desk.open()
    assert desk.beat() == []
    assert sorted(Notice.everywhere.values_list("tries", flat=True)) == [0, 0, 1]
    desk.wait(hours=2)
    desk.close()
    assert desk.beat() == []
    desk.wait(hours=40)
    post.is_away = False
    desk.beat()
    subjects = {}
    for one in mail.outbox:
        subjects.setdefault(one.to[0].partition("@")[0], []).append(one.subject)
    assert subjects == {name: [TITLE, f"Solved: {TITLE}"] for name in EVERYBODY}


def test_one_address_that_is_refused_keeps_nobody_else_waiting_and_is_given_up_in_the_end(desk: Desk, post: type[Post]) -> None:
    post.refused = {desk.world.admin.email}
    desk.open()
    assert names(desk.beat()) == ["member", "owner"]
    refused = Notice.everywhere.get(person=desk.world.admin)
    assert (refused.state, refused.tries, refused.trouble) == (NoticeState.WAITING, 1, "550 No such user here")
    for _day in range(8):
        desk.wait(1)
        desk.beat()
    refused.refresh_from_db()
    assert (refused.state, refused.tries) == (NoticeState.GIVEN_UP, 9)


def test_the_worker_goes_on_with_everything_else(desk: Desk, post: type[Post]) -> None:
    post.is_away = True
    desk.open()
    take_turn()
    desk.wait(minutes=2)
    while take_turn():
        pass
    assert Notice.everywhere.filter(tries=1, trouble="Connection unexpectedly closed").exists()
    post.is_away = False
    desk.wait(hours=1)
    while take_turn():
        pass
    assert len(mail.outbox) == len(EVERYBODY)
    assert Notice.everywhere.filter(state=NoticeState.SENT, sent_at__isnull=False, trouble="").count() == len(EVERYBODY)


def test_a_bug_in_one_notice_does_not_stop_the_others(desk: Desk) -> None:
    desk.open()
    make_due()
    Notice.everywhere.filter(person=desk.world.admin).update(kind="digest", incident=None, week=None)
    assert names(desk.beat()) == ["member", "owner"]
    assert Notice.everywhere.get(person=desk.world.admin).trouble == "AssertionError"


def test_what_becomes_more_urgent_is_told_again_before_its_time(desk: Desk) -> None:
    for urgency in (1, 1, 2):
        open_incident(desk.integration, "credential:end", f"Urgency {urgency}.", urgency=urgency)
        desk.beat()
    subjects = [one.subject for one in mail.outbox]
    assert len(subjects) == 2 * len(EVERYBODY)
    assert "Urgency 2." in subjects[-1]
