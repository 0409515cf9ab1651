"""The project speaks of itself alone, and leaves nothing half done behind."""

from __future__ import annotations

import re

from tests.architecture.tree import files, shown, sources

HALF_DONE = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b")
MAKING_OF = re.compile(r"\bissues? (?:show|number|#?\d+)\b|\.\./sha" + r"red|(?<![\w.])/wo" + r"rk/", re.IGNORECASE)
MAY_SAY_WHERE_DESCRIPTIONS_ARE = "Makefile"


def test_nothing_is_marked_as_half_done() -> None:
    assert not [f"{shown(path)}: {match[0]}" for path in files() if (match := HALF_DONE.search(path.read_text(encoding="utf-8")))]


def test_nothing_tells_how_the_project_was_made() -> None:
    found = {shown(path): match[0] for path in files() if (match := MAKING_OF.search(path.read_text(encoding="utf-8")))}
    assert found.keys() <= {MAY_SAY_WHERE_DESCRIPTIONS_ARE}, found


def test_every_module_with_code_says_what_it_is_for() -> None:
    silent = [
        shown(path)
        for path in sources()
        if len(path.read_text(encoding="utf-8").splitlines()) > 10 and not _docstring(path.read_text(encoding="utf-8"))
    ]
    assert not [path for path in silent if not path.endswith(("apps.py", "urls.py"))]


def _docstring(source: str) -> bool:
    return source.lstrip().startswith('"""')
