"""What is installed is pinned, with hashes, and is what the project asks for."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)[^\n]*\\\n((?: +--hash=sha256:[0-9a-f]{64}[^\n]*\n)+)", re.MULTILINE)
LOCKS = ("requirements.lock", "requirements-celery.lock", "requirements-dev.lock")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    return {canonicalize_name(match[1]): match[2] for match in PIN.finditer(text(name))}


def asked(group: str) -> list[Requirement]:
    project = tomllib.loads(text("pyproject.toml"))
    listed = list(project["project"]["dependencies"])
    if group != "requirements.lock":
        listed += project["project"]["optional-dependencies"]["celery"]
    if group == "requirements-dev.lock":
        listed += project["dependency-groups"]["dev"]
    return [Requirement(line) for line in listed]


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_a_pin_with_hashes(name: str) -> None:
    lines = [line for line in text(name).splitlines() if line and not line.startswith((" ", "#"))]
    assert len(lines) == len(PIN.findall(text(name))) > 0


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address(name: str) -> None:
    assert not re.search(r"://|--index-url|--extra-index-url|--find-links", text(name))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_what_the_project_asks_for(name: str) -> None:
    locked = pins(name)
    for requirement in asked(name):
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not in {name}: make lock"
        assert requirement.specifier.contains(version), f"{name} has {requirement.name} {version}, asked for is {requirement}: make lock"


def test_development_runs_on_what_production_runs_on() -> None:
    runtime, with_celery, development = (pins(name) for name in LOCKS)
    assert runtime.items() <= with_celery.items() <= development.items()


def test_no_file_of_the_installation_names_a_registry() -> None:
    for name in ("Makefile", "pyproject.toml", ".ci/run", "README.md"):
        assert not re.search(r"pypi\.|/simple\b|--index-url|npmjs", text(name))
