"""One batch out: built, frozen, sent, answered; and what is done about one whose outcome nobody knows.

Nothing here holds a transaction while it calls the vendor. The order of commits is the guarantee: `claimed` (nothing was
sent), `sending` with the frozen body and its key (the vendor may have it), `settled` together with the links.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import clock
from integrations.errors import ConfigProblem, ProviderError, RateLimited, Rejected, Transient, Uncertain
from integrations.models import Batch, BatchState, Integration, OutboxItem
from integrations.models.outbox import IN_FLIGHT
from integrations.provider import Client, Done, Draft, Export, Outcome
from integrations.sync import claim, outcomes, restoring, schedule
from integrations.sync.attempts import about
from integrations.sync.building import build, decode, encode
from integrations.sync.gate import is_down
from integrations.sync.outbox import look_again
from integrations.sync.outcomes import UNCHANGED
from integrations.sync.progress import lock
from integrations.sync.waiting import refuse_waiting_for

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(minutes=5)  # the vendor's clock may be behind ours
SOON, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=5)


class Answered(Exception):
    """The request was refused as a whole, and that is written down; there is nothing more to do with the batch."""


def work_off_batch(integration: Integration, client: Client) -> bool:
    """Do one batch: first one whose outcome is open, else the next due one. False when there was none.

    Raises what concerns the integration as a whole (`AuthLost`, `RateLimited`, `Transient`, `Uncertain`), after the
    batch was written down accordingly.
    """
    batch = claim.take_over(integration)
    claimed = claim.claim_next(integration) if batch is None else None
    try:
        if batch is not None:
            with about(batch, batch.items.all()):
                _recover(batch, integration.declaration.export(batch.kind, batch.step), client)
        elif claimed is not None:
            batch, items = claimed
            with about(batch, items):
                log.info("batch.claimed", kind=batch.kind, step=batch.step)
                _build_and_send(batch, items, integration.declaration.export(batch.kind, batch.step), client)
    except Answered:
        pass
    except claim.StaleFence:
        log.warning("batch.taken_by_another", batch=batch.pk if batch else None, integration=integration.pk)
    return batch is not None


def _build_and_send(batch: Batch, items: Sequence[OutboxItem], export: Export, client: Client) -> None:
    if too_early := restoring.wait_until(batch, export):
        _give_back(batch, too_early)
        return
    built = build(batch.integration, export, items)
    if built.too_early:
        items = _send_after_needs(batch, export, items, built.too_early)
    early: dict[int, Outcome] = {**built.errors, **dict.fromkeys(built.unchanged, UNCHANGED)}
    if export.adopt and not batch.updates:
        anew = {item.pk for item in items if item.create_new}
        if candidates := [draft for draft in built.drafts if draft.item not in anew]:
            with _nothing_written(batch, export, candidates):
                early |= _call(Rejected, export.adopt, client, candidates)
    drafts = [*built.drafts, *built.unchanged.values()]
    if restoring.is_in_doubt(batch, export) and (doubtful := [draft for draft in built.drafts if draft.item not in early]):
        early |= (there := _sent_before(batch, export, items, doubtful, client))
        drafts = [replace(draft, payload={}) if draft.item in there else draft for draft in drafts]  # what it says there, nobody knows
    if not export.is_on(batch.integration):
        early |= {draft.item: _switched_off(batch, export) for draft in built.drafts if draft.item not in early}
    to_send = [draft for draft in drafts if draft.item not in early]
    if not to_send:
        outcomes.finish(batch, export, items, drafts, early)
        return
    with transaction.atomic():
        claim.begin_sending(batch, encode(to_send))
        outcomes.write(batch, export, items, drafts, early)
    log.info("batch.sending", records=len(to_send))
    claim.check_lease(batch)
    with _nothing_written(batch, export, to_send):
        try:
            answers = _write(batch, export, client, to_send)
        except Uncertain as error:
            claim.keep_uncertain(batch, clock.now() + SOON, error.message)
            raise
    _finish(batch, export, items, to_send, answers)


def _sent_before(batch: Batch, export: Export, items: Sequence[OutboxItem], drafts: Sequence[Draft], client: Client) -> dict[int, Outcome]:
    """What the vendor has from the time after the backup that was restored here. What it tells of those is to be brought once more."""
    if export.find_existing is None:
        return restoring.undecided(items, drafts)
    assert batch.integration.backed_up_at is not None
    with _nothing_written(batch, export, drafts):
        found = _call(Transient, export.find_existing, client, drafts, batch.integration.backed_up_at - LOOK_BACK)
    there = restoring.recognised(batch, found)
    if there:
        schedule.start_over([batch.integration_id])
    return there


def _send_after_needs(batch: Batch, export: Export, items: Sequence[OutboxItem], too_early: Collection[int]) -> list[OutboxItem]:
    """Put back what needs something that the vendor has not any more, as after a change of account; the rest of the batch."""
    early, rest = [item for item in items if item.pk in too_early], [item for item in items if item.pk not in too_early]
    with transaction.atomic():
        claim.check_fence(batch)
        lock(batch.integration_id)
        failed = look_again(batch.integration, export, early)
        claim.give_back(batch, early, clock.now() + SOON)
        refuse_waiting_for(failed)
    return rest


def _switched_off(batch: Batch, export: Export) -> Outcome:
    """What others need is only looked for while it is switched off, and what is there is left as it is."""
    if export.adopt:
        return UNCHANGED if batch.updates else Rejected(str(export.not_found))
    return Rejected(_("Copying this kind of record is switched off."), advice=_("Switch it on in the settings, then try again."))


def _write(batch: Batch, export: Export, client: Client, drafts: Sequence[Draft]) -> Sequence[Outcome]:
    send = export.update if batch.updates else export.create
    assert send is not None
    answers: Sequence[Outcome] = _call(Uncertain, send, client, drafts, batch.key)
    if len(answers) != len(drafts):
        raise Uncertain(_("The vendor answered for %(answers)d records of %(drafts)d.") % {"answers": len(answers), "drafts": len(drafts)})
    return answers


def _call(error: type[ProviderError], function: Callable[..., Any], *arguments: Any) -> Any:
    """Call what the provider declares. Where its own code fails at the vendor's answer, that is an `error`."""
    try:
        return function(*arguments)
    except ProviderError:
        raise
    except Exception as problem:
        log.exception("provider.failed")
        message = _("Patchbay could not make sense of the vendor's answer. The details are in its log.")
        raise error(message, advice=_("Tell the operator of Patchbay.")) from problem


