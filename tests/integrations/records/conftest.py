"""Documents as Productive answers them, and a way to load them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.records.loading.load import load_files
from tests.conftest import World


def resource(type: str, id: object, attributes: dict[str, Any] | None = None, **related: Any) -> dict[str, Any]:
    """A resource object; `related` goes from the relationship to (type, id), a list of them, or None."""

    def linkage(target: Any) -> Any:
        if isinstance(target, list):
            return [linkage(one) for one in target]
        return None if target is None else {"type": target[0], "id": str(target[1])}

    relationships = {name: {"data": linkage(target)} for name, target in related.items()}
    return {"id": str(id), "type": type, "attributes": attributes or {}, "relationships": relationships}


def document(*data: dict[str, Any], included: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"data": list(data), "included": included or [], "links": {}, "meta": {"current_page": 1, "total_pages": 1}}


@pytest.fixture
def load(world: World, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Write what is given (JSON documents, text or bytes by file name) and load it into `world`'s organization."""

    def run(*documents: Any, dry_run: bool = False, organization: Any = None, **files: Any) -> dict[str, Any]:
        folder = tmp_path / f"load{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        named = {f"{number}.json": one for number, one in enumerate(documents)} | {
            name.replace("__", "."): content for name, content in files.items()
        }
        for name, content in named.items():
            raw = content if isinstance(content, str | bytes) else json.dumps(content)
            (folder / name).write_bytes(raw.encode() if isinstance(raw, str) else raw)
        report = load_files(folder, organization or world.organization, dry_run).as_json()
        for error in report["errors"]:
            error["file"] = Path(error["file"]).name
        return report

    return run
