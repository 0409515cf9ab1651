"""What Patchbay makes of Xero's lists, connections and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.errors import AuthLost, ProviderError, Rejected
from integrations.models import Incident, Link
from integrations.providers.xero import provider
from integrations.providers.xero.client import XeroClient
from integrations.providers.xero.sandbox import XeroSandbox
from integrations.registry import get
from integrations.sync import connections
from tests.contract.harness import Harness, harnessed


@pytest.fixture
def harness(db: None, settings: Any, later: Callable[[float], None]) -> Iterator[Harness]:
    with harnessed(get("xero"), settings, later) as connectable:
        connectable.connect()
        yield connectable


@pytest.fixture
def client(harness: Harness) -> XeroClient:
    found = harness.client()
    assert isinstance(found, XeroClient)
    return found


def test_accounts_are_those_that_a_line_can_name_told_apart_by_use(client: XeroClient) -> None:
    found = {option.value: option for option in provider.accounts(client)}
    assert found["200"].uses == ("sales",)
    assert found["400"].uses == ("purchases",)
    assert found["620"].uses == ("sales", "purchases")
    assert found["880"].uses == ()
    assert (found["200"].label, found["200"].facts) == ("Sales", {"class": "REVENUE", "type": "REVENUE"})
    assert not {"090", "240", ""} & found.keys(), "Bank accounts, archived ones and those without a code cannot stand on a line."


def test_tax_rates_are_offered_where_xero_allows_them(client: XeroClient) -> None:
    found = {option.value: option for option in provider.tax_rates(client)}
    assert found["OUTPUT"].uses == ("sales",)
    assert found["INPUT"].uses == ("purchases",)
    assert found["NONE"].uses == ("sales", "purchases")
    assert found["OUTPUT"].facts == {"rate": "19"}
    assert "TAX004" not in found


def test_contacts_are_offered_with_what_tells_them_apart(client: XeroClient) -> None:
    found = list(provider.contacts(client))
    assert [option.label for option in found][:2] == ["Adler Werkzeuge GmbH", "Brücke & Sohn KG"]
    assert found[0].facts.keys() == {"number", "email"}


def test_a_list_longer_than_a_page_is_read_to_its_end(harness: Harness, client: XeroClient) -> None:
    assert isinstance(harness.sandbox, XeroSandbox)
    books = next(iter(harness.sandbox.books.values()))
    for number in range(1100):
        harness.sandbox.contacts.commit(books, harness.sandbox.contacts.stage(books, {"Name": f"Contact {number:04}"}, None, set()))
    assert len(list(provider.contacts(client))) == 1105


def test_the_organisation_s_facts_are_kept(harness: Harness) -> None:
    assert harness.integration.options == {"short_code": "!demo1", "currency": "EUR", "country": "DE"}
    assert harness.integration.realm_name == "Demo Company (Global)"


def test_a_login_for_several_organisations_offers_all_of_them(harness: Harness) -> None:
    offered = connections.offered_tenants(harness.integration)
    assert [tenant.name for tenant in offered] == ["Demo Company (Global)", "Demo Company (UK)", "Demo Company (US)"]


def test_changing_the_organisation_makes_history_of_what_was_copied(harness: Harness) -> None:
    harness.set_up()
    invoice = harness.house.sample("invoice")
    harness.export("invoice", invoice)
    link = harness.link("invoice", invoice)
    connections.choose_tenant(harness.integration, connections.offered_tenants(harness.integration)[1].id)
    link.refresh_from_db()
    assert link.archived_at is not None
    assert not Link.everywhere.filter(integration=harness.integration, archived_at=None).exists()


def test_disconnecting_gives_up_this_organisation_and_leaves_others_their_connection(harness: Harness) -> None:
    assert isinstance(harness.sandbox, XeroSandbox)
    model = type(harness.integration)
    other = model.everywhere.create(organization=harness.organization, provider="xero", name="Second")
    first, harness.integration = harness.integration, other
    harness.connect()
    connections.choose_tenant(other, connections.offered_tenants(other)[1].id)
    connections.disconnect(first)
    left = {tenant for _client, tenant in harness.sandbox.connections}
    assert first.realm_id not in left
    assert other.realm_id in left
    assert all(step.passed for step in connections.check_connection(other))


def test_an_organisation_that_was_disconnected_in_xero_is_a_lost_connection(harness: Harness, client: XeroClient) -> None:
    assert isinstance(harness.sandbox, XeroSandbox)
    harness.sandbox.connections.clear()
    with pytest.raises(AuthLost) as lost:
        client.organisation()
    assert lost.value.advice == "Connect again and choose the organisation."
    run = harness.start_export("company", harness.house.customer)
    harness.turn()
    assert Incident.everywhere.get(integration=harness.integration, closed_at=None)
    assert not run.is_finished


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [(400, "The Contact Name must be specified.", Rejected), (500, "", ProviderError), (404, "", Rejected)],
)
def test_xero_s_own_words_reach_the_reader(
    harness: Harness, client: XeroClient, status: int, message: str, kind: type[ProviderError]
) -> None:
    harness.misbehave({"kind": "status", "status": status, "message": message})
    with pytest.raises(kind) as raised:
        client.organisation()
    assert message in raised.value.message
    assert raised.value.request_id
