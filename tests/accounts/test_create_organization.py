from __future__ import annotations

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Invitation, Organization, Role
from tests.conftest import World


def create(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    call_command("create_organization", *arguments)
    return capsys.readouterr().out


def test_makes_the_organization_and_prints_its_first_owners_link(client: Client, db: None, capsys):
    link = create("Northwind Studio", "--owner", "Ana@Example.com", capsys=capsys).strip()
    organization = Organization.objects.get()
    assert (organization.name, organization.slug) == ("Northwind Studio", "northwind-studio")
    invitation = Invitation.everywhere.get()
    assert (invitation.email, invitation.role) == ("ana@example.com", Role.OWNER)
    assert link.startswith("http://127.0.0.1:8000/invitations/")
    assert client.get(link.removeprefix("http://127.0.0.1:8000")).status_code == 302
    assert mail.outbox == []


def test_short_name_is_given_or_made_unique(world: World, capsys):
    create("Northwind Studio", "--owner", "a@example.com", capsys=capsys)
    create("Northwind Studio", "--owner", "a@example.com", "--slug", "nw", capsys=capsys)
    create("東京", "--owner", "a@example.com", capsys=capsys)
    assert set(Organization.objects.values_list("slug", flat=True)) == {"northwind-studio", "northwind-studio-2", "nw", "organization"}


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["", "--owner", "a@example.com"], "name"),
        (["   ", "--owner", "a@example.com"], "name"),
        (["x" * 201, "--owner", "a@example.com"], "name"),
        (["Northwind", "--owner", "nobody"], "--owner"),
        (["Northwind", "--owner", "a@example.com", "--slug", "no slug"], "slug"),
        (["Northwind", "--owner", "a@example.com", "--slug", "northwind-studio"], "slug"),
        (["Northwind"], "--owner"),
    ],
)
def test_wrong_input_names_what_is_wrong_and_makes_nothing(world: World, arguments: list[str], names: str):
    with pytest.raises(CommandError, match=names):
        call_command("create_organization", *arguments)
    assert Organization.objects.count() == 1
