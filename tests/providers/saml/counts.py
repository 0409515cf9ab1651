"""What the corpus of single sign-on has found, family by family, at the end of every run that it was part of."""

from __future__ import annotations

from collections import Counter

import pytest

COLUMNS = ("family", "variants", "to accept", "accepted", "to refuse", "refused", "wrong")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, from what the tests have recorded under `corpus`: the family, and whether it has to be accepted."""
    planned: Counter[tuple[str, bool]] = Counter()
    right: Counter[tuple[str, bool]] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            told = dict(report.user_properties).get("corpus") if report.when == "call" else None
            if told:
                planned[told[0], told[1]] += 1
                right[told[0], told[1]] += outcome == "passed"
    if not planned:
        return
    families = list(dict.fromkeys(family for family, _accepts in planned))
    rows = [_row(family, planned, right) for family in families]
    total = ("all", *(sum(column) for column in zip(*(row[1:] for row in rows), strict=True)))
    terminalreporter.section("The corpus of single sign-on")
    for row in (COLUMNS, *rows, total):
        terminalreporter.write_line(f"{row[0]:<20}" + "".join(f"{cell:>11}" for cell in row[1:]))


def _row(family: str, planned: Counter[tuple[str, bool]], right: Counter[tuple[str, bool]]) -> tuple[str, int, int, int, int, int, int]:
    accepts, refuses = planned[family, True], planned[family, False]
    accepted, refused = right[family, True], right[family, False]
    return family, accepts + refuses, accepts, accepted, refuses, refused, accepts + refuses - accepted - refused
