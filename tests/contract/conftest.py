"""Every promise is put to every provider whose declaration claims what the promise is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.provider import Provider
from integrations.registry import all_providers
from tests.contract.completeness import what_is_missing
from tests.contract.harness import Harness, harnessed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`provider`, with `export` or `declared` (an import) beside it; `claims` chooses among what they are given."""
    names = set(metafunc.fixturenames)
    if "provider" not in names:
        return
    claims = [mark.args[0] for mark in metafunc.definition.iter_markers("claims")]
    beside = next((name for name in ("export", "declared") if name in names), "")
    cases = [
        (provider, subject)
        for provider in all_providers().values()
        for subject in _subjects(provider, beside)
        if all(claimed(subject) for claimed in claims)
    ]
    ids = [f"{provider.slug}-{subject.kind}" if beside else provider.slug for provider, subject in cases]
    if beside:
        metafunc.parametrize(("provider", beside), cases, ids=ids)
    else:
        metafunc.parametrize("provider", [provider for provider, _provider in cases], ids=ids)


def _subjects(provider: Provider, beside: str) -> list[Any]:
    if beside == "export":
        return [export for export in provider.exports if not export.step]
    return list(provider.imports) if beside == "declared" else [provider]


@pytest.fixture
def harness(provider: Provider, db: None, settings: Any, later: Callable[[float], None]) -> Iterator[Harness]:
    """The provider with an integration that is not connected yet."""
    if missing := what_is_missing(provider):
        pytest.skip(f"{provider.slug} is not complete yet. Next: {missing[0]}")
    with harnessed(provider, settings, later) as connectable:
        yield connectable


@pytest.fixture
def ready(harness: Harness) -> Harness:
    """The same, connected and set up."""
    harness.set_up()
    return harness
