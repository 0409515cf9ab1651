"""An organization's own endpoint: called over real HTTP, signed, tried again, given up, and never where it must not reach."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations import clock
from integrations.models import Notice, NoticeEndpoint, NoticeState
from integrations.notices import sending
from integrations.notices.signing import headers, new_secret
from tests.conftest import World
from tests.integrations.http.conftest import Vendor, answer, saying
from tests.integrations.notices.conftest import CAUSE, TITLE, Desk, Ear

pytestmark = pytest.mark.django_db


def test_opening_reminder_and_closing_are_told_with_all_that_a_receiver_needs(desk: Desk, ear: Ear, settings: Any) -> None:
    incident = desk.open(message="The refresh token was revoked.", advice="Connect it again.")
    desk.beat()
    desk.wait(1)
    desk.beat()
    desk.close()
    desk.beat()
    assert ear.kinds() == ["incident.opened", "incident.reminded", "incident.closed"]
    assert [received.target for received in ear.vendor.received] == ["/hooks/incidents?team=finance"] * 3
    opened, _reminded, closed = ear.heard()
    assert opened["integration"] == {"id": desk.integration.pk, "name": "Xero", "provider": "xero"}
    assert (opened["organization"], opened["incident"], opened["cause"]) == ("northwind-studio", incident.pk, CAUSE)
    assert opened["text"] == f"{TITLE}\nThe refresh token was revoked.\nConnect it again."
    assert opened["link"] == f"{settings.PUBLIC_URL}{reverse('admin:incident', args=[incident.pk])}"
    assert opened["opened_at"] == closed["opened_at"]
    assert opened["closed_at"] is None
    assert closed["closed_at"] > closed["opened_at"]
    assert len({one["id"] for one in ear.heard()}) == 3
    assert all(notice.state == NoticeState.SENT and notice.sent_at for notice in ear.notices())


def test_signature_is_that_of_the_standard_webhooks(desk: Desk, ear: Ear) -> None:
    desk.open()
    desk.beat()
    received = ear.vendor.received[0]
    said = f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}.".encode() + received.body
    key = base64.b64decode(ear.endpoint.secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
    assert received.headers["webhook-signature"] == f"v1,{expected}"
    assert received.headers["webhook-id"] == ear.heard()[0]["id"]
    assert abs(int(received.headers["webhook-timestamp"]) - clock.timestamp()) < 60
    assert len(key) == 32


def test_signature_of_the_specification_s_own_example() -> None:
    """The values that the reference libraries are tested with."""
    made = headers("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_failed_call_is_repeated_under_the_same_id_with_a_new_signature(desk: Desk, ear: Ear) -> None:
    ear.vendor.answer = saying(answer(503))
    desk.open()
    desk.beat()
    desk.beat()
    assert len(ear.vendor.received) == 1
    ear.vendor.answer = saying(answer(204, b""))
    desk.wait(minutes=6)
    desk.beat()
    first, second = (received.headers for received in ear.vendor.received)
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-signature"] != second["webhook-signature"]
    assert [notice.state for notice in ear.notices()] == [NoticeState.SENT]


def test_after_three_days_it_is_given_up_and_the_page_says_so_and_can_send_it_again(desk: Desk, ear: Ear, client: Client) -> None:
    ear.vendor.answer = saying(answer(500, b'{"error": "out of order"}'))
    desk.open()
    for _day in range(9):
        desk.beat()
        desk.wait(1)
    first = ear.notices()[0]
    assert (first.state, first.tries) == (NoticeState.GIVEN_UP, 9)
    assert "out of order" in first.trouble
    client.force_login(desk.world.admin)
    page = client.get(reverse("admin:integrations_noticeendpoint_change", args=[ear.endpoint.pk])).content.decode()
    assert "gave up on 1 notice" in page
    assert "out of order" in page
    assert ear.endpoint.secret not in page
    ear.vendor.answer = saying(answer())
    again = {"action": "send_again", "_selected_action": [ear.endpoint.pk]}
    client.post(reverse("admin:integrations_noticeendpoint_changelist"), again)
    ear.vendor.received.clear()
    desk.beat()
    assert ear.kinds()[0] == "incident.opened"


def test_a_redirect_is_no_success_and_is_not_followed(desk: Desk, ear: Ear, start_vendor: Any) -> None:
    elsewhere: Vendor = start_vendor()
    ear.vendor.answer = saying(answer(307, location=f"{elsewhere.base}/caught"))
    desk.open()
    desk.beat()
    assert elsewhere.connections == 0
    assert ear.notices()[0].state == NoticeState.WAITING


def test_an_endpoint_that_is_gone_is_switched_off(desk: Desk, ear: Ear) -> None:
    ear.vendor.answer = saying(answer(410))
    desk.open()
    desk.beat()
    ear.endpoint.refresh_from_db()
    assert not ear.endpoint.active
    desk.wait(minutes=6)
    desk.beat()
    assert [(notice.state, notice.trouble) for notice in ear.notices()] == [(NoticeState.DROPPED, "410 Gone")]
    assert len(ear.vendor.received) == 1


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:{port}/x", "https://localhost:{port}/x", "https://[::1]:{port}/x", "http://127.0.0.1:{port}/x"]
)
def test_an_address_of_the_own_network_is_never_connected_to(
    desk: Desk, ear: Ear, settings: Any, connected: list[tuple[str, int]], url: str
) -> None:
    settings.NOTICE_HOSTS = frozenset()
    NoticeEndpoint.everywhere.update(url=url.format(port=ear.vendor.port))
    desk.open()
    desk.beat()
    assert ear.vendor.connections == 0
    assert [place for place in connected if place[1] == ear.vendor.port] == []
    assert ear.notices()[0].state == NoticeState.WAITING
    assert ear.notices()[0].trouble


def test_another_organization_s_endpoint_hears_nothing(desk: Desk, ear: Ear, stranger: World) -> None:
    NoticeEndpoint.everywhere.update(organization=stranger.organization)
    desk.open()
    desk.beat()
    desk.close()
    desk.beat()
    assert ear.vendor.received == []


def test_an_inactive_endpoint_hears_nothing_and_an_active_one_beside_it_does(desk: Desk, ear: Ear) -> None:
    off = NoticeEndpoint.everywhere.create(
        organization=desk.world.organization, url=f"{ear.vendor.base}/off", secret=new_secret(), active=False
    )
    desk.open()
    desk.beat()
    assert [received.target for received in ear.vendor.received] == ["/hooks/incidents?team=finance"]
    assert not Notice.everywhere.filter(endpoint=off).exists()


def test_an_endpoint_that_hangs_keeps_no_mail_waiting(desk: Desk, ear: Ear, settings: Any) -> None:
    over = threading.Event()
    ear.vendor.answer = lambda connection, received: over.wait(20)
    settings.HTTP_TIMEOUT_SECONDS = 0.3
    desk.open()
    assert sending.tell_people() is None
    assert len(desk.beat()) == 3
    over.set()
    assert "did not answer" in ear.notices()[0].trouble
