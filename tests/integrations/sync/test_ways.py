"""An integration is asked by what way it was connected, and its secrets are used for that one."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest
from django.apps import apps

from integrations.auth.oauth2 import OAuth2
from integrations.auth.token import SecretInput, Token, bearer
from integrations.errors import AuthLost
from integrations.models import Connection, Credential, Integration
from integrations.registry import get
from integrations.sync import connections
from integrations.sync.calling import open_client
from integrations.sync.credentials import Credentials
from tests.books import make_xero
from tests.integrations.sync.conftest import Calls
from tests.integrations.sync.desk import Desk

KEY = Token((SecretInput("key", "Key"),), lambda kept: bearer(kept["key"]))


@pytest.fixture
def two_ways(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Xero, connected by signing in there, could be connected with a key as well."""
    offered = replace(get("xero"), other_ways=(KEY,), tenants=None, tenant_field="", facts=None, leave=None)
    monkeypatch.setattr("integrations.registry.get", lambda slug: offered)
    return desk


def test_before_it_is_connected_it_is_the_way_that_is_offered_first(unconnected: Desk) -> None:
    made = Integration(provider="xero")
    assert made.auth == get("xero").auth


def test_a_worker_that_began_before_the_way_was_changed_uses_the_new_secret_for_the_new_way(two_ways: Desk) -> None:
    begun = Credentials(Integration.everywhere.get())
    assert begun.headers()["authorization"] != "Bearer abc"
    connections.connect_with(Integration.everywhere.get(), {"key": "abc"}, None)
    assert begun.headers() == {"authorization": "Bearer abc"}
    begun.renew()  # a key is not renewed
    assert begun.headers() == {"authorization": "Bearer abc"}


def test_a_key_that_is_refused_is_not_sent_twice(two_ways: Desk, calls: Calls) -> None:
    connections.connect_with(Integration.everywhere.get(), {"key": "abc"}, None)
    calls.requests.clear()
    with pytest.raises(AuthLost):
        two_ways.integration.declaration.checks[0].run(open_client(Integration.everywhere.get(), interactive=True))
    assert len(calls.requests) == 1


def test_a_key_is_not_revoked(two_ways: Desk, calls: Calls) -> None:
    connections.connect_with(two_ways.integration, {"key": "abc"}, None)
    calls.requests.clear()
    assert connections.disconnect(two_ways.integration) == ""
    assert calls.requests == []


@pytest.mark.parametrize(("way", "revoked"), [("token", 1), ("oauth2", 0)])
def test_a_grant_is_left_to_others_that_rest_on_it_and_a_key_rests_on_none(two_ways: Desk, calls: Calls, way: str, revoked: int) -> None:
    make_xero(two_ways.books, connection=Connection.CONNECTED, way=way)
    calls.requests.clear()
    assert connections.disconnect(two_ways.integration) == ""
    assert [request.path for request in calls.requests] == ["/connect/revocation"] * revoked


def test_a_way_that_the_provider_does_not_have_any_more_asks_to_connect_anew(desk: Desk) -> None:
    Integration.everywhere.update(way="token")
    with pytest.raises(AuthLost) as lost:
        Credentials(Integration.everywhere.get()).headers()
    assert lost.value.advice
    assert isinstance(Integration.everywhere.get().auth, OAuth2)


@pytest.mark.parametrize(("client_id", "way"), [("app", "oauth2"), ("", "token")])
def test_connections_from_before_there_was_a_choice_are_told_apart(desk: Desk, client_id: str, way: str) -> None:
    Integration.everywhere.update(way="", client_id=client_id)
    remember_ways = import_module("integrations.migrations.0010_ways").remember_ways
    remember_ways(apps, None)
    assert Integration.everywhere.get().way == way
    Integration.everywhere.update(way="")
    Credential.everywhere.all().delete()
    remember_ways(apps, None)
    assert Integration.everywhere.get().way == ""
