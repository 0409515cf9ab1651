"""A new key for ten thousand credentials, while workers use and renew them, and although the rotation is killed half-way."""

from __future__ import annotations

import json
import os
import time

import pytest
from cryptography.fernet import Fernet

from tests.crash.conftest import Installation
from tests.crash.copies import assert_each_once, enqueue
from tests.crash.test_renewing import expire
from tests.figures import Figures

pytestmark = [pytest.mark.crash, pytest.mark.long]

CREDENTIALS = 10_000


def under(installation: Installation, key: str) -> int:
    """How many credentials are under the key."""
    return int(str(installation.query(f"SELECT COUNT(*) FROM integrations_credential WHERE payload LIKE '{key}:%'")[0][0]))


@pytest.mark.parametrize("engine", ["sqlite-local", "postgres-local"], indirect=True)
def test_ten_thousand_credentials_change_their_key_while_all_works(installation: Installation, engine: str, figures: Figures) -> None:
    old, new = os.environ["ENCRYPTION_KEYS"], f"new:{Fernet.generate_key().decode()}"
    installation.run("-m", "tests.crash.seed_credentials", str(installation.integration), str(CREDENTIALS))
    run = enqueue(installation)
    expire(installation)
    installation.environment["ENCRYPTION_KEYS"] = f"{new},{old}"
    with installation.working(), installation.working():
        rotation = installation.start("manage.py", "rotate_keys", "--json")
        installation.wait_for(lambda: under(installation, "new") > CREDENTIALS // 2, 120, "half of the rotation")
        rotation.kill()
        rotation.communicate()
        half = under(installation, "new")
        expire(installation)
        began = time.monotonic()
        report = json.loads(installation.manage("rotate_keys", "--json"))
        took = time.monotonic() - began
        installation.wait_for(lambda: installation.state(run) == "succeeded", 120, "the export")
    assert CREDENTIALS // 2 < half < CREDENTIALS
    assert report["unreadable"] == 0
    assert report["rotated"] + half >= CREDENTIALS
    assert under(installation, "new") == CREDENTIALS + 1
    assert "DecryptionError" not in installation.said
    assert "cannot be decrypted" not in installation.said
    assert_each_once(installation, run)
    installation.environment["ENCRYPTION_KEYS"] = new
    assert int(installation.run("-m", "tests.crash.seed_credentials", str(installation.integration))) == CREDENTIALS
    assert json.loads(installation.manage("rotate_keys", "--json"))["rotated"] == 0
    figures(f"{CREDENTIALS} credentials, {engine}: killed after {half}, the rest took {took:.1f} s, 0 could not be read")
