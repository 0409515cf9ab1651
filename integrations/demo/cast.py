"""Who plays in the demo: the two organizations of `northwind.json` and `contoso.json`.

All of them are invented; their domains end in `.example`, which nobody can own.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec

from accounts.models import Role
from integrations.records.choices import Unit

HERE = Path(__file__).resolve().parent


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Employee(Strict, frozen=True):
    """Somebody who works there."""

    first_name: str
    last_name: str
    title: str


class Member(Employee, frozen=True):
    """Somebody who signs in here."""

    email: str
    role: Role


class Component(Strict, frozen=True):
    name: str
    percent: Decimal


class Tax(Strict, frozen=True):
    """`components` are one or two."""

    name: str
    components: tuple[Component, ...]


class Sold(Strict, frozen=True):
    """A service type with the usual price of one unit. `reduced` ones have the reduced tax rate at home."""

    name: str
    unit: str
    price: Decimal
    description: str
    reduced: bool = False

    @property
    def unit_id(self) -> Unit:
        return Unit[self.unit.upper()]


class Business(Strict, frozen=True):
    """A client, a vendor or the organization itself. `tax` is the rate of its lines, `invoices` how many it gets where that is fixed."""

    name: str
    street: str
    zipcode: str
    city: str
    country: str
    domain: str
    phone: str
    tax: str
    billing_name: str = ""
    vat: str = ""
    currency: str = "EUR"
    due_days: int = 14
    invoices: int | None = None
    projects: tuple[str, ...] = ()


class Cast(Strict, frozen=True):
    """One organization. The first member is its owner; `prefix` starts the numbers of its documents."""

    name: str
    slug: str
    time_zone: str
    prefix: str
    invoices: int
    reduced_tax: str
    subsidiary: Business
    members: tuple[Member, ...]
    taxes: tuple[Tax, ...]
    sold: tuple[Sold, ...]
    clients: tuple[Business, ...]
    vendors: tuple[Business, ...] = ()
    employees: tuple[Employee, ...] = ()
    drafts: int = 0
    credit_notes: int = 0


def northwind() -> Cast:
    return msgspec.json.decode((HERE / "northwind.json").read_bytes(), type=Cast)


def contoso() -> Cast:
    return msgspec.json.decode((HERE / "contoso.json").read_bytes(), type=Cast)
