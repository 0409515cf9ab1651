from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Organization
from accounts.tenancy import within
from integrations import clock
from integrations.admin.activity import DAYS, activities
from integrations.models import Action, Connection, Incident, Integration, Limit, OutboxItem, Run, SyncState
from integrations.providers.productive.models import ProductiveIntegration
from integrations.records.models import Project
from tests.conftest import World
from tests.integrations.admin.scenes import (
    hours_ago,
    make_history,
    make_incident,
    make_integration,
    make_run,
    make_stream,
    make_subsidiaries,
)

pytestmark = pytest.mark.django_db
NAME = re.compile(r'<h2 id="integration-\d+"><a href="[^"]+">([^<]+)</a>')


def overview(client: Client, **query: str) -> str:
    response = client.get(reverse("admin:index"), query)
    assert response.status_code == 200
    return response.content.decode()


def names(page: str) -> list[str]:
    """The cards' names in their order."""
    return NAME.findall(page)


def card(page: str, name: str) -> str:
    """The text of the card with that name."""
    return next(part for part in page.split("<article")[1:] if f">{name}</a>" in part).split("</article>")[0]


def test_red_comes_first_and_what_is_switched_off_last(admin: Client, world: World):
    make_integration(world.organization, "Disconnected", connection=Connection.DISCONNECTED, failed_count=2)
    make_integration(world.organization, "Healthy")
    make_integration(world.organization, "Paused", connection=Connection.PAUSED)
    make_integration(world.organization, "New", connection=Connection.NEVER)
    make_integration(world.organization, "Failing", failed_count=3)
    make_incident(make_integration(world.organization, "Incident"), cause="guard")
    make_integration(world.organization, "Lost", connection=Connection.NEEDS_RECONNECT)
    make_integration(world.organization, "Partly", sync=SyncState.PARTIAL)
    assert names(overview(admin)) == ["Lost", "Failing", "Incident", "Partly", "Healthy", "New", "Paused", "Disconnected"]


def test_card_of_a_provider_that_moves_very_much_names_the_first_kinds(admin: Client, world: World):
    ProductiveIntegration.everywhere.create(organization=world.organization, provider="productive", name="The agency")
    shown = card(overview(admin), "The agency")
    assert "Subsidiaries, companies, people, service types, tax rates, 20 more kinds" in shown
    assert "salaries" not in shown


def test_card_tells_the_three_states_what_moves_and_when(admin: Client, world: World):
    (berlin,) = make_subsidiaries(world.organization, "Northwind Berlin GmbH")
    integration = make_integration(
        world.organization, "Xero", subsidiary=berlin, waiting_count=1234, failed_count=3, unmapped_count=1, last_synced_at=hours_ago(0.05)
    )
    make_stream(integration)
    make_stream(integration, "invoice", due_in=timedelta(minutes=40))
    shown = card(overview(admin), "Xero")
    assert f'href="{reverse("admin:integration", args=[integration.pk])}"' in shown
    assert "Invoices, credit notes, purchase orders, expenses, payments · Northwind Berlin GmbH" in shown
    assert '<span class="chip warn">3 failed</span>' in shown
    assert re.findall(r"<dt>(\w+)</dt><dd[^>]*>([\d,]+)</dd>", shown) == [("waiting", "1,234"), ("failed", "3"), ("unmapped", "1")]
    assert "3 min ago</time>" in shown
    assert "in 13 min</time>" in shown


@pytest.mark.parametrize(
    ("fields", "chip"),
    [
        ({}, ("ok", "Healthy")),
        ({"connection": Connection.NEEDS_RECONNECT, "failed_count": 3}, ("bad", "Reconnect")),
        ({"connection": Connection.NEVER, "sync": SyncState.NEVER}, ("off", "Not connected")),
        ({"connection": Connection.PAUSED}, ("off", "Paused")),
        ({"connection": Connection.DISCONNECTED, "failed_count": 3}, ("off", "Disconnected")),
        ({"failed_count": 1, "sync": SyncState.RUNNING}, ("warn", "1 failed")),
        ({"sync": SyncState.RUNNING}, ("info busy", "Running")),
        ({"sync": SyncState.PARTIAL}, ("warn", "Partly failed")),
        ({"sync": SyncState.FAILED}, ("bad", "Failed")),
        ({"sync": SyncState.NEVER}, ("off", "Nothing moved yet")),
    ],
)
def test_chip_says_the_worst_of_connection_data_and_sync(admin: Client, world: World, fields: dict[str, object], chip: tuple[str, str]):
    make_integration(world.organization, "Xero", **fields)
    assert '<span class="chip {}">{}</span>'.format(*chip) in card(overview(admin), "Xero")


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        ([], "Nothing is connected yet."),
        ([{}], "Everything is moving."),
        ([{}, {"failed_count": 1}], "One thing needs you. Everything else is moving."),
        ([{}, {"failed_count": 1}, {"connection": Connection.NEEDS_RECONNECT}], "Two things need you. Everything else is moving."),
        ([{"failed_count": 1}], "One thing needs you."),
        ([{"connection": Connection.PAUSED}], "Nothing needs you, and nothing is moving."),
    ],
)
def test_one_sentence_tells_how_things_stand(admin: Client, world: World, states: list[dict[str, object]], sentence: str):
    for number, fields in enumerate(states):
        make_integration(world.organization, f"Xero {number}", **fields)
    assert f'<div class="subheading">{sentence}</div>' in overview(admin)


