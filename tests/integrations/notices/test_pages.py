"""Where people say what they want to be told: endpoints, muting, the profile, and what a page shows of it."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from auditlog.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, User
from integrations import clock
from integrations.models import Integration, NoticeEndpoint, NoticeState
from integrations.notices.signing import new_secret
from tests.conftest import World
from tests.integrations.admin.scenes import make_integration
from tests.integrations.notices.conftest import Desk

pytestmark = pytest.mark.django_db

ADD, LIST, CHANGE = (f"admin:integrations_noticeendpoint_{name}" for name in ("add", "changelist", "change"))
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")
URL = "https://hooks.northwind.example/incidents"


@pytest.fixture
def admin(client: Client, world: World) -> Client:
    client.force_login(world.admin)
    return client


def test_an_endpoint_s_secret_is_shown_once_and_kept_encrypted(admin: Client, world: World) -> None:
    answer = admin.post(reverse(ADD), {"url": URL, "active": "on"})
    (secret,) = set(SECRET.findall(answer.content.decode()))
    assert "no-store" in answer.headers["Cache-Control"]
    endpoint = NoticeEndpoint.everywhere.get()
    assert (endpoint.organization, endpoint.url, endpoint.active, endpoint.secret) == (world.organization, URL, True, secret)
    for address in (reverse(LIST), reverse(CHANGE, args=[endpoint.pk]), reverse("admin:index")):
        assert not SECRET.search(admin.get(address).content.decode())
    assert "secret" not in LogEntry.objects.get_for_object(endpoint).get().changes


def test_a_new_secret_replaces_the_old_one(admin: Client) -> None:
    admin.post(reverse(ADD), {"url": URL, "active": "on"})
    endpoint = NoticeEndpoint.everywhere.get()
    shown = SECRET.search(admin.post(reverse("admin:endpoint-secret", args=[endpoint.pk])).content.decode())
    assert shown is not None
    assert shown[0] != endpoint.secret
    endpoint.refresh_from_db()
    assert endpoint.secret == shown[0]
    assert admin.get(reverse("admin:endpoint-secret", args=[endpoint.pk])).status_code == 405


@pytest.mark.parametrize("url", ["http://hooks.example/x", "https://user:word@hooks.example/x", "ftp://hooks.example", "nonsense", ""])
def test_an_address_that_must_not_be_called_is_not_taken(admin: Client, url: str) -> None:
    assert 'class="errorlist' in admin.post(reverse(ADD), {"url": url, "active": "on"}).content.decode()
    assert not NoticeEndpoint.everywhere.exists()


@pytest.mark.parametrize(("role", "status"), [("member", 302), ("auditor", 403)])
def test_members_and_auditors_cannot_make_or_change_endpoints(client: Client, world: World, role: str, status: int) -> None:
    endpoint = NoticeEndpoint.everywhere.create(organization=world.organization, url=URL, secret=new_secret())
    client.force_login(getattr(world, role))
    for address in (reverse(ADD), reverse(CHANGE, args=[endpoint.pk]), reverse("admin:endpoint-secret", args=[endpoint.pk])):
        assert client.post(address, {"url": "https://other.example/", "active": "on"}).status_code == status
    unchanged = NoticeEndpoint.everywhere.get()
    assert (unchanged.url, unchanged.secret) == (URL, endpoint.secret)


def test_strangers_find_no_endpoint(client: Client, world: World, stranger: World) -> None:
    endpoint = NoticeEndpoint.everywhere.create(organization=world.organization, url=URL, secret=new_secret())
    client.force_login(stranger.owner)
    assert client.post(reverse("admin:endpoint-secret", args=[endpoint.pk])).status_code == 404
    client.post(reverse(CHANGE, args=[endpoint.pk]), {"url": "https://other.example/", "active": "on"})
    client.post(reverse(LIST), {"action": "delete_selected", "_selected_action": [endpoint.pk], "post": "yes"})
    assert URL not in client.get(reverse(LIST)).content.decode()
    unchanged = NoticeEndpoint.everywhere.get()
    assert (unchanged.url, unchanged.secret) == (URL, endpoint.secret)


# Muting ----------------------------------------------------------------------------------------------------------------------


def test_an_integration_is_muted_until_a_day_of_the_organization_s_calendar_and_told_again(admin: Client, world: World) -> None:
    integration = make_integration(world.organization)
    here = f"{reverse('admin:incidents')}?integration={integration.pk}"
    address = reverse("admin:integration-mute", args=[integration.pk])
    day = (clock.now() + timedelta(days=5)).date()
    assert "Nobody is told" in admin.post(address, {"until": day.isoformat()}, follow=True).content.decode()
    integration.refresh_from_db()
    assert integration.muted_until == datetime.combine(day, time.min, ZoneInfo("Europe/Berlin"))
    assert "Tell again" in admin.get(here).content.decode()
    history = admin.get(reverse("admin:integration-section", args=[integration.pk, "history"])).content.decode()
    assert "Incidents muted until" in history
    admin.post(address, {"until": ""})
    integration.refresh_from_db()
    assert integration.muted_until is None


@pytest.mark.parametrize("until", ["2020-01-01", "nonsense", "0", "9999-99-99", "\x00"])
def test_a_day_that_is_none_or_past_mutes_nothing(admin: Client, world: World, until: str) -> None:
    integration = make_integration(world.organization)
    page = admin.post(reverse("admin:integration-mute", args=[integration.pk]), {"until": until}, follow=True).content.decode()
    assert "Choose a day that is still to come." in page
    assert Integration.everywhere.get(pk=integration.pk).muted_until is None


def test_auditors_and_strangers_mute_nothing(client: Client, world: World, stranger: World) -> None:
    integration = make_integration(world.organization)
    address = reverse("admin:integration-mute", args=[integration.pk])
    day = (clock.now() + timedelta(days=5)).date().isoformat()
    for person, status in ((world.auditor, 403), (stranger.owner, 404)):
        client.force_login(person)
        assert client.post(address, {"until": day}).status_code == status
    assert Integration.everywhere.get(pk=integration.pk).muted_until is None


def test_everybody_says_in_the_own_profile_that_no_mail_of_this_organization_is_wanted(
    client: Client, world: World, stranger: World
) -> None:
    elsewhere = Membership.everywhere.create(organization=stranger.organization, user=world.member, role="admin")
    client.force_login(world.member)
    client.post(reverse("organizations"), {"organization": world.organization.pk})
    assert 'name="wants_mail"' in client.get(reverse("profile")).content.decode()
    client.post(reverse("profile"), {"first_name": "Ana", "last_name": "K"})
    here = Membership.everywhere.get(organization=world.organization, user=world.member)
    assert not here.wants_mail
    elsewhere.refresh_from_db()
    assert elsewhere.wants_mail
    client.post(reverse("profile"), {"first_name": "Ana", "last_name": "K", "wants_mail": "on"})
    here.refresh_from_db()
    assert (here.wants_mail, here.role) == (True, "member")


def test_an_operator_who_is_no_member_has_a_profile_without_mails(client: Client, world: World, operator: User) -> None:
    client.force_login(operator)
    client.post(reverse("organizations"), {"organization": world.organization.pk})
    assert "wants_mail" not in client.get(reverse("profile")).content.decode()
    client.post(reverse("profile"), {"first_name": "Op", "last_name": "E"})
    operator.refresh_from_db()
    assert operator.first_name == "Op"


# What is known of the language, and what is shown of notices -----------------------------------------------------------------


def test_the_language_of_mails_is_the_browser_s_until_one_is_chosen(client: Client, world: World) -> None:
    client.post(
        reverse("login"), {"username": world.member.email, "password": "correct horse battery staple"}, headers={"accept-language": "de"}
    )
    world.member.refresh_from_db()
    assert world.member.language == "de"
    client.post(reverse("set_language"), {"language": "en"})
    world.member.refresh_from_db()
    assert world.member.language == "en"
    client.post(reverse("set_language"), {"language": "klingon"})
    world.member.refresh_from_db()
    assert world.member.language == "en"


def test_the_page_of_an_incident_says_who_was_told(admin: Client, desk: Desk) -> None:
    incident = desk.open()
    desk.beat()
    page = admin.get(reverse("admin:incident", args=[incident.pk])).content.decode()
    for person in (desk.world.owner, desk.world.admin, desk.creator):
        assert person.email in page
    assert page.count(str(NoticeState.SENT.label)) >= 3
