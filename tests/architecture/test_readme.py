"""The README is true: what it names exists, and what exists is named."""

from __future__ import annotations

import re

from django.core.management import get_commands

from integrations.management.commands.providers import table
from tests.architecture.tree import CODE, ROOT, files

README = (ROOT / "README.md").read_text(encoding="utf-8")
OURS = ("accounts", "integrations", "integrations.records")
KNOB = re.compile(r'env\.\w+\(\s*"([A-Z_]+)"')


def test_the_table_of_providers_is_current() -> None:
    assert table() in README, "Bring it up to date: .venv/bin/python manage.py providers --readme"


def test_every_command_that_it_names_exists() -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", README)) | set(re.findall(r"^\| `([a-z_]+)[ `]", README, re.MULTILINE))
    assert named <= set(get_commands())


def test_every_command_of_ours_is_named() -> None:
    provided = {name for name, app in get_commands().items() if app in OURS or str(app).startswith("integrations.providers.")}
    listed = set(re.findall(r"^\| `([a-z_]+)[ `]", README, re.MULTILINE))
    assert provided == listed


def test_every_setting_is_named_and_none_that_is_not_there() -> None:
    source = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE)) == set(KNOB.findall(source))


def test_settings_are_read_in_one_place() -> None:
    """Beside what operators set for one provider, whose names are made of its slug."""
    elsewhere = [
        path
        for path in files(*CODE)
        if path.suffix == ".py" and path.name != "settings.py" and KNOB.search(path.read_text(encoding="utf-8"))
    ]
    assert not elsewhere


def test_every_file_that_it_names_exists() -> None:
    named = set(re.findall(r"`((?:integrations|tests|config|\.ci)/[\w./]+)`", README))
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_every_make_target_that_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^ {4})make ([a-z./]+)", README, re.MULTILINE))
    assert {"run", "test", "suite"} <= named
    assert not [name for name in named if not re.search(rf"^{re.escape(name)}:", makefile, re.MULTILINE)]


def test_pictures_that_it_shows_exist_and_are_small() -> None:
    for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / name).stat().st_size < 300_000
