"""A stranger reads a module at one go."""

from __future__ import annotations

from statistics import median, quantiles

from tests.architecture.tree import shown, sources

MEDIAN, MOST, LARGEST = 120, 300, 400
"""Lines: of half the modules, of 95 in 100, of any."""


def test_modules_stay_small() -> None:
    lines = {
        shown(path): path.read_text(encoding="utf-8").count("\n")
        for path in sources()
        if "sandbox" not in path.parts and path.stat().st_size
    }
    assert median(lines.values()) <= MEDIAN
    assert quantiles(lines.values(), n=20)[-1] <= MOST
    assert not {path: count for path, count in lines.items() if count > LARGEST}
