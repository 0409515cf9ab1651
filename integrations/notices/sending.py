"""Sending what is due: each notice is taken before it is sent, and noted after.

Two workers never have the same try. A worker that is killed between sending and noting is followed by another try, one double at
most, under the same key; one that is killed before sending by the same, and nothing is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from integrations import clock
from integrations.models import Notice, NoticeState
from integrations.notices import calling, mailing, planning
from integrations.notices.recipients import is_wanted
from integrations.notices.rhythm import PIECE_SECONDS, WAITS, step
from integrations.notices.trouble import NotTaken

log = structlog.get_logger(__name__)

Send = Callable[[Notice], None]
"""Sends one notice. Raises `NotTaken`."""


def tell_people() -> timedelta | None:
    """A chore: make the notices that are due, for people and for endpoints, and send the mails."""
    planning.make_due()
    return work_off(mails())


def call_endpoints() -> timedelta | None:
    """A chore of its own, so that neither a mail server nor an endpoint that hangs keeps the other waiting."""
    return work_off(Notice.everywhere.exclude(endpoint=None))


def mails() -> QuerySet[Notice]:
    return Notice.everywhere.filter(endpoint=None)


def work_off(notices: QuerySet[Notice]) -> timedelta | None:
    """Send those of the notices that are due. None when nothing is left, or the rest has to wait; else how soon to go on."""
    until = time.monotonic() + PIECE_SECONDS
    while time.monotonic() < until:
        notice = _take(notices)
        if notice is None or not _deliver(notice):
            return None
    return timedelta(0)


def _take(notices: QuerySet[Notice]) -> Notice | None:
    """The next due one, fresh ones first: it is ours until its next try. What was said before to the same recipient goes first."""
    now = clock.now()
    waiting = Notice.everywhere.filter(state=NoticeState.WAITING)
    same_recipient = Q(person=OuterRef("person")) | Q(endpoint=OuterRef("endpoint"))
    earlier = waiting.filter(same_recipient, incident=OuterRef("incident"), number__lt=OuterRef("number"))
    due = notices.filter(state=NoticeState.WAITING, due_at__lte=now).exclude(Exists(earlier)).order_by("tries", "due_at", "pk")
    for notice in due.select_related("organization", "incident__integration", "person", "endpoint")[:10]:
        ours = waiting.filter(pk=notice.pk, tries=notice.tries)
        if ours.update(tries=F("tries") + 1, due_at=now + step(WAITS, notice.tries)):
            notice.tries += 1
            return notice
    return None


def _deliver(notice: Notice) -> bool:
    """False when the next one would fare no better now."""
    send: Send = mailing.send if notice.endpoint is None else calling.send
    words = {"notice": notice.pk, "kind": notice.kind, "organization": notice.organization.slug}
    waiting = Notice.everywhere.filter(pk=notice.pk, state=NoticeState.WAITING)
    if not is_wanted(notice):
        waiting.update(state=NoticeState.DROPPED)
        return True
    log.debug("notice.sending", **words)
    try:
        send(notice)
    except NotTaken as trouble:
        log.warning("notice.not_taken", **words, tries=notice.tries, reason=trouble.message)
        _note_trouble(notice, trouble.message)
        return trouble.is_of_this_one
    except Exception as error:
        log.exception("notice.failed", **words)
        _note_trouble(notice, type(error).__name__)
        return True
    log.debug("notice.sent", **words)
    waiting.update(state=NoticeState.SENT, sent_at=clock.now(), trouble="")
    return True


def _note_trouble(notice: Notice, message: str) -> None:
    """Passed over when somebody else has tried since."""
    state = NoticeState.GIVEN_UP if notice.tries > len(WAITS) else NoticeState.WAITING
    Notice.everywhere.filter(pk=notice.pk, state=NoticeState.WAITING, tries=notice.tries).update(state=state, trouble=message)
