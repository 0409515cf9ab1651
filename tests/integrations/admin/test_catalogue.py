from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from integrations import clock
from integrations.models import Connection, Integration
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Subsidiary
from integrations.registry import all_providers
from tests.conftest import World
from tests.integrations.admin.scenes import make_integration, make_subsidiaries

pytestmark = pytest.mark.django_db


def catalogue(client: Client, **query: str) -> str:
    response = client.get(reverse("admin:catalogue"), query)
    assert response.status_code == 200
    return response.content.decode()


def connect(client: Client, slug: str = "xero", **fields: object):
    return client.post(reverse("admin:catalogue-connect", args=[slug]), fields)


def test_every_installed_provider_has_a_card_with_its_promise_and_what_it_needs(admin: Client, world: World):
    page = catalogue(admin)
    for provider in all_providers().values():
        assert f'<h2 id="provider-{provider.slug}">{provider.label}</h2>' in page
        assert escape(str(provider.promise)) in page
        assert escape(str(provider.requirements)) in page
    assert page.count("<article") == len(all_providers())


@pytest.mark.parametrize("query", ["xero", "XERO", "  Xero ", "payments", "credit accounting"])
def test_search_finds_by_name_category_and_what_moves(admin: Client, world: World, query: str):
    assert 'id="provider-xero"' in catalogue(admin, q=query)


def test_search_that_finds_nothing_leads_back(admin: Client, world: World):
    page = catalogue(admin, q="<script>alert(1)</script>")
    assert "Nothing matches" in page
    assert "<script>alert" not in page
    assert "Show the whole catalogue" in page


def test_category_filters_and_an_unknown_one_does_not(admin: Client, world: World):
    assert 'id="provider-xero"' in catalogue(admin, category="accounting")
    assert 'id="provider-xero"' in catalogue(admin, category="nonsense")
    assert 'href="?category=accounting" aria-current="true">Accounting <span class="num">1</span>' in catalogue(
        admin, category="accounting"
    )


def test_card_tells_whether_it_is_available_connected_or_needs_somebody(admin: Client, world: World):
    assert ">Available</span>" in catalogue(admin, q="xero")
    make_integration(world.organization, "Healthy one")
    lost = make_integration(world.organization, "Lost one", connection=Connection.NEEDS_RECONNECT)
    page = catalogue(admin, q="xero")
    assert ">Available</span>" not in page
    assert page.index("Lost one") < page.index("Healthy one")
    assert f'<a href="{reverse("admin:integration", args=[lost.pk])}">Lost one</a> <span class="chip bad">Reconnect</span>' in page


def test_many_integrations_of_a_provider_are_summed_up(admin: Client, world: World):
    for number in range(6):
        make_integration(world.organization, f"Xero {number}")
    page = catalogue(admin)
    assert "Xero 3</a>" in page
    assert "Xero 4</a>" not in page
    assert f'<a href="{reverse("admin:index")}?show=accounting">2 more</a>' in page


def test_one_press_connects_where_there_is_nothing_to_ask(admin: Client, world: World):
    make_subsidiaries(world.organization, "Northwind GmbH")
    assert '<input type="hidden" name="name" value="Xero">' in catalogue(admin)
    response = connect(admin, name="Xero")
    integration = XeroIntegration.everywhere.get()
    assert response.url == reverse("admin:integration", args=[integration.pk])
    assert (integration.name, integration.provider, integration.integration_type_id) == ("Xero", "xero", 2)
    assert (integration.organization, integration.creator, integration.subsidiary) == (world.organization, world.admin, None)
    assert integration.connection == Connection.NEVER


