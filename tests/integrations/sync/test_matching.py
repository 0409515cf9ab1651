"""What theirs is here: matched when it first comes, linked from then on; whom it mentions; what a page shows the whole of; leavers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest

from accounts.models import Membership, Organization, Role, User
from accounts.tenancy import within
from integrations import clock
from integrations.errors import Rejected
from integrations.incoming import Import, Incoming, Page
from integrations.models import Action, Entry, Link, Run, RunState
from integrations.records.choices import HrmType
from integrations.records.models import Person, Salary
from integrations.sync.importing import import_changes, stream_of
from tests.books import make_books, make_xero


def person(remote_id: str, email: str = "", **more: Any) -> Incoming:
    values = {"email": email, "hrm_type_id": HrmType.EMPLOYEE, **more.pop("values", {})}
    return Incoming(**{"remote_id": remote_id, "values": values, "match": email, **more})


class Vendor:
    """Whose pages are whatever the test lays out."""

    def __init__(self) -> None:
        self.organization = Organization.objects.create(name="Northwind", slug="northwind")
        with within(self.organization):
            self.integration = make_xero(make_books(self.organization))
        self.pages: list[Page] = []

    def people(self, *records: Incoming, **more: Any) -> Run:
        return self.bring("person", Page(records=records, cursor={}), match="email", match_among={"hrm_type_id": HrmType.EMPLOYEE}, **more)

    def bring(self, kind: str, *pages: Page, full: bool = False, **more: Any) -> Run:
        def read(_client: Any, _cursor: Mapping[str, Any]) -> Iterator[Page]:
            yield from pages

        declared = Import(kind=kind, label=kind, pages=read, **{"tells_all": False, **more})
        run = Run.everywhere.create(
            organization=self.organization, integration=self.integration, action=Action.IMPORT, kind=kind, state=RunState.RUNNING, full=full
        )
        import_changes(run, stream_of(self.integration, kind), declared, None, lambda: None)
        return run

    def person(self, **columns: Any) -> Person:
        found: Person = Person.everywhere.create(organization=self.organization, **{"hrm_type_id": HrmType.EMPLOYEE, **columns})
        return found


@pytest.fixture
def vendor(db: None) -> Iterator[Vendor]:
    made = Vendor()
    with within(made.organization):
        yield made


def test_whoever_is_here_by_the_same_address_is_taken_whatever_its_case(vendor: Vendor) -> None:
    ada = vendor.person(email="Ada@Northwind.example", first_name="Ada")
    assert vendor.people(person("7", "ada@northwind.EXAMPLE")).succeeded == 1
    assert Person.objects.get() == ada
    assert Link.objects.get(kind="person").record_id == ada.pk


def test_once_linked_the_address_may_change(vendor: Vendor) -> None:
    ada = vendor.person(email="ada@northwind.example")
    vendor.people(person("7", "ada@northwind.example"))
    vendor.people(person("7", "ada.lovelace@northwind.example"))
    ada.refresh_from_db()
    assert (Person.objects.count(), ada.email) == (1, "ada.lovelace@northwind.example")


def test_a_record_that_needs_no_change_is_linked_all_the_same(vendor: Vendor) -> None:
    ada = vendor.person(email="ada@northwind.example")
    run = vendor.people(Incoming(remote_id="7", match="ada@northwind.example"))
    ada.refresh_from_db()
    assert (run.succeeded, ada.revision, Link.objects.get(kind="person").record_id) == (1, 1, ada.pk)
    assert vendor.people(Incoming(remote_id="7", match="ada@northwind.example")).unchanged == 1


def test_a_contact_at_a_client_is_nobody_of_ours(vendor: Vendor) -> None:
    vendor.person(email="ada@northwind.example", hrm_type_id=HrmType.CONTACT)
    vendor.people(person("7", "ada@northwind.example"))
    assert Person.objects.count() == 2


def test_two_that_it_may_be_are_told_and_neither_is_taken(vendor: Vendor) -> None:
    for _twin in range(2):
        vendor.person(email="ada@northwind.example")
    run = vendor.people(person("7", "ada@northwind.example"))
    assert (run.rejected, Link.objects.filter(kind="person").exists()) == (1, False)
    assert "ada@northwind.example" in Entry.objects.get().message


def test_whoever_is_linked_is_not_matched_a_second_time(vendor: Vendor) -> None:
    vendor.people(person("7", "ada@northwind.example"))
    vendor.people(person("8", "ada@northwind.example"))
    assert Person.objects.count() == 2


def test_what_only_changes_what_we_have_creates_nothing(vendor: Vendor) -> None:
    assert vendor.people(person("7", "ada@northwind.example", creates=False)).unchanged == 1
    assert not Person.objects.exists()


def test_what_is_refused_is_told_and_not_written(vendor: Vendor) -> None:
    run = vendor.people(person("7", "ada@northwind.example", refused=Rejected("No workplace.", advice="Map it.")))
    entry = Entry.objects.get()
    assert (run.rejected, entry.message, entry.advice, Person.objects.exists()) == (1, "No workplace.", "Map it.", False)


def test_whom_it_mentions_is_set_as_soon_as_it_is_known(vendor: Vendor) -> None:
    ada = person("7", "ada@northwind.example", mentions={"manager": ("person", "8")})
    vendor.people(ada)
    assert Person.objects.get().manager is None
    vendor.people(person("8", "grace@northwind.example"), ada)
    assert Person.objects.get(email="ada@northwind.example").manager == Person.objects.get(email="grace@northwind.example")
    vendor.people(person("7", "ada@northwind.example", mentions={"manager": ("person", "")}))
    assert Person.objects.get(email="ada@northwind.example").manager is None


def test_parts_of_a_hash_leave_its_other_keys_alone(vendor: Vendor) -> None:
    ada = vendor.person(email="ada@northwind.example", custom_fields={"1": "ours", "2": "old"})
    vendor.people(person("7", "ada@northwind.example", merges={"custom_fields": {"2": "new"}}))
    ada.refresh_from_db()
    assert ada.custom_fields == {"1": "ours", "2": "new"}


def salary(remote_id: str, owner: str) -> Incoming:
    return Incoming(remote_id=remote_id, values={"started_on": date(2026, 1, 1)}, belongs_to={"person": ("person", owner)})


def test_of_owners_that_a_page_shows_the_whole_of_what_it_does_not_show_is_gone(vendor: Vendor) -> None:
    vendor.people(person("7", "ada@northwind.example"), person("8", "grace@northwind.example"))
    vendor.bring("salary", Page(records=[salary("1", "7"), salary("2", "7"), salary("3", "8")], cursor={}))
    run = vendor.bring("salary", Page(records=[salary("2", "7")], cursor={}, whole={"person": ("person", ["7"])}))
    links = Link.objects.filter(record_id__in=Salary.objects.filter(remote_deleted_at=None).values("pk"), kind="salary")
    assert (run.succeeded, sorted(links.values_list("remote_id", flat=True))) == (1, ["2", "3"])
    vendor.bring("salary", Page(records=[], cursor={}, whole={}))
    assert not Salary.objects.filter(remote_deleted_at=None).exists()


def member(vendor: Vendor, email: str, role: Role) -> Membership:
    user = User.objects.create_user(email)
    found: Membership = Membership.everywhere.create(organization=vendor.organization, user=user, role=role)
    return found


def leaves(vendor: Vendor, email: str) -> None:
    vendor.people(person("7", email, fills={"deactivated_at": clock.now()}))


def test_whoever_leaves_is_a_member_no_more_and_stays_as_a_person_and_an_account(vendor: Vendor) -> None:
    member(vendor, "owner@northwind.example", Role.OWNER)
    ada = member(vendor, "ada@northwind.example", Role.ADMIN)
    vendor.people(person("7", "Ada@northwind.example"))
    assert Membership.everywhere.filter(pk=ada.pk).exists()
    leaves(vendor, "Ada@northwind.example")
    assert not Membership.everywhere.filter(pk=ada.pk).exists()
    assert User.objects.filter(email="ada@northwind.example", is_active=True).exists()
    assert Person.objects.get().deactivated_at is not None


def test_the_last_owner_is_not_locked_out(vendor: Vendor) -> None:
    owner = member(vendor, "ada@northwind.example", Role.OWNER)
    leaves(vendor, "ada@northwind.example")
    assert Membership.everywhere.filter(pk=owner.pk).exists()


def test_a_person_whom_a_file_deactivates_goes_on_to_sign_in(vendor: Vendor) -> None:
    member(vendor, "owner@northwind.example", Role.OWNER)
    ada = member(vendor, "ada@northwind.example", Role.MEMBER)
    row = vendor.person(email="ada@northwind.example", changed_by="file")
    row.deactivated_at = clock.now()
    row.save()
    assert Membership.everywhere.filter(pk=ada.pk).exists()
