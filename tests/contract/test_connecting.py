"""The connection: made, kept alive, lost, made again, ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from integrations import clock
from integrations.auth.oauth2 import OAuth2
from integrations.auth.token import Token
from integrations.auth.ways import Way
from integrations.errors import AuthLost, ConfigProblem
from integrations.models import Connection, Credential, Incident, ItemState, Link
from integrations.provider import Export, Provider
from integrations.sync import connections
from integrations.sync.credentials import Credentials
from integrations.sync.turns import take_turn
from tests.contract.harness import Harness, claims, once_a_provider, settings_of, ways

pytestmark = ways(lambda way: True)


def signs_in(way: Way) -> bool:
    return isinstance(way, OAuth2)


def credential(harness: Harness) -> Credential:
    return Credential.everywhere.get(integration=harness.integration, person=None)


def test_connecting_knows_the_account_that_it_is_connected_to(harness: Harness, provider: Provider) -> None:
    harness.connect()
    assert harness.integration.connection == Connection.CONNECTED
    assert harness.integration.connected_at is not None
    if provider.tenants:
        assert harness.integration.realm_id
        assert harness.integration.realm_name
    if provider.tenant_field:
        assert getattr(harness.integration, f"{provider.tenant_field}_id") == harness.integration.realm_id
    assert harness.integration.auth == harness.way


def test_the_connection_test_passes_step_by_step(harness: Harness, provider: Provider) -> None:
    harness.connect()
    steps = connections.check_connection(harness.integration)
    assert [step.passed for step in steps] == [True] * len(provider.checks), steps
    assert all(str(step.label) and step.text for step in steps)


def test_the_connection_test_says_what_is_wrong_when_the_connection_is_lost(harness: Harness) -> None:
    harness.connect()
    harness.sandbox.end_grants()
    *_passed, last = connections.check_connection(harness.integration)
    assert not last.passed
    assert last.text


@ways(signs_in)
def test_a_code_that_was_used_or_is_made_up_is_a_clear_error(harness: Harness) -> None:
    code, verifier = harness.consent()
    harness.complete((code, verifier))
    for wrong in (code, "made-up"):
        with pytest.raises(AuthLost) as refused:
            harness.complete((wrong, verifier))
        assert refused.value.message
        assert refused.value.advice
        assert wrong not in refused.value.message


@ways(lambda way: signs_in(way) and way.pkce)
def test_a_stolen_code_is_worth_nothing_without_its_verifier(harness: Harness) -> None:
    code, _verifier = harness.consent()
    with pytest.raises(AuthLost):
        harness.complete((code, "another-verifier-of-the-length-that-is-asked-for-by-the-rules"))


@ways(lambda way: isinstance(way, Token))
def test_keys_that_are_wrong_or_missing_are_named(harness: Harness) -> None:
    good = harness.scenario.keys()
    for asked in harness.way.asks:
        with pytest.raises(ConfigProblem) as refused:
            connections.connect_with(harness.integration, {**good, asked.name: ""}, None)
        assert refused.value.field == asked.name
    secret = next(asked.name for asked in harness.way.asks if asked.secret)
    connections.connect_with(harness.integration, {**good, secret: good[secret][::-1]}, None)
    assert not connections.check_connection(harness.integration)[-1].passed


def test_connecting_again_keeps_settings_mappings_and_links(ready: Harness, provider: Provider) -> None:
    for export in provider.exports:
        ready.export(export.kind, ready.house.sample(export.kind))

    def kept() -> tuple[object, ...]:
        links = Link.everywhere.order_by("pk").values_list("pk", "archived_at")
        return settings_of(ready.integration, provider), ready.integration.realm_id, ready.integration.name, list(links)

    before = kept()
    ready.connect()
    assert kept() == before
    assert Credential.everywhere.filter(integration=ready.integration).count() == (0 if provider.is_agreement else 1)


def test_disconnecting_tells_the_vendor_and_forgets_the_credential(ready: Harness, provider: Provider, way: Way) -> None:
    settings, since = settings_of(ready.integration, provider), len(ready.exchanges)
    assert connections.disconnect(ready.integration) == ""
    assert not Credential.everywhere.filter(integration=ready.integration).exists()
    ready.integration.refresh_from_db()
    assert ready.integration.connection == Connection.DISCONNECTED
    assert settings_of(ready.integration, provider) == settings
    if provider.leave or (isinstance(way, OAuth2) and way.revoke_url):
        assert len(ready.exchanges) > since
    if not provider.is_agreement:
        with pytest.raises(AuthLost):
            ready.integration.declaration.checks[0].run(ready.client())


def test_what_was_disconnected_can_be_connected_again(ready: Harness, provider: Provider) -> None:
    connections.disconnect(ready.integration)
    ready.connect()
    assert all(step.passed for step in connections.check_connection(ready.integration))


@claims(lambda provider: provider.other_ways)
def test_connecting_in_another_way_keeps_what_was_there_and_is_remembered(ready: Harness, provider: Provider) -> None:
    before = settings_of(ready.integration, provider), ready.integration.realm_id
    for ready.way in [other for other in provider.ways if other != ready.way]:
        ready.connect()
        assert ready.integration.auth == ready.way
        assert (settings_of(ready.integration, provider), ready.integration.realm_id) == before
        assert all(step.passed for step in connections.check_connection(ready.integration))
    assert Credential.everywhere.filter(integration=ready.integration).count() == 1


@ways(signs_in)
def test_tokens_are_renewed_before_they_expire_and_the_new_ones_are_kept(harness: Harness) -> None:
    harness.connect()
    before = credential(harness)
    assert before.expires_at is not None
    harness.later((before.expires_at - clock.now()).total_seconds() - 1)
    assert all(step.passed for step in connections.check_connection(harness.integration))
    after = credential(harness)
    assert (harness.refreshes(), after.version) == (1, before.version + 1)
    assert after.payload["access_token"] != before.payload["access_token"]


@ways(signs_in)
def test_workers_that_find_the_same_token_expired_renew_it_once(harness: Harness) -> None:
    harness.connect()
    workers = [Credentials(harness.integration) for _ in range(3)]
    for worker in workers:
        worker.headers()
    for worker in workers:
        worker.renew()
    assert harness.refreshes() == 1
    assert len({worker.headers()["authorization"] for worker in workers}) == 1


@ways(signs_in)
@pytest.mark.django_db(transaction=True)
def test_workers_that_ask_at_the_same_moment_renew_it_once(harness: Harness) -> None:
    harness.connect()
    expires_at = credential(harness).expires_at
    assert expires_at is not None
    harness.later((expires_at - clock.now()).total_seconds() + 60)

    def authorization(_worker: int) -> str:
        try:
            return Credentials(harness.integration).headers()["authorization"]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as workers:
        authorizations = set(workers.map(authorization, range(6)))
    assert harness.refreshes() == 1
    assert len(authorizations) == 1


@ways(signs_in)
def test_a_connection_lives_on_through_many_renewals(harness: Harness, provider: Provider) -> None:
    harness.connect()
    for _ in range(4):
        expires_at = credential(harness).expires_at
        assert expires_at is not None
        harness.later((expires_at - clock.now()).total_seconds() + 60)
        assert all(step.passed for step in connections.check_connection(harness.integration))
    assert harness.refreshes() == 4


@ways(lambda way: signs_in(way) and way.refresh_life)
def test_a_connection_that_slept_longer_than_its_refresh_token_lives_is_lost(harness: Harness, provider: Provider) -> None:
    harness.connect()
    assert isinstance(harness.way, OAuth2)
    assert harness.way.refresh_life is not None
    harness.later((harness.way.refresh_life + timedelta(days=1)).total_seconds())
    with pytest.raises(AuthLost):
        provider.checks[0].run(harness.client())


@once_a_provider
@ways(signs_in)
def test_a_token_that_expires_in_the_middle_of_the_work_loses_nothing(ready: Harness, export: Export) -> None:
    write = ready.learn(export)
    before, renewed = ready.held(), ready.refreshes()
    ready.misbehave(write.fault("expired_token"))
    assert ready.export(export.kind, ready.house.sample(export.kind)).succeeded == 1
    assert ready.refreshes() == renewed + 1
    assert ready.held() - before == write.growth


@once_a_provider
def test_a_lost_connection_opens_one_incident_and_the_work_waits_for_the_next_one(ready: Harness, export: Export) -> None:
    records = [ready.house.sample(export.kind) for _ in range(2)]
    ready.sandbox.end_grants()
    run = ready.start_export(export.kind, *records)
    for _ in range(10):
        take_turn(ready.integration.pk)
    ready.integration.refresh_from_db()
    assert ready.integration.connection == Connection.NEEDS_RECONNECT
    incident = Incident.everywhere.get(integration=ready.integration, closed_at=None)
    assert incident.title
    assert incident.advice
    assert set(run.items.values_list("state", "tries")) == {(ItemState.WAITING, 0)}

    ready.connect()
    assert ready.work(run).succeeded == 2
    incident.refresh_from_db()
    assert incident.closed_at is not None
