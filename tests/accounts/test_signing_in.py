from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse

from accounts import ports
from accounts.models import User
from accounts.ports import SignInChoice
from tests.accounts.pages import content, sign_in
from tests.conftest import PASSWORD, World


def test_password_opens_the_session_and_leads_home(client: Client, world: World):
    response = sign_in(client, world.member)
    assert response.status_code == 302
    assert response.url == reverse("home")
    assert client.session[SESSION_KEY] == str(world.member.pk)


def test_case_of_the_address_does_not_matter(client: Client, world: World):
    assert sign_in(client, world.member.email.upper()).status_code == 302


def test_address_is_kept_in_lower_case_and_is_nobody_elses_in_another_case(db: None):
    user = User.objects.create_user("Ana.Kovac@Example.COM", PASSWORD)
    assert user.email == "ana.kovac@example.com"
    assert User.objects.get_by_natural_key("ANA.kovac@example.com") == user


def test_unknown_address_wrong_password_and_inactive_person_get_the_same_answer(client: Client, world: World):
    world.auditor.is_active = False
    world.auditor.save()
    answers = {
        content(sign_in(client, email, password)).replace(email, "")
        for email, password in [
            ("nobody@nowhere.example", PASSWORD),
            (world.member.email, "wrong"),
            (world.auditor.email, PASSWORD),
        ]
    }
    assert len(answers) == 1
    assert "do not belong together" in answers.pop()
    assert SESSION_KEY not in client.session


@pytest.mark.parametrize("name", ["", "not an address", "a@b", "nul\0@example.com", "x" * 300 + "@example.com"])
def test_impossible_address_is_answered_with_an_error_at_the_field(client: Client, db: None, name: str):
    response = sign_in(client, name)
    assert response.status_code == 200
    assert response.context["form"].errors["username"]


def test_too_many_wrong_passwords_lock_the_address_whatever_its_case(client: Client, world: World):
    for number in range(settings.AXES_FAILURE_LIMIT):
        response = sign_in(client, world.member.email.upper() if number % 2 else world.member.email, "wrong")
    assert response.status_code == 429
    assert "accounts/locked.html" in [template.name for template in response.templates]
    assert "30 minutes" in response.content.decode()
    assert sign_in(client, world.member).status_code == 429
    assert SESSION_KEY not in client.session
    assert sign_in(client, world.admin).status_code == 302


def test_signing_in_forgets_earlier_failures(client: Client, world: World):
    for _ in range(2):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            assert sign_in(client, world.member, "wrong").status_code == 200
        assert sign_in(client, world.member).status_code == 302


def test_session_key_changes_when_somebody_signs_in(client: Client, world: World):
    client.get(reverse("login"))
    session = client.session
    session["left"] = "by somebody else"
    session.save()
    planted = session.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = planted
    sign_in(client, world.member)
    assert client.session.session_key != planted
    assert not client.session.exists(planted)


def test_session_key_changes_when_the_same_person_signs_in_once_more(client: Client, world: World):
    sign_in(client, world.member)
    before = client.session.session_key
    sign_in(client, world.member)
    assert client.session.session_key != before


def test_session_of_one_person_does_not_survive_another_one(client: Client, world: World, stranger: World):
    sign_in(client, world.member)
    sign_in(client, stranger.member)
    assert list(client.session["proofs"]) == [str(stranger.organization.pk)]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "\thttps://evil.example",
    ],
)
def test_next_never_leads_to_another_site(client: Client, world: World, address: str):
    assert sign_in(client, world.member, next=address).url == reverse("home")
    assert address not in Client().get(reverse("login"), {"next": address}).content.decode()


def test_next_leads_to_the_page_that_was_asked_for(client: Client, world: World):
    response = client.get(reverse("profile"))
    assert response.url == f"{reverse('login')}?next={reverse('profile')}"
    assert sign_in(client, world.member, next=reverse("profile")).url == reverse("profile")


def test_signing_out_takes_a_post_and_ends_the_session(client: Client, world: World):
    sign_in(client, world.member)
    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout")).url == reverse("login")
    assert SESSION_KEY not in client.session


def test_signing_in_and_out_demand_the_csrf_token(world: World):
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, world.member).status_code == 403
    assert client.post(reverse("logout")).status_code == 403


def test_choices_of_other_apps_stand_on_the_login_page(client: Client, db: None):
    assert "Company account" not in client.get(reverse("login")).content.decode()

    def choices(request):
        return [SignInChoice("Company account", f"/sso/?next={request.GET.get('next', '/')}")]

    ports.register_sign_in_choices(choices)
    try:
        page = client.get(reverse("login"), {"next": "/profile/"}).content.decode()
    finally:
        ports.sign_in_choices.remove(choices)
    assert '<a class="button" href="/sso/?next=/profile/">Company account</a>' in page


def test_somebody_made_inactive_is_out_with_the_next_request(client: Client, world: World):
    sign_in(client, world.member)
    User.objects.filter(pk=world.member.pk).update(is_active=False)
    assert client.get(reverse("own_home")).url.startswith(reverse("login"))


def test_login_page_is_not_kept_by_caches(client: Client, db: None):
    assert "no-store" in client.get(reverse("login")).headers["Cache-Control"]
