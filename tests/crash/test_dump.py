"""Everything as JSON and back, by the README's commands, from each database into the other."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.backups import command, shell
from tests.crash.conftest import Installation
from tests.figures import Figures

pytestmark = [pytest.mark.crash, pytest.mark.long]

FULL_ESTATE = ("-m", "tests.crash.full_estate")


@pytest.mark.parametrize("engines", [("sqlite-local", "postgres-local"), ("postgres-local", "sqlite-local")], ids="-into-".join)
def test_a_dump_keeps_every_row_and_no_secret_can_be_read_in_it(
    engines: tuple[str, str], bare: Callable[[str], Installation], figures: Figures
) -> None:
    before, after = map(bare, engines)
    secrets = json.loads(before.run(*FULL_ESTATE, "fill"))
    rows = json.loads(before.run(*FULL_ESTATE, "rows"))
    assert len(secrets) > 20
    shell(before, command("dumpdata"))

    dump = (before.folder / "patchbay.json").read_text(encoding="utf-8")
    readable = [secret for secret in secrets if re.search(rf"{re.escape(json.dumps(secret)[1:-1])}(?!\d)", dump)]
    assert not readable, "secrets stand in the dump as they are"

    shutil.copy(before.folder / "patchbay.json", after.folder)
    shell(after, command("loaddata"))
    loaded = json.loads(after.run(*FULL_ESTATE, "rows"))
    assert loaded.keys() == rows.keys()
    different = {name: difference for name in rows if (difference := _difference(rows[name], loaded[name]))}
    assert not different, json.dumps(different, indent=1)[:3000]
    assert {row["connection"] for row in json.loads(after.manage("integrations", "--json"))} >= {"connected", "never"}
    after.manage("create_organization", "Newcomers", "--owner", "ana@newcomers.example")
    counted = f"{sum(map(len, rows.values()))} rows of {len(rows)} models alike, 0 of {len(secrets)} secrets readable"
    figures(f"dumped from {engines[0]}, loaded into {engines[1]}: {counted}")


def _difference(before: list[list[str]], after: list[list[str]]) -> list[list[str]]:
    return [row for row in before if row not in after] + [row for row in after if row not in before]


def test_with_another_key_the_rows_come_and_the_credentials_cannot_be_read(bare: Callable[[str], Installation]) -> None:
    before, after = bare("sqlite-local"), bare("sqlite-local")
    before.run(*FULL_ESTATE, "fill")
    shell(before, command("dumpdata"))
    shutil.copy(before.folder / "patchbay.json", after.folder)
    after.environment["ENCRYPTION_KEYS"] = "other:OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg="
    process = after.start("manage.py", "loaddata", str(Path(after.folder) / "patchbay.json"))
    process.communicate(timeout=120)
    assert process.returncode == 1
    assert "ENCRYPTION_KEYS" in after.said
    assert after.query("SELECT COUNT(*) FROM integrations_credential") == [(0,)], "ciphertext was taken for a value"
