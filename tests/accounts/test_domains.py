"""Domains of mail addresses: added by an organization, proved by a TXT record that a real name server answers with."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import dns.message
import dns.rcode
import dns.rrset
import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts import domains
from accounts.domains import is_verified_for, mark_verified, normalized, record_of, verified_domain_of, verify_by_dns
from accounts.models import Domain, User
from accounts.tenancy import within
from tests.conftest import World


class Zone(dict[str, list[str]]):
    """What the name server knows: name -> TXT records. A name that is not there does not exist; `silent` answers nobody."""

    silent = False


@pytest.fixture
def zone(settings: Any) -> Iterator[Zone]:
    """A name server on this machine, which the installation asks."""
    known = Zone()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, connection = self.request
            query = dns.message.from_wire(data)
            answer = dns.message.make_response(query)
            name = query.question[0].name
            texts = known.get(name.to_text(omit_final_dot=True))
            if texts is None:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            elif texts:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *(f'"{text}"' for text in texts)))
            if not known.silent:
                connection.sendto(answer.to_wire(), self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        settings.DNS_RESOLVERS = [f"127.0.0.1:{server.server_address[1]}"]
        yield known
        server.shutdown()
        thread.join()


@pytest.fixture
def domain(world: World) -> Domain:
    return Domain.everywhere.create(organization=world.organization, name="northwind.example")


@pytest.mark.parametrize("place", ["northwind.example", "_patchbay.northwind.example"])
def test_a_domain_is_verified_by_its_record(domain: Domain, zone: Zone, place: str) -> None:
    zone["northwind.example"] = ["v=spf1 -all"]
    zone[place] = ["v=spf1 -all", record_of(domain)]
    verify_by_dns(domain)
    domain.refresh_from_db()
    assert domain.verified_at is not None
    assert domain.verified_how == Domain.How.DNS
    assert is_verified_for(domain.organization, "jane@northwind.example")


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ({}, "There is no such domain."),
        ({"northwind.example": []}, "was not found"),
        ({"northwind.example": ["patchbay-verification=0000"]}, "was not found"),
        ({"northwind.example": ["xpatchbay-verification="]}, "was not found"),
    ],
)
def test_without_the_record_it_says_what_is_missing(domain: Domain, zone: Zone, records: dict[str, list[str]], said: str) -> None:
    zone.update(records)
    with pytest.raises(ValidationError) as refused:
        verify_by_dns(domain)
    assert said in refused.value.messages[0]
    domain.refresh_from_db()
    assert domain.verified_at is None


def test_a_name_server_that_is_silent_is_said_within_seconds(domain: Domain, zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    assert domains.SECONDS <= 5
    monkeypatch.setattr(domains, "SECONDS", 0.5)
    zone.silent = True
    with pytest.raises(ValidationError) as refused:
        verify_by_dns(domain)
    assert "did not answer in time" in refused.value.messages[0]


def test_losing_the_record_later_does_not_take_the_domain_away(domain: Domain, zone: Zone) -> None:
    zone["northwind.example"] = [record_of(domain)]
    verify_by_dns(domain)
    zone.clear()
    assert verified_domain_of("jane@northwind.example") == domain


def test_the_first_to_prove_it_has_it_and_the_second_learns_nothing_of_the_first(domain: Domain, stranger: World) -> None:
    theirs = Domain.everywhere.create(organization=stranger.organization, name=domain.name)
    mark_verified(theirs, Domain.How.OPERATOR)
    with pytest.raises(ValidationError) as refused:
        mark_verified(domain, Domain.How.DNS)
    assert "Canary" not in refused.value.messages[0]
    assert not is_verified_for(domain.organization, "jane@northwind.example")


@pytest.mark.parametrize(
    ("email", "is_ours"),
    [
        ("jane@northwind.example", True),
        ("JANE@NORTHWIND.EXAMPLE", True),
        ("jane@mail.northwind.example", False),
        ("jane@example", False),
        ("jane@northwind.example.", False),
        ("jane@nоrthwind.example", False),
        ("northwind.example", True),
        ("", False),
    ],
)
def test_only_addresses_of_just_this_domain_are_ours(domain: Domain, email: str, is_ours: bool) -> None:
    mark_verified(domain, Domain.How.OPERATOR)
    assert is_verified_for(domain.organization, email) == is_ours


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Northwind.Example", "northwind.example"),
        (" @northwind.example. ", "northwind.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("a-b.co.uk", "a-b.co.uk"),
    ],
)
def test_domains_are_kept_in_one_form(given: str, kept: str) -> None:
    assert normalized(given) == kept


@pytest.mark.parametrize(
    "given",
    ["", "northwind", "-x.example", "x_.example", "a b.example", "1.2.3.4", "x" * 64 + ".example", "gmail.com", "co.uk", "..", "é" * 300],
)
def test_what_can_be_nobodys_own_is_refused_in_words(given: str) -> None:
    with pytest.raises(ValidationError) as refused:
        normalized(given)
    assert refused.value.messages[0].endswith(".")


def add(user: User, name: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(reverse("admin:accounts_domain_add"), {"name": name}, follow=True)


def act(user: User, action: str, *domains: Domain, organization: Any = None) -> Any:
    client = Client()
    client.force_login(user)
    if organization:
        client.post(reverse("organizations"), {"organization": organization.pk})
    form = {"action": action, "_selected_action": [domain.pk for domain in domains]}
    return client.post(reverse("admin:accounts_domain_changelist"), form, follow=True)


def test_an_admin_adds_a_domain_and_is_told_which_record_to_set(world: World) -> None:
    page = add(world.admin, "Northwind.Example").content.decode()
    made = Domain.everywhere.get()
    assert made.name == "northwind.example"
    assert record_of(made) in page
    assert "in the list already" in add(world.admin, "northwind.example").content.decode()


def test_an_admin_verifies_from_the_list(world: World, domain: Domain, zone: Zone) -> None:
    assert "was not found" in act(world.admin, "verify", domain).content.decode()
    zone[domain.name] = [record_of(domain)]
    assert "is verified" in act(world.admin, "verify", domain).content.decode()


def test_only_operators_verify_without_a_record(world: World, domain: Domain, operator: User) -> None:
    act(world.owner, "vouch", domain)
    domain.refresh_from_db()
    assert domain.verified_at is None
    act(operator, "vouch", domain, organization=world.organization)
    domain.refresh_from_db()
    assert domain.verified_how == Domain.How.OPERATOR


def test_nobody_sees_or_verifies_domains_of_another_organization(world: World, stranger: World, domain: Domain, zone: Zone) -> None:
    zone[domain.name] = [record_of(domain)]
    page = act(stranger.owner, "verify", domain).content.decode()
    assert domain.name not in page
    domain.refresh_from_db()
    assert domain.verified_at is None
    with within(stranger.organization):
        assert not Domain.objects.exists()
