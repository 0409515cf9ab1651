"""What holds for every page of the integrations: who gets in, and what caches and scripts may do."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.conftest import World
from tests.integrations.admin.scenes import make_export, make_integration

pytestmark = pytest.mark.django_db
LISTS = ("index", "catalogue", "runs", "incidents")


def read(response: HttpResponse) -> str:
    return (response.getvalue() if response.streaming else response.content).decode()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("role", ["owner", "admin", "auditor"])
@pytest.mark.parametrize("name", LISTS)
def test_page_is_open_to_everybody_who_manages_and_to_auditors(world: World, role: str, name: str):
    assert signed_in(getattr(world, role)).get(reverse(f"admin:{name}")).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_member_and_stranger_to_the_session_do_not_get_in(client: Client, world: World, name: str):
    assert client.get(reverse(f"admin:{name}")).status_code == 302
    response = signed_in(world.member).get(reverse(f"admin:{name}"), follow=True)
    assert response.redirect_chain[-1][0] == reverse("home")


def test_pages_are_not_kept_by_caches_and_stay_within_the_policy(admin: Client, world: World):
    run = make_export(make_integration(world.organization))
    for address in (reverse("admin:index"), reverse("admin:run", args=[run.pk]), reverse("admin:run-progress", args=[run.pk])):
        response = admin.get(address)
        assert "no-store" in response.headers["Cache-Control"]
        page = read(response)
        assert " style=" not in page
        assert " onclick=" not in page
