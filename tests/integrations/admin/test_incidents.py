from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations import clock
from integrations.models import Connection, Incident
from tests.conftest import World
from tests.integrations.admin.scenes import hours_ago, make_incident, make_integration, make_invoices, make_items, make_run

pytestmark = pytest.mark.django_db


def incidents(client: Client, **query: object) -> str:
    response = client.get(reverse("admin:incidents"), query)
    assert response.status_code == 200
    return response.content.decode()


def test_open_incidents_come_first_with_what_was_said_and_what_to_do(admin: Client, world: World):
    lost = make_integration(world.organization, "Xero Berlin", connection=Connection.NEEDS_RECONNECT)
    make_incident(lost, "Old trouble", cause="old", opened_at=hours_ago(30), closed_at=hours_ago(29))
    make_incident(lost, "Xero Berlin needs to be reconnected.", seen=12, opened_at=hours_ago(2))
    page = incidents(admin)
    assert "1 problem is open." in page
    assert page.index("needs to be reconnected") < page.index("Solved") < page.index("Old trouble")
    assert "<dt>Xero said</dt><dd>The refresh token was revoked.</dd>" in page
    assert "<dt>What to do</dt><dd>Connect it again. Nothing is lost.</dd>" in page
    assert "seen 12 times" in page
    assert f'href="{reverse("connect", args=[lost.pk])}"' in page
    assert f'href="{reverse("admin:integration", args=[lost.pk])}"' in page


def test_auditor_is_not_offered_to_reconnect(auditor: Client, world: World):
    lost = make_integration(world.organization, connection=Connection.NEEDS_RECONNECT)
    make_incident(lost)
    page = incidents(auditor)
    assert "Look at it" in page
    assert reverse("connect", args=[lost.pk]) not in page


def test_list_can_be_narrowed_to_one_integration(admin: Client, world: World):
    one, other = make_integration(world.organization, "One"), make_integration(world.organization, "Other")
    make_incident(one, "Trouble of one")
    make_incident(other, "Trouble of the other")
    page = incidents(admin, integration=one.pk)
    assert "Trouble of one" in page
    assert "Trouble of the other" not in page


@pytest.mark.parametrize("name", ["integration", "page"])
@pytest.mark.parametrize("value", ["abc", "99999999999999999999", "-1", "0", "²", "\x00"])
def test_nonsense_shows_everything(admin: Client, world: World, name: str, value: str):
    make_incident(make_integration(world.organization), "Trouble")
    assert "Trouble" in incidents(admin, **{name: value})


def test_nothing_open_and_nothing_ever_are_told_apart(admin: Client, world: World):
    assert "No incident so far" in incidents(admin)
    make_incident(make_integration(world.organization), closed_at=clock.now())
    assert "Nothing is open" in incidents(admin)


def test_navigation_counts_what_is_open(admin: Client, world: World):
    integration = make_integration(world.organization)
    for cause in ("one", "two"):
        make_incident(integration, cause=cause)
    make_incident(integration, cause="three", closed_at=clock.now())
    assert 'Incidents <span class="count">2<span class="unseen"> need you</span></span>' in incidents(admin)
    assert 'Overview <span class="count">1<span class="unseen"> need you</span></span>' in incidents(admin)


def test_incidents_of_other_organizations_are_not_there(admin: Client, world: World, stranger: World):
    theirs = make_integration(stranger.organization, "Canary connection")
    make_incident(theirs, "Canary incident")
    make_incident(theirs, "Canary history", cause="x", closed_at=clock.now())
    assert "Canary" not in incidents(admin)
    assert "Canary" not in incidents(admin, integration=theirs.pk)


def test_queries_stay_the_same_however_many_incidents_there_are(admin: Client, world: World):
    integration = make_integration(world.organization)
    make_incident(integration)
    make_incident(integration, cause="old", closed_at=clock.now())
    incidents(admin)
    small = _queries(admin)
    own = {"organization": world.organization, "integration": integration, "title": "Trouble"}
    Incident.everywhere.bulk_create([Incident(**own, cause=f"open {n}") for n in range(150)])
    Incident.everywhere.bulk_create([Incident(**own, cause=f"closed {n}", closed_at=clock.now()) for n in range(3000)])
    assert _queries(admin) == small <= 12


def _queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as caught:
        incidents(client)
    return len(caught)


def test_page_of_one_tells_the_story_and_the_affected_records(admin: Client, world: World):
    lost = make_integration(world.organization, "Xero Berlin", connection=Connection.NEEDS_RECONNECT)
    run = make_run(lost, state="running")
    waiting, done = make_invoices(world.organization, 2)
    make_items(run, [waiting], "waiting")
    make_items(run, [done], finished_at=hours_ago(5))
    incident = make_incident(lost, seen=12, opened_at=hours_ago(2))
    page = admin.get(reverse("admin:incident", args=[incident.pk])).content.decode()
    for words in ("Xero needs to be reconnected.", "12 times", "The refresh token was revoked.", "Connect it again. Nothing is lost."):
        assert words in page
    assert waiting.number in page
    assert done.number not in page
    assert reverse("connect", args=[lost.pk]) in page
    assert f"incident: {incident.pk}, connection, seen 12 times" in page
    assert f'href="{reverse("admin:incident", args=[incident.pk])}"' in incidents(admin)


def test_page_of_a_solved_one_says_when_and_what_was_on_its_way(admin: Client, world: World):
    integration = make_integration(world.organization)
    during, after = make_invoices(world.organization, 2)
    run = make_run(integration)
    make_items(run, [during], created_at=hours_ago(4), finished_at=hours_ago(3))
    make_items(run, [after], created_at=hours_ago(1))
    incident = make_incident(integration, opened_at=hours_ago(5), closed_at=hours_ago(2))
    page = admin.get(reverse("admin:incident", args=[incident.pk])).content.decode()
    assert "after 3 h 0 min" in page
    assert during.number in page
    assert after.number not in page


def test_auditor_reads_an_incident_and_a_stranger_finds_none(auditor: Client, world: World, stranger: World):
    mine, theirs = (make_incident(make_integration(each.organization, connection="needs_reconnect")) for each in (world, stranger))
    page = auditor.get(reverse("admin:incident", args=[mine.pk])).content.decode()
    assert reverse("connect", args=[mine.integration_id]) not in page
    assert auditor.get(reverse("admin:incident", args=[theirs.pk])).status_code == 404


def test_page_of_one_stays_within_its_queries(admin: Client, world: World):
    integration = make_integration(world.organization)
    incident = make_incident(integration)
    run = make_run(integration)
    counts = []
    for first in (1, 101):
        make_items(run, make_invoices(world.organization, 60, first=first), "waiting")
        admin.get(reverse("admin:incident", args=[incident.pk]))
        with CaptureQueriesContext(connection) as caught:
            admin.get(reverse("admin:incident", args=[incident.pk]))
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 12
