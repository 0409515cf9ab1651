"""Several workers at once, and workers that die in the middle: sent once, twice at most after a death, never not at all."""

from __future__ import annotations

from collections import Counter

import pytest
from django.core import mail

from integrations.models import Incident, Notice, NoticeState
from integrations.notices import planning, sending
from tests.integrations.notices.conftest import Desk, Ear, Killed, Post
from tests.integrations.sync.desk import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_several_workers_one_makes_the_notices(desk: Desk) -> None:
    desk.open()
    at_once(*[planning.make_due] * 4)
    assert Notice.everywhere.count() == 3
    assert Incident.everywhere.get().told == 1


def test_several_workers_send_each_mail_and_each_call_once(desk: Desk, ear: Ear) -> None:
    for number in range(6):
        desk.open(cause=f"cause {number}", title=f"Trouble {number}")
    at_once(*[sending.tell_people] * 3, *[sending.call_endpoints] * 2)
    desk.beat()
    assert Counter((one.to[0], one.subject) for one in mail.outbox) == Counter(
        {(person.email, f"Trouble {number}"): 1 for person in (desk.world.owner, desk.world.admin, desk.creator) for number in range(6)}
    )
    assert Counter(document["cause"] for document in ear.heard()) == Counter({f"cause {number}": 1 for number in range(6)})
    assert set(Notice.everywhere.values_list("state", "tries")) == {(NoticeState.SENT, 1)}


def test_closing_while_another_worker_makes_the_notices_is_told_or_not_but_never_half(desk: Desk) -> None:
    desk.open()
    at_once(planning.make_due, desk.close, planning.make_due)
    desk.beat()
    subjects = Counter(one.to[0] for one in mail.outbox)
    assert set(subjects.values()) <= {2}
    assert Incident.everywhere.get().tell_at is None


@pytest.mark.parametrize(("moment", "mails"), [("before", 1), ("after", 2)])
def test_a_worker_that_dies_at_sending_loses_nothing_and_doubles_one_at_most(desk: Desk, post: type[Post], moment: str, mails: int) -> None:
    desk.open()
    planning.make_due()
    post.kills = moment
    with pytest.raises(Killed):
        sending.tell_people()
    post.kills = ""
    desk.wait(minutes=6)
    desk.beat()
    for counts in (Counter(one.to[0] for one in mail.outbox), Counter(one.extra_headers["Message-ID"] for one in mail.outbox)):
        assert sorted(counts.values()) == [1, 1, mails]


def test_a_worker_that_was_thought_dead_does_not_undo_what_another_did_since(desk: Desk) -> None:
    """That it went counts whoever says so; that it failed does not, when somebody else has tried since."""
    desk.open()
    planning.make_due()
    notice = Notice.everywhere.order_by("pk").first()
    assert notice is not None
    Notice.everywhere.filter(pk=notice.pk).update(tries=2)
    notice.tries = 1
    sending._note_trouble(notice, "late")
    notice.refresh_from_db()
    assert (notice.state, notice.trouble) == (NoticeState.WAITING, "")
