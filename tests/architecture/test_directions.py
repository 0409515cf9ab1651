"""The import linter holds the directions; here it is held that it knows everything there is."""

from __future__ import annotations

import tomllib
from typing import Any

from tests.architecture.tree import ROOT, shown, sources

OPEN_TO_PROVIDERS = {
    "auth",
    "clock",
    "comparison",
    "crypto",
    "documents",
    "errors",
    "events",
    "findings",
    "http",
    "incoming",
    "mappings",
    "models",
    "panels",
    "provider",
    "records",
    "retention",
    "sandbox",
    "source",
    "upkeep",
    "webhooks",
}
"""What a provider may import: of `models` its bases alone, of `webhooks` how to verify."""


def contract(name: str) -> dict[str, Any]:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    found: dict[str, Any] = next(each for each in linter["contracts"] if each["name"] == name)
    return found


def parts() -> set[str]:
    """Modules and packages of the core."""
    folder = ROOT / "integrations"
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return {path.stem for path in folder.glob("*.py") if path.stem != "__init__"} | packages - {"providers", "migrations"}


def test_every_part_of_the_core_is_kept_from_naming_providers() -> None:
    listed = set(contract("Core names no provider")["source_modules"])
    assert listed == {f"integrations.{part}" for part in parts()} | {"accounts", "config"}


def test_every_part_of_the_core_is_open_to_providers_or_closed() -> None:
    listed = set(contract("Providers lean on the contract and its tools alone")["forbidden_modules"])
    closed = {f"integrations.{part}" for part in parts() - OPEN_TO_PROVIDERS} | {"accounts", "config", "integrations.models"}
    assert listed == closed


def test_accounts_does_not_know_that_there_are_integrations() -> None:
    assert not [shown(path) for path in sources("accounts") if "integrations" in path.read_text(encoding="utf-8")]
