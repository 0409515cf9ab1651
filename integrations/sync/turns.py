"""A turn is the smallest piece of work that an engine asks for: a few batches of one integration, or one run."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from operator import attrgetter

import structlog
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from integrations import clock
from integrations.errors import AuthLost, ConfigProblem, ProviderError, RateLimited
from integrations.models import Connection, Integration, Run
from integrations.sync import chores, runs, schedule, upkeep
from integrations.sync.calling import IMPORT_PATIENCE, open_client
from integrations.sync.exporting import work_off_batch
from integrations.sync.gate import ready_in
from integrations.sync.holding import Places
from integrations.sync.incidents import close_incident, open_incident
from integrations.sync.inside import inside
from integrations.sync.losing import lose_connection
from integrations.sync.progress import recount

log = structlog.get_logger(__name__)

BATCHES_A_TURN = 4  # then the next organization's integration comes to its turn
NOTHING_FOUND, AFTER_TROUBLE, AFTER_PROBLEM = timedelta(seconds=1), timedelta(seconds=5), timedelta(minutes=5)
PROBLEM = "installation"  # the cause of the incident of what only an operator can correct

Stopping = Callable[[], bool]


def take_turn(integration_id: int | None = None, is_stopping: Stopping = lambda: False, places: Places | None = None) -> bool:
    """Do the next pieces of work, of any integration or of the given one. False when nothing is due.

    Once `is_stopping`, it ends with the batch or page in hand. Threads of one worker share their `places`.
    """
    places = places or Places(threads=1)
    schedule.start_due()
    with places.hold(lambda full: _next_integration(integration_id, full), attrgetter("pk")) as integration:
        exported = integration is not None and _export(integration, is_stopping)
    with places.hold(lambda full: runs.claim(integration_id, full), attrgetter("integration_id")) as run:
        ran = run is not None and _do(run, is_stopping)
    looked_after = upkeep.take_turn(integration_id)
    kept_house = integration_id is None and chores.take_turn()
    return kept_house or looked_after or ran or exported


def next_due_at(integration_id: int) -> datetime | None:
    """When the integration's outbox has something to do again; None when nothing waits."""
    return Integration.everywhere.non_polymorphic().get(pk=integration_id).work_due_at


def _workable() -> Q:
    return Q(connection=Connection.CONNECTED, deactivated_at=None)


def _next_integration(integration_id: int | None, passed_over: Collection[int]) -> Integration | None:
    """The due integration whose organization was served longest ago; taking it moves it to the end of the queue."""
    now = clock.now()
    due = Integration.everywhere.non_polymorphic().filter(_workable(), work_due_at__lte=now).exclude(pk__in=passed_over)
    if integration_id is not None:
        due = due.filter(pk=integration_id)
    rows = list(due.values_list("pk", "organization_id", "served_at"))
    if not rows:
        return None
    served = dict(
        Integration.everywhere.non_polymorphic()
        .filter(organization_id__in={row[1] for row in rows})
        .values_list("organization_id")
        .annotate(Max("served_at"))
        .order_by()
    )
    pk = min(rows, key=lambda row: (served[row[1]], row[2]))[0]
    Integration.everywhere.non_polymorphic().filter(pk=pk).update(served_at=now)
    return Integration.everywhere.select_related("organization").get(pk=pk)


def _export(integration: Integration, is_stopping: Stopping) -> bool:
    batches, hold = 0, None
    with inside(integration):
        try:
            client = open_client(integration)
            while batches < BATCHES_A_TURN and not is_stopping():
                if wait := ready_in(integration):
                    hold = timedelta(seconds=wait)
                    break
                if not work_off_batch(integration, client):
                    hold = None if batches else NOTHING_FOUND
                    break
                batches += 1
        except ProviderError as error:
            hold = _after(integration, error)
        else:
            if batches:
                close_incident(integration, PROBLEM)
        recount(integration.pk)
        if hold:
            _hold(integration, clock.now() + hold)
    return True


def _do(run: Run, is_stopping: Stopping) -> bool:
    integration = Integration.everywhere.select_related("organization").get(pk=run.integration_id)
    with inside(integration):
        try:
            runs.work_off(run, integration, lambda: open_client(integration, patience=IMPORT_PATIENCE), is_stopping)
        except ProviderError as error:
            _after(integration, error)
        else:
            close_incident(integration, PROBLEM)
    return True


def _after(integration: Integration, error: ProviderError) -> timedelta:
    """What trouble of the whole integration means for it: how long to leave it alone."""
    if isinstance(error, RateLimited):
        return timedelta(seconds=error.retry_after)
    log.warning("integration.trouble", integration=integration.pk, error=type(error).__name__, reason=error.message)
    if isinstance(error, AuthLost):
        lose_connection(integration, error)
    if isinstance(error, ConfigProblem):
        title = _("%(name)s cannot be used as it is installed.") % {"name": integration.name}
        open_incident(integration, PROBLEM, title, message=error.message, advice=str(error.advice))
        return AFTER_PROBLEM
    return AFTER_TROUBLE


def _hold(integration: Integration, until: datetime) -> None:
    """Leave the outbox alone until then."""
    held = Integration.everywhere.non_polymorphic().filter(pk=integration.pk, work_due_at__lt=until)
    held.update(work_due_at=until)
