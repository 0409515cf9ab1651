"""`manage.py load_records`"""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Organization
from integrations.records.models import Company
from tests.conftest import World
from tests.integrations.records.conftest import document, resource


def run(*arguments: Any) -> str:
    out = StringIO()
    call_command("load_records", *(str(argument) for argument in arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "all.json"
    path.write_text(
        json.dumps(
            document(
                resource("companies", 1, {"name": "Acme", "shoe_size": 4}),
                resource("people", 2, {"is_user": "x"}, company=("companies", 9)),
            )
        )
    )
    return path


def test_the_organization_may_be_left_out_where_there_is_one(world: World, file: Path) -> None:
    told = json.loads(run(file, "--json"))
    assert (told["created"], told["updated"], told["unchanged"], told["failed"], told["unresolved"]) == (1, 0, 0, 1, 0)
    assert told["by_kind"]["company"]["created"] == 1
    assert told["errors"] == [
        {
            "file": str(file),
            "pointer": "/data/1",
            "kind": "person",
            "id": "2",
            "field": "is_user",
            "reason": "“x” is neither true nor false: write one of the two.",
        }
    ]
    assert told["unresolved_references"] == []
    assert Company.everywhere.get().organization == world.organization


def test_with_several_organizations_one_must_be_named(world: World, stranger: World, file: Path) -> None:
    with pytest.raises(
        CommandError, match=r"several organizations: name one with --organization SLUG. There are: canary-gmbh, northwind-studio"
    ):
        run(file)
    with pytest.raises(CommandError, match=r"There is no organization 'nobody'. There are: canary-gmbh"):
        run(file, "--organization", "nobody")
    run(file, "--organization", "canary-gmbh")
    assert Company.everywhere.get().organization == stranger.organization


@pytest.mark.django_db
def test_without_an_organization_the_command_says_how_to_make_one(file: Path) -> None:
    assert not Organization.objects.exists()
    with pytest.raises(CommandError, match="create_organization"):
        run(file)


def test_people_read_what_happened(world: World, file: Path) -> None:
    (file.parent / "more.json").write_text(json.dumps(document(resource("people", 3, {}, company=("companies", 9)), resource("teams", 1))))
    told = run(file.parent)
    assert "created     updated   unchanged      failed" in told
    assert f"{file}: /data/1: person 2 is_user: “x” is neither true nor false" in told
    assert "unresolved: person 3 company 9: company 9 is not here" in told
    assert "“teams” is no kind of record here: 1 rows were left out." in told
    assert "ignored of company: shoe_size (1)" in told


def test_a_dry_run_says_so(world: World, file: Path) -> None:
    assert "dry run: nothing was written" in run(file, "--dry-run")
    assert not Company.everywhere.exists()


def test_an_unusable_path_ends_the_command(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="does not exist: check the path"):
        run(tmp_path / "missing.json")
    (tmp_path / "a.json").write_text("hello")
    with pytest.raises(CommandError, match="Nothing could be read"):
        run(tmp_path / "a.json")
    (tmp_path / "a.json").write_text('{"data": []}')
    assert json.loads(run(tmp_path / "a.json", "--json"))["created"] == 0


def test_bad_rows_are_a_result(world: World, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(document(resource("people", 2, {"is_user": "x"}))))
    assert json.loads(run(tmp_path / "a.json", "--json"))["failed"] == 1


def test_a_terminal_sees_a_bar_and_nobody_else(world: World, file: Path) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    terminal, pipe = Terminal(), StringIO()
    call_command("load_records", str(file), stdout=StringIO(), stderr=terminal)
    call_command("load_records", str(file), stdout=StringIO(), stderr=pipe)
    assert "[##################################################] 100 %" in terminal.getvalue()
    assert pipe.getvalue() == ""


def test_the_help_tells_how_amounts_are_written() -> None:
    told = subprocess.run([sys.executable, "manage.py", "load_records", "--help"], capture_output=True, text=True, check=True).stdout
    assert "Amounts are in units with a decimal point: 1234.50" in told
    assert "Kinds: subsidiary, company, contact_entry" in told
