"""The long versions of what the quick suite tries shortly: ten thousand steps of an export, hundreds of imports from changing lists.

Both databases at once, each in a process of its own, so that either has a processor for itself.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.crash.conftest import POSTGRES, ROOT
from tests.figures import Figures

pytestmark = [pytest.mark.crash, pytest.mark.long]

STEPS = 10_000
LONG = {"STATE_MACHINE_EXAMPLES": "145", "CHANGING_PAGES_EXAMPLES": "40"}
WITHIN = 2400  # seconds


def start(path: str, folder: Path, **environment: str) -> subprocess.Popen[str]:
    with (folder / "errors").open("w") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--show-capture=no", path],
            env={**os.environ, **LONG, **environment},
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=errors,
        )


@pytest.mark.usefixtures("migrated_postgres")
@pytest.mark.parametrize("path", ["test_state_machine.py", "test_changing_pages.py"])
def test_long_histories_lose_and_double_nothing_on_both_databases(path: str, tmp_path: Path, figures: Figures) -> None:
    name = uuid.uuid4().hex[:8]
    databases = {
        "sqlite": {"TEST_DB": f"long_{name}", "DATABASE_URL": f"sqlite:///{tmp_path}/unused.sqlite3"},
        "postgresql": {"DATABASE_URL": f"{POSTGRES}/long_{name}"},
    }
    running = {}
    for database, environment in databases.items():
        (tmp_path / database).mkdir()
        running[database] = start(f"tests/integrations/sync/{path}", tmp_path / database, **environment)
    for database, process in running.items():
        said, _nothing = process.communicate(timeout=WITHIN)
        assert process.returncode == 0, said[-20_000:]
        measured = [line for line in said.splitlines() if re.search(rf", {database}: \d+ (steps|histories)", line)]
        assert measured, said
        for line in measured:
            figures(line)
            steps = re.search(r"(\d+) steps", line)
            assert steps is None or int(steps[1]) >= STEPS
