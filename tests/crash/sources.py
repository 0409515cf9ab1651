"""The vendors from which much comes in: what they hold before an import is killed, and what has to be here after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from integrations import clock
from integrations.providers.bamboohr.absences import AT_ONCE as POLICIES_AT_ONCE
from integrations.providers.bamboohr.sandbox import BamboohrSandbox
from integrations.providers.hibob.entitlements import PAGE as BALANCES_AT_ONCE
from integrations.providers.hibob.sandbox import HibobSandbox
from integrations.providers.productive.listings import BUNDLES
from integrations.providers.productive.sandbox import ProductiveSandbox
from tests.crowds import fill_bamboohr, fill_hibob, fill_productive

PEOPLE = {"bamboohr": 210, "hibob": 25}
"""For BambooHR more than the pay of one page, and entitlements of some pages; for HiBob more than a page of balances."""


@dataclass(frozen=True)
class Bringing:
    """One import. `there` are the ids of what is there, by the kinds that they may be here. A page takes so many `calls`; whoever goes
    on asks `anew` for so many others."""

    kind: str
    there: Callable[[Any], Mapping[tuple[str, ...], set[str]]]
    pages: int = 2
    calls: int = 1
    anew: int = 0


@dataclass(frozen=True)
class SourceAtVendor:
    slug: str
    fill: Callable[[Any], None]
    imports: tuple[Bringing, ...]
    hasten: float = 1
    """How much faster the clock goes, where the vendor's limit has to be waited for."""
    people: int = 0
    for_all: tuple[str, ...] = ()
    """Kinds that stand for all, where every one of them was tried on another database."""

    def imports_on(self, engine: str) -> tuple[Bringing, ...]:
        if engine.startswith("sqlite") or not self.for_all:
            return self.imports
        return tuple(bringing for bringing in self.imports if bringing.kind in self.for_all)


def _fill_productive(sandbox: ProductiveSandbox) -> None:
    sandbox.reset({"largest_page": 10})
    for path in (listing.path for bundle in BUNDLES.values() for listing in bundle):
        fill_productive(sandbox, path, 20)


def _bundle(kind: str) -> Bringing:
    lists = {listing.kinds: listing.path for listing in BUNDLES[kind]}
    return Bringing(kind, lambda sandbox: {kinds: set(sandbox.store.of(path)) for kinds, path in lists.items()})


def _fill_bamboohr(sandbox: BamboohrSandbox) -> None:
    sandbox.reset({"employees": 0, "rows_a_page": 80})
    fill_bamboohr(sandbox, PEOPLE["bamboohr"], with_time_off=True)


def _fill_hibob(sandbox: HibobSandbox) -> None:
    sandbox.reset({"populated": False})
    fill_hibob(sandbox, PEOPLE["hibob"], policies=PEOPLE["hibob"])


def _granted(sandbox: BamboohrSandbox) -> set[str]:
    year = clock.now().year
    return {f"{employee}:{policy}:{year}" for employee, given in sandbox.company.assigned.items() for policy in given}


PRODUCTIVE = SourceAtVendor(
    slug="productive",
    fill=_fill_productive,
    imports=tuple(map(_bundle, BUNDLES)),
    for_all=("company", "person", "invoice", "time_entry"),
)
BAMBOOHR = SourceAtVendor(
    slug="bamboohr",
    fill=_fill_bamboohr,
    imports=(
        Bringing("person", lambda sandbox: {("person",): set(sandbox.company.employees)}),
        Bringing("event", lambda sandbox: {("event",): set(map(str, sandbox.company.types))}, pages=1),
        Bringing("entitlement", lambda sandbox: {("entitlement",): _granted(sandbox)}, calls=2 * POLICIES_AT_ONCE, anew=1),
        Bringing("booking", lambda sandbox: {("booking",): set(map(str, sandbox.company.requests))}),
        Bringing("salary", lambda sandbox: {("salary",): set(sandbox.company.pay)}),
    ),
)
HIBOB = SourceAtVendor(
    slug="hibob",
    fill=_fill_hibob,
    imports=(
        Bringing("booking", lambda sandbox: {("booking",): set(map(str, sandbox.company.requests))}, anew=1),
        Bringing("entitlement", lambda sandbox: {("entitlement",): _allowed(sandbox)}, calls=BALANCES_AT_ONCE, anew=2),
    ),
    hasten=30,
    people=PEOPLE["hibob"],
)


def _allowed(sandbox: HibobSandbox) -> set[str]:
    year = clock.now().year
    return {f"{employee}/{policy_type}/{year}-01-01" for employee, policy_type in sandbox.company.policies}


SOURCES = {source.slug: source for source in (PRODUCTIVE, BAMBOOHR, HIBOB)}