def _finish(batch: Batch, export: Export, items: Sequence[OutboxItem], drafts: Sequence[Draft], answers: Sequence[Outcome]) -> None:
    log.info("batch.answered")
    outcomes.finish(batch, export, items, drafts, {draft.item: answer for draft, answer in zip(drafts, answers, strict=True)})


@contextmanager
def _nothing_written(batch: Batch, export: Export, drafts: Sequence[Draft]) -> Iterator[None]:
    """Gives the batch back when the call was refused or never arrived.

    One bad record must not hold up the rest: what is refused together goes again one by one, and is rejected alone.
    """
    try:
        yield
    except Uncertain:
        raise
    except (Rejected, ConfigProblem) as error:
        if isinstance(error, ConfigProblem) and not _is_setting(batch.integration, error.field):
            _give_back(batch, clock.now())
            raise
        items = list(batch.items.filter(state__in=IN_FLIGHT))
        if len(items) == 1:
            outcomes.finish(batch, export, items, drafts, {items[0].pk: error})
        else:
            _give_back(batch, clock.now(), alone=True)
        raise Answered from error
    except ProviderError as error:
        _give_back(batch, clock.now() + timedelta(seconds=getattr(error, "retry_after", 0)))
        raise


def _is_setting(integration: Integration, name: str) -> bool:
    """Whether an admin can set it at the integration; what only an operator can is no record's fault."""
    return any(field.name == name for field in integration._meta.get_fields())


