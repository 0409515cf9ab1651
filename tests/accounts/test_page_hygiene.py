"""Every page keeps to the strict policy on content, and none carries a secret."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.invitations import invite
from accounts.models import Role, User
from accounts.ports import Door
from tests.accounts.pages import Policy, content, registered, sign_in, with_second_factor
from tests.conftest import PASSWORD, World, make_user

INLINE = re.compile(r"<style|\sstyle\s*=|\son\w+\s*=|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)


def signed_out_pages(client: Client, world: World) -> list[str]:
    pages = [content(client.get(reverse(name))) for name in ("login", "password_reset", "password_reset_done", "password_reset_complete")]
    pages.append(content(client.get(reverse("password_reset_confirm", args=["x", "y"]))))
    pages.append(content(client.get(reverse("invitation", args=["x"]))))
    pages.append(content(sign_in(client, world.member, "wrong")))
    with registered(Policy({Door.LOGIN})):
        pages.append(content(sign_in(client, world.member)))
    for email in ("new@example.com", world.auditor.email):
        _invitation, token = invite(world.organization, email, Role.MEMBER, None)
        pages.append(content(client.get(reverse("invitation", args=[token]), follow=True)))
    for _ in range(8):
        response = sign_in(client, world.member, "wrong")
    pages.append(content(response))
    return pages


def signed_in_pages(client: Client, world: World, user: User) -> list[str]:
    client.force_login(user)
    names = [
        "own_home",
        "profile",
        "password_change",
        "organizations",
        "two_factor",
        "two_factor_enrol",
        "two_factor_codes",
        "two_factor_remove",
    ]
    pages = [content(client.get(reverse(name), follow=True)) for name in names]
    _invitation, token = invite(world.organization, f"other{user.pk}@example.com", Role.MEMBER, None)
    pages.append(content(client.get(reverse("invitation", args=[token]), follow=True)))
    with registered(Policy({Door.SESSION})):
        pages += [content(client.get(reverse(name), follow=True)) for name in names]
    return pages


def test_no_page_has_inline_style_or_script_or_a_secret(world: World, operator: User):
    without = make_user("sso@northwind-studio.example")
    without.set_unusable_password()
    without.save()
    key, codes = with_second_factor(world.admin)
    pages = signed_out_pages(Client(), world)
    for user in (world.member, world.admin, operator, without):
        pages += signed_in_pages(Client(), world, user)
    second_step = Client()
    sign_in(second_step, world.admin)
    pages.append(content(second_step.get(reverse("login_code"))))
    assert len(pages) > 75
    for page in pages:
        assert "<h1" in page
        assert not INLINE.search(page), INLINE.search(page)
        for secret in (PASSWORD, "md5$", world.member.password, key, codes[0]):
            assert secret not in page


@pytest.mark.parametrize("name", ["login", "password_reset", "own_home"])
def test_policy_on_content_is_set(client: Client, world: World, name: str):
    client.force_login(world.member)
    assert "default-src 'self'" in client.get(reverse(name)).headers["Content-Security-Policy"]


def test_everyday_page_asks_the_database_little(client: Client, world: World, django_assert_max_num_queries):
    client.force_login(world.member)
    client.get(reverse("own_home"))
    with django_assert_max_num_queries(6):
        client.get(reverse("own_home"))
