"""Changes our key of an organization's single sign-on, in two steps."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.tenancy import within
from integrations.providers.saml.finding import sign_on_of
from integrations.providers.saml.rotating import READ_BY_THEN, make_key, retire_old


class Command(BaseCommand):
    help = "Make a new key beside the old one; once the identity provider has our metadata anew, --finish forgets the old one."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", help="the organization's short name")
        parser.add_argument("--finish", action="store_true", help="forget the older of the two keys, and sign with the newer")

    def handle(self, *args: Any, **options: Any) -> None:
        integration = sign_on_of(options["organization"])
        with within(integration.organization):
            self.stdout.write(_finish(integration) if options["finish"] else _begin(integration))


def _begin(integration: Any) -> str:
    key = make_key(integration)
    if key is None:
        return "There are two keys already. Give the identity provider our metadata, then finish with --finish."
    return (
        f"A new key {key.fingerprint[:16]} stands beside the old one and signs from {key.signs_from:%Y-%m-%d %H:%M} UTC on "
        f"({READ_BY_THEN.days} days). Give the identity provider our metadata before, then finish with --finish."
    )


def _finish(integration: Any) -> str:
    old = retire_old(integration)
    return f"The key {old.fingerprint[:16]} is forgotten." if old else "There is only one key: nothing to finish."
