from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.models import Action, Run, RunState
from tests.conftest import World
from tests.integrations.admin.scenes import hours_ago, make_integration, make_run

pytestmark = pytest.mark.django_db
LINE = re.compile(r'<th scope="row"><a href="/admin/runs/(\d+)/">([^<]+)</a>')


def listed(client: Client, **query: object) -> list[tuple[int, str]]:
    response = client.get(reverse("admin:runs"), query)
    assert response.status_code == 200
    return [(int(pk), subject) for pk, subject in LINE.findall(response.content.decode())]


def test_runs_are_listed_the_newest_first_with_what_they_did(admin: Client, world: World):
    integration = make_integration(world.organization)
    export = make_run(
        integration,
        state=RunState.PARTIAL,
        succeeded=1237,
        rejected=3,
        started_by=world.owner,
        finished_at=hours_ago(0),
        created_at=hours_ago(0.5),
    )
    arrived = make_run(integration, Action.IMPORT, kind="payment")
    lists = make_run(integration, Action.OPTIONS)
    assert listed(admin) == [(lists.pk, "Refresh of lists"), (arrived.pk, "Import of payments"), (export.pk, "Export of invoices")]
    page = admin.get(reverse("admin:runs")).content.decode()
    for text in ("1,237", '<b class="bad">3</b>', "Partly failed", "Owner Northwind Studio", "30 min ago</time>", "by itself"):
        assert text in page


def test_filters_narrow_down_and_are_kept_from_page_to_page(admin: Client, world: World):
    one, other = make_integration(world.organization, "One"), make_integration(world.organization, "Other")
    failed = make_run(one, Action.IMPORT, kind="payment", state=RunState.FAILED)
    done = make_run(one)
    make_run(other)
    assert [pk for pk, _ in listed(admin, integration=one.pk)] == [done.pk, failed.pk]
    assert [pk for pk, _ in listed(admin, integration=one.pk, action="import", state="failed")] == [failed.pk]
    assert listed(admin, integration=other.pk, state="failed") == []
    page = admin.get(reverse("admin:runs"), {"integration": one.pk, "action": "import"}).content.decode()
    assert f'href="?integration={one.pk}&amp;action=import&amp;state=failed"' in page
    assert ">Clear filters</a>" in page


def test_runs_come_in_pages_of_fifty(admin: Client, world: World):
    integration = make_integration(world.organization)
    Run.everywhere.bulk_create(
        [Run(organization=world.organization, integration=integration, action="export", kind="invoice") for _ in range(51)]
    )
    assert len(listed(admin)) == 50
    assert len(listed(admin, page=2)) == 1
    assert 'href="?action=export&amp;page=2"' in admin.get(reverse("admin:runs"), {"action": "export"}).content.decode()


@pytest.mark.parametrize("name", ["integration", "action", "state", "page"])
@pytest.mark.parametrize("value", ["abc", "99999999999999999999", "-1", "0", "1.5", "²", "\x00", "' or 1=1 --", "[]"])
def test_nonsense_filters_by_nothing(admin: Client, world: World, name: str, value: str):
    run = make_run(make_integration(world.organization))
    assert listed(admin, **{name: value}) == [(run.pk, "Export of invoices")]


def test_runs_of_an_integration_beyond_the_offered_ones_can_still_be_asked_for(admin: Client, world: World):
    for number in range(101):
        last = make_integration(world.organization, f"Xero {number:03}")
    run = make_run(last)
    assert listed(admin, integration=last.pk) == [(run.pk, "Export of invoices")]
    assert "Integration: Xero 100" in admin.get(reverse("admin:runs"), {"integration": last.pk}).content.decode()


def test_runs_of_other_organizations_are_not_there(admin: Client, world: World, stranger: World):
    theirs = make_integration(stranger.organization, "Canary connection")
    make_run(theirs, started_by=stranger.admin)
    ours = make_run(make_integration(world.organization))
    assert [pk for pk, _ in listed(admin)] == [ours.pk]
    assert [pk for pk, _ in listed(admin, integration=theirs.pk)] == [ours.pk], "their id filters as little as one that does not exist"
    assert "Canary" not in admin.get(reverse("admin:runs"), {"integration": theirs.pk}).content.decode()


def test_empty_list_says_what_will_stand_there(admin: Client, world: World):
    assert "Nothing has run yet" in admin.get(reverse("admin:runs")).content.decode()
    assert "No run is of that integration" in admin.get(reverse("admin:runs"), {"state": "failed"}).content.decode()


def test_queries_stay_the_same_however_many_runs_there_are(admin: Client, world: World):
    integration = make_integration(world.organization)
    make_run(integration, started_by=world.owner)
    listed(admin)
    small = _queries(admin)
    Run.everywhere.bulk_create(
        [
            Run(organization=world.organization, integration=integration, action="export", kind="invoice", started_by=world.admin)
            for _ in range(3000)
        ]
    )
    assert _queries(admin) == small <= 12


def _queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as caught:
        listed(client)
    return len(caught)
