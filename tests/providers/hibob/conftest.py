"""HiBob, connected and set up: one person of ours works there, and only “Holiday” has a category."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.providers.hibob.sandbox import HibobSandbox
from integrations.providers.hibob.sandbox.company import Company, Employee
from integrations.registry import get
from tests.contract.harness import Harness, harnessed


@pytest.fixture
def harness(db: None, settings: Any, later: Callable[[float], None]) -> Iterator[Harness]:
    with harnessed(get("hibob"), settings, later) as connectable:
        connectable.set_up()
        yield connectable


@pytest.fixture
def hibob(harness: Harness) -> HibobSandbox:
    assert isinstance(harness.sandbox, HibobSandbox)
    return harness.sandbox


@pytest.fixture
def company(hibob: HibobSandbox) -> Company:
    return hibob.company


@pytest.fixture
def ana(company: Company) -> Employee:
    return company.whoever_has("ana")
