from __future__ import annotations

import pytest
from auditlog.models import LogEntry
from axes.models import AccessAttempt
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.addresses import client_address
from tests.accounts.pages import sign_in
from tests.conftest import World


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "", "127.0.0.1"),
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.9.9.9, 203.0.113.9", "203.0.113.9"),
        (2, "10.9.9.9, 203.0.113.9, 198.51.100.1", "203.0.113.9"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "nonsense", "127.0.0.1"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_only_our_own_proxies_are_believed(settings, proxies: int, header: str, address: str):
    settings.PROXY_COUNT = proxies
    assert client_address(RequestFactory().get("/", headers={"x-forwarded-for": header} if header else {})) == address


def test_failures_of_one_client_do_not_lock_the_person_out_elsewhere(world: World, settings):
    settings.PROXY_COUNT = 1
    for number in range(settings.AXES_FAILURE_LIMIT):
        attacker = Client(headers={"x-forwarded-for": f"10.0.0.{number}, 203.0.113.9"})
        response = sign_in(attacker, world.member, "wrong")
    assert response.status_code == 429
    assert sign_in(Client(headers={"x-forwarded-for": "198.51.100.1"}), world.member).status_code == 302
    assert set(AccessAttempt.objects.values_list("username", "ip_address")) == {(world.member.email, "203.0.113.9")}


def test_history_keeps_the_connection_and_not_a_header(client: Client, world: World):
    client.force_login(world.member)
    client.post(reverse("profile"), {"first_name": "Ana"}, headers={"x-forwarded-for": "not an address"})
    assert LogEntry.objects.get_for_object(world.member).latest("id").remote_addr == "127.0.0.1"
