from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import second_factor
from accounts.models import User
from accounts.views.signing_in import HELD
from tests.accounts.pages import code_of, sign_in, with_second_factor
from tests.conftest import PASSWORD, World, make_user

CODE = "/login/code/"


def key_on(page: str) -> str:
    """The key that the enrolment page shows, as hexadecimal digits."""
    from base64 import b32decode

    letters = re.search(r'<p class="mono">([A-Z2-7 ]+)</p>', page)
    assert letters is not None
    return b32decode(letters[1].replace(" ", "")).hex()


def enrol(client: Client) -> tuple[str, list[str]]:
    key = key_on(client.get(reverse("two_factor_enrol")).content.decode())
    page = client.post(reverse("two_factor_enrol"), {"code": code_of(key)}).content.decode()
    return key, re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", page)


def test_enrolment_shows_a_picture_and_the_key_and_then_ten_codes_once(client: Client, world: World):
    sign_in(client, world.member)
    page = client.get(reverse("two_factor_enrol")).content.decode()
    assert "<svg" in page
    assert "style" not in page.split("<main")[1]
    _key, codes = enrol(client)
    assert len(set(codes)) == 10
    assert second_factor.is_set_up(world.member)
    later = client.get(reverse("two_factor")).content.decode()
    assert "10 recovery codes are left" in later
    assert not any(code in later for code in codes)


def test_key_stays_the_same_until_it_is_confirmed_and_is_gone_afterwards(client: Client, world: World):
    sign_in(client, world.member)
    first, second = (key_on(client.get(reverse("two_factor_enrol")).content.decode()) for _ in range(2))
    assert first == second
    wrong = client.post(reverse("two_factor_enrol"), {"code": "abc"})
    assert "This code is not right" in wrong.content.decode()
    assert not TOTPDevice.objects.exists()
    enrol(client)
    assert client.get(reverse("two_factor_enrol")).url == reverse("two_factor")
    assert first not in str(dict(client.session))


def test_recovery_codes_are_kept_as_digests_only(world: World):
    _key, codes = with_second_factor(world.member)
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == 10
    assert not kept & {code.replace("-", "") for code in codes}
    assert all(re.fullmatch("[0-9a-f]{16}", token) for token in kept)


def test_nobody_with_a_device_is_signed_in_before_the_second_step(client: Client, world: World):
    key, _codes = with_second_factor(world.member)
    response = sign_in(client, world.member, next=reverse("profile"))
    assert response.url == CODE
    assert SESSION_KEY not in client.session
    assert client.get(reverse("profile")).url.startswith(reverse("login"))
    response = client.post(CODE, {"code": code_of(key)})
    assert response.url == reverse("profile")
    assert client.session[SESSION_KEY] == str(world.member.pk)
    proof = client.session["proofs"][str(world.organization.pk)]
    assert (proof["how"], proof["second_factor"]) == ("password", True)


def test_session_key_changes_at_each_step(client: Client, world: World):
    key, _codes = with_second_factor(world.member)
    keys = []
    client.get(reverse("login"))
    sign_in(client, world.member)
    keys.append(client.session.session_key)
    planted = client.session.session_key
    client.post(CODE, {"code": code_of(key)})
    keys.append(client.session.session_key)
    assert len(set(keys)) == 2
    assert not client.session.exists(planted)


def test_session_key_changes_when_a_second_factor_is_set_up(client: Client, world: World):
    sign_in(client, world.member)
    before = client.session.session_key
    enrol(client)
    assert client.session.session_key != before
    assert client.session["person"]["second_factor"] is True
    assert client.session["proofs"][str(world.organization.pk)]["second_factor"] is True


def test_recovery_code_signs_in_once_however_it_is_written(client: Client, world: World):
    _key, codes = with_second_factor(world.member)
    sign_in(client, world.member)
    response = client.post(CODE, {"code": codes[0].upper().replace("-", " ")}, follow=True)
    assert "You used a recovery code; 9 are left." in response.content.decode()
    again = Client()
    sign_in(again, world.member)
    assert again.post(CODE, {"code": codes[0]}).status_code == 200
    assert SESSION_KEY not in again.session


