"""The whole demo, made once."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import Domain, Membership, Organization, User
from accounts.tenancy import within
from integrations.demo import logins
from integrations.demo.cast import Cast, contoso, northwind
from integrations.demo.connections import add_integrations
from integrations.demo.house import furnish
from integrations.demo.invoices import bill
from integrations.demo.purchases import buy
from integrations.demo.shelf import Shelf
from integrations.demo.time_and_pay import spend
from integrations.demo.work import sell
from integrations.models import Integration
from integrations.records.base import Origin
from integrations.records.kinds import all_kinds


class NotTheDemo(RuntimeError):
    """An organization that somebody else made has the short name of a demo organization."""


@dataclass(frozen=True)
class Demo:
    organizations: list[Organization]
    logins: list[logins.Login]
    memberships: list[Membership]
    integrations: list[Integration]


@transaction.atomic
def tell() -> Demo:
    """Make what is missing of the demo: organizations with people and records as a whole, integrations one by one.

    Raises NotTheDemo and UnfitSettings; then nothing was made.
    """
    casts = northwind(), contoso()
    enrolled = logins.enrol(casts)
    users = {login.user.email: login.user for login in enrolled}
    organizations = [_organization(cast, users) for cast in casts]
    with within(organizations[0]):
        add_integrations(organizations[0])
    return Demo(
        organizations,
        enrolled,
        list(Membership.everywhere.filter(organization__in=organizations).select_related("organization", "user").order_by("pk")),
        list(Integration.everywhere.filter(organization__in=organizations).order_by("pk")),
    )


def _organization(cast: Cast, users: dict[str, User]) -> Organization:
    organization, is_new = Organization.objects.get_or_create(
        slug=cast.slug, defaults={"name": cast.name, "time_zone": cast.time_zone, "currency": cast.subsidiary.currency}
    )
    with within(organization):
        if is_new:
            logins.join(cast, organization, users)
            Domain.objects.create(name=cast.subsidiary.domain, verified_at=timezone.now(), verified_how=Domain.How.OPERATOR)
            _fill(Shelf(organization), cast, users)
        elif not any(kind.queryset().filter(origin=Origin.DEMO).exists() for kind in all_kinds()):
            raise NotTheDemo(f"“{organization}” has the short name {cast.slug} and is not the demo's. Give it another short name first.")
    return organization


def _fill(shelf: Shelf, cast: Cast, users: dict[str, User]) -> None:
    house = furnish(shelf, cast, users)
    budgets = sell(shelf, house)
    bill(shelf, house, budgets)
    buy(shelf, house, budgets)
    spend(shelf, house, budgets)
