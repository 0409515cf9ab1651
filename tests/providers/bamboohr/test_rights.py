"""A key sees what its owner sees: one without an admin's rights is recognised, and drift is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations import clock
from integrations.models import Connection, Incident, Link, Stream
from integrations.records.choices import CustomFieldType
from integrations.records.models import Booking, Entitlement, Person
from integrations.sync import connections, upkeep
from tests.providers.bamboohr.office import Office


def own_key(office: Office) -> str:
    """Ada is no admin; Grace works there as well. Ada is known here."""
    mine = office.company.hire("Ada Lovelace", email="ada@northwind.example")["eeid"]
    office.company.hire("Grace Hopper")
    office.person(email="ada@northwind.example")
    return office.company.make_key(mine, is_admin=False)


def look(office: Office) -> list[str]:
    """Look after the integration; the titles of what needs somebody."""
    office.later(1)
    Stream.objects.filter(kind="upkeep:drift").update(next_run_at=clock.now())
    while upkeep.take_turn(office.integration.pk):
        pass
    return list(Incident.objects.filter(closed_at=None).order_by("pk").values_list("title", flat=True))


def test_the_test_of_the_connection_says_whose_key_it_is_and_that_it_is_no_admin_s(office: Office) -> None:
    office.connect(own_key(office))
    first, second = connections.check_connection(office.integration)
    assert (first.passed, first.text) == (True, "Ada Lovelace")
    assert not second.passed
    assert "no admin" in second.text


def test_an_incident_says_so_until_the_rights_are_there(office: Office) -> None:
    key = own_key(office)
    office.connect(key)
    assert look(office) == ["BambooHR shows one person only."]
    office.company.keys[key].is_admin = True
    assert look(office) == []


def test_only_the_owner_s_own_time_off_comes(office: Office) -> None:
    key = own_key(office)
    office.set(bamboo_enable_time_offs=True, bamboo_enable_cost_rates=True)
    office.connect(key)
    vacation = office.company.add_type("Vacation")
    policy = office.company.add_policy(vacation["id"])
    first = (clock.now() + timedelta(days=30)).date().isoformat()
    for employee in office.company.employees:
        office.company.ask(employee, vacation["id"], {first: 1})
        office.company.assign(employee, policy["id"])
    office.bring("person", "event", "booking", "entitlement")
    assert Person.objects.count() == Booking.objects.count() == Entitlement.objects.count() == 1
    assert Person.objects.get().first_name == ""  # recognised, and nothing is taken


def test_when_the_rights_come_everybody_comes(office: Office) -> None:
    key = own_key(office)
    office.connect(key)
    office.bring("person")
    assert Link.objects.filter(kind="person").count() == 1
    office.company.keys[key].is_admin = True
    office.bring("person")
    assert set(Person.objects.values_list("first_name", flat=True)) == {"Ada", "Grace"}


def test_a_key_of_nobody_who_works_there_is_as_good(office: Office) -> None:
    office.connect(office.company.make_key(""))
    office.company.hire()
    assert all(step.passed for step in connections.check_connection(office.integration))


def test_a_field_that_is_not_shown_is_named(office: Office) -> None:
    office.company.hidden.add("supervisorEId")
    *_passed, last = connections.check_connection(office.integration)
    assert not last.passed
    assert "supervisorEId" in last.text


@pytest.mark.parametrize("drift", ["gone there", "gone here", "another type"])
def test_a_mapped_field_that_drifted_is_told_until_it_is_corrected(office: Office, drift: str) -> None:
    ours = office.custom_field("Shirt", CustomFieldType.SELECT, "M")
    office.fetch_options()
    office.set(bamboo_custom_field_mapping={"customShirtSize": str(ours.pk)})
    assert look(office) == []
    if drift == "gone there":
        office.company.hidden.add("customShirtSize")
        office.fetch_options()
    else:
        change = {"archived_at": clock.now()} if drift == "gone here" else {"data_type_id": CustomFieldType.DATE}
        type(ours).everywhere.filter(pk=ours.pk).update(**change)
    assert look(office) == ["A mapped field does not fit any more."]
    office.set(bamboo_custom_field_mapping={})
    assert look(office) == []


def test_a_workplace_field_that_is_gone_is_told(office: Office) -> None:
    office.fetch_options()
    office.set(bamboo_workplace_field="location")
    office.company.hidden.add("location")
    office.fetch_options()
    assert look(office) == ["The workplace field is gone."]


def test_a_key_that_was_revoked_asks_to_connect_again_and_all_goes_on(office: Office) -> None:
    office.company.hire("Ada Lovelace")
    office.sandbox.end_grants()
    look(office)
    office.integration.refresh_from_db()
    assert office.integration.connection == Connection.NEEDS_RECONNECT
    office.connect()
    assert office.bring("person").succeeded == 1


def test_another_company_is_asked_about_and_the_links_wait(office: Office) -> None:
    office.company.hire("Ada Lovelace")
    office.bring("person")
    connections.connect_with(office.integration, {"subdomain": "southwind", "api_key": office.company.key()}, None)
    office.integration.refresh_from_db()
    assert office.integration.connection == Connection.NEEDS_RECONNECT
    connections.choose_tenant(office.integration, "southwind")
    assert Link.objects.get(kind="person").archived_at is not None
