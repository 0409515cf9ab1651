"""Every command says what is wrong with what it was given, in words, and fails: never with a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Action, ArgumentParser
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import connection

from tests.isolation.estates import Estate
from tests.isolation.scene import NOBODYS, OURS, Scene
from tests.isolation.tables import changes, dump, undone

OF_DJANGO = ("django.", "polymorphic", "auditlog", "axes", "django_otp", "whitenoise", "social_django")
NAMES = sorted(name for name, app in get_commands().items() if not str(app).startswith(OF_DJANGO))
OF_EVERY_COMMAND = {"help", "version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks"}

HUGE = "9" * 40
NUMBERS = ["abc", "1.5", "", "0x10", "٣x"]
IDS = [*NUMBERS, "0", "-1", str(NOBODYS), HUGE]
KINDS = ["nothing", "", "Invoice", "😀", "a" * 5_000]

WRONG: dict[str, list[str]] = {
    "id": IDS,
    "delivery": IDS,
    "kind": KINDS,
    "ids": ["", "x", "1,x", ",", str(NOBODYS), f"{OURS},{NOBODYS}", HUGE, "-1"],
    "set": ["status", "=", "status=NONSENSE", "nothing=1", "😀=1"],
    "with": ["", "nothing", "OAuth2", "😀", "a" * 5_000],
    "settings export": ["/nowhere/at/all.json", "", "/etc", "a" * 5_000],
    "import": ["/nowhere/at/all.json", "/dev/null", "", "/etc", "a" * 5_000],
    "until": ["yesterday", "2026-02-30", "", "9999999-01-01", "31.12.2026", "1999-12-31"],
    "since": ["yesterday", "2026-02-30", "", "9999999-01-01", "31.12.2026"],
    "restored since": ["yesterday", "2026-02-30", "", "9999999-01-01", "31.12.2026", "9999-12-31"],
    "port": [*NUMBERS, "-1", "65536", HUGE],
    "sandbox_port": [*NUMBERS, "-1", "65536", HUGE],
    "host": ["256.256.256.256", "no such host"],
    "threads": [*NUMBERS, "0", "-1"],
    "path": ["/nowhere/at/all.json", "/dev/null", "", "/etc", "a" * 5_000],
    "organization": ["nobody", "", "Harbour Studio", "a" * 5_000],
    "owner": ["", "nobody", "a@", "a b@c.example", "a" * 5_000],
    "create_organization name": ["", "   ", "a" * 201],
    "create_organization slug": ["with space", "ä/ö", "harbour-studio", "a" * 60],
    "startprovider slug": ["", "Xero", "xero", "with space", "../up", "1st", "class", "a" * 60, "data"],
    "startprovider label": [" ", "a" * 5_000, 'quote" and \\', "new\nline"],
    "startprovider category": ["nothing", ""],
    "startprovider type_id": [*NUMBERS, "-1", "2", HUGE],
}
"""By the name of an argument, or by command and argument: values that cannot be right."""

RIGHT: dict[str, list[str]] = {
    "id": [str(OURS)],
    "delivery": [str(OURS)],
    "kind": ["invoice"],
    "import kind": ["payment"],
    "path": ["/nowhere/at/all.json"],
    "name": ["Any Name"],
    "slug": ["any_vendor"],
    "organization": ["harbour-studio"],
    "--owner": ["--owner", "owner@any.example"],
    "export": ["--all"],
    "settings": ["--export=-"],
}
"""What stands for the other required arguments, by argument; or for a command."""

INSTEAD = {"ids", "import", "export"}
"""Arguments that stand in the place of what a command needs."""

FREE = {
    "json",
    "all",
    "create_new",
    "dry_run",
    "wait",
    "full",
    "accept_deletions",
    "once",
    "check",
    "readme",
    "tenant",
    "finish",
    "switch_on",
    "again",
    "keys",
}
"""Flags, which cannot be wrong, and the account there, which is not told from a wrong one before somebody has signed in."""


def parser_of(name: str) -> ArgumentParser:
    return load_command_class(get_commands()[name], name).create_parser("manage.py", name)  # type: ignore[arg-type]


def arguments_of(name: str) -> list[Action]:
    return [action for action in parser_of(name)._actions if action.dest not in OF_EVERY_COMMAND]


def wrong_values(name: str, action: Action) -> list[str]:
    """Raises `LookupError` for an argument that nobody has told of."""
    for key in (f"{name} {action.dest}", action.dest):
        if key in WRONG:
            return WRONG[key]
    if action.dest in FREE:
        return []
    raise LookupError(f"Say in WRONG of tests/isolation/test_commands.py what is wrong for {action.dest} of `manage.py {name}`.")


def right_values(name: str, *, but: Action) -> Iterator[str]:
    for action in arguments_of(name):
        if action is but or not (action.required or not action.option_strings):
            continue
        flag = action.option_strings[0] if action.option_strings else ""
        found = next((RIGHT[key] for key in (f"{name} {action.dest}", flag, action.dest) if key in RIGHT), None)
        if found is None:
            raise LookupError(f"Say in RIGHT of tests/isolation/test_commands.py what {action.dest} of `manage.py {name}` may be.")
        yield from found


def command_lines(name: str, action: Action) -> Iterator[list[str]]:
    """The command with one argument wrong."""
    right = list(right_values(name, but=action))
    needed = RIGHT.get(name, []) if action.dest not in INSTEAD else []
    for value in wrong_values(name, action):
        if action.option_strings:
            yield [name, *right, *needed, f"{action.option_strings[-1]}={value}"]
        else:
            place = [one.dest for one in arguments_of(name) if not one.option_strings].index(action.dest)
            yield [name, *needed, *right[:place], "--", value, *right[place:]]


CASES = [pytest.param(name, action, id=f"{name}-{action.dest}") for name in NAMES for action in arguments_of(name)]


@pytest.mark.parametrize(("name", "action"), CASES)
def test_wrong_arguments_are_named(scene: Scene, name: str, action: Action):
    problems = []
    for line in command_lines(name, action):
        before, said = {estate.word: dump(estate) for estate in (scene.ours, scene.theirs)}, ""
        with undone():
            try:
                call_command(*line, stdout=StringIO(), stderr=StringIO())
            except CommandError as error:
                said = str(error)
            except Exception as error:
                problems.append(f"{_shown(line)} ended in {type(error).__name__}: {error}")
                continue
            problems += [f"{_shown(line)} changed {change}" for estate in (scene.ours, scene.theirs) for change in _changes(before, estate)]
        if len(said) < 15:
            problems.append(f"{_shown(line)} was taken for good, or said only {said!r}")
    assert not problems, "\n".join(problems)


def _shown(line: list[str]) -> str:
    return "manage.py " + " ".join(repr(part)[:60] for part in line)


def _changes(before: dict[str, object], estate: Estate) -> list[str]:
    return changes(before[estate.word], dump(estate))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_unknown_options_and_missing_arguments_are_named(scene: Scene, name: str):
    with pytest.raises(CommandError, match=r"--nonsense|required"):
        call_command(name, "--nonsense", stdout=StringIO(), stderr=StringIO())
    with pytest.raises(CommandError, match=r"unrecognized arguments|required|too_many"):
        call_command(name, *right_values(name, but=None), *RIGHT.get(name, []), "too_many", "arguments", stdout=StringIO())  # type: ignore[arg-type]
    if any(action.required for action in arguments_of(name)):
        with pytest.raises(CommandError, match="required"):
            call_command(name, stdout=StringIO(), stderr=StringIO())


def test_an_argument_that_nobody_knows_is_named():
    parser = ArgumentParser()
    with pytest.raises(LookupError, match=r"what is wrong for shape of `manage\.py paint`"):
        wrong_values("paint", parser.add_argument("shape"))


# As operators run them ---------------------------------------------------------------------------------------------------


@pytest.fixture
def environment() -> dict[str, str]:
    """Of a process that reads this test's database, which is migrated and, outside of the test's transaction, empty."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor != "sqlite":
        url = (
            f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST'] or 'localhost'}:{database['PORT']}/{database['NAME']}"
        )
    return {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "any",
        "ENCRYPTION_KEYS": settings.ENCRYPTION_KEYS[0],
        "DATABASE_URL": url,
        "LOG_JSON": "false",
    }


REFUSED, USAGE = 1, 2
"""Exit statuses: of what cannot be done, and, as everywhere, of a command line that cannot be read."""

LINES = {
    "an id that is no number": (["export", "abc", "invoice", "--all"], "abc", USAGE),
    "an integration that is not there": (["retry", "8000001"], "There is no integration 8000001", REFUSED),
    "a path that is not there": (["load_records", "/nowhere/at/all.json"], "organization", REFUSED),
    "no such option": (["integrations", "--nonsense"], "--nonsense", USAGE),
}


@pytest.mark.parametrize(("line", "says", "status"), LINES.values(), ids=LINES)
def test_a_process_fails_with_words(environment: dict[str, str], line: list[str], says: str, status: int):
    done = subprocess.run(
        [sys.executable, "manage.py", *line],
        cwd=Path(settings.BASE_DIR),
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert says in done.stderr
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
