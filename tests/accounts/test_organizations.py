from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organization, Role, User
from tests.accounts.pages import content, sign_in
from tests.conftest import World

PAGE = "/organizations/"


def test_person_sees_the_own_organizations_only(client: Client, world: World, stranger: World):
    client.force_login(world.owner)
    page = client.get(PAGE).content.decode()
    assert "Northwind Studio" in page
    assert "Canary" not in page
    assert "Canary" not in client.get(PAGE, {"q": "Canary"}).content.decode().replace("“Canary”", "")


def test_person_of_several_organizations_switches(client: Client, world: World, stranger: World):
    Membership.everywhere.create(organization=stranger.organization, user=world.owner, role=Role.AUDITOR)
    client.force_login(world.owner)
    assert client.get(reverse("own_home")).context["organization"] == world.organization  # the one joined first
    assert client.post(PAGE, {"organization": stranger.organization.pk}).url == reverse("home")
    assert client.get(reverse("own_home")).context["organization"] == stranger.organization
    people = client.get(reverse("admin:accounts_membership_changelist")).content.decode()
    assert stranger.admin.email in people
    assert world.admin.email not in people


@pytest.mark.parametrize("value", ["abc", "", "0", "-1", "999999", "1.5", "٣", "9" * 30, "1 OR 1=1"])
def test_foreign_and_impossible_ids_answer_like_missing_ones(client: Client, world: World, stranger: World, value: str):
    client.force_login(world.owner)
    foreign = client.post(PAGE, {"organization": stranger.organization.pk})
    wrong = client.post(PAGE, {"organization": value})
    assert foreign.status_code == wrong.status_code == 404
    assert content(foreign) == content(wrong)
    assert client.get(reverse("own_home")).context["organization"] == world.organization


def test_planted_choice_of_a_foreign_organization_is_ignored(client: Client, world: World, stranger: World):
    client.force_login(world.owner)
    session = client.session
    session["organization_id"] = stranger.organization.pk
    session.save()
    assert client.get(reverse("own_home")).context["organization"] == world.organization


def test_operator_chooses_among_all_and_looks_at_one(client: Client, world: World, stranger: World, operator: User):
    sign_in(client, operator)
    assert client.get(reverse("home")).url == PAGE
    assert client.get(reverse("admin:index")).url == PAGE
    page = client.get(PAGE).content.decode()
    assert "Northwind Studio" in page
    assert "Canary Gmbh" in page
    client.post(PAGE, {"organization": world.organization.pk})
    assert client.get(reverse("home")).url == reverse("admin:index")
    people = client.get(reverse("admin:accounts_membership_changelist")).content.decode()
    assert world.admin.email in people
    assert stranger.admin.email not in people


def test_operator_searches_by_name_and_short_name(client: Client, world: World, stranger: World, operator: User):
    client.force_login(operator)
    for query in ("northwind", "NORTHWIND-STU", " studio "):
        page = client.get(PAGE, {"q": query}).content.decode()
        assert "<b>Northwind Studio</b>" in page
        assert "<b>Canary Gmbh</b>" not in page
    assert "No organization is called “&lt;b&gt;”" in client.get(PAGE, {"q": "<b>"}).content.decode()


def test_many_organizations_come_in_pages(client: Client, operator: User):
    Organization.objects.bulk_create(Organization(name=f"Agency {number:03}", slug=f"agency-{number}") for number in range(120))
    client.force_login(operator)
    assert "<b>Agency 050</b>" in client.get(PAGE, {"page": 2}).content.decode()
    for page in ("0", "-1", "99", "abc"):
        assert client.get(PAGE, {"page": page}).status_code == 200


def test_operator_of_an_empty_installation_learns_how_to_begin(client: Client, operator: User):
    client.force_login(operator)
    assert "manage.py create_organization" in client.get(PAGE).content.decode()


def test_page_asks_for_a_sign_in(client: Client, db: None):
    assert client.get(PAGE).url == f"{reverse('login')}?next={PAGE}"
    assert client.post(PAGE, {"organization": 1}).url == f"{reverse('login')}?next={PAGE}"
