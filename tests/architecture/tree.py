"""The project's own files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT: Path = settings.BASE_DIR
PROVIDERS = ROOT / "integrations" / "providers"
CODE = ("accounts", "config", "integrations")
NOT_OURS = {
    ".git",
    ".venv",
    "__pycache__",
    "var",
    "media",
    "tmp",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".import_linter_cache",
}
TEXTS = {".py", ".html", ".txt", ".css", ".js", ".svg", ".md", ".toml", ".lock", ".json", ""}


def files(*below: str) -> Iterator[Path]:
    """Text files below some of the project's folders, or of the whole project."""
    for start in [ROOT / name for name in below] or [ROOT]:
        for path in sorted(start.rglob("*")):
            parts = path.relative_to(ROOT).parts
            if NOT_OURS.isdisjoint(parts) and path.is_file() and path.suffix in TEXTS and path.name != ".env":
                yield path


def sources(*below: str) -> Iterator[Path]:
    """Modules, without migrations."""
    return (path for path in files(*(below or CODE)) if path.suffix == ".py" and "migrations" not in path.parts)


def core() -> Iterator[Path]:
    """Everything that has to work for any provider."""
    return (path for path in files(*CODE, "templates", "static") if not path.is_relative_to(PROVIDERS))


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))