def test_chips_filter_by_need_and_by_category(admin: Client, world: World):
    make_integration(world.organization, "Fine")
    make_integration(world.organization, "Failing", failed_count=3)
    assert names(overview(admin, show="needs_you")) == ["Failing"]
    assert names(overview(admin, show="accounting")) == ["Failing", "Fine"]
    page = overview(admin)
    assert 'href="?" aria-current="true">All <span class="num">2</span>' in page
    assert 'href="?show=needs_you">Needs you <span class="num">1</span>' in page
    assert 'href="?show=people"' not in page


@pytest.mark.parametrize("show", ["people", "x", "' or 1=1", "\x00"])
def test_unknown_filter_shows_everything(admin: Client, world: World, show: str):
    make_integration(world.organization, "Xero")
    assert names(overview(admin, show=show)) == ["Xero"]


def test_worst_open_incident_stands_on_top_with_the_way_out(admin: Client, world: World):
    make_incident(make_integration(world.organization, "Slow"), "Slow answers slowly.", cause="slow", opened_at=hours_ago(90))
    lost = make_integration(world.organization, "Lost", connection=Connection.NEEDS_RECONNECT, waiting_count=14)
    make_incident(lost, "Lost needs to be reconnected.", opened_at=hours_ago(1))
    page = overview(admin)
    assert "<b>Lost needs to be reconnected.</b>" in page
    assert "Nothing is lost: 14 changes wait." in page
    assert f'<a class="button" href="{reverse("connect", args=[lost.pk])}">Reconnect</a>' in page
    assert "Slow answers slowly." not in page


def test_closed_incident_is_no_news(admin: Client, world: World):
    make_incident(make_integration(world.organization), closed_at=clock.now())
    page = overview(admin)
    assert "notice bad" not in page
    assert "Everything is moving." in page


def test_auditor_sees_the_incident_and_no_button_to_act(auditor: Client, world: World):
    lost = make_integration(world.organization, "Lost", connection=Connection.NEEDS_RECONNECT)
    make_incident(lost)
    page = overview(auditor)
    assert f'<a class="button" href="{reverse("admin:integration", args=[lost.pk])}">Look at it</a>' in page
    assert "Connect a system" not in page
    assert reverse("connect", args=[lost.pk]) not in page


def test_empty_overview_teaches_and_leads_to_the_catalogue(admin: Client, world: World):
    page = overview(admin)
    assert "Connect your first system" in page
    assert f'class="button primary" href="{reverse("admin:catalogue")}"' in page


def test_integration_of_a_provider_that_is_gone_stays_visible(admin: Client, world: World):
    integration = make_integration(world.organization, "Old system")
    Integration.everywhere.non_polymorphic().filter(pk=integration.pk).update(provider="gone")
    shown = card(overview(admin), "Old system")
    assert '<span class="chip bad">Not installed</span>' in shown
    assert ">go</span>" in shown


def test_cards_come_in_pages_and_wrong_pages_lead_to_the_nearest(admin: Client, world: World):
    for number in range(61):
        make_integration(world.organization, f"Xero {number:02}")
    assert len(names(overview(admin))) == 60
    assert names(overview(admin, page="2")) == ["Xero 60"]
    assert names(overview(admin, page="99999999999999999999")) == ["Xero 60"]
    assert len(names(overview(admin, page="abc"))) == 60
    assert len(names(overview(admin, page="-1"))) in {1, 60}
    assert 'href="?show=accounting&amp;page=2"' in overview(admin, show="accounting")


def test_chart_counts_by_the_days_of_the_organization(world: World):
    integration = make_integration(world.organization)
    zone = ZoneInfo("Europe/Berlin")
    midnight = datetime.combine(clock.now().astimezone(zone).date(), datetime.min.time(), zone)
    for at, moved in (
        (midnight, 5),
        (midnight - timedelta(minutes=1), 7),
        (midnight - timedelta(days=13), 11),
        (midnight - timedelta(days=13, minutes=1), 13),
    ):
        make_run(integration, succeeded=moved, rejected=1, created_at=at)
    make_run(integration, succeeded=100, dry=True)
    make_run(integration, Action.OPTIONS, succeeded=100)
    make_run(integration, Action.RECONCILE, succeeded=100)
    with within(world.organization), zone_of(world.organization):
        found = activities([integration.pk])[integration.pk]
    assert found.moved == [11, *[0] * (DAYS - 3), 7, 5]
    assert found.rejected == [1, *[0] * (DAYS - 3), 1, 1]
    assert [(bar.x, bar.ok_height > 0) for bar in found.bars] == [(12 * day, day in {0, 12, 13}) for day in range(DAYS)]
    assert all(0 <= bar.bad_y <= bar.ok_y <= 34 for bar in found.bars)


