"""Makes the demo organizations."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from integrations.demo.connections import UnfitSettings, switch_on
from integrations.demo.source import furnish_sources
from integrations.demo.story import Demo, NotTheDemo, tell


class Command(BaseCommand):
    help = "Make two demo organizations with logins, records and unconnected integrations, and print how to get in. Repeatable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--switch-on",
            action="store_true",
            help="give the simulated source the demo's records, and switch on what needs no login there; the sandbox has to run",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        migrations = MigrationExecutor(connection)
        if migrations.migration_plan(migrations.loader.graph.leaf_nodes()):
            raise CommandError("The database lacks tables. Make them first: manage.py migrate")
        try:
            demo = tell()
        except (NotTheDemo, UnfitSettings) as error:
            raise CommandError(str(error)) from None
        if options["switch_on"]:
            furnish_sources(demo.organizations[0])
            for integration in switch_on(demo.integrations):
                self.stdout.write(f"“{integration}” of {integration.organization} is switched on.")
            return
        self._print(demo)

    def _print(self, demo: Demo) -> None:
        self.stdout.write(f"Address: {settings.PUBLIC_URL}/")
        self.stdout.write("Logins:")
        for login in demo.logins:
            roles = ", ".join(
                f"{membership.get_role_display().lower()} of {membership.organization}"
                for membership in demo.memberships
                if membership.user == login.user
            )
            known = f"password {login.password}" if login.password else "password set earlier"
            self.stdout.write(f"  {login.user.email}  {known}  ({roles})")
        self.stdout.write("A password that you do not know is set anew with: manage.py changepassword EMAIL")
        self.stdout.write("Integrations:")
        for integration in demo.integrations:
            self.stdout.write(
                f"  {integration.pk}  {integration} of {integration.organization} ({integration.get_connection_display().lower()})"
            )
