"""Secrets at rest: nothing readable is stored, and what cannot be read is an error."""

from __future__ import annotations

import traceback

import pytest
from cryptography.fernet import Fernet
from django.core import checks
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.core.management import call_command
from django.db import connection, models
from django.db.models import TextField, Value
from django.test.utils import isolate_apps

from integrations import crypto
from integrations.crypto import DecryptionError, EncryptedJSONField, EncryptedTextField
from integrations.models import Credential, Integration

OLD, NEW, OTHER = (f"{name}:{Fernet.generate_key().decode()}" for name in ("k1", "k2", "k1"))
CANARY = "canary-9d1f-of-a-secret"


@pytest.fixture(autouse=True)
def keys(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    return settings


@pytest.fixture
def vault(transactional_db):
    """A table with one encrypted column of each kind."""
    with isolate_apps("integrations"):

        class Vault(models.Model):
            word = EncryptedTextField(null=True)
            pair = EncryptedJSONField(null=True)

            class Meta:
                app_label = "integrations"

    with connection.schema_editor() as editor:
        editor.create_model(Vault)
    yield Vault
    with connection.schema_editor() as editor:
        editor.delete_model(Vault)


def raw(vault, column="word"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {vault._meta.db_table}")
        return [row[0] for row in cursor.fetchall()]


def assert_hidden(error: BaseException, *secrets: str) -> None:
    """Neither the error, nor what is chained to it, nor its traceback shows any of the texts."""
    assert error.__context__ is None
    assert error.__cause__ is None
    shown = "".join([str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)])
    for secret in secrets:
        assert secret not in shown


# The keyring


def test_what_is_stored_names_its_key_and_shows_nothing_of_the_secret():
    stored = crypto.encrypt(CANARY)

    assert stored.startswith("k1:gAAAA")
    assert CANARY not in stored
    assert crypto.decrypt(stored) == CANARY


def test_the_same_secret_looks_different_each_time():
    assert crypto.encrypt(CANARY) != crypto.encrypt(CANARY)


@pytest.mark.parametrize("text", ["", " ", "ünïcödé ✓", "a" * 100_000, "k1:gAAAA", "\x00"])
def test_every_text_comes_back_as_it_went(text):
    assert crypto.decrypt(crypto.encrypt(text)) == text


def test_the_first_key_encrypts_and_every_key_decrypts(keys):
    stored = crypto.encrypt(CANARY)
    keys.ENCRYPTION_KEYS = [NEW, OLD]

    assert crypto.decrypt(stored) == CANARY
    assert crypto.encrypt(CANARY).startswith("k2:")


def test_rotation_moves_a_secret_to_the_newest_key_after_which_the_old_one_can_go(keys):
    stored = crypto.encrypt(CANARY)
    assert not crypto.needs_rotation(stored)
    keys.ENCRYPTION_KEYS = [NEW, OLD]
    assert crypto.needs_rotation(stored)

    rotated = crypto.rotate(stored)

    assert not crypto.needs_rotation(rotated)
    keys.ENCRYPTION_KEYS = [NEW]
    assert crypto.decrypt(rotated) == CANARY


def test_a_missing_key_is_named(keys):
    stored = crypto.encrypt(CANARY)
    keys.ENCRYPTION_KEYS = [NEW]

    with pytest.raises(DecryptionError, match="k1") as caught:
        crypto.decrypt(stored)

    assert caught.value.key_id == "k1"
    assert_hidden(caught.value, CANARY, stored, stored[3:30])


def test_another_key_of_the_same_id_is_an_error_and_never_a_value(keys):
    stored = crypto.encrypt(CANARY)
    keys.ENCRYPTION_KEYS = [OTHER]

    with pytest.raises(DecryptionError, match="k1") as caught:
        crypto.decrypt(stored)

    assert_hidden(caught.value, CANARY, stored, stored[3:30], OTHER[3:])


@pytest.mark.parametrize("position", [3, 4, 10, 40, -30, -5])
def test_text_that_was_tampered_with_is_an_error(position):
    stored = crypto.encrypt(CANARY)
    flipped = "A" if stored[position] != "A" else "B"
    tampered = stored[:position] + flipped + stored[position:][1:]

    with pytest.raises(DecryptionError) as caught:
        crypto.decrypt(tampered)

    assert_hidden(caught.value, CANARY, tampered[6:30])


@pytest.mark.parametrize("stored", ["", CANARY, f"user:{CANARY}", f"{CANARY} :gAAAA", f"k1:{CANARY}", "k1:", ":", "k1:gAAAA"])
def test_text_that_was_never_encrypted_is_an_error_that_does_not_quote_it(stored):
    with pytest.raises(DecryptionError) as caught:
        crypto.decrypt(stored)

    assert_hidden(caught.value, CANARY)


def test_the_keyring_shows_ids_and_no_keys(keys):
    keys.ENCRYPTION_KEYS = [NEW, OLD]

    assert repr(crypto.keyring()) == "<Keyring k2, k1>"


# The system check


def test_a_good_keyring_passes_the_check(keys):
    keys.ENCRYPTION_KEYS = [NEW, f" {OLD} "]

    assert crypto.check_keyring() == []


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "E001"),
        (["k1"], "E002"),
        (["k1:"], "E002"),
        ([":" + OLD[3:]], "E002"),
        ([OLD[3:]], "E002"),
        (["k1:" + "c2hvcnQ="], "E002"),
        (["k1:schlüssel"], "E002"),
        (["a key:" + OLD[3:]], "E002"),
        ([OLD, "k2:nonsense"], "E002"),
        ([OLD, OTHER], "E003"),
    ],
)
def test_a_bad_keyring_is_a_system_error_that_quotes_no_key(keys, entries, code):
    keys.ENCRYPTION_KEYS = entries

    (problem,) = [found for found in checks.run_checks(tags=["security"]) if found.id == f"integrations.{code}"]

    assert problem.level == checks.ERROR
    assert OLD[3:] not in str(problem)
    with pytest.raises(ImproperlyConfigured) as caught:
        crypto.encrypt(CANARY)
    assert_hidden(caught.value, CANARY, OLD[3:])


