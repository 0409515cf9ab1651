"""Prints our metadata of an organization's single sign-on."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.tenancy import within
from integrations import clock
from integrations.providers.saml.configuring import config_of
from integrations.providers.saml.finding import sign_on_of
from integrations.providers.saml.own_metadata import own_metadata


class Command(BaseCommand):
    help = "Print the service provider's metadata of an organization's single sign-on, for its identity provider."
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", help="the organization's short name")

    def handle(self, *args: Any, **options: Any) -> None:
        integration = sign_on_of(options["organization"])
        with within(integration.organization):
            name = integration.organization.name
            sign = integration.signs_metadata
            self.stdout.write(own_metadata(config_of(integration), clock.now(), sign=sign, organization=name, address=settings.PUBLIC_URL))
