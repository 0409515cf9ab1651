"""Every promise is put to every provider whose declaration claims what the promise is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.auth.ways import Way
from integrations.provider import Provider
from integrations.registry import all_providers
from tests.contract.completeness import what_is_missing
from tests.contract.harness import Harness, harnessed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`provider` and the `way` to connect it, with `export` or `declared` (an import) beside them; `claims` and `ways` choose,
    and where once is enough, the first of them is taken."""
    names = set(metafunc.fixturenames)
    if "provider" not in names:
        return
    claims = [mark.args[0] for mark in metafunc.definition.iter_markers("claims")]
    beside = next((name for name in ("export", "declared") if name in names), "")
    cases = [
        {"provider": provider, "way": way, **({beside: subject} if beside else {})}
        for provider in all_providers().values()
        for way in _ways(provider, metafunc)
        for subject in _subjects(provider, beside)
        if all(claimed(subject) for claimed in claims)
    ]
    if metafunc.definition.get_closest_marker("once_a_provider"):
        cases = list({(case["provider"].slug, case["way"].kind): case for case in reversed(cases)}.values())[::-1]
    given = [name for name in ("provider", "way", beside) if name in names]
    metafunc.parametrize(given, [[case[name] for name in given] for case in cases], ids=[_id(**case) for case in cases])


def _id(provider: Provider, way: Way, **beside: Any) -> str:
    """The provider's slug, with the kind of the way, where it is another one than the first, and that of what moves."""
    return "-".join([provider.slug, *([way.kind] if way != provider.auth else []), *(subject.kind for subject in beside.values())])


def _ways(provider: Provider, metafunc: pytest.Metafunc) -> list[Way]:
    chosen = [mark.args[0] for mark in metafunc.definition.iter_markers("ways")]
    return [way for way in (provider.ways if chosen else provider.ways[:1]) if all(is_meant(way) for is_meant in chosen)]


def _subjects(provider: Provider, beside: str) -> list[Any]:
    if beside == "export":
        return [export for export in provider.exports if not export.step]
    return list(provider.imports) if beside == "declared" else [provider]


@pytest.fixture
def harness(provider: Provider, way: Way, db: None, settings: Any, later: Callable[[float], None]) -> Iterator[Harness]:
    """The provider with an integration that is not connected yet."""
    if missing := what_is_missing(provider):
        pytest.skip(f"{provider.slug} is not complete yet. Next: {missing[0]}")
    with harnessed(provider, settings, later, way) as connectable:
        yield connectable


@pytest.fixture
def ready(harness: Harness) -> Harness:
    """The same, connected and set up."""
    harness.set_up()
    return harness
