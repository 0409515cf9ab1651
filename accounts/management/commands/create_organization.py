"""`manage.py create_organization NAME --owner EMAIL [--slug SLUG]`"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from accounts.invitations import found, free_slug
from accounts.mails import invitation_link
from accounts.models import Organization


class Command(BaseCommand):
    help = "Make an organization and print the link with which its first owner comes in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--slug", default="", help="part of the organization's addresses; made from the name by default")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        organization = Organization(name=name, slug=options["slug"] or free_slug(name))
        try:
            organization.full_clean()
        except ValidationError as error:
            raise CommandError("; ".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())) from error
        try:
            validate_email(options["owner"])
        except ValidationError as error:
            raise CommandError(f"--owner: {options['owner']} is not an e-mail address.") from error
        _invitation, token = found(organization, options["owner"])
        self.stdout.write(invitation_link(token))
