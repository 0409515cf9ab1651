"""The limits that are declared are the vendor's: kept without a refusal, and not a call lower than they have to be."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from integrations.auth.hosts import resolve
from integrations.errors import RateLimited
from integrations.http.client import Http
from integrations.models import Limit
from integrations.provider import Client, Provider
from integrations.sync.credentials import Credentials
from tests.contract.harness import Harness, claims

COUNTABLE = 200
"""Windows of more calls than this are believed."""


def smallest(provider: Provider) -> Any:
    return min(provider.limits.windows, key=lambda window: window.seconds, default=None)


def is_countable(provider: Provider) -> bool:
    window = smallest(provider)
    return window is not None and window.calls <= COUNTABLE


def unheeding_client(harness: Harness) -> Client:
    """One that calls without asking anybody."""
    provider, integration = harness.provider, harness.integration
    hosts, credentials = resolve(provider.slug, provider.hosts, integration.options), Credentials(integration)

    def headers() -> Mapping[str, str]:
        return {**credentials.headers(), **provider.headers(integration)}

    return provider.client(Http(hosts.api, headers=headers, read_error=provider.read_error, allowed=hosts.allowed), integration, hosts)


@claims(is_countable)
def test_calling_as_much_as_the_limits_allow_is_never_refused(harness: Harness, provider: Provider, settings: Any) -> None:
    harness.connect()
    window, check = smallest(provider), provider.checks[-1]
    settings.CLOCK_EPOCH, settings.CLOCK_SCALE = time.time(), 100
    client = harness.client(patience=10 * window.seconds)
    since = len(harness.exchanges)
    while len(harness.exchanges) - since < window.calls + 10:
        check.run(client)
    assert not [exchange for exchange in harness.exchanges if exchange.reply.status == 429]


@claims(is_countable)
def test_a_caller_who_does_not_count_is_refused_by_the_sandbox(harness: Harness, provider: Provider) -> None:
    harness.connect()
    client, check = unheeding_client(harness), provider.checks[-1]
    since, refused = len(harness.exchanges), None
    while refused is None and len(harness.exchanges) - since <= smallest(provider).calls:
        try:
            check.run(client)
        except RateLimited as error:
            refused = error
    assert refused is not None
    assert 0 < refused.retry_after <= smallest(provider).seconds + 1


@claims(lambda provider: provider.limits.windows)
def test_what_is_used_of_the_limits_is_kept_for_all_workers(harness: Harness, provider: Provider) -> None:
    harness.connect()
    provider.checks[-1].run(harness.client())
    usage = Limit.everywhere.get(integration=harness.integration).usage
    assert usage["slots"]
    assert not usage["holders"]