def test_an_encrypted_field_cannot_be_unique():
    with isolate_apps("integrations"):

        class Wrong(models.Model):
            word = EncryptedTextField(unique=True)

            class Meta:
                app_label = "integrations"

    assert "integrations.E004" in [problem.id for problem in Wrong._meta.get_field("word").check()]


# The fields


def test_only_ciphertext_reaches_the_database(vault):
    row = vault.objects.create(word=CANARY, pair={"token": CANARY, "list": [1, None]})

    assert raw(vault)[0].startswith("k1:gAAAA")
    assert raw(vault, "pair")[0].startswith("k1:gAAAA")
    fresh = vault.objects.get(pk=row.pk)
    assert (fresh.word, fresh.pair) == (CANARY, {"token": CANARY, "list": [1, None]})


def test_none_and_the_empty_text_stay_apart(vault):
    vault.objects.create(word=None, pair=None)
    vault.objects.create(word="", pair={})

    assert list(vault.objects.order_by("pk").values_list("word", "pair")) == [(None, None), ("", {})]
    assert raw(vault)[0] is None
    assert raw(vault)[1].startswith("k1:")
    assert vault.objects.filter(word__isnull=True).count() == 1


def test_every_way_of_writing_encrypts(vault):
    row = vault.objects.create(word="first")
    vault.objects.filter(pk=row.pk).update(word=CANARY)
    assert CANARY not in raw(vault)[0]
    row.word = CANARY + "2"
    vault.objects.bulk_update([row], ["word"])
    assert vault.objects.get().word == CANARY + "2"
    vault.objects.bulk_create([vault(word=CANARY + "3")])
    assert all(CANARY not in text for text in raw(vault))


