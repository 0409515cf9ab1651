from __future__ import annotations

import pytest
from django.contrib import admin
from django.core import mail
from django.test import Client

from accounts.models import Invitation, Organization, Role, User
from tests.accounts.pages import content, enter
from tests.conftest import World

LIST = "/admin/accounts/organization/"
SETTINGS = {"name": "Northwind", "time_zone": "Europe/Zagreb", "currency": "USD", "requires_second_factor": "on"}


def own(world: World) -> str:
    return f"{LIST}{world.organization.pk}/change/"


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_owners_and_admins_change_the_settings_but_not_the_short_name(client: Client, world: World, role: str):
    client.force_login(getattr(world, role))
    assert client.get(LIST).url == own(world)
    assert client.post(own(world), {**SETTINGS, "slug": "other"}).status_code == 302
    world.organization.refresh_from_db()
    assert world.organization.name == "Northwind"
    assert world.organization.time_zone == "Europe/Zagreb"
    assert world.organization.currency == "USD"
    assert world.organization.requires_second_factor
    assert world.organization.slug == "northwind-studio"


def test_auditor_sees_the_settings_and_changes_nothing(client: Client, world: World):
    client.force_login(world.auditor)
    page = content(client.get(LIST, follow=True))
    assert "northwind-studio" in page
    assert 'name="name"' not in page
    assert client.post(own(world), SETTINGS).status_code == 403


@pytest.mark.parametrize("role", ["owner", "admin", "auditor"])
def test_nobody_but_operators_sees_another_organization_or_makes_one(client: Client, world: World, stranger: World, role: str):
    client.force_login(getattr(world, role))
    foreign = client.get(own(stranger), follow=True)
    missing = client.get(f"{LIST}999999/change/", follow=True)
    assert content(foreign).replace(f"“{stranger.organization.pk}”", "ID") == content(missing).replace("“999999”", "ID")
    client.post(own(stranger), SETTINGS)
    stranger.organization.refresh_from_db()
    assert stranger.organization.name == "Canary Gmbh"
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}add/", {**SETTINGS, "owner_email": "a@b.example"}).status_code == 403


@pytest.mark.parametrize("role", ["owner", "admin", "auditor", "operator"])
def test_nobody_deletes_an_organization(client: Client, world: World, operator: User, role: str):
    client.force_login(operator if role == "operator" else getattr(world, role))
    enter(client, world.organization)
    assert client.post(f"{LIST}{world.organization.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(LIST, {"action": "delete_selected", "_selected_action": [world.organization.pk], "post": "yes"})
    assert Organization.objects.filter(pk=world.organization.pk).exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"currency": "euro"}, "currency"),
        ({"currency": "eu1"}, "currency"),
    ],
)
def test_wrong_setting_is_answered_at_its_field(client: Client, world: World, wrong: dict[str, str], field: str):
    client.force_login(world.owner)
    response = client.post(own(world), SETTINGS | wrong)
    assert response.context["adminform"].form.errors[field]


def test_operator_sees_all_organizations(client: Client, world: World, stranger: World, operator: User):
    client.force_login(operator)
    enter(client, world.organization)
    page = content(client.get(LIST))
    assert "Northwind Studio" in page
    assert "Canary Gmbh" in page
    assert [row.name for row in client.get(LIST, {"q": "canary"}).context["cl"].result_list] == ["Canary Gmbh"]


def test_operator_makes_an_organization_with_its_first_owners_invitation(
    client: Client, transactional_db: None, world: World, operator: User
):
    client.force_login(operator)
    enter(client, world.organization)
    assert 'name="owner_email"' in content(client.get(f"{LIST}add/"))
    response = client.post(f"{LIST}add/", {**SETTINGS, "name": "Fabrikam & Co", "owner_email": "Ana@Example.com"})
    assert response.status_code == 302
    organization = Organization.objects.get(slug="fabrikam-co")
    invitation = Invitation.everywhere.get()
    assert (invitation.organization, invitation.email, invitation.role) == (organization, "ana@example.com", Role.OWNER)
    assert mail.outbox[0].subject == "You are invited to Fabrikam & Co"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"owner_email": ""}, "owner_email"),
        ({"owner_email": "nobody"}, "owner_email"),
        ({"slug": "northwind-studio"}, "slug"),
        ({"slug": "not a slug"}, "slug"),
        ({"slug": "x" * 51}, "slug"),
        ({"name": ""}, "name"),
    ],
)
def test_wrong_new_organization_is_answered_at_its_field(client: Client, world: World, operator: User, wrong: dict[str, str], field: str):
    client.force_login(operator)
    enter(client, world.organization)
    response = client.post(f"{LIST}add/", {**SETTINGS, "owner_email": "ana@example.com", **wrong})
    assert response.context["adminform"].form.errors[field]
    assert Organization.objects.count() == 1


def test_tables_of_the_login_apps_have_no_admin():
    labels = {model._meta.app_label for model in admin.site._registry}
    assert not labels & {"axes", "otp_totp", "otp_static", "auth", "sessions", "admin"}