def test_second_press_makes_no_second_integration(admin: Client, world: World):
    connect(admin, name="Xero")
    response = connect(admin, name="Xero again")
    assert response.url == reverse("admin:catalogue")
    assert "Xero is connected for every subsidiary already." in admin.get(response.url).content.decode()
    assert Integration.everywhere.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_make_one_integration(world: World):
    clients = [Client(), Client()]
    for client, user in zip(clients, (world.admin, world.owner), strict=True):
        client.force_login(user)
        catalogue(client)
    together = Barrier(2)

    def press(client: Client, name: str) -> None:
        together.wait()
        connect(client, name=name)
        connections.close_all()

    threads = [Thread(target=press, args=(client, f"Xero {number}")) for number, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Integration.everywhere.count() == 1


def test_several_subsidiaries_are_asked_for_and_each_gets_its_own(admin: Client, world: World):
    berlin, boston = make_subsidiaries(world.organization, "Berlin", "Boston")
    form = admin.get(reverse("admin:catalogue-connect", args=["xero"])).content.decode()
    assert "All without a connection of their own" in form
    assert ">Berlin</option>" in form
    connect(admin, name="Xero Berlin", subsidiary=berlin.pk)
    connect(admin, name="Xero", subsidiary="")
    again = admin.get(reverse("admin:catalogue-connect", args=["xero"])).content.decode()
    assert ">Berlin</option>" not in again
    assert "All without a connection of their own" not in again
    assert 'value="Xero 3"' in again
    assert "Connect another" in catalogue(admin)
    connect(admin, name="Xero Boston", subsidiary=boston.pk)
    assert set(Integration.everywhere.values_list("name", "subsidiary__name")) == {
        ("Xero Berlin", "Berlin"),
        ("Xero", None),
        ("Xero Boston", "Boston"),
    }
    assert "Connect another" not in catalogue(admin)


def test_archived_subsidiaries_are_not_offered(admin: Client, world: World):
    make_subsidiaries(world.organization, "Berlin", "Boston", "Closed office")
    Subsidiary.everywhere.filter(name="Closed office").update(archived_at=clock.now())
    assert "Closed office" not in admin.get(reverse("admin:catalogue-connect", args=["xero"])).content.decode()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
        ({"name": "MINE"}, "Another connection is called “MINE” already. Choose a name that tells the two apart."),
        ({"name": "Xero", "subsidiary": "99999999999999999999"}, "Select a valid choice."),
        ({"name": "Xero", "subsidiary": "abc"}, "Select a valid choice."),
        ({"name": "Xero", "subsidiary": "-1"}, "Select a valid choice."),
    ],
)
def test_wrong_input_is_explained_at_its_field_and_makes_nothing(admin: Client, world: World, fields: dict[str, str], error: str):
    berlin, _boston, _basel = make_subsidiaries(world.organization, "Berlin", "Boston", "Basel")
    make_integration(world.organization, "Mine", subsidiary=berlin)
    response = connect(admin, **fields)
    assert response.status_code == 200
    assert error in response.content.decode()
    assert Integration.everywhere.count() == 1


def test_subsidiary_of_another_organization_is_no_choice(admin: Client, world: World, stranger: World):
    make_subsidiaries(world.organization, "Berlin", "Boston")
    (theirs,) = make_subsidiaries(stranger.organization, "Canary GmbH")
    make_integration(stranger.organization, "Canary connection")
    response = connect(admin, name="Canary connection", subsidiary=theirs.pk)
    assert "Select a valid choice." in response.content.decode()
    assert "Another connection is called" not in response.content.decode(), "their names are free here"
    assert "Canary GmbH" not in response.content.decode()
    assert "Canary" not in catalogue(admin)


def test_unknown_provider_is_a_missing_page(admin: Client, world: World):
    assert admin.get(reverse("admin:catalogue-connect", args=["nonsense"])).status_code == 404
    assert connect(admin, "nonsense", name="x").status_code == 404


def test_auditor_reads_the_catalogue_and_may_not_connect(auditor: Client, world: World):
    assert "Connect</button>" not in catalogue(auditor)
    assert auditor.get(reverse("admin:catalogue-connect", args=["xero"])).status_code == 403
    assert connect(auditor, name="Xero").status_code == 403
    assert not Integration.everywhere.exists()
