"""Everybody of the demo can sign in, and no installation that others reach has a password that they can read up."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Membership, User
from integrations.demo.logins import PASSWORD, is_local
from integrations.demo.story import tell

PUBLIC = "https://patchbay.studio.example"


def passwords() -> dict[str, str]:
    return {login.user.email: login.password for login in tell().logins}


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:9000"])
def test_this_machine_alone_counts_as_local(settings, url: str) -> None:
    settings.PUBLIC_URL = url
    assert is_local()


@pytest.mark.parametrize("url", [PUBLIC, "http://localhost.example.com", "http://10.0.0.4:8000", "http://127.0.0.1.example.com"])
def test_everything_else_does_not(settings, url: str) -> None:
    settings.PUBLIC_URL = url
    assert not is_local()


def test_members_have_the_roles_of_the_story(demo) -> None:
    roles = set(Membership.everywhere.values_list("organization__slug", "user__email", "role"))
    assert roles == {
        ("northwind-studio", "ana@northwind.example", "owner"),
        ("northwind-studio", "tomasz@northwind.example", "admin"),
        ("northwind-studio", "miriam@northwind.example", "auditor"),
        ("northwind-studio", "jonas@northwind.example", "member"),
        ("contoso-works", "piet@contoso.example", "owner"),
        ("contoso-works", "ana@northwind.example", "admin"),
    }
    assert not User.objects.filter(is_staff=True).exists()


def test_a_local_installation_takes_the_documented_password(db) -> None:
    assert set(passwords().values()) == {PASSWORD}
    assert set(passwords().values()) == {PASSWORD}
    response = Client().post("/login/", {"username": "ana@northwind.example", "password": PASSWORD})
    assert response.status_code == 302


def test_any_other_installation_makes_one_up_and_tells_it_once(db, settings) -> None:
    settings.PUBLIC_URL = PUBLIC
    first = passwords()
    (password,) = set(first.values())
    assert password != PASSWORD
    assert len(password) >= 20
    assert all(User.objects.get(email=email).check_password(password) for email in first)
    assert set(passwords().values()) == {""}
    assert User.objects.get(email="ana@northwind.example").check_password(password)


def test_the_documented_password_ends_when_the_installation_goes_public(demo, settings) -> None:
    settings.PUBLIC_URL = PUBLIC
    told = passwords()
    for email, password in told.items():
        user = User.objects.get(email=email)
        assert not user.check_password(PASSWORD)
        assert user.check_password(password)


def test_a_password_that_somebody_changed_is_neither_told_nor_replaced(demo) -> None:
    ana = User.objects.get(email="ana@northwind.example")
    ana.set_password("something of my own")
    ana.save()
    assert passwords()["ana@northwind.example"] == ""
    ana.refresh_from_db()
    assert ana.check_password("something of my own")