def test_recovery_code_of_somebody_else_is_worth_nothing(client: Client, world: World):
    with_second_factor(world.member)
    _key, codes = with_second_factor(world.admin)
    sign_in(client, world.member)
    client.post(CODE, {"code": codes[0]})
    assert SESSION_KEY not in client.session


def test_code_counts_once(client: Client, world: World):
    key, _codes = with_second_factor(world.member)
    code = code_of(key)
    sign_in(client, world.member)
    assert client.post(CODE, {"code": code}).status_code == 302
    other = Client()
    sign_in(other, world.member)
    assert "was used before" in other.post(CODE, {"code": code}).content.decode()


def test_code_that_enrolled_the_app_does_not_sign_in_as_well(client: Client, world: World):
    sign_in(client, world.member)
    key, _codes = enrol(client)
    other = Client()
    sign_in(other, world.member)
    other.post(CODE, {"code": code_of(key)})
    assert SESSION_KEY not in other.session


def test_wrong_codes_make_the_next_try_wait(client: Client, world: World):
    key, _codes = with_second_factor(world.member)
    sign_in(client, world.member)
    for _ in range(3):
        client.post(CODE, {"code": f"{(int(code_of(key)) + 1) % 10**6:06d}"})
        TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(minutes=1))
    client.post(CODE, {"code": f"{(int(code_of(key)) + 1) % 10**6:06d}"})
    page = client.post(CODE, {"code": code_of(key)}).content.decode()
    assert "Too many wrong codes. Try again in 8 seconds." in page
    assert SESSION_KEY not in client.session
    TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(seconds=9))
    assert client.post(CODE, {"code": code_of(key)}).status_code == 302


def test_wrong_recovery_codes_wait_too(client: Client, world: World):
    _key, codes = with_second_factor(world.member)
    sign_in(client, world.member)
    client.post(CODE, {"code": "wrong-codes"})
    assert "Try again in 1 second." in client.post(CODE, {"code": codes[0]}).content.decode()


@pytest.mark.parametrize("code", ["", " ", "０" * 6, "9" * 31, "nul\0", "-1", "1e5", "٣٤٥٦٧٨"])
def test_impossible_code_is_answered_with_an_error_at_the_field(client: Client, world: World, code: str):
    with_second_factor(world.member)
    sign_in(client, world.member)
    response = client.post(CODE, {"code": code})
    assert response.status_code == 200
    assert response.context["form"].errors["code"]


def test_second_step_waits_ten_minutes_only(client: Client, world: World):
    key, _codes = with_second_factor(world.member)
    sign_in(client, world.member)
    session = client.session
    session[HELD] = {**session[HELD], "until": (timezone.now() - timedelta(seconds=1)).isoformat()}
    session.save()
    assert client.post(CODE, {"code": code_of(key)}).url == reverse("login")
    assert SESSION_KEY not in client.session


def test_second_step_ends_when_the_password_changes_meanwhile(client: Client, world: World):
    key, _codes = with_second_factor(world.member)
    sign_in(client, world.member)
    world.member.set_password("another long password")
    world.member.save()
    assert client.post(CODE, {"code": code_of(key)}).url == reverse("login")


def test_second_step_without_the_first_leads_back(client: Client, db: None):
    assert client.get(CODE).url == reverse("login")


def test_new_codes_take_the_password_and_void_the_old_ones(client: Client, world: World):
    key, old = with_second_factor(world.member)
    sign_in(client, world.member)
    client.post(CODE, {"code": code_of(key)})
    wrong = client.post(reverse("two_factor_codes"), {"password": "wrong"})
    assert "This is not your password" in wrong.content.decode()
    page = client.post(reverse("two_factor_codes"), {"password": PASSWORD})
    new = re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", page.content.decode())
    assert len(new) == 10
    assert "no-store" in page.headers["Cache-Control"]
    assert second_factor.device_for(world.member, old[0]) is None


