"""The mapping table: rows, patches, conflicts, suggestions, and many rows at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts.models import Organization
from integrations import clock
from integrations.admin.integration.mapping import MappingTable
from integrations.admin.integration.patches import Patch, read_patches
from integrations.admin.integration.steps import setting_url
from integrations.admin.integration.suggestions import Suggestions
from integrations.models import Option, OptionList, OutboxItem
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import ServiceType, TaxRate
from integrations.sync.offers import Offer
from tests.conftest import World
from tests.integrations.admin.scenes import UNMAPPED, make_integration, make_items, make_run
from tests.integrations.admin.setting_up import make_agency, make_invoice, make_lists, make_options, make_service_types, make_tax_rate

NAME = "account_code_mapping"


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    return make_agency(world.organization)


@pytest.fixture
def admin(world: World, client: Client) -> Client:
    client.force_login(world.admin)
    return client


def url(integration: XeroIntegration, section: str = "accounts", query: str = "") -> str:
    return reverse("admin:integration-section", args=[integration.pk, section]) + query


def key(name: str) -> str:
    return str(ServiceType.everywhere.get(name=name).pk)


def row(name: str, was: str, value: str) -> dict[str, str]:
    """One row as the form sends it."""
    return {f"{NAME}.row.{key(name)}": value, f"{NAME}.was.{key(name)}": was}


def table(response: Any, name: str = NAME) -> MappingTable:
    found = response.context["editor"].tables[name]
    assert isinstance(found, MappingTable)
    return found


def states(response: Any, name: str = NAME) -> dict[str, str]:
    return {one.name: str(one.chip.text) for one in table(response, name).rows}


def stored(integration: XeroIntegration) -> dict[str, str]:
    mapping = XeroIntegration.everywhere.get(pk=integration.pk).account_code_mapping
    names = {str(pk): name for pk, name in ServiceType.everywhere.values_list("pk", "name")}
    return {names.get(pk, pk): code for pk, code in mapping.items()}


MAPPED = {"Design": "220", "Strategy": "210", "Development": "201", "Media buying": "260"}


# What is shown -------------------------------------------------------------------------------------------------------------


def test_rows_tell_what_each_value_becomes_and_what_needs_a_person_comes_first(agency: XeroIntegration, admin: Client) -> None:
    response = admin.get(url(agency))
    assert [(one.name, one.uses, str(one.chip.text)) for one in table(response).rows] == [
        ("Media buying", 3, "gone at Xero"),
        ("Development", 14, "mapped"),
        ("Design", 10, "mapped"),
        ("Strategy", 6, "mapped"),
        ("Travel", 4, "default"),
    ]
    page = " ".join(response.content.decode().split())
    assert "4 of 5 mapped · read from Xero" in page
    assert '<option value="">– default (200) –</option>' in page
    assert '<option value="260" selected>260 · Media (gone)</option>' in page


def test_a_required_row_without_default_is_to_do_when_it_is_used(world: World, admin: Client) -> None:
    integration = make_integration(world.organization)
    make_lists(integration)
    used = make_tax_rate(world.organization, "VAT 20%", "20")
    make_tax_rate(world.organization, "VAT 5%", "5")
    make_invoice(world.organization, "1", [(None, used, "1.00")])
    assert states(admin.get(url(integration, "tax_rates")), "tax_rate_mapping") == {"VAT 20%": "to do", "VAT 5%": "not mapped"}


def test_archived_values_are_shown_only_while_they_are_used(world: World, admin: Client) -> None:
    integration = make_integration(world.organization)
    used, unused = make_service_types(world.organization, "Print", "Fax")
    make_invoice(world.organization, "1", [(used, None, "1.00")])
    ServiceType.everywhere.filter(pk__in=[used.pk, unused.pk]).update(archived_at=clock.now())
    assert list(states(admin.get(url(integration)))) == ["Print"]


def test_nothing_is_called_gone_before_the_list_was_read(agency: XeroIntegration, admin: Client) -> None:
    Option.everywhere.all().delete()
    OptionList.everywhere.all().delete()
    assert set(states(admin.get(url(agency))).values()) == {"not checked", "default"}


def test_auditors_read_the_words_of_each_row(world: World, agency: XeroIntegration, client: Client) -> None:
    client.force_login(world.auditor)
    page = client.get(url(agency)).content.decode()
    assert "220 · Sales – Design" in page
    assert f"{NAME}.row" not in page


@pytest.mark.parametrize(
    ("words", "found"), [("dev", ["Development"]), ("CONSULTING", ["Strategy"]), ("media 260", ["Media buying"]), ("x", [])]
)
def test_rows_are_found_by_our_words_and_theirs(words: str, found: list[str], agency: XeroIntegration, admin: Client) -> None:
    assert list(states(admin.get(url(agency), {"q": words}))) == found


# Saving ---------------------------------------------------------------------------------------------------------------------


def test_changed_rows_are_saved_and_the_others_left(agency: XeroIntegration, admin: Client) -> None:
    response = admin.post(url(agency), {**row("Travel", "", "210"), **row("Design", "220", "220"), **row("Media buying", "260", "")})
    assert response["Location"] == url(agency)
    assert stored(agency) == {"Design": "220", "Strategy": "210", "Development": "201", "Travel": "210"}


def test_saving_leads_back_to_the_same_rows(agency: XeroIntegration, admin: Client) -> None:
    response = admin.post(url(agency, query="?q=travel&page=1&suggest=1"), row("Travel", "", "210"))
    assert response["Location"] == url(agency, query="?q=travel&page=1")


def test_a_row_that_somebody_else_changed_is_reported_with_both_values(agency: XeroIntegration, admin: Client) -> None:
    admin.post(url(agency), row("Design", "220", "210"))
    response = admin.post(url(agency), {**row("Design", "220", "200"), **row("Travel", "", "201")})
    assert stored(agency)["Design"] == "210", "the first one's choice stays"
    assert stored(agency)["Travel"] == "201", "the other row is saved"
    (conflict,) = [one for one in table(response).rows if one.error]
    assert conflict.error == (
        "Somebody else has set this to “210 · Sales – Consulting” meanwhile; your choice of “200 · Sales” was not saved."
    )
    assert (conflict.value, conflict.chosen, str(conflict.chip.text)) == ("210", "210", "changed meanwhile")
    assert "Saved, except the rows that say why they were not." in response.content.decode()


def test_two_people_in_different_rows_do_not_overwrite_each_other(agency: XeroIntegration, admin: Client) -> None:
    admin.post(url(agency), {**row("Travel", "", "201"), **row("Design", "220", "220")})
    admin.post(url(agency), {**row("Travel", "", ""), **row("Design", "220", "200")})
    assert (stored(agency)["Travel"], stored(agency)["Design"]) == ("201", "200")


def test_both_choosing_the_same_is_no_conflict(agency: XeroIntegration, admin: Client) -> None:
    admin.post(url(agency), row("Travel", "", "201"))
    assert admin.post(url(agency), row("Travel", "", "201")).status_code == 302


@pytest.mark.parametrize("value", ["400", "999", "260", "x" * 2000])
def test_a_value_that_cannot_be_chosen_is_refused_at_its_row(value: str, agency: XeroIntegration, admin: Client) -> None:
    response = admin.post(url(agency), {**row("Travel", "", value), **row("Design", "220", "200")})
    errors = {one.name: one.error for one in table(response).rows if one.error}
    assert errors == {"Travel": f"“{value[:100]}” is not among the options. Refresh the list, or choose another one."}
    assert "Travel" not in stored(agency)
    assert stored(agency)["Design"] == "200"


def test_rows_that_do_not_exist_are_refused(world: World, stranger: World, agency: XeroIntegration, admin: Client) -> None:
    (foreign,) = make_service_types(stranger.organization, "Foreign")
    before = stored(agency)
    for unknown in (str(foreign.pk), "999999", "x"):
        response = admin.post(url(agency), {f"{NAME}.row.{unknown}": "200", f"{NAME}.was.{unknown}": ""})
        assert f"{unknown}: There is no such row." in response.content.decode()
    assert stored(agency) == before


def test_ticked_rows_become_the_same_at_once(agency: XeroIntegration, admin: Client) -> None:
    data = {**row("Travel", "", ""), **row("Media buying", "260", "260"), **row("Design", "220", "200")}
    admin.post(url(agency), {**data, f"{NAME}.tick": [key("Travel"), key("Media buying")], f"{NAME}.all": "210"})
    assert stored(agency) == {"Travel": "210", "Media buying": "210", "Design": "200", "Strategy": "210", "Development": "201"}


def test_ticked_rows_lose_their_entries_at_once(agency: XeroIntegration, admin: Client) -> None:
    data = {**row("Design", "220", "220"), **row("Strategy", "210", "210")}
    admin.post(url(agency), {**data, f"{NAME}.tick": [key("Design"), key("Strategy")], f"{NAME}.all": "-"})
    assert stored(agency) == {"Development": "201", "Media buying": "260"}


def test_ticks_without_a_choice_change_nothing(agency: XeroIntegration, admin: Client) -> None:
    admin.post(url(agency), {**row("Design", "220", "220"), f"{NAME}.tick": [key("Design")], f"{NAME}.all": ""})
    assert stored(agency) == MAPPED


def test_a_wrong_plain_field_keeps_the_chosen_rows_for_the_next_attempt(agency: XeroIntegration, admin: Client) -> None:
    response = admin.post(url(agency), {"account_code": "999", "initial-account_code": "200", **row("Travel", "", "210")})
    assert {one.name: one.chosen for one in table(response).rows}["Travel"] == "210"
    assert stored(agency) == MAPPED


def test_entries_of_values_that_are_gone_here_survive_saving(agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(account_code_mapping={"999999": "200"})
    admin.post(url(agency), row("Travel", "", "210"))
    assert stored(agency) == {"999999": "200", "Travel": "210"}


def test_records_that_were_refused_for_want_of_a_row_can_be_retried_from_there(
    world: World, agency: XeroIntegration, admin: Client
) -> None:
    run = make_run(agency)
    invoice = make_invoice(world.organization, "9", [])
    make_items(run, [invoice], refusal=UNMAPPED, value=key("Travel"))
    XeroIntegration.everywhere.filter(pk=agency.pk).update(failed_count=1)
    response = admin.get(url(agency))
    assert response.context["retryable"] == 1
    assert "1 record was refused before, and may pass now." in response.content.decode()
    admin.post(reverse("admin:integration-retry", args=[agency.pk]), {"section": "accounts"})
    assert list(OutboxItem.everywhere.filter(kind="invoice").values_list("state", flat=True)) == ["waiting"]


# Suggestions ----------------------------------------------------------------------------------------------------------------


def test_suggestions_are_marked_and_saved_by_nobody_but_the_reader(world: World, agency: XeroIntegration, admin: Client) -> None:
    make_service_types(world.organization, "Advertising media", "Sales consulting")
    response = admin.get(url(agency, query="?suggest=1"))
    suggested = {one.name: one.chosen for one in table(response).rows if str(one.chip.text) == "suggested"}
    assert suggested == {"Sales consulting": "210"}
    assert stored(agency) == MAPPED
    assert "nothing is saved before" in response.content.decode()


def test_tax_rates_are_suggested_by_their_percentage(world: World, admin: Client) -> None:
    integration = make_integration(world.organization)
    make_lists(integration)
    for name, percent in {"Mehrwertsteuer": "20", "Ermäßigt": "5", "Reverse charge": "0", "Luxus": "33"}.items():
        make_tax_rate(world.organization, name, percent)
    response = admin.get(url(integration, "tax_rates", "?suggest=1"))
    assert {one.name: one.chosen for one in table(response, "tax_rate_mapping").rows} == {
        "Mehrwertsteuer": "OUTPUT2",
        "Ermäßigt": "RROUTPUT",
        "Reverse charge": "ZERORATEDOUTPUT",
        "Luxus": "",
    }


def test_a_tax_rate_of_two_components_is_their_sum(world: World, admin: Client) -> None:
    integration = make_integration(world.organization)
    make_lists(integration)
    TaxRate.everywhere.create(
        organization=world.organization, name="GST and PST", primary_component_value=Decimal(12), secondary_component_value=Decimal(8)
    )
    response = admin.get(url(integration, "tax_rates", "?suggest=1"))
    assert [one.chosen for one in table(response, "tax_rate_mapping").rows] == ["OUTPUT2"]


def offers(*rows: tuple[str, str], **facts: Any) -> list[Offer]:
    return [Offer(code, name, code, facts=facts) for code, name in rows]


@pytest.mark.parametrize(
    ("ours", "meant"),
    [
        (Offer("1", "Something", facts={"code": "210"}), "210"),
        (Offer("1", "210 Anything"), "210"),
        (Offer("1", "sales"), "200"),
        (Offer("1", "Consulting"), "210"),
        (Offer("1", "Developement"), "201"),
        (Offer("1", "Quarry"), None),
        (Offer("1", ""), None),
    ],
)
def test_the_code_counts_more_than_the_name_and_the_same_name_more_than_a_like_one(ours: Offer, meant: str | None) -> None:
    among = Suggestions(offers(("200", "Sales"), ("201", "Development"), ("210", "Sales – Consulting")))
    found = among.of(ours)
    assert (found.value if found else None) == meant


def test_what_fits_two_equally_is_not_suggested() -> None:
    assert Suggestions(offers(("1", "Design A"), ("2", "Design B"))).of(Offer("9", "Design")) is None


def test_what_is_gone_is_not_suggested() -> None:
    assert Suggestions([Offer("1", "Design", is_gone=True)]).of(Offer("9", "Design")) is None


# Many rows --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(world: World) -> XeroIntegration:
    """A thousand service types, three hundred accounts."""
    return make_crowd(world.organization)


def make_crowd(organization: Organization) -> XeroIntegration:
    integration = make_integration(organization)
    make_options(integration, "accounts", [(str(1000 + number), f"Revenue of department {number}") for number in range(300)])
    services = make_service_types(organization, *(f"Service {number:04}" for number in range(1000)))
    integration.account_code_mapping = {str(service.pk): str(1000 + number % 300) for number, service in enumerate(services)}
    integration.save()
    return integration


def test_a_thousand_rows_come_in_pages_and_stay_small(crowd: XeroIntegration, admin: Client) -> None:
    first, last = admin.get(url(crowd)), admin.get(url(crowd), {"page": 10})
    assert [one.name for one in table(first).rows] == [f"Service {number:04}" for number in range(100)]
    assert table(last).rows[-1].name == "Service 0999"
    assert len(first.content) < 200_000
    assert first.content.decode().count("<option") < 1000, "the options stand there once, each row has its own"


def test_a_row_of_a_later_page_is_saved_alone(crowd: XeroIntegration, admin: Client) -> None:
    admin.post(url(crowd, query="?page=7"), row("Service 0650", "1050", "1299"))
    mapping = stored(crowd)
    assert len(mapping) == 1000
    assert (mapping["Service 0650"], mapping["Service 0001"]) == ("1299", "1001")


def test_without_script_rows_of_a_long_table_are_changed_by_ticking(crowd: XeroIntegration, admin: Client) -> None:
    page = admin.get(url(crowd)).content.decode()
    bulk = page[page.index(f'name="{NAME}.all"') :]
    assert len(re.findall("<option", bulk[: bulk.index("</select>")])) == 302
    assert "<noscript>" in page


def test_suggesting_for_a_page_of_many_is_quick(crowd: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=crowd.pk).update(account_code_mapping={})
    response = admin.get(url(crowd, query="?suggest=1"))
    assert len(table(response).rows) == 100


# Reading a form -----------------------------------------------------------------------------------------------------------------


def read(data: Mapping[str, Any]) -> list[Patch]:
    query = QueryDict(mutable=True)
    for name, value in data.items():
        query.setlist(name, value if isinstance(value, list) else [value])
    return read_patches("m", query)


def test_rows_that_were_not_changed_are_no_patches() -> None:
    assert read({"m.row.1": "a", "m.was.1": "a", "m.row.2": "b", "m.was.2": "a", "other.row.3": "c"}) == [Patch("2", "a", "b")]


def test_keys_may_hold_dots() -> None:
    assert read({"m.row.a.b": "x", "m.was.a.b": ""}) == [Patch("a.b", "", "x")]


def test_the_way_to_a_row_leads_to_its_page(world: World, client: Client) -> None:
    client.force_login(world.admin)
    integration = make_crowd(world.organization)
    key = str(ServiceType.everywhere.order_by("name").last().pk)  # type: ignore[union-attr]
    address = setting_url(integration.pk, "accounts", "account_code_mapping", key)
    page = client.get(address).content.decode()
    assert f'id="{address.partition("#")[2]}"' in page
    assert f'id="set-account_code_mapping-{key}"' not in client.get(address.partition("?")[0]).content.decode()
