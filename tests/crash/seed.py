"""Makes the organization of the crash tests and connects it: `python -m tests.crash.seed SLUG [COUNT]`; prints the integration's id.

A vendor that wants keys finds them in `SEED_KEYS`, as JSON. Nothing begins by itself but with Xero, for which there are so many invoices.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import django

OWNER, PASSWORD = "owner@northwind.example", "correct horse battery staple"


def main(slug: str, count: int) -> None:
    django.setup()
    from accounts.models import Membership, Organization, Role, User
    from accounts.tenancy import within

    organization = Organization.objects.create(name="Northwind", slug="northwind")
    owner = User.objects.create_user(OWNER, PASSWORD)
    Membership.everywhere.create(organization=organization, user=owner, role=Role.OWNER)
    with within(organization):
        print(SEEDS[slug](organization, count).pk)


def xero(organization: Any, invoices: int) -> Any:
    from django.core.management import call_command

    from tests.books import make_books, make_invoices, make_xero

    books = make_books(organization)
    integration = make_xero(books)
    call_command("connect", integration.pk, stdout=sys.stderr)
    call_command("export", integration.pk, "company", "--all", "--wait", stdout=sys.stderr)
    make_invoices(books, invoices)
    return integration


def productive(organization: Any, count: int) -> Any:
    from integrations.providers.productive.models import ProductiveIntegration

    return _connected(ProductiveIntegration, organization, "productive", writes_by_itself=False, pulls_pay=True)


def bamboohr(organization: Any, count: int) -> Any:
    from integrations.providers.bamboohr.models import BamboohrIntegration
    from integrations.records.models import Subsidiary

    subsidiary = Subsidiary.everywhere.create(organization=organization, name="Northwind GmbH")
    switches = dict.fromkeys(("bamboo_enable_time_offs", "bamboo_enable_cost_rates"), True)
    return _connected(BamboohrIntegration, organization, "bamboohr", bamboo_default_subsidiary=subsidiary, **switches)


def hibob(organization: Any, people: int) -> Any:
    """So many people are here, with the addresses that `tests.crowds` gives them there."""
    from integrations.providers.hibob.models import HibobIntegration
    from integrations.records.models import Event, Person

    Person.everywhere.bulk_create(
        [
            Person(organization=organization, first_name=f"p{number}", last_name="Smith", email=f"p{number}@northwind.example")
            for number in range(people)
        ]
    )
    holiday = Event.everywhere.create(organization=organization, name="Holiday")
    return _connected(HibobIntegration, organization, "hibob", hibob_policy_type_mapping={"Holiday": str(holiday.pk)})


def _connected(model: Any, organization: Any, slug: str, **settings: Any) -> Any:
    """With everything looked after that a worker would look after by itself, but for what is brought."""
    from datetime import timedelta

    from integrations import clock
    from integrations.models import Stream
    from integrations.sync import connections
    from integrations.sync.turns import take_turn

    integration = model.everywhere.create(organization=organization, provider=slug, name=slug, **settings)
    connections.connect_with(integration, json.loads(os.environ["SEED_KEYS"]), None)
    Stream.everywhere.update(next_run_at=clock.now() + timedelta(days=3650))
    while take_turn(integration.pk):
        pass
    integration.refresh_from_db()
    return integration


SEEDS: dict[str, Callable[[Any, int], Any]] = {"xero": xero, "productive": productive, "bamboohr": bamboohr, "hibob": hibob}

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