def _give_back(batch: Batch, due_at: datetime, **values: Any) -> None:
    with transaction.atomic():
        claim.settle(batch)
        claim.give_back(batch, list(batch.items.filter(state__in=IN_FLIGHT)), due_at, **values)


def _recover(batch: Batch, export: Export, client: Client) -> None:
    """Find out what became of a batch whose holder died or whose call ended without an answer."""
    log.warning("batch.recovering", state=batch.state)
    if batch.state == BatchState.CLAIMED:
        _give_back(batch, clock.now())
        return
    drafts = decode(batch.body)
    items = list(batch.items.filter(pk__in=[draft.item for draft in drafts]))
    assert batch.sent_at is not None
    age = clock.now() - batch.sent_at
    try:
        if batch.updates and not export.adds:
            _write_again(batch, export, items, drafts, {}, counts=not is_down(batch.integration))
        elif batch.realm_id != batch.integration.realm_id:
            _park(batch, export, items, drafts, _("It was being copied to another account when the connection changed."))
        elif batch.key and export.key_window and age < export.key_window:
            _finish(batch, export, items, drafts, _write(batch, export, client, drafts))
        elif export.find_existing is None:
            _park(batch, export, items, drafts, _("The vendor never answered, and cannot be asked whether it has the record."))
        elif age < export.settle_after:
            claim.keep_uncertain(batch, batch.sent_at + export.settle_after, _("Waiting until the vendor's lists can be trusted."))
        else:
            found = _call(Transient, export.find_existing, client, drafts, batch.sent_at - LOOK_BACK)
            _write_again(batch, export, items, drafts, found, counts=not any(item.error == Transient.__name__ for item in items))
    except (Rejected, ConfigProblem) as error:  # the key is of no use any more: look the records up next
        Batch.everywhere.filter(pk=batch.pk, fence=batch.fence).update(key="")
        claim.keep_uncertain(batch, clock.now() + _later(batch), error.message)
    except ProviderError as error:
        delay = timedelta(seconds=error.retry_after) if isinstance(error, RateLimited) else _later(batch)
        last = items[0].error if isinstance(error, RateLimited) else type(error).__name__
        claim.keep_uncertain(batch, clock.now() + delay, error.message, last)
        raise


@transaction.atomic
def _write_again(
    batch: Batch, export: Export, items: Sequence[OutboxItem], drafts: Sequence[Draft], found: Mapping[int, Done], *, counts: bool
) -> None:
    """Keep what was found; the rest was certainly not written, or may be written twice, and goes again.

    That ended without an answer once: twice, and each goes by itself, later and later, so that one that the vendor stumbles
    over does not hold up the others; in the end it is parked. It `counts` as a try unless the vendor was down for everything, so that
    it could not even be asked.
    """
    lost = [item for item in items if item.pk not in found]
    if not counts:
        outcomes.finish(batch, export, items, drafts, found)
        claim.give_back(batch, lost, clock.now())
        return
    given_up = [item for item in lost if item.tries + 1 >= outcomes.MAX_TRIES]
    message, advice = _("The vendor fails at this record again and again."), _("Ask the vendor, or correct the record, then try again.")
    outcomes.finish(batch, export, items, drafts, {**found, **{item.pk: Transient(message, advice=advice) for item in given_up}})
    for tries in {item.tries for item in lost if item not in given_up}:
        due_at = clock.now() + (outcomes.backoff(tries - 1) if tries else timedelta())
        again = [item for item in lost if item.tries == tries and item not in given_up]
        claim.give_back(batch, again, due_at, tries=tries + 1, **({"alone": True} if tries else {}))


def _later(batch: Batch) -> timedelta:
    return min(LONGEST_PAUSE, SOON * 2.0 ** min(batch.tries, 10))


def _park(batch: Batch, export: Export, items: Sequence[OutboxItem], drafts: Sequence[Draft], message: str) -> None:
    advice = _("Look for the record there. Skip this one if it exists, or retry to copy it again.")
    outcomes.finish(batch, export, items, drafts, {draft.item: Uncertain(message, advice=advice) for draft in drafts})
