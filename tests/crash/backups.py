"""Backups made and brought back by the README's own commands."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.crash.conftest import ROOT, Installation, new_postgres

README = (ROOT / "README.md").read_text(encoding="utf-8").partition("### Backup")[2].partition("### On several machines")[0]


def command(has: str) -> str:
    """The one command of the README's paragraph that contains these words."""
    (found,) = [line.strip() for line in README.splitlines() if line.startswith("    ") and has in line]
    return found


def shell(installation: Installation, line: str) -> None:
    """Run it in the installation's folder, where the database has the name that the README gives it."""
    line = line.replace(".venv/bin/", f"{ROOT}/.venv/bin/").replace("manage.py", f"{ROOT}/manage.py")
    environment = {**installation.environment, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, shell=True, cwd=installation.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def back_up(installation: Installation) -> None:
    shell(installation, command("sqlite3.connect" if installation.is_sqlite else "pg_dump"))


@contextmanager
def brought_back(installation: Installation) -> Iterator[None]:
    """The installation is as it was when it was backed up; on PostgreSQL in another database, which is gone after the block."""
    if installation.is_sqlite:
        shell(installation, command("cp backup.sqlite3"))
        yield
        return
    with new_postgres() as url:
        installation.use(url)
        shell(installation, command("pg_restore"))
        yield
