"""Secrets at rest: `ENCRYPTION_KEYS` encrypts them, and what cannot be decrypted is an error, never a value.

A stored secret reads `<key id>:<Fernet token>`. The first key of the keyring encrypts, all of them decrypt.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core import checks
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.db import models

KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
DUMPED = "encrypted:"
"""What a secret starts with in `dumpdata`'s output, so that loading it does not encrypt it a second time."""


class DecryptionError(Exception):
    """A stored secret cannot be read. `key_id` is the key it names, "" when it is no stored secret at all."""

    def __init__(self, message: str, key_id: str) -> None:
        super().__init__(message)
        self.key_id = key_id


class KeyringProblem(ImproperlyConfigured):
    """`ENCRYPTION_KEYS` cannot be used. `code` is the system check's."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Keyring:
    """The keys by their ids, newest first."""

    def __init__(self, keys: Mapping[str, Fernet]) -> None:
        self._keys = keys
        self.newest = next(iter(keys))

    def __repr__(self) -> str:
        return f"<Keyring {', '.join(self._keys)}>"

    def encrypt(self, text: str) -> str:
        return f"{self.newest}:{self._keys[self.newest].encrypt(text.encode()).decode()}"

    def decrypt(self, stored: str) -> str:
        """Raises `DecryptionError`."""
        text, problem = self._open(stored)
        if problem is not None:
            raise problem  # outside of every handler: no other exception is chained to it
        return text

    def _open(self, stored: str) -> tuple[str, DecryptionError | None]:
        key_id = key_id_of(stored)
        key = self._keys.get(key_id)
        if not key_id:
            return "", DecryptionError("A secret in the database is not encrypted in the way that this installation stores secrets.", "")
        if key is None:
            return "", DecryptionError(f"A secret needs the key {key_id}, which ENCRYPTION_KEYS does not have.", key_id)
        try:
            return key.decrypt(stored.partition(":")[2]).decode(), None
        except InvalidToken:
            return "", DecryptionError(
                f"A secret cannot be decrypted: its text was changed, or the key {key_id} is another one now.", key_id
            )


def keyring() -> Keyring:
    """The keys of `settings.ENCRYPTION_KEYS`. Raises `KeyringProblem`, which never quotes a key."""
    return _keyring(tuple(settings.ENCRYPTION_KEYS))


@lru_cache(maxsize=8)
def _keyring(entries: tuple[str, ...]) -> Keyring:
    if not entries:
        raise KeyringProblem("ENCRYPTION_KEYS is empty: secrets cannot be stored.", "integrations.E001")
    keys: dict[str, Fernet] = {}
    for position, entry in enumerate(entries, 1):
        key_id, _, secret = entry.strip().partition(":")
        key = _key(secret)
        if key is None or not KEY_ID.fullmatch(key_id):
            raise KeyringProblem(
                f"Entry {position} of ENCRYPTION_KEYS is not an id, a colon and 32 bytes in URL-safe base64.", "integrations.E002"
            )
        if key_id in keys:
            raise KeyringProblem(f"ENCRYPTION_KEYS has the id {key_id} twice.", "integrations.E003")
        keys[key_id] = key
    return Keyring(keys)


def _key(secret: str) -> Fernet | None:
    try:
        return Fernet(secret)
    except ValueError:
        return None


def key_id_of(stored: str) -> str:
    """The id of the key that a stored secret was encrypted with; "" when the text is none, so that it is quoted nowhere."""
    key_id, _, token = stored.partition(":")
    return key_id if token.startswith("gAAAA") and KEY_ID.fullmatch(key_id) else ""


def encrypt(text: str) -> str:
    """The text as it is stored, under the newest key."""
    return keyring().encrypt(text)


def decrypt(stored: str) -> str:
    """Raises `DecryptionError`."""
    return keyring().decrypt(stored)


def needs_rotation(stored: str) -> bool:
    """Whether it was encrypted with another key than the newest."""
    return key_id_of(stored) != keyring().newest


def rotate(stored: str) -> str:
    """The same secret under the newest key. Raises `DecryptionError`."""
    return encrypt(decrypt(stored))


def stored(field: str) -> models.ExpressionWrapper[models.F]:
    """The column of an encrypted field as it stands in the database, to annotate, compare and rotate.

    Its counterpart for `update()` is `Value(text, output_field=TextField())`, which is written as it is.
    """
    return models.ExpressionWrapper(models.F(field), output_field=models.TextField())


class _EncryptedField(models.TextField, ABC):  # type: ignore[type-arg]  # generic in the stubs only
    """Encrypted in the database and in dumps, in no form, and not to be searched: only `isnull` is a lookup of it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("editable", False)
        super().__init__(*args, **options)

    @abstractmethod
    def to_text(self, value: Any) -> str: ...

    @abstractmethod
    def from_text(self, text: str) -> Any: ...

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.name} is encrypted: it cannot be searched or compared.")

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self.name} is encrypted: it cannot be searched or compared.")

    def get_prep_value(self, value: Any) -> Any:
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> str | None:
        return None if value is None else encrypt(self.to_text(value))

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else self.from_text(decrypt(value))

    def value_to_string(self, obj: models.Model) -> str:
        return DUMPED + encrypt(self.to_text(self.value_from_object(obj)))

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith(DUMPED):
            return value
        try:
            text = decrypt(value.removeprefix(DUMPED))
        except DecryptionError as error:
            message = str(error)
        else:
            return self.from_text(text)
        raise ValidationError(message, code="encrypted")

    def check(self, **options: Any) -> list[checks.CheckMessage]:
        problems = super().check(**options)
        if self.unique or getattr(self, "db_index", False):
            problems.append(checks.Error("An encrypted field can be neither unique nor indexed.", obj=self, id="integrations.E004"))
        return problems


class EncryptedTextField(_EncryptedField):
    """A text. None is NULL; "" is a text like any other."""

    def to_text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{self.name} takes a text, not {type(value).__name__}.")
        return value

    def from_text(self, text: str) -> str:
        return text


class EncryptedJSONField(_EncryptedField):
    """An object or an array as JSON. None is NULL. Nothing else is taken: Django would dump a bare number in the clear."""

    def to_text(self, value: Any) -> str:
        if not isinstance(value, (dict, list)):
            raise TypeError(f"{self.name} takes an object or an array, not {type(value).__name__}.")
        return msgspec.json.encode(value).decode()

    def from_text(self, text: str) -> Any:
        return msgspec.json.decode(text)


@checks.register(checks.Tags.security)
def check_keyring(app_configs: Sequence[Any] | None = None, **options: Any) -> list[checks.CheckMessage]:
    """`integrations.E001` no keys, `E002` a malformed one, `E003` an id twice."""
    try:
        keyring()
    except KeyringProblem as problem:
        hint = "Set ENCRYPTION_KEYS to id:key, newest first, separated by commas."
        return [checks.Error(str(problem), hint=hint, id=problem.code)]
    return []
