"""What `manage.py doctor` finds, by breaking one thing after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from config.settings import BASE_DIR
from integrations import clock
from integrations.models import Chore, Credential, Integration
from integrations.providers.bamboohr.models import BamboohrIntegration
from integrations.sync import heart, turns
from integrations.sync.incidents import open_incident
from tests.integrations.sync.desk import Desk


def seen() -> dict[str, dict[str, Any]]:
    """What was looked at, by name."""
    out = StringIO()
    with suppress(CommandError):
        call_command("doctor", "--json", stdout=out)
    return {one["name"]: one for one in json.loads(out.getvalue())}


def wrong() -> dict[str, str]:
    """What is wrong, each with what was seen and its cure."""
    return {name: f"{one['text']} {one['cure']}" for name, one in seen().items() if not one["ok"]}


@pytest.fixture
def healthy(desk: Desk, settings: Any) -> Desk:
    settings.LEASE_SECONDS = 2 * settings.HTTP_TIMEOUT_SECONDS
    heart.beat("one", "local")
    return desk


def test_nothing_is_wrong_with_an_installation_that_works(healthy: Desk) -> None:
    out = StringIO()
    call_command("doctor", stdout=out)
    assert "WRONG" not in out.getvalue()
    assert wrong() == {}
    assert all(one["text"] for one in seen().values())


def test_it_fails_and_says_how_much_is_wrong(healthy: Desk) -> None:
    heart.end("one")
    out = StringIO()
    with pytest.raises(CommandError, match=r"1 of \d+ are not as they should be"):
        call_command("doctor", stdout=out)
    assert "Start manage.py worker" in out.getvalue()


def test_a_lost_key_is_named_and_what_needs_it_is_counted(healthy: Desk, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [f"other:{Fernet.generate_key().decode()}"]
    assert "1 need the key" in wrong()["keys"]


def test_secrets_under_an_old_key_are_to_be_rotated(healthy: Desk, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [f"newer:{Fernet.generate_key().decode()}", *settings.ENCRYPTION_KEYS]
    assert "rotate_keys" in wrong()["keys"]
    call_command("rotate_keys", stdout=StringIO())
    assert wrong() == {}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("address", {"PUBLIC_URL": "http://patchbay.example"}),
        ("debug", {"PUBLIC_URL": "https://patchbay.example", "DEBUG": True}),
        ("sandbox", {"PUBLIC_URL": "https://patchbay.example"}),
        ("leases", {"LEASE_SECONDS": 60, "HTTP_TIMEOUT_SECONDS": 60}),
        ("keys", {"ENCRYPTION_KEYS": []}),
        ("mail", {"PUBLIC_URL": "https://patchbay.example"}),
        ("mail", {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": 9}),
        ("providers", {"SANDBOX_URL": ""}),
        ("broker", {"TASK_ENGINE": "celery", "BROKER_URL": "amqp://127.0.0.1:9"}),
    ],
)
def test_settings_that_cannot_be_right(healthy: Desk, settings: Any, name: str, values: dict[str, Any]) -> None:
    for setting, value in values.items():
        setattr(settings, setting, value)
    assert name in wrong()


def test_an_app_at_the_vendor_is_missed_only_where_somebody_signed_in_with_it(healthy: Desk, settings: Any) -> None:
    settings.SANDBOX_URL = ""
    made = BamboohrIntegration.everywhere.create(organization=healthy.organization, provider="bamboohr", name="BambooHR", way="token")
    assert "BAMBOOHR_CLIENT_ID" not in wrong()["providers"]
    BamboohrIntegration.everywhere.filter(pk=made.pk).update(way="oauth2")
    assert "BAMBOOHR_CLIENT_ID, BAMBOOHR_CLIENT_SECRET" in wrong()["providers"]


def test_what_workers_could_not_do_without_the_operator_is_told_in_their_words(healthy: Desk) -> None:
    open_incident(healthy.integration, turns.PROBLEM, "Xero cannot be used.", message="XERO_CLIENT_ID is not set.")
    assert "XERO_CLIENT_ID is not set" in wrong()["problems"]


def test_an_integration_of_a_provider_that_is_gone_is_told(healthy: Desk) -> None:
    Integration.everywhere.non_polymorphic().update(provider="vanished")
    assert "vanished" in wrong()["providers"]


def test_a_chore_that_nobody_does_is_told(healthy: Desk) -> None:
    Chore.objects.create(name="prune", next_run_at=clock.now() - timedelta(days=1))
    assert "prune" in wrong()["chores"]


def doctor_of(database_url: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    arguments = [sys.executable, "manage.py", "doctor"]
    return subprocess.run(arguments, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False)


def test_a_database_without_tables_is_told_once_with_the_cure(tmp_path: Path) -> None:
    done = doctor_of(f"sqlite:///{tmp_path}/new.sqlite3")
    assert done.returncode == 1
    assert "Run manage.py migrate." in done.stdout
    assert "no such table" not in done.stdout


def test_a_database_that_is_away_is_told_once() -> None:
    done = doctor_of("postgres://nobody@127.0.0.1:9/none")
    assert done.returncode == 1
    assert done.stdout.count("It does not answer") == 1
    assert "Traceback" not in done.stderr


def test_no_secret_is_told(healthy: Desk, settings: Any) -> None:
    payload = Credential.everywhere.get().payload
    out = StringIO()
    settings.ENCRYPTION_KEYS = [f"other:{Fernet.generate_key().decode()}"]
    with pytest.raises(CommandError):
        call_command("doctor", stdout=out)
    assert payload["access_token"] not in out.getvalue()
    assert settings.ENCRYPTION_KEYS[0].partition(":")[2] not in out.getvalue()
