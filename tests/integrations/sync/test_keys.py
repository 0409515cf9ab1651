"""Secrets brought under the newest key, wherever they stand."""

from __future__ import annotations

import json
from collections import Counter
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command

from integrations import crypto
from integrations.auth.oauth2 import TokenSet
from integrations.models import Credential
from integrations.providers.saml.models import SamlIntegration
from integrations.sync import connections, credentials, keys
from tests.integrations.sync.desk import Desk


def new_key(name: str) -> str:
    return f"{name}:{Fernet.generate_key().decode()}"


def under() -> dict[str, int]:
    """How many secrets of all columns are under each key."""
    return dict(sum((keys.key_ids(column) for column in keys.columns()), Counter()))


@pytest.fixture
def newer(desk: Desk, settings: Any) -> None:
    """A newer key before the one that everything is under."""
    settings.ENCRYPTION_KEYS = [new_key("newer"), *settings.ENCRYPTION_KEYS]


def rotate() -> dict[str, Any]:
    out = StringIO()
    call_command("rotate_keys", "--json", stdout=out)
    return json.loads(out.getvalue())


def test_every_encrypted_field_of_every_model_is_among_the_columns() -> None:
    fields = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if type(field).__name__.startswith("Encrypted") and field.model is model
    }
    assert {keys.name_of(column) for column in keys.columns()} == fields
    assert len(fields) >= 2


def test_all_secrets_are_under_the_newest_key_afterwards_and_the_same(desk: Desk, newer: None, settings: Any) -> None:
    before = Credential.everywhere.get().payload
    count = sum(under().values())
    assert rotate() == {"key": "newer", "rotated": count, "unreadable": 0}
    assert under() == {"newer": count}
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert Credential.everywhere.get().payload == before
    assert all(step.passed for step in connections.check_connection(desk.integration))


def test_a_second_rotation_finds_nothing_to_do(desk: Desk, newer: None) -> None:
    rotate()
    assert rotate()["rotated"] == 0


def test_what_is_renewed_meanwhile_is_not_put_back(desk: Desk, newer: None) -> None:
    column = next(column for column in keys.columns() if column[0] is Credential)
    old = crypto.stored("payload")
    read = Credential.everywhere.annotate(text=old).values_list("text", flat=True).get()
    credentials.keep(desk.integration, TokenSet("renewed meanwhile", "refresh"))
    rows = Credential.everywhere.annotate(text=old)
    assert not rows.filter(text=read).exists()
    list(keys.rotate(column))
    assert Credential.everywhere.get().payload["access_token"] == "renewed meanwhile"


def test_a_secret_that_cannot_be_read_stays_and_is_told(desk: Desk, settings: Any) -> None:
    lost = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [new_key("newer")]
    before = under()
    with pytest.raises(CommandError, match="cannot be decrypted"):
        call_command("rotate_keys", stdout=StringIO())
    assert under() == before
    settings.ENCRYPTION_KEYS = [*settings.ENCRYPTION_KEYS, *lost]
    assert rotate()["unreadable"] == 0


def test_keys_of_single_sign_on_are_rotated_as_well(desk: Desk, settings: Any) -> None:
    SamlIntegration.everywhere.create(organization=desk.organization, provider="saml", name="Single sign-on")
    settings.ENCRYPTION_KEYS = [new_key("newer"), *settings.ENCRYPTION_KEYS]
    rotate()
    assert set(under()) == {"newer"}


def test_without_a_usable_key_nothing_is_done(desk: Desk, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = []
    with pytest.raises(CommandError, match="ENCRYPTION_KEYS is empty"):
        call_command("rotate_keys", stdout=StringIO())
