"""Secrets stay where they are encrypted: not in logs, not in errors, not in any other column."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from integrations.auth.environment import variable
from integrations.models import Credential
from integrations.provider import Provider
from integrations.sync import connections
from integrations.sync.options import fetch_options
from tests.contract.harness import Harness, ways

CANARY = "canary-app-secret-8c1f0d"
"""This installation's secret at the vendor."""


def secrets_of(harness: Harness) -> set[str]:
    """Every secret text of the credential as it is now."""
    open_ones = {asked.name for asked in harness.way.asks if not asked.secret}
    found: set[str] = set()
    for credential in Credential.everywhere.filter(integration=harness.integration):
        pairs: list[tuple[str, Any]] = list(credential.payload.items())
        found |= {
            value for name, value in pairs if isinstance(value, str) and len(value) > 11 and name not in {*open_ones, "scope", "expires_at"}
        }
    return found


def stored() -> Iterator[str]:
    """Every row of every table as it stands in the database."""
    for model in apps.get_models():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")
            yield from (f"{model._meta.label}: {row}" for row in cursor.fetchall())


def everything(harness: Harness, provider: Provider) -> set[str]:
    """Walk through all that the provider can do, with some trouble on the way; every secret that was in use."""
    harness.set_up(imports=tuple(declared.kind for declared in provider.imports if declared.creates))
    secrets = secrets_of(harness)
    for kind in ("status", "lost_answer", "truncated", "not_json"):
        harness.misbehave({"kind": kind, "times": 2})
        for export in provider.exports:
            if not export.step:
                harness.export(export.kind, harness.house.sample(export.kind))
    harness.misbehave({"kind": "expired_token", "times": 1})
    for declared in provider.imports:
        if declared.creates:
            harness.bring(declared.kind)
    secrets |= secrets_of(harness)
    harness.sandbox.end_grants()
    connections.check_connection(harness.integration)
    harness.connect()
    secrets |= secrets_of(harness)
    fetch_options(harness.integration, harness.client())
    connections.disconnect(harness.integration)
    return secrets


@ways(lambda way: True)
def test_no_secret_is_logged_or_stored_in_the_open(
    harness: Harness,
    provider: Provider,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable(provider.slug, "CLIENT_ID"), "canary-app")
    monkeypatch.setenv(variable(provider.slug, "CLIENT_SECRET"), CANARY)
    with caplog.at_level(logging.DEBUG):
        secrets = everything(harness, provider) | {CANARY}
        secrets |= secrets_of(harness)
    assert len(secrets) > 1 or provider.is_agreement
    assert any("exchanged" in record.getMessage() for record in caplog.records)
    call_command("dumpdata", "--all")
    places = [f"log: {record.getMessage()}" for record in caplog.records] + list(stored()) + [f"dump: {capsys.readouterr().out}"]
    told = [place[:300] for place in places for secret in secrets if secret in place]
    assert not told, "\n".join(told)
