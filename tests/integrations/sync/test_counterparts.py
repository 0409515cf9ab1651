"""Records of ours that are found by what both sides know of them: exactly one of the organization's own, or a reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.timezone import now

from accounts.models import Organization
from integrations.incoming import Incoming, Match
from integrations.records.models import Person
from integrations.sync.counterparts import Counterparts, LeftOut
from tests.integrations.sync.desk import Desk


def person(organization: Organization, email: str, **columns: Any) -> Person:
    found: Person = Person.everywhere.create(organization=organization, email=email, **columns)
    return found


def found(desk: Desk, email: str) -> int:
    theirs = Incoming(remote_id="1", belongs_to={"person": Match("person", "email", email)})
    other = Incoming(remote_id="2", belongs_to={"person": Match("person", "email", "somebody@else.example")})
    return Counterparts(desk.integration, [theirs, other]).of(theirs)["person_id"]


def refused(desk: Desk, email: str) -> str:
    with pytest.raises(LeftOut) as raised:
        found(desk, email)
    assert raised.value.advice
    return raised.value.message


def test_a_person_is_found_by_the_e_mail_in_whatever_case(desk: Desk) -> None:
    ben = person(desk.organization, "Ben@Northwind.example")
    person(desk.organization, "somebody@else.example")
    assert found(desk, "bEN@northwind.example") == ben.pk


def test_nobody_and_several_are_a_reason(desk: Desk) -> None:
    assert refused(desk, "ben@northwind.example") == "No person here has the e-mail ben@northwind.example."
    for _twin in range(2):
        person(desk.organization, "ben@northwind.example")
    assert refused(desk, "ben@northwind.example") == "2 people here have the e-mail ben@northwind.example."


def test_who_has_no_e_mail_is_nobody(desk: Desk) -> None:
    person(desk.organization, "")
    assert refused(desk, "") == "There is no e-mail to find the person by."


def test_people_of_others_and_deleted_ones_are_nobody(desk: Desk) -> None:
    person(Organization.objects.create(name="Contoso", slug="contoso"), "ben@northwind.example")
    person(desk.organization, "ben@northwind.example", remote_deleted_at=now())
    assert refused(desk, "ben@northwind.example")


def test_what_is_deleted_there_needs_nobody_here(desk: Desk) -> None:
    gone = Incoming(remote_id="1", deleted=True, left_out="Never mind.")
    assert Counterparts(desk.integration, [gone]).of(gone) == {}


def test_the_provider_s_own_reason_comes_first(desk: Desk) -> None:
    theirs = Incoming(remote_id="1", left_out="Not mapped.", belongs_to={"person": Match("person", "email", "ben@northwind.example")})
    with pytest.raises(LeftOut, match="Not mapped"):
        Counterparts(desk.integration, [theirs]).of(theirs)