@pytest.mark.parametrize("value", [5, True, "text", 1.5])
def test_a_json_field_takes_nothing_that_a_dump_would_show(vault, value):
    with pytest.raises(TypeError, match="pair takes an object or an array"):
        vault.objects.create(pair=value)


def test_a_text_field_takes_texts_only(vault):
    with pytest.raises(TypeError, match="word takes a text, not bytes"):
        vault.objects.create(word=b"bytes")


@pytest.mark.parametrize("lookup", ["word", "word__exact", "word__contains", "word__in", "word__gt", "word__regex", "pair__token"])
def test_an_encrypted_column_cannot_be_searched(vault, lookup):
    with pytest.raises(FieldError, match="encrypted"):
        vault.objects.filter(**{lookup: "x"}).exists()


def test_reading_a_row_under_the_wrong_key_fails_closed(vault, keys):
    vault.objects.create(word=CANARY)
    keys.ENCRYPTION_KEYS = [OTHER]

    with pytest.raises(DecryptionError, match="k1") as caught:
        vault.objects.get()

    assert_hidden(caught.value, CANARY, raw(vault)[0])


def test_plain_text_that_someone_put_into_the_column_fails_closed(vault):
    vault.objects.create(word="x")
    vault.objects.update(word=Value(CANARY, output_field=TextField()))

    with pytest.raises(DecryptionError) as caught:
        vault.objects.get()

    assert_hidden(caught.value, CANARY)


def test_a_stored_column_can_be_compared_and_replaced_without_being_read(vault, keys):
    row = vault.objects.create(word=CANARY)
    keys.ENCRYPTION_KEYS = [NEW, OLD]
    rows = vault.objects.annotate(kept=crypto.stored("word"))
    old = rows.values_list("kept", flat=True).get()
    assert crypto.needs_rotation(old)

    changed = rows.filter(kept=old).update(word=Value(crypto.rotate(old), output_field=TextField()))
    missed = rows.filter(kept=old).update(word=Value("k2:x", output_field=TextField()))

    assert (changed, missed) == (1, 0)
    keys.ENCRYPTION_KEYS = [NEW]
    assert vault.objects.get(pk=row.pk).word == CANARY


@pytest.mark.parametrize(("field", "value"), [("word", CANARY), ("word", ""), ("pair", {"token": CANARY}), ("pair", [])])
def test_a_dump_holds_ciphertext_that_loads_again(vault, field, value):
    row = vault(**{field: value})
    column = vault._meta.get_field(field)

    dumped = column.value_to_string(row)

    assert dumped.startswith("encrypted:k1:gAAAA")
    assert CANARY not in dumped
    assert column.to_python(dumped) == value
    vault.objects.create(**{field: column.to_python(dumped)})
    assert getattr(vault.objects.get(), field) == value


def test_a_dump_of_another_installation_is_refused_by_name_of_the_key(vault, keys):
    dumped = vault._meta.get_field("word").value_to_string(vault(word=CANARY))
    keys.ENCRYPTION_KEYS = [OTHER]

    with pytest.raises(ValidationError, match="k1") as caught:
        vault._meta.get_field("word").to_python(dumped)

    assert_hidden(caught.value, CANARY, dumped[13:])


def test_no_form_shows_an_encrypted_field(vault):
    assert not vault._meta.get_field("word").editable


def test_a_whole_dump_shows_no_credential_and_loads_again(scoped, tmp_path):
    integration = Integration.objects.create(organization=scoped.organization, provider="none", integration_type_id=1, name="Books")
    credential = Credential.objects.create(organization=scoped.organization, integration=integration, payload={"access_token": CANARY})
    dump = tmp_path / "dump.json"

    call_command("dumpdata", "integrations.credential", output=str(dump))
    credential.delete()
    call_command("loaddata", str(dump), verbosity=0)

    assert CANARY not in dump.read_text()
    assert "encrypted:k1:gAAAA" in dump.read_text()
    assert Credential.objects.get().payload == {"access_token": CANARY}
