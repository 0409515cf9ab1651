"""Makes two organizations, each connected to an account of its own: run as `python -m tests.crash.seed_two`; prints both integrations' ids.

The first has 50,000 invoices waiting, of which the 3,000 that go first have records; more are never reached. The second has ten
finalised invoices and ten new customers, none of them waiting.
"""

from __future__ import annotations

import sys

import django

WAITING, WRITTEN, FEW = 50_000, 3_000, 10
TENANTS = ("Demo Company (Global)", "Demo Company (Global) 2")


def main() -> None:
    django.setup()
    from django.core.management import call_command

    from accounts.models import Organization
    from accounts.tenancy import within
    from integrations.models import OutboxItem
    from integrations.records.models import Company
    from integrations.sync.progress import recount
    from tests.books import make_books, make_invoices, make_xero

    for number, (name, count) in enumerate({"many": WRITTEN, "few": FEW}.items()):
        organization = Organization.objects.create(name=name, slug=name)
        with within(organization):
            books = make_books(organization)
            integration = make_xero(books, payments_import=False)
            call_command("connect", integration.pk, tenant=TENANTS[number], stdout=sys.stderr)
            call_command("export", integration.pk, "company", "--all", "--wait", stdout=sys.stderr)
            invoices = make_invoices(books, count)
            if name == "many":
                first = invoices[0].pk
                waiting = {"organization": organization, "integration": integration, "kind": "invoice", "revision": 1}
                items = [OutboxItem(**waiting, record_id=first + n) for n in range(WAITING)]
                OutboxItem.everywhere.bulk_create(items, batch_size=2_000)
                recount(integration.pk)
            else:
                new = [Company(organization=organization, productive_id=str(900 + n), name=f"New customer {n}") for n in range(FEW)]
                Company.everywhere.bulk_create(new)
        print(integration.pk)


if __name__ == "__main__":
    main()
