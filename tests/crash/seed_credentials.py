"""Gives the integration a credential for each of many people: run as `python -m tests.crash.seed_credentials INTEGRATION COUNT`."""

from __future__ import annotations

import sys

import django


def main(integration_id: int, count: int) -> None:
    django.setup()
    from accounts.models import User
    from integrations.models import Credential, Integration

    integration = Integration.everywhere.non_polymorphic().get(pk=integration_id)
    people = User.objects.bulk_create(User(email=f"person{number}@northwind.example") for number in range(count))
    Credential.everywhere.bulk_create(
        [
            Credential(
                organization_id=integration.organization_id,
                integration=integration,
                person=person,
                payload={"access_token": f"token of {person.email}", "refresh_token": f"refresh of {person.email}"},
            )
            for person in people
        ],
        batch_size=500,
    )


def check(integration_id: int) -> int:
    """How many can be read, each with the secret of its own person."""
    django.setup()
    from integrations.models import Credential

    rows = Credential.everywhere.filter(integration_id=integration_id, person__isnull=False).select_related("person")
    return sum(row.payload["access_token"] == f"token of {row.person.email}" for row in rows.iterator() if row.person)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(int(sys.argv[1]), int(sys.argv[2]))
    else:
        print(check(int(sys.argv[1])))