def zone_of(organization: Organization):
    from django.utils import timezone

    return timezone.override(organization.time_zone)


def test_overview_is_blind_for_other_organizations(admin: Client, world: World, stranger: World):
    theirs = make_integration(
        stranger.organization,
        "Canary connection",
        connection=Connection.NEEDS_RECONNECT,
        subsidiary=make_subsidiaries(stranger.organization, "Canary GmbH")[0],
    )
    make_incident(theirs, "Canary incident")
    make_history(theirs, [5])
    make_integration(world.organization, "Ours")
    page = overview(admin)
    assert "Canary" not in page
    assert names(page) == ["Ours"]
    assert "Everything is moving." in page
    assert "need you</span></span>" not in page, "no badge counts their rows"


def test_a_vendor_that_does_not_answer_is_told_apart_from_what_is_wrong_here(admin: Client, world: World):
    xero = make_integration(world.organization, "Xero", failed_count=2, connection=Connection.CONNECTED)
    page = reverse("admin:integration", args=[xero.pk])
    limit = Limit.everywhere.create(organization=world.organization, integration=xero)
    for state, is_told in (({}, False), ({"state": "open", "until": clock.timestamp() + 60}, True), ({"state": "closed"}, False)):
        Limit.everywhere.filter(pk=limit.pk).update(breaker=state)
        assert ("Does not answer" in overview(admin)) is is_told
        assert ("Does not answer" in admin.get(page, follow=True).content.decode()) is is_told


def test_queries_stay_the_same_however_much_there_is(admin: Client, world: World):
    make_integration(world.organization, "Xero 0", failed_count=1)
    overview(admin)  # the session remembers how it proved itself
    small = _queries(admin)
    _crowd(world, integrations=999, items=20_000)
    assert Integration.everywhere.count() == 1000
    assert _queries(admin) == small
    assert small <= 12


def _queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as caught:
        overview(client)
    assert not [query["sql"] for query in caught if "xero_" in query["sql"]], "only base rows are read"
    return len(caught)


def _crowd(world: World, integrations: int, items: int) -> None:
    own = {"organization": world.organization}
    named = (
        Integration(**own, provider="xero", integration_type_id=2, name=f"Xero {n}", connection="connected") for n in range(integrations)
    )
    rows = Integration.everywhere.non_polymorphic().bulk_create(named)
    for integration in rows[:60]:
        make_stream(integration)
    moved = (
        Run(**own, integration=row, action="export", kind="invoice", succeeded=3, rejected=1) for row in rows[:60] for _day in range(14)
    )
    Run.everywhere.bulk_create(moved)
    Incident.everywhere.bulk_create([Incident(**own, integration=row, cause="x", title="Trouble") for row in rows[:100]])
    waiting = (OutboxItem(**own, integration=rows[n % 100], kind="invoice", record_id=n, revision=1) for n in range(items))
    OutboxItem.everywhere.bulk_create(waiting, batch_size=10_000)


# Filters ---------------------------------------------------------------------------------------------------------------


def test_overview_is_narrowed_by_subsidiary_and_by_the_state_of_the_project(admin: Client, world: World):
    london, berlin = make_subsidiaries(world.organization, "London", "Berlin")
    active, archived = (
        Project.everywhere.create(organization=world.organization, name=name, archived_at=at)
        for name, at in (("Relaunch", None), ("Finished", clock.now()))
    )
    make_integration(world.organization, "In London", subsidiary=london, project=active)
    make_integration(world.organization, "In Berlin", subsidiary=berlin, project=archived)
    make_integration(world.organization, "Everywhere else")

    def names(**query: object) -> list[str]:
        return [card.integration.name for card in admin.get(reverse("admin:index"), query).context["cards"]]

    assert names(subsidiary=london.pk) == ["In London"]
    assert (names(project="active"), names(project="archived")) == (["In London"], ["In Berlin"])
    assert names(subsidiary=london.pk, project="archived") == []
    assert names(provider="xero") == names(subsidiary="0", project="x") == ["Everywhere else", "In Berlin", "In London"]
    menus = admin.get(reverse("admin:index"), {"subsidiary": london.pk}).context["menus"]
    assert [menu.title for menu in menus] == ["Subsidiary", "Project"], "what leaves no choice is no filter"
