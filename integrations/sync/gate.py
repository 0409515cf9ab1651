"""The gate of one integration: its row of limits and breaker, shared by all workers."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import clock
from integrations.errors import RateLimited
from integrations.http import breaker, limits, tally
from integrations.http.deadline import seconds_left
from integrations.http.exchange import Exchange
from integrations.http.gate import OpenGate
from integrations.models import Integration, Limit


class IntegrationGate:
    """Implements `integrations.http.gate.Gate` for the calls of one client. A caller waits at most `patience` seconds."""

    def __init__(self, integration: Integration, patience: float) -> None:
        self._integration = integration
        self._limits = integration.declaration.limits
        self._patience = patience
        self._holder = ""
        self._heard: Mapping[str, str] = {}

    def acquire(self, interactive: bool) -> None:
        waited_until = clock.timestamp() + min(self._patience, seconds_left() * settings.CLOCK_SCALE)
        while wait := self._try(interactive):
            if clock.timestamp() + wait > waited_until:
                raise _too_early(self._integration, wait)
            clock.sleep(wait)

    def _try(self, interactive: bool) -> float:
        holder = uuid.uuid4().hex[:12]

        def ask(row: Limit, now: float) -> float:
            lease = settings.LEASE_SECONDS
            wait = breaker.wait(row.breaker, now) or limits.acquire(row.usage, self._limits, now, holder, lease, interactive=interactive)
            return wait or breaker.allow(row.breaker, now, lease)  # last: a probe that no call follows would keep all others waiting

        wait: float = _change(self._integration, ask)
        if not wait:
            self._holder, self._heard = holder, {}
        return wait

    def heard(self, headers: Mapping[str, str]) -> None:
        self._heard = headers

    def release(self) -> None:
        """The place is given back together with what the call taught, in `learn`."""

    def blocked(self, retry_after: float) -> None:
        _change(self._integration, lambda row, now: limits.block(row.usage, now + retry_after))

    def learn(self, exchange: Exchange) -> None:
        """A call is over: its place is free, the vendor's counts are noted, and whether it was up."""

        def note(row: Limit, now: float) -> None:
            limits.hear(row.usage, self._limits, self._heard, now)
            limits.release(row.usage, self._holder, now)
            _record(row, exchange, now)

        _change(self._integration, note)


class SignInGate(OpenGate):
    """For the calls that renew a credential: no limit of the vendor's counts them, but a vendor that is down is left alone."""

    def __init__(self, integration: Integration) -> None:
        self._integration = integration

    def acquire(self, interactive: bool) -> None:
        wait = _change(self._integration, lambda row, now: breaker.allow(row.breaker, now, settings.LEASE_SECONDS))
        if wait:
            raise _too_early(self._integration, wait)

    def learn(self, exchange: Exchange) -> None:
        _change(self._integration, lambda row, now: _record(row, exchange, now))


def _too_early(integration: Integration, wait: float) -> RateLimited:
    message = _("%(name)s lets itself be called again in %(seconds)d seconds.")
    return RateLimited(message % {"name": integration.declaration.label, "seconds": wait}, retry_after=wait, scope="own")


def _record(row: Limit, exchange: Exchange, now: float) -> None:
    breaker.record(row.breaker, exchange.status is None or exchange.status >= 500, now)
    tally.count(row.tally, tally.result(exchange.status, exchange.failure), exchange.elapsed)


def is_down(integration: Integration) -> bool:
    """Whether the vendor is believed not to answer."""
    row = Limit.everywhere.filter(integration_id=integration.pk).first()
    return row is not None and breaker.is_down(row.breaker)


def ready_in(integration: Integration) -> float:
    """Seconds until a background call may go out; 0.0 when one may now. Counts nothing."""
    row = Limit.everywhere.filter(integration_id=integration.pk).first()
    if row is None:
        return 0.0
    now = clock.timestamp()
    wait = breaker.allow(copy.deepcopy(row.breaker), now, 0)
    usage = copy.deepcopy(row.usage)
    return wait or limits.acquire(usage, integration.declaration.limits, now, "peek", 0, interactive=False)


@transaction.atomic
def _change(integration: Integration, change: Callable[[Limit, float], Any]) -> Any:
    row = Limit.everywhere.select_for_update().filter(integration_id=integration.pk).first()
    if row is None:
        row, _created = Limit.everywhere.get_or_create(
            integration_id=integration.pk, defaults={"organization_id": integration.organization_id}
        )
        row = Limit.everywhere.select_for_update().get(pk=row.pk)
    result = change(row, clock.timestamp())
    Limit.everywhere.filter(pk=row.pk).update(usage=row.usage, breaker=row.breaker, tally=row.tally)
    return result
