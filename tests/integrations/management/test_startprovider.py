"""A new provider: two directories, accepted by the installation, and told by the contract suite what comes next."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

COPIED = ("accounts", "config", "integrations", "static", "templates", "tests", ".gitignore", "manage.py", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project under version control."""
    for name in COPIED:
        source = settings.BASE_DIR / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=LEFT_OUT)
        else:
            shutil.copy(source, tmp_path)
    run(tmp_path, "git", "init", "--quiet")
    run(tmp_path, "git", "add", "--all")
    run(tmp_path, "git", "-c", "user.name=Test", "-c", "user.email=test@patchbay.example", "commit", "--quiet", "--message", "Everything")
    return tmp_path


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def manage(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(folder, sys.executable, "manage.py", *arguments)


NEW = {
    "ledger_world": (["--category", "accounting"], "give OAuth2"),
    "peoplehub": (["--category", "people", "--keys"], "give Token what it asks for"),
}
"""Arguments, and what the list of what comes next says of signing in."""


def test_a_new_provider_is_two_directories_and_a_list_of_what_comes_next(checkout: Path) -> None:
    for slug, (arguments, _sign_in) in NEW.items():
        done = manage(checkout, "startprovider", slug, *arguments)
        assert done.returncode == 0, done.stderr
        assert f"make suite TESTS='tests/contract -k {slug}'" in done.stdout
    changed = run(checkout, "git", "status", "--porcelain").stdout.splitlines()
    assert sorted(changed) == sorted(f"?? {place}/{slug}/" for place in ("integrations/providers", "tests/providers") for slug in NEW)
    assert manage(checkout, "makemigrations", "--check", "--dry-run").returncode == 0

    wanted = " or ".join(NEW)
    suite = run(checkout, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/contract/test_declaration.py", "-k", wanted)
    assert suite.returncode == 1
    for slug, (_arguments, sign_in) in NEW.items():
        for place in (f"1. integrations/providers/{slug}/provider.py: PROVIDER.promise", f"{slug}/logo.svg", "sandbox.py", sign_in):
            assert place in suite.stdout


def test_a_provider_that_the_installation_does_not_accept_leaves_nothing_behind(checkout: Path) -> None:
    (checkout / "integrations/management/skeleton/provider/models.py.txt").write_text("this is no Python\n")
    done = manage(checkout, "startprovider", "ledger_world")
    assert done.returncode == 1
    assert "SyntaxError" in done.stderr
    assert "ledger_world" not in run(checkout, "git", "status", "--porcelain").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Zoho"], "is no slug"),
        (["zoho books"], "is no slug"),
        (["2be"], "is no slug"),
        (["zoho__books"], "is no slug"),
        (["../elsewhere"], "is no slug"),
        (["x" * 41], "is no slug"),
        (["import"], "a word of Python"),
        (["match"], "a word of Python"),
        (["zoho_service"], "says nothing of the vendor"),
        (["utils"], "says nothing of the vendor"),
        (["xero"], "is taken"),
        (["records"], "is taken"),
        (["sessions"], "is taken"),
        (["ledger_world", "--label", 'Say "cheese"'], "is no name for people"),
        (["ledger_world", "--type-id", "2"], "is Xero's"),
        (["ledger_world", "--type-id", "0"], "out of range"),
        (["ledger_world", "--type-id", "40000"], "out of range"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(arguments: list[str], words: str) -> None:
    before = sorted(settings.PROVIDERS_DIR.iterdir())
    with pytest.raises(CommandError, match=words):
        call_command("startprovider", *arguments)
    assert sorted(settings.PROVIDERS_DIR.iterdir()) == before
