from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from integrations.models import Delivery, Integration
from tests.conftest import World
from tests.integrations.admin.scenes import make_integration

pytestmark = pytest.mark.django_db


def make_delivery(integration: Integration | None, remote_id: str = "inv-1", **fields: object) -> Delivery:
    owner = {"integration_id": integration.pk, "organization_id": integration.organization_id} if integration else {}
    given = {"slug": "xero", "event_id": remote_id, "remote_id": remote_id, "kind": "INVOICE", "state": "handled", **owner, **fields}
    return Delivery.everywhere.create(body=b'{"resourceId": "%s", "access_token": "canary"}' % remote_id.encode(), **given)


def shown(client: Client, name: str = "deliveries", **query: object) -> str:
    answer = client.get(reverse(f"admin:{name}"), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def operating(operator: User, world: World) -> Client:
    """A browser in which an operator looks at `world`."""
    client = Client()
    client.force_login(operator)
    client.post(reverse("organizations"), {"organization": world.organization.pk})
    return client


def test_admins_see_what_came_for_their_integrations_alone(admin: Client, world: World, stranger: World):
    assert "No vendor has called yet" in shown(admin)
    make_delivery(make_integration(world.organization))
    make_delivery(make_integration(stranger.organization), "canary-id")
    make_delivery(None, "canary-of-nobody")
    page = shown(admin)
    assert "inv-1" in page
    assert "canary" not in page
    assert "Unclaimed" not in page


def test_list_is_narrowed_by_integration_and_state(admin: Client, world: World):
    one, other = make_integration(world.organization, "One"), make_integration(world.organization, "Other")
    make_delivery(one, "of-one")
    make_delivery(other, "of-other", state="failed")
    assert "of-other" not in shown(admin, integration=one.pk)
    assert "of-one" not in shown(admin, state="failed")
    assert "Nothing matches" in shown(admin, integration=one.pk, state="failed")


def test_operators_alone_see_what_belongs_to_nobody(operating: Client, admin: Client, world: World):
    make_delivery(None, "nobodys", realm_id="unknown-realm")
    assert "unknown-realm" in shown(operating, "unclaimed-deliveries")
    assert reverse("admin:unclaimed-deliveries") in shown(operating)
    assert admin.get(reverse("admin:unclaimed-deliveries")).status_code == 403


def test_replay_button_handles_it_again(admin: Client, world: World):
    delivery = make_delivery(make_integration(world.organization), attempts=1)
    page = admin.post(reverse("admin:delivery-replay", args=[delivery.pk]), follow=True).content.decode()
    assert "was handled again" in page
    delivery.refresh_from_db()
    assert delivery.attempts == 2


def test_auditors_look_and_do_not_replay(auditor: Client, world: World):
    delivery = make_delivery(make_integration(world.organization))
    assert "Replay" not in shown(auditor)
    assert auditor.post(reverse("admin:delivery-replay", args=[delivery.pk])).status_code == 403


def test_nobody_replays_what_is_not_theirs(admin: Client, operating: Client, world: World, stranger: World):
    theirs, nobodys = make_delivery(make_integration(stranger.organization)), make_delivery(None, "x")
    assert admin.post(reverse("admin:delivery-replay", args=[theirs.pk])).status_code == 404
    assert admin.post(reverse("admin:delivery-replay", args=[nobodys.pk])).status_code == 404
    assert admin.post(reverse("admin:unclaimed-replay", args=[nobodys.pk])).status_code == 403
    assert operating.post(reverse("admin:unclaimed-replay", args=[theirs.pk])).status_code == 404
    assert operating.post(reverse("admin:unclaimed-replay", args=[nobodys.pk])).status_code == 302


def test_integration_tells_the_address_to_enter_or_what_is_missing(admin: Client, world: World, monkeypatch: pytest.MonkeyPatch):
    address = reverse("admin:integration-section", args=[make_integration(world.organization).pk, "account"])
    monkeypatch.delenv("XERO_WEBHOOK_KEY", raising=False)
    page = admin.get(address).content.decode()
    assert "XERO_WEBHOOK_KEY" in page
    assert "/webhooks/xero/" not in page
    monkeypatch.setenv("XERO_WEBHOOK_KEY", "webhook-canary-key")
    page = admin.get(address).content.decode()
    assert "http://127.0.0.1:8000/webhooks/xero/" in page
    assert "webhook-canary-key" not in page


def test_queries_stay_the_same_however_many_there_are(admin: Client, world: World):
    integration = make_integration(world.organization)
    make_delivery(integration)
    shown(admin)
    counts = []
    for number in (0, 80):
        for each in range(number):
            make_delivery(integration, f"many-{each}")
        with CaptureQueriesContext(connection) as caught:
            shown(admin)
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 12


def test_page_of_a_delivery_shows_all_of_it_and_replays_it(admin: Client, auditor: Client, world: World):
    delivery = make_delivery(make_integration(world.organization), attempts=1, headers={"user-agent": "Vendor/1"})
    address = reverse("admin:delivery", args=[delivery.pk])
    assert address in shown(admin)
    page = admin.get(address).content.decode()
    for words in ("inv-1", "user-agent: Vendor/1", reverse("admin:delivery-replay", args=[delivery.pk])):
        assert words in page
    assert "canary" not in page
    assert "Replay" not in auditor.get(address).content.decode()


def test_pages_of_deliveries_are_shown_to_those_whose_they_are(admin: Client, operating: Client, stranger: World):
    theirs, nobodys = make_delivery(make_integration(stranger.organization)), make_delivery(None, "x")
    assert admin.get(reverse("admin:delivery", args=[theirs.pk])).status_code == 404
    assert admin.get(reverse("admin:delivery", args=[nobodys.pk])).status_code == 404
    assert admin.get(reverse("admin:unclaimed-delivery", args=[nobodys.pk])).status_code == 403
    assert operating.get(reverse("admin:unclaimed-delivery", args=[nobodys.pk])).status_code == 200
    assert operating.get(reverse("admin:unclaimed-delivery", args=[theirs.pk])).status_code == 404


def test_the_ticked_ones_are_replayed_together_and_no_others(admin: Client, world: World, stranger: World):
    integration = make_integration(world.organization)
    ticked = [make_delivery(integration, f"ticked-{number}") for number in range(3)]
    others = [make_delivery(integration, "not-ticked"), make_delivery(make_integration(stranger.organization), "theirs")]
    wanted = [*(str(row.pk) for row in ticked), str(others[1].pk), "x", "-1", "9" * 30]
    page = admin.post(reverse("admin:deliveries-replay"), {"delivery": wanted}, follow=True).content.decode()
    assert "Looked at again: 3. Of these, 3 made something due" in page
    assert list(Delivery.everywhere.order_by("pk").values_list("attempts", flat=True)) == [1, 1, 1, 0, 0]


def test_without_a_tick_nothing_is_replayed(admin: Client, auditor: Client, world: World):
    delivery = make_delivery(make_integration(world.organization))
    assert "Nothing was ticked" in admin.post(reverse("admin:deliveries-replay"), follow=True).content.decode()
    assert auditor.post(reverse("admin:deliveries-replay"), {"delivery": delivery.pk}).status_code == 403
    assert Delivery.everywhere.get().attempts == 0


def test_operators_replay_what_was_nobodys_once_somebody_is_connected(operating: Client, admin: Client, world: World):
    orphans = [make_delivery(None, f"orphan-{number}", realm_id="later") for number in range(2)]
    assert admin.post(reverse("admin:unclaimed-deliveries-replay"), {"delivery": orphans[0].pk}).status_code == 403
    integration = make_integration(world.organization, realm_id="later", payments_import=True)
    ticked = {"delivery": [row.pk for row in orphans]}
    assert "Of these, 2 made" in operating.post(reverse("admin:unclaimed-deliveries-replay"), ticked, follow=True).content.decode()
    assert set(Delivery.everywhere.values_list("integration_id", "state")) == {(integration.pk, "handled")}
