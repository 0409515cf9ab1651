from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.accounts.pages import links_in_mail, sign_in, with_second_factor
from tests.conftest import PASSWORD, World

NEW = "a quite new password"


def ask(client: Client, email: str):
    return client.post(reverse("password_reset"), {"email": email}, follow=True)


def test_link_of_the_mail_sets_a_new_password_and_signs_nobody_in(client: Client, world: World):
    other = Client()
    sign_in(other, world.member)
    ask(client, world.member.email.upper())
    assert mail.outbox[0].to == [world.member.email]
    (link,) = links_in_mail()
    form = client.get(link)
    assert form.url == re.sub(r"[^/]+/$", "set-password/", link)
    page = client.get(form.url)
    assert link.split("/")[-2] not in page.content.decode()
    assert client.post(form.url, {"new_password1": NEW, "new_password2": NEW}).url == reverse("password_reset_complete")
    assert SESSION_KEY not in client.session
    assert sign_in(client, world.member).status_code == 200
    assert sign_in(client, world.member, NEW).status_code == 302
    assert other.get(reverse("profile")).url.startswith(reverse("login"))


def test_known_unknown_and_inactive_addresses_get_the_same_answer(client: Client, world: World):
    User.objects.filter(pk=world.auditor.pk).update(is_active=False)
    answers = {ask(client, email).content for email in (world.member.email, "nobody@nowhere.example", world.auditor.email)}
    assert len(answers) == 1
    assert len(mail.outbox) == 1


def test_person_without_a_password_gets_no_link_and_the_same_answer(client: Client, world: World):
    world.member.set_unusable_password()
    world.member.save()
    assert ask(client, world.member.email).content == ask(client, "nobody@nowhere.example").content
    assert mail.outbox == []


def test_mail_server_that_fails_changes_nothing_in_the_answer(client: Client, world: World, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert ask(client, world.member.email).content == ask(client, "nobody@nowhere.example").content


def test_link_carries_the_public_address_whatever_host_was_asked(client: Client, world: World):
    client.post(reverse("password_reset"), {"email": world.member.email}, headers={"host": "localhost"})
    assert "http://127.0.0.1:8000/password-reset/" in mail.outbox[0].body
    assert "localhost" not in mail.outbox[0].body


@pytest.mark.parametrize("change", ["used", "expired", "wrong", "other person", "junk"])
def test_link_that_is_not_valid_says_so(client: Client, world: World, settings, change: str):
    ask(client, world.member.email)
    (link,) = links_in_mail()
    if change == "used":
        User.objects.filter(pk=world.member.pk).update(last_login=timezone.now() + timedelta(seconds=5))
    elif change == "expired":
        settings.PASSWORD_RESET_TIMEOUT = -1
    elif change == "wrong":
        link = link[:-2] + ("a" if link[-2] != "a" else "b") + "/"
    elif change == "other person":
        mail.outbox.clear()
        ask(client, world.admin.email)
        link = "/".join([*links_in_mail()[0].split("/")[:2], links_in_mail()[0].split("/")[2], link.split("/")[3], ""])
    else:
        link = reverse("password_reset_confirm", args=["%00", "x-y"])
    response = client.get(link, follow=True)
    assert response.status_code == 200
    assert "This link is not valid" in response.content.decode()


def test_weak_password_is_refused_at_the_field(client: Client, world: World):
    ask(client, world.member.email)
    page = client.get(links_in_mail()[0]).url
    for first, second in [("short", "short"), (NEW, "different"), ("", "")]:
        response = client.post(page, {"new_password1": first, "new_password2": second})
        assert response.status_code == 200
        assert response.context["form"].errors
    world.member.refresh_from_db()
    assert world.member.check_password(PASSWORD)


def test_new_password_does_not_go_round_the_second_factor(client: Client, world: World):
    with_second_factor(world.member)
    ask(client, world.member.email)
    client.post(client.get(links_in_mail()[0]).url, {"new_password1": NEW, "new_password2": NEW})
    assert sign_in(client, world.member, NEW).url == reverse("login_code")
    assert SESSION_KEY not in client.session


@pytest.mark.parametrize("email", ["", "not an address", "nul\0@example.com"])
def test_impossible_address_is_answered_with_an_error_at_the_field(client: Client, db: None, email: str):
    assert ask(client, email).context["form"].errors["email"]
