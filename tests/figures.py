"""Figures that tests measured, listed at the end of a run: `figures("16 processes, 100 expiries: 100 refreshes")`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Figures = Callable[[str], None]
NAME = "figures"


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Figures:
    return lambda text: record_property(NAME, text)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    passed = terminalreporter.stats.get("passed", [])
    lines = sorted({text for report in passed for name, text in report.user_properties if name == NAME})
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.line(line)
