"""People come, change and leave, each setting deciding what of them is taken."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Membership, Role, User
from integrations.mappings.resolve import resolve_theirs
from integrations.models import Entry, Link
from integrations.providers.bamboohr import client as calls
from integrations.records.choices import CustomFieldType, CustomizableType
from integrations.records.models import Person, Subsidiary
from tests.providers.bamboohr.office import Office, complaints


def test_somebody_new_has_name_address_manager_start_and_subsidiary(office: Office) -> None:
    office.company.hire("Grace Hopper")
    boss = office.company.hire("Ada Lovelace")
    office.company.change(next(iter(office.company.employees)), supervisorEId=boss["eeid"])
    office.bring("person")
    grace, ada = Person.objects.get(first_name="Grace"), Person.objects.get(first_name="Ada")
    assert (grace.last_name, grace.email, grace.subsidiary) == ("Hopper", "grace.hopper.101@northwind.example", office.subsidiary)
    assert (grace.manager, ada.manager) == (ada, None)  # though she comes before her manager
    assert grace.joined_at == datetime(2024, 2, 29, 23, tzinfo=UTC)  # midnight in Berlin


def test_a_manager_who_is_hired_with_the_team_is_known_when_both_are_there(office: Office) -> None:
    office.bring("person")
    grace = office.company.hire("Grace Hopper")
    ada = office.company.hire("Ada Lovelace")
    office.company.change(grace["eeid"], supervisorEId=ada["eeid"])
    office.bring("person")
    assert Person.objects.get(first_name="Grace").manager == Person.objects.get(first_name="Ada")
    office.company.change(grace["eeid"], supervisorEId="")
    office.bring("person")
    assert Person.objects.get(first_name="Grace").manager is None


def test_whoever_is_here_is_known_by_the_address_and_then_by_the_link(office: Office) -> None:
    here = office.person(email="ADA@northwind.example", first_name="A.")
    row = office.company.hire("Ada Lovelace", email="ada@northwind.example")
    office.bring("person")
    office.company.change(row["eeid"], email="ada.byron@northwind.example", lastName="Byron")
    office.bring("person")
    assert Person.objects.get() == here
    here.refresh_from_db()
    assert (here.email, here.last_name) == ("ada.byron@northwind.example", "Byron")


def test_a_link_leads_to_the_person_at_the_vendor(office: Office) -> None:
    row = office.company.hire("Ada Lovelace")
    office.bring("person")
    assert Link.objects.get(kind="person").url.endswith(f"/employees/employee.php?id={row['eeid']}")


def test_without_bringing_people_they_are_only_recognised(office: Office) -> None:
    office.set(bamboo_enable_user_provisioning=False, bamboo_enable_time_offs=True)
    here = office.person(email="ada@northwind.example", first_name="A.", last_name="L.")
    office.company.hire("Ada Lovelace", email="ada@northwind.example")
    office.company.hire("Grace Hopper")
    office.bring("person")
    assert Person.objects.get() == here
    here.refresh_from_db()
    assert (here.first_name, here.revision, Link.objects.get(kind="person").record_id) == ("A.", 1, here.pk)


def test_who_leaves_is_deactivated_from_the_last_day_and_signs_in_no_more(office: Office) -> None:
    row = office.company.hire("Ada Lovelace", email="ada@northwind.example")
    owner = User.objects.create_user("owner@northwind.example")
    Membership.everywhere.create(organization=office.organization, user=owner, role=Role.OWNER)
    ada = User.objects.create_user("ada@northwind.example")
    Membership.everywhere.create(organization=office.organization, user=ada, role=Role.MEMBER)
    office.bring("person")
    office.company.leave(row["eeid"], "2026-10-31")
    office.bring("person")
    person = Person.objects.get()
    assert (person.deactivated_at, person.remote_deleted_at) == (datetime(2026, 10, 30, 23, tzinfo=UTC), None)
    assert list(Membership.everywhere.values_list("user__email", flat=True)) == ["owner@northwind.example"]
    revision = person.revision
    office.bring("person", full=True)
    person.refresh_from_db()
    assert person.revision == revision


def test_who_comes_back_is_active_again(office: Office) -> None:
    row = office.company.hire("Ada Lovelace")
    office.bring("person")
    office.company.leave(row["eeid"])
    office.bring("person")
    office.company.change(row["eeid"], status="Active", terminationDate="")
    office.bring("person")
    assert Person.objects.get().deactivated_at is None


def test_who_is_deleted_there_is_deactivated_and_stays_here(office: Office) -> None:
    row = office.company.hire("Ada Lovelace")
    office.bring("person")
    office.company.delete(row["eeid"])
    office.bring("person")
    person = Person.everywhere.get()
    assert person.deactivated_at is not None
    assert person.remote_deleted_at is not None


def test_nobody_is_made_of_a_leaver_or_of_somebody_without_an_address(office: Office) -> None:
    office.company.hire("Ada Lovelace", status="Inactive")
    office.company.hire("Grace Hopper", email="")
    assert office.bring("person").unchanged == 2
    assert not Person.objects.exists()


def test_the_workplace_decides_the_subsidiary_and_what_is_not_mapped_gets_the_default(office: Office) -> None:
    vienna = Subsidiary.everywhere.create(organization=office.organization, name="Northwind Wien")
    office.company.hire("Ada Lovelace", location="Vienna")
    office.company.hire("Grace Hopper", location="Remote")
    office.fetch_options()
    office.set(bamboo_workplace_field="location", bamboo_workplace_mapping={"Vienna": str(vienna.pk)})
    office.bring("person")
    assert Person.objects.get(first_name="Ada").subsidiary == vienna
    assert Person.objects.get(first_name="Grace").subsidiary == office.subsidiary


def test_a_workplace_without_a_subsidiary_is_refused_by_name(office: Office) -> None:
    office.company.hire("Ada Lovelace", location="Vienna")
    office.set(bamboo_workplace_field="location", bamboo_default_subsidiary=None)
    run = office.bring("person")
    assert (run.state, run.rejected, Person.objects.exists()) == ("partial", 1, False)
    assert "Vienna" in complaints(run)[0]


def test_settings_that_change_what_becomes_of_people_read_everybody_again(office: Office) -> None:
    vienna = Subsidiary.everywhere.create(organization=office.organization, name="Northwind Wien")
    office.company.hire("Ada Lovelace")
    office.bring("person")
    office.later(3600)
    office.bring("person")
    assert office.bring("person").total == 0
    office.set(bamboo_default_subsidiary=vienna)
    assert office.bring("person").succeeded == 1
    assert Person.objects.get().subsidiary == vienna


def test_the_workplaces_are_those_of_the_chosen_field(office: Office) -> None:
    office.fetch_options()
    values = office.integration.remote_options.filter(source="workplaces", gone_at=None)
    assert set(values.values_list("value", flat=True)) == {"Berlin", "Vienna", "Remote"}
    office.set(bamboo_workplace_field="customShirtSize")
    office.fetch_options()
    assert set(values.values_list("value", flat=True)) == {"S", "M", "L"}


MAPPED = {
    "customShirtSize": ("Shirt", CustomFieldType.SELECT, "M", "30"),
    "customDeskBudget": ("Desk", CustomFieldType.NUMBER, "1,250.50 EUR", "1250.50"),
    "customProbationEnds": ("Probation", CustomFieldType.DATE, "2026-12-31", "2026-12-31"),
    "customMotto": ("Motto", CustomFieldType.TEXT, "Onwards", "Onwards"),
}


@pytest.mark.parametrize("theirs", MAPPED)
def test_a_mapped_field_fills_the_custom_field_in_its_own_type(office: Office, theirs: str) -> None:
    name, kind, said, kept = MAPPED[theirs]
    office.custom_field("First", CustomFieldType.TEXT)
    office.custom_field("Second", CustomFieldType.TEXT)
    ours = office.custom_field(name, kind, *(["M", "L"] if kind == CustomFieldType.SELECT else []))
    office.fetch_options()
    office.set(bamboo_custom_field_mapping={theirs: str(ours.pk)})
    person = office.person(email="ada@northwind.example", custom_fields={"1": "ours"})
    row = office.company.hire("Ada Lovelace", email="ada@northwind.example", **{theirs: said})
    office.bring("person")
    person.refresh_from_db()
    assert person.custom_fields == {"1": "ours", ours.productive_id: kept}
    office.company.change(row["eeid"], **{theirs: ""})
    office.bring("person")
    person.refresh_from_db()
    assert person.custom_fields == {"1": "ours", ours.productive_id: None}


def test_a_value_that_does_not_fit_is_told_and_left_as_it_is(office: Office) -> None:
    ours = office.custom_field("Shirt", CustomFieldType.SELECT, "M")
    office.fetch_options()
    office.set(bamboo_custom_field_mapping={"customShirtSize": str(ours.pk)})
    office.company.hire("Ada Lovelace", customShirtSize="XXL")
    run = office.bring("person")
    assert (run.state, run.succeeded) == ("succeeded", 1)
    assert complaints(run) == ["“Shirt” cannot hold “XXL”; it was left as it is."]
    assert Person.objects.get().custom_fields == {}


@pytest.mark.parametrize(
    ("kind", "of", "words"),
    [
        (CustomFieldType.NUMBER, CustomizableType.PEOPLE, "cannot hold"),
        (CustomFieldType.FILE, CustomizableType.PEOPLE, "cannot hold"),
        (CustomFieldType.TEXT, CustomizableType.INVOICES, "no custom field of people"),
    ],
)
def test_types_that_do_not_go_together_cannot_be_saved(office: Office, kind: CustomFieldType, of: CustomizableType, words: str) -> None:
    ours = office.custom_field("Start", kind, of=of)
    office.fetch_options()
    with pytest.raises(ValidationError, match=words):
        office.set(bamboo_custom_field_mapping={"customProbationEnds": str(ours.pk)})


def test_a_day_that_is_none_refuses_one_person_and_stops_nobody_else(office: Office) -> None:
    office.company.hire("Ada Lovelace", hireDate="soon")
    office.company.hire("Grace Hopper", hireDate="0000-00-00")
    run = office.bring("person")
    assert (run.state, run.rejected, Person.objects.get().first_name) == ("partial", 1, "Grace")


def test_what_is_hidden_there_is_not_emptied_here(office: Office) -> None:
    row = office.company.hire("Ada Lovelace")
    office.bring("person")
    office.company.change(row["eeid"], lastName="", hireDate="")
    office.bring("person")
    person = Person.objects.get()
    assert (person.last_name, person.joined_at) == ("Lovelace", datetime(2024, 2, 29, 23, tzinfo=UTC))


def test_pages_begin_behind_the_last_person_so_that_nobody_is_stepped_over(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "PAGE_SIZE", 2)
    for _number in range(5):
        office.company.hire()
    office.sandbox.faults.replace([{"kind": "changed_page", "change": "delete", "path": "*/datasets/employee/data", "skip": 1, "times": 1}])
    office.bring("person")
    assert set(office.company.employees) <= set(Link.objects.filter(kind="person").values_list("remote_id", flat=True))


def test_a_dry_run_names_who_would_come(office: Office) -> None:
    office.company.hire("Ada Lovelace")
    run = office.bring("person", dry=True)
    assert list(Entry.objects.filter(run=run).values_list("number", "action")) == [("ada.lovelace.101@northwind.example", "created")]
    assert not Person.objects.exists()


def test_the_default_of_a_workplace_is_a_record_and_not_its_name(office: Office) -> None:
    assert resolve_theirs(office.integration, "bamboo_workplace_mapping", "Vienna") == str(office.subsidiary.pk)
    office.set(bamboo_default_subsidiary=None)
    assert resolve_theirs(office.integration, "bamboo_workplace_mapping", "Vienna") == ""