def test_removing_takes_the_password(client: Client, world: World):
    key, _codes = with_second_factor(world.member)
    sign_in(client, world.member)
    client.post(CODE, {"code": code_of(key)})
    assert client.post(reverse("two_factor_remove"), {"password": "wrong"}).status_code == 200
    assert second_factor.is_set_up(world.member)
    assert client.post(reverse("two_factor_remove"), {"password": PASSWORD}).status_code == 302
    assert not second_factor.is_set_up(world.member)
    assert not StaticToken.objects.exists()
    assert client.session["person"]["second_factor"] is False


def test_guessing_the_password_inside_a_session_locks_like_guessing_at_the_door(client: Client, world: World, settings):
    key, _codes = with_second_factor(world.member)
    sign_in(client, world.member)
    client.post(CODE, {"code": code_of(key)})
    for _ in range(settings.AXES_FAILURE_LIMIT):
        response = client.post(reverse("two_factor_remove"), {"password": "wrong"})
    assert response.status_code == 429
    assert client.post(reverse("two_factor_remove"), {"password": PASSWORD}).status_code == 429
    assert second_factor.is_set_up(world.member)


def require_second_factor(world: World) -> None:
    world.organization.requires_second_factor = True
    world.organization.save()


@pytest.mark.parametrize("role", ["owner", "admin", "member", "auditor"])
def test_organization_that_requires_one_leads_to_enrolment_before_anything_else(client: Client, world: World, role: str):
    require_second_factor(world)
    sign_in(client, getattr(world, role))
    for name in ("home", "own_home", "profile", "admin:index", "admin:accounts_membership_changelist"):
        assert client.get(reverse(name)).url == reverse("two_factor_enrol")
    assert "asks for a second factor" in client.get(reverse("two_factor_enrol")).content.decode()
    enrol(client)
    assert client.get(reverse("own_home")).status_code == 200


def test_operator_needs_the_second_factor_of_such_an_organization_too(client: Client, world: World, operator: User):
    require_second_factor(world)
    sign_in(client, operator)
    client.post(reverse("organizations"), {"organization": world.organization.pk})
    assert client.get(reverse("admin:index")).url == reverse("two_factor_enrol")


def test_session_from_before_the_device_signs_in_once_more(client: Client, world: World):
    old = Client()
    sign_in(old, world.member)
    require_second_factor(world)
    sign_in(client, world.member)
    enrol(client)
    response = old.get(reverse("profile"))
    assert response.url == f"{reverse('login')}?next={reverse('profile').replace('/', '%2F')}"
    assert "asks for your second factor" in old.get(response.url).content.decode()


def test_session_whose_device_was_removed_elsewhere_is_led_to_enrolment(client: Client, world: World):
    require_second_factor(world)
    key, _codes = with_second_factor(world.member)
    sign_in(client, world.member)
    client.post(CODE, {"code": code_of(key)})
    assert client.get(reverse("own_home")).status_code == 200
    second_factor.remove(world.member)
    assert client.get(reverse("own_home")).url == reverse("two_factor_enrol")


def test_organization_that_requires_none_leaves_people_alone(client: Client, world: World):
    sign_in(client, world.member)
    assert client.get(reverse("own_home")).status_code == 200


def test_person_without_a_password_has_no_second_factor_here(client: Client, world: World):
    user = make_user("sso@northwind-studio.example")
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    for name in ("two_factor", "two_factor_enrol", "two_factor_codes", "two_factor_remove"):
        assert client.get(reverse(name)).status_code == 403


@pytest.mark.parametrize("name", ["two_factor", "two_factor_enrol", "two_factor_codes", "two_factor_remove"])
def test_pages_ask_for_a_sign_in(client: Client, db: None, name: str):
    assert client.get(reverse(name)).url == f"{reverse('login')}?next={reverse(name)}"


@pytest.mark.parametrize("name", ["two_factor_codes", "two_factor_remove"])
def test_nothing_to_renew_or_remove_leads_to_the_overview(client: Client, world: World, name: str):
    sign_in(client, world.member)
    assert client.post(reverse(name), {"password": PASSWORD}).url == reverse("two_factor")
