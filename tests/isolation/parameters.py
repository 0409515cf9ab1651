"""Which parameters the views read, from their sources: so a parameter that is added later is tried without a line here."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.isolation.addresses import Address

READS = (
    re.compile(r"""(?P<where>GET|POST)(?P<either>\))?(?:\.getlist|\.get|)[(\[]"(?P<name>\w+)\""""),
    re.compile(r""""(?P<name>\w+)"\s+(?:not\s+)?in\s+request\.(?P<where>GET|POST)(?P<either>)"""),
    re.compile(r"""(?P<where>)\(request,\s*"(?P<name>\w+)"(?P<either>)"""),
)
"""`request.GET.get("page")`, `(request.POST if … else request.GET).get("ids")`, `"new" in request.GET`, `one_of(request, "show", …)`."""
OWN = ("accounts", "integrations.admin")
"""Where views are."""


def parameters_of(address: Address, method: str) -> list[str]:
    """The names that the view, or a module of ours that it uses, reads from the query (GET) or from the form (POST)."""
    module = address.view.rpartition(".")[0]
    while module and _file(module) is None:
        module = module.rpartition(".")[0]
    found = {name for one in _reach(module) for where, name in _read(one) if where == method} if module.startswith(OWN) else set()
    return sorted(found)


@cache
def _read(module: str) -> frozenset[tuple[str, str]]:
    path = _file(module)
    found: set[tuple[str, str]] = set()
    for pattern in READS:
        for match in pattern.finditer(path.read_text() if path else ""):
            wheres = ["GET", "POST"] if match["either"] else [match["where"] or "GET"]
            found |= {(where, match["name"]) for where in wheres}
    return frozenset(found)


@cache
def _reach(module: str) -> frozenset[str]:
    """The module and those of ours that it leads to."""
    found, left = set(), [module]
    while left:
        one = left.pop()
        if one not in found and one.startswith(OWN):
            found.add(one)
            left += _imports(one)
    return frozenset(found)


def _imports(module: str) -> Iterator[str]:
    path = _file(module)
    for node in ast.walk(ast.parse(path.read_text())) if path else ():
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _file(module: str) -> Path | None:
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(found.origin) if found and found.origin and found.origin.endswith(".py") else None
