"""Runs: begun by a person, a schedule or a command; worked off by whoever claims them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _
from structlog.contextvars import bound_contextvars

from accounts.models import User
from integrations import clock
from integrations.errors import AuthLost, ProviderError, RateLimited, Transient
from integrations.models import Action, Integration, ItemState, OutboxItem, Run, RunState, SyncState
from integrations.models.run import FINISHED
from integrations.provider import Client
from integrations.sync.bell import ring
from integrations.sync.claim import StaleFence, lease
from integrations.sync.importing import TRIES, import_changes, stream_of
from integrations.sync.options import fetch_options
from integrations.sync.outbox import Enqueued, enqueue, enqueue_all, skip
from integrations.sync.outcomes import MAX_TRIES, backoff
from integrations.sync.progress import finish_runs, lock
from integrations.sync.reconcile import reconcile
from integrations.sync.sweeping import Vanished, ask_person

log = structlog.get_logger(__name__)

SYNC_STATES = {RunState.SUCCEEDED: SyncState.SUCCEEDED, RunState.PARTIAL: SyncState.PARTIAL, RunState.FAILED: SyncState.FAILED}


@transaction.atomic
def start_export(
    integration: Integration,
    kind: str,
    ids: Iterable[int] | None = None,
    *,
    user: User | None = None,
    choices: Mapping[str, str] | None = None,
    create_new: bool = False,
) -> Run:
    """Put records into the outbox as one run: those of `ids`, or every one that was never copied or changed since.

    Where all of them are on their way already, that run is returned and no other begun.
    """
    lock(integration.pk)
    export = integration.declaration.export(kind)
    run = _new(integration, Action.EXPORT, kind, user, state=RunState.RUNNING, started_at=clock.now())
    if ids is None:
        enqueued = enqueue_all(integration, export, run, choices)
    else:
        enqueued = enqueue(integration, export, ids, run=run, choices=choices, create_new=create_new)
    run.unchanged = enqueued.unchanged
    run.total = len(enqueued.items) + enqueued.unchanged
    run.save()
    if not run.items.exists() and (earlier := _earlier(run, None if ids is None else enqueued)):
        run.delete()
        return earlier
    finish_runs([run.pk])
    run.refresh_from_db()
    return run


def _earlier(run: Run, enqueued: Enqueued | None) -> Run | None:
    """The open run in which these records wait, or any open one of the kind."""
    open_ones = Run.everywhere.filter(integration_id=run.integration_id, action=Action.EXPORT, kind=run.kind, finished_at=None)
    if enqueued is not None:
        open_ones = open_ones.filter(pk__in={item.run_id for item in enqueued.items.values() if item.run_id})
    return open_ones.exclude(pk=run.pk).order_by("-pk").first()


@transaction.atomic
def start(integration: Integration, action: Action, kind: str = "", *, user: User | None = None, **values: object) -> Run:
    """Queue an import, a refresh of lists or a reconciliation; one that waits already and does as much is not doubled."""
    if action == Action.IMPORT and integration.declaration.import_of(kind).full:
        values = {**values, "full": True}
    lock(integration.pk)
    open_ones = Run.everywhere.filter(integration=integration, action=action, kind=kind, **{"dry": False, "pace": "", **values})
    if action != Action.RECONCILE and (waiting := open_ones.filter(state=RunState.QUEUED).first()):
        return waiting
    ring()
    return _new(integration, action, kind, user, **values)


def _new(integration: Integration, action: Action, kind: str, user: User | None, **values: object) -> Run:
    return Run.everywhere.create(
        organization_id=integration.organization_id, integration=integration, action=action, kind=kind, started_by=user, **values
    )


def claim(integration_id: int | None = None, passed_over: Collection[int] = ()) -> Run | None:
    """The next run to work on (of one integration, or of any but those), with a lease; None when there is none."""
    now = clock.now()
    free = Q(state=RunState.QUEUED) & (Q(lease_until=None) | Q(lease_until__lte=now)) | Q(state=RunState.RUNNING, lease_until__lte=now)
    workable = Q(integration__connection="connected", integration__deactivated_at=None)
    same = {"integration_id": OuterRef("integration_id"), "action": OuterRef("action"), "kind": OuterRef("kind")}
    busy = Run.everywhere.filter(**same, state=RunState.RUNNING, lease_until__gt=now)
    due = Run.everywhere.filter(free, workable).exclude(action=Action.EXPORT).exclude(Exists(busy)).exclude(integration_id__in=passed_over)
    for run in (due.filter(integration_id=integration_id) if integration_id else due).order_by("pk")[:20]:
        taken = Run.everywhere.filter(free, pk=run.pk, fence=run.fence).update(
            state=RunState.RUNNING, fence=F("fence") + 1, lease_until=now + lease(), started_at=run.started_at or now
        )
        if taken:
            run.refresh_from_db()
            return run
    return None


def work_off(run: Run, integration: Integration, client: Callable[[], Client], is_stopping: Callable[[], bool] = lambda: False) -> None:
    """Do a claimed run to its end, or to the next page once `is_stopping`; another turn goes on from there.

    Trouble is written on the run, and raised after that.
    """
    run.integration = integration
    with bound_contextvars(run=run.pk, attempt=run.result.get(TRIES, 0) + 1):
        log.info("run.started", action=run.action, kind=run.kind)
        try:
            _work_off(run, client, is_stopping)
        except StaleFence:
            log.warning("run.taken_by_another")


class Stopping(Exception):
    """This worker has to end; somebody else goes on with the run."""


def _work_off(run: Run, client: Callable[[], Client], is_stopping: Callable[[], bool]) -> None:
    try:
        _do(run, client(), is_stopping)
    except Stopping:
        _finish(run, RunState.QUEUED)
    except AuthLost as error:
        _finish(run, RunState.QUEUED, message=error.message, advice=error.advice or _("Connect again; then it goes on by itself."))
        raise
    except Transient as error:
        _try_later(run, error)
        raise
    except ProviderError as error:
        _finish(run, RunState.FAILED, message=error.message, advice=error.advice)
        raise
    except Vanished as stopped:
        _finish(run, RunState.PARTIAL, message=stopped.message, advice=stopped.advice)
        ask_person(run, stopped)
    except StaleFence:
        raise
    except Exception:
        log.exception("run.failed")
        message = _("Patchbay failed at this. The details are in its log.")
        _finish(run, RunState.FAILED, message=message, advice=_("Tell the operator of Patchbay."))
    else:
        _finish(run, RunState.PARTIAL if run.rejected else RunState.SUCCEEDED)


def _do(run: Run, client: Client, is_stopping: Callable[[], bool]) -> None:
    def still_ours() -> None:
        if not Run.everywhere.filter(pk=run.pk, fence=run.fence, state=RunState.RUNNING).update(lease_until=clock.now() + lease()):
            raise StaleFence
        if is_stopping():
            raise Stopping

    integration = run.integration
    if run.action == Action.IMPORT:
        declared = integration.declaration.import_of(run.kind).at(run.pace)
        import_changes(run, stream_of(integration, declared.kind, run.pace), declared, client, still_ours)
    elif run.action == Action.OPTIONS:
        counts = fetch_options(integration, client, set(run.result.get("sources", ())) or None, still_ours)
        run.result = {**run.result, "options": counts}
        run.succeeded = run.total = sum(counts.values())
    else:
        first, last = (date.fromisoformat(run.result[end]) for end in ("first", "last"))
        report = reconcile(integration, client, first, last, run.result.get("kinds", ()), still_ours)
        run.result = {**run.result, **report.as_json()}
        run.succeeded = run.total = run.result["matched"]


def _try_later(run: Run, error: Transient) -> None:
    """What the vendor could not do now is tried again as records are; being told when costs no try."""
    if isinstance(error, RateLimited):
        _finish(run, RunState.QUEUED, lease_until=clock.now() + timedelta(seconds=error.retry_after), message=error.message)
        return
    tries = run.result.get(TRIES, 0)
    if tries + 1 < MAX_TRIES:
        run.result = {**run.result, TRIES: tries + 1}
        _finish(run, RunState.QUEUED, lease_until=clock.now() + backoff(tries), message=error.message)
    else:
        _finish(run, RunState.FAILED, message=error.message, advice=error.advice)


def _finish(run: Run, state: RunState, **values: object) -> None:
    for name, value in {"state": state, "message": "", "advice": "", "lease_until": None, **values}.items():
        setattr(run, name, str(value) if name in {"message", "advice"} else value)
    run.finished_at = clock.now() if state in FINISHED else None
    columns = ["state", "message", "advice", "lease_until", "finished_at", "result"]
    columns += ["total", "succeeded", "unchanged", "rejected", "skipped"]
    kept = {column: getattr(run, column) for column in columns}
    if not Run.everywhere.filter(pk=run.pk, fence=run.fence, state=RunState.RUNNING).update(**kept):
        raise StaleFence
    log.info("run.finished" if run.finished_at else "run.paused", state=state)
    if state in SYNC_STATES:
        Integration.everywhere.non_polymorphic().filter(pk=run.integration_id).update(
            sync=SYNC_STATES[state], **({} if state == RunState.FAILED else {"last_synced_at": run.finished_at})
        )


@transaction.atomic
def cancel(run: Run) -> None:
    """Stop after what is being sent: what waits is skipped, but for what others wait for; an import ends before its next page."""
    lock(run.integration_id)
    if not Run.everywhere.filter(pk=run.pk).exclude(state__in=FINISHED).update(state=RunState.CANCELLED, finished_at=clock.now()):
        return
    others = OutboxItem.everywhere.filter(waits_for=OuterRef("pk"), state=ItemState.WAITING).exclude(run=run.pk)
    skip(run.items.filter(state=ItemState.WAITING).exclude(Exists(others)), _("The run was cancelled."))
    finish_runs([run.pk])
