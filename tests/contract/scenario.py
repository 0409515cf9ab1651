"""What the contract suite cannot know of a vendor by itself: how its people work there. One subclass for each provider.

It is `SCENARIO` in `tests/providers/<slug>/contract.py`. Only what the provider's declaration claims is ever asked for.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest

from integrations.models import Link


@dataclass(frozen=True)
class Entered:
    """One record as their people made it: its id, and what our record of it has to say, attribute by attribute."""

    remote_id: str
    values: Mapping[str, Any] = field(default_factory=dict)


class Scenario:
    """`sandbox` is the vendor that is simulated. `one_copy_only` are kinds of which the vendor takes no second copy; imported records of
    the kinds that `stand_alone` belong to nothing, so that there are none that are not ours."""

    one_copy_only: frozenset[str] = frozenset()
    stand_alone: frozenset[str] = frozenset()

    def __init__(self, sandbox: Any) -> None:
        self.sandbox = sandbox

    def keys(self) -> Mapping[str, str]:
        """For a provider that is connected with keys: good ones."""
        self._missing("keys()", "the provider is connected with keys")

    def agree(self, integration: Any) -> None:
        """For a provider that is switched on by agreement: give what it has to know of the other side. The harness saves the row."""
        self._missing("agree()", "the provider is switched on by agreement")

    def settle(self, integration: Any) -> None:
        """Change settings beyond the required ones, where the samples need it. The harness saves the row."""

    def prepare(self, record: Any) -> None:
        """Make a sample ready that has to be at the vendor before, or to say something more."""

    def rework(self, record: Any) -> None:
        """Change of an edited sample what this vendor's copies show."""

    def let_follow(self, integration: Any) -> None:
        """Switch on further steps, as many as may be on together. The harness saves the row."""

    def enter_owners(self, kind: str) -> None:
        """Have what imported records of the kind belong to, where that is imported as well."""

    def enter(self, kind: str, links: Mapping[str, Link]) -> Entered:
        """Somebody makes a record of the kind that is imported. `links` are copies of one record of each exported kind."""
        self._missing(f"enter({kind!r})", "the provider imports this kind")

    def edit(self, kind: str, entered: Entered) -> Entered:
        """Somebody changes it; its id may be another one afterwards."""
        self._missing(f"edit({kind!r})", "the provider imports this kind")

    def remove(self, kind: str, entered: Entered) -> None:
        """Somebody deletes it."""
        self._missing(f"remove({kind!r})", "the provider imports this kind")

    def enter_foreign(self, kind: str) -> None:
        """Somebody makes a record of the kind that belongs to nothing of ours."""
        self._missing(f"enter_foreign({kind!r})", "what it imports belongs to records of ours")

    def touch(self, kind: str, link: Link) -> Entered:
        """Somebody changes, in our copy, what the import of this kind brings back."""
        self._missing(f"touch({kind!r})", "the provider's import adds to records that we exported")

    def call(self, realm_id: str, key: str) -> tuple[bytes, Mapping[str, str]]:
        """Body and headers with which the vendor tells that something changed which is imported, in that account."""
        self._missing("call()", "the provider declares a webhook")

    def _missing(self, call: str, because: str) -> NoReturn:
        where = f"tests/providers/{self.sandbox.slug}/contract.py"
        pytest.fail(f"{where}: give SCENARIO the method {call}, because {because}.")


def scenario_of(slug: str) -> type[Scenario] | None:
    """None where the provider's tests have none yet."""
    name = f"tests.providers.{slug}.contract"
    if importlib.util.find_spec(f"tests.providers.{slug}") is None or importlib.util.find_spec(name) is None:
        return None
    found: type[Scenario] = importlib.import_module(name).SCENARIO
    return found
