"""Makes the organization of the crash tests and connects it: run as `python -m tests.crash.seed COUNT`; prints the integration's id."""

from __future__ import annotations

import sys

import django

OWNER, PASSWORD = "owner@northwind.example", "correct horse battery staple"


def main(count: int) -> None:
    django.setup()
    from django.core.management import call_command

    from accounts.models import Membership, Organization, Role, User
    from accounts.tenancy import within
    from tests.books import make_books, make_invoices, make_xero

    organization = Organization.objects.create(name="Northwind", slug="northwind")
    owner = User.objects.create_user(OWNER, PASSWORD)
    Membership.everywhere.create(organization=organization, user=owner, role=Role.OWNER)
    with within(organization):
        books = make_books(organization)
        integration = make_xero(books)
        call_command("connect", integration.pk, stdout=sys.stderr)
        call_command("export", integration.pk, "company", "--all", "--wait", stdout=sys.stderr)
        make_invoices(books, count)
    print(integration.pk)


if __name__ == "__main__":
    main(int(sys.argv[1]))
