"""The forms of an integration's sections: what is saved, what is refused, and two people at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Organization
from integrations import clock
from integrations.models import Integration, Option, OptionList, Route, Stream
from integrations.providers.xero.models import XeroIntegration
from tests.conftest import World
from tests.integrations.admin.scenes import make_integration, make_subsidiaries
from tests.integrations.admin.setting_up import make_agency, make_options

OPTIONS = ("use_invoices_export", "use_companies_export", "payments_import")


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    return make_agency(world.organization)


@pytest.fixture
def admin(world: World, client: Client) -> Client:
    client.force_login(world.admin)
    return client


def url(integration: Integration, name: str) -> str:
    return reverse("admin:integration-section", args=[integration.pk, name])


def stored(integration: Integration) -> XeroIntegration:
    return XeroIntegration.everywhere.get(pk=integration.pk)


def shown(integration: XeroIntegration, *names: str) -> dict[str, str]:
    """What the hidden inputs of a form say that was just shown."""
    return {f"initial-{name}": str(getattr(integration, name)) for name in names}


def errors(response: HttpResponse) -> dict[str, list[str]]:
    return response.context["editor"].form.errors  # type: ignore[attr-defined,no-any-return]


def test_switches_are_saved_and_planned(agency: XeroIntegration, admin: Client) -> None:
    data = {**shown(agency, *OPTIONS), "use_invoices_export": "on", "payments_import": "on"}
    response = admin.post(url(agency, "options"), data)
    assert response["Location"] == url(agency, "options")
    saved = stored(agency)
    assert (saved.use_invoices_export, saved.use_companies_export, saved.payments_import) == (True, False, True)
    assert Stream.everywhere.filter(integration=agency, kind="payment").exists()
    assert sorted(Route.everywhere.filter(integration=agency).values_list("kind", flat=True)) == ["credit_note", "invoice"]


def test_saving_a_section_leaves_the_rest_of_the_row_alone(agency: XeroIntegration, admin: Client) -> None:
    """Workers keep counts in the same row, and somebody else may be in another section."""
    Integration.everywhere.non_polymorphic().filter(pk=agency.pk).update(waiting_count=7, failed_count=2)
    XeroIntegration.everywhere.filter(pk=agency.pk).update(account_code="210")
    admin.post(url(agency, "options"), {**shown(agency, *OPTIONS), "use_companies_export": "on"})
    saved = stored(agency)
    assert (saved.waiting_count, saved.failed_count, saved.account_code, saved.use_invoices_export) == (7, 2, "210", False)


def test_save_and_go_on_leads_to_the_next_step_that_is_switched_on(agency: XeroIntegration, admin: Client) -> None:
    data = {**shown(agency, *OPTIONS), "use_invoices_export": "on", "use_companies_export": "on", "continue": "1"}
    assert admin.post(url(agency, "options"), data)["Location"] == url(agency, "tax_rates")


def test_choices_are_those_of_the_model(agency: XeroIntegration, admin: Client) -> None:
    names = ("export_number", "import_number", "xero_invoice_status_id", "xero_reference")
    data = {**shown(agency, *names), "xero_invoice_status_id": "3", "xero_reference": "purchase_order_number"}
    assert admin.post(url(agency, "invoices"), data).status_code == 302
    assert (stored(agency).xero_invoice_status_id, stored(agency).xero_reference) == (3, "purchase_order_number")
    refused = admin.post(url(agency, "invoices"), {**data, "xero_invoice_status_id": "9"})
    assert "xero_invoice_status_id" in errors(refused)


def test_what_the_model_refuses_is_said_at_its_field(agency: XeroIntegration, admin: Client) -> None:
    names = ("export_number", "import_number", "xero_invoice_status_id", "xero_reference")
    data = {
        **shown(agency, *names),
        "export_number": "on",
        "import_number": "on",
        "xero_invoice_status_id": "1",
        "xero_reference": "subject",
    }
    refused = admin.post(url(agency, "invoices"), data)
    assert errors(refused)["import_number"] == [
        "Numbers go one way only: either ours are sent, or theirs are taken. Switch one of the two off."
    ]
    assert not stored(agency).export_number


def test_what_the_model_refuses_in_another_section_is_said_above(agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(export_number=True, import_number=True)
    for name in ("options", "accounts", "scope"):
        refused = admin.post(url(agency, name), {"name": "Books", "account_code": "210"})
        assert refused.status_code == 200
        assert "“Take their number”: Numbers go one way only" in refused.content.decode()


# Options of the vendor ---------------------------------------------------------------------------------------------------


def test_only_options_for_the_use_are_offered(agency: XeroIntegration, admin: Client) -> None:
    field = admin.get(url(agency, "accounts")).context["editor"].form.fields["account_code"]
    assert [value for value, _label in field.choices] == ["", "200", "201", "210", "220"]
    assert dict(field.choices)["210"] == "210 · Sales – Consulting"


@pytest.mark.parametrize("value", ["400", "999", "260"])
def test_an_option_that_cannot_be_chosen_is_refused_with_the_cure(value: str, agency: XeroIntegration, admin: Client) -> None:
    refused = admin.post(url(agency, "accounts"), {"account_code": value, "initial-account_code": "200"})
    assert errors(refused)["account_code"] == [f"“{value}” is not among the options of Xero. Refresh the list, or choose another one."]
    assert stored(agency).account_code == "200"


def test_an_option_that_disappeared_may_stay_and_is_marked(agency: XeroIntegration, admin: Client) -> None:
    Option.everywhere.filter(value="200").update(gone_at=clock.now())
    page = admin.get(url(agency, "accounts")).content.decode()
    assert '<option value="200" selected>200 · Sales (gone at Xero)</option>' in page
    assert admin.post(url(agency, "accounts"), {"account_code": "200", "initial-account_code": "200"}).status_code == 302


def test_a_value_is_not_judged_before_the_list_was_read(world: World, admin: Client) -> None:
    integration = make_integration(world.organization, account_code="200")
    page = admin.get(url(integration, "accounts")).content.decode()
    assert "200 (not checked: the list was never read)" in page
    assert "never read" in page


def test_the_age_of_the_list_and_the_last_failure_are_shown(agency: XeroIntegration, admin: Client) -> None:
    OptionList.everywhere.filter(source="accounts").update(error="Xero answered with 503.")
    page = " ".join(admin.get(url(agency, "accounts")).content.decode().split())
    assert "read from Xero <time" in page
    assert "4 min ago" in page
    assert "The last attempt failed: Xero answered with 503." in page


def test_options_of_another_account_at_the_vendor_are_not_offered(agency: XeroIntegration, admin: Client) -> None:
    Option.everywhere.update(realm_id="another")
    field = admin.get(url(agency, "accounts")).context["editor"].form.fields["account_code"]
    assert [value for value, _label in field.choices] == ["", "200"], "only what is chosen already"


# Two people at once ------------------------------------------------------------------------------------------------------


def test_two_people_change_different_fields_of_a_section(agency: XeroIntegration, admin: Client) -> None:
    before = shown(agency, *OPTIONS)
    admin.post(url(agency, "options"), {**before, "use_invoices_export": "on", "use_companies_export": "on", "payments_import": "on"})
    admin.post(url(agency, "options"), {**before, "use_invoices_export": "on"})
    saved = stored(agency)
    assert (saved.use_companies_export, saved.payments_import) == (False, True)


def test_the_second_of_two_who_change_the_same_field_is_asked(agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(account_code="210")
    refused = admin.post(url(agency, "accounts"), {"account_code": "220", "initial-account_code": "200"})
    assert errors(refused)["account_code"] == [
        "Somebody else has changed this to “210 · Sales – Consulting” meanwhile, you chose “220 · Sales – Design”. "
        "Save again to have yours."
    ]
    assert stored(agency).account_code == "210"
    again = {"account_code": "220", "initial-account_code": hidden(refused, "initial-account_code")}
    assert admin.post(url(agency, "accounts"), again).status_code == 302
    assert stored(agency).account_code == "220"


def hidden(response: HttpResponse, name: str) -> str:
    text = response.content.decode()
    place = text.index(f'name="{name}"')
    return text[place : text.index(">", place)].split('value="')[1].split('"')[0]


# Routes ------------------------------------------------------------------------------------------------------------------


def conflict(organization: Organization, admin: Client, **fields: Any) -> tuple[XeroIntegration, XeroIntegration]:
    first = make_agency(organization, name="Old books")
    second = make_integration(organization, "New books", use_invoices_export=False, **fields)
    make_options(second, "accounts", [("200", "Sales")])
    admin.post(url(first, "options"), {**shown(first, *OPTIONS), "use_invoices_export": "on"})
    return first, second


def test_what_another_integration_exports_cannot_be_switched_on(world: World, admin: Client) -> None:
    first, second = conflict(world.organization, admin)
    refused = admin.post(url(second, "options"), {**shown(second, *OPTIONS), "use_invoices_export": "on"})
    assert errors(refused)["use_invoices_export"] == [
        f"{kind} of the subsidiaries without a connection of their own already go to Old books. Switch it off there first."
        for kind in ("Invoices", "Credit notes")
    ]
    assert not stored(second).use_invoices_export
    admin.post(url(first, "options"), {"initial-use_invoices_export": "True"})
    assert admin.post(url(second, "options"), {**shown(second, *OPTIONS), "use_invoices_export": "on"}).status_code == 302
    assert stored(second).use_invoices_export


def test_an_old_conflict_does_not_keep_other_fields_from_being_saved(world: World, admin: Client) -> None:
    _first, second = conflict(world.organization, admin)
    XeroIntegration.everywhere.filter(pk=second.pk).update(use_invoices_export=True)
    second = stored(second)
    data = {**shown(second, *OPTIONS), "use_invoices_export": "on", "payments_import": "on"}
    assert admin.post(url(second, "options"), data).status_code == 302
    assert stored(second).payments_import


# Name and scope ----------------------------------------------------------------------------------------------------------


def test_name_and_subsidiary_are_saved(world: World, agency: XeroIntegration, admin: Client) -> None:
    (north,) = make_subsidiaries(world.organization, "North")
    assert admin.post(url(agency, "scope"), {"name": "  Northern   books ", "subsidiary": north.pk}).status_code == 302
    assert (stored(agency).name, stored(agency).subsidiary_id) == ("Northern books", north.pk)
    assert set(Route.everywhere.filter(integration=agency).values_list("subsidiary", flat=True)) == {north.pk}


def test_a_name_is_given_once(world: World, agency: XeroIntegration, admin: Client) -> None:
    make_integration(world.organization, "Books")
    refused = admin.post(url(agency, "scope"), {"name": "BOOKS"})
    assert "Another connection is called “BOOKS” already." in refused.content.decode()


def test_the_subsidiary_of_another_organization_cannot_be_chosen(stranger: World, agency: XeroIntegration, admin: Client) -> None:
    (foreign,) = make_subsidiaries(stranger.organization, "Foreign")
    answers = [admin.post(url(agency, "scope"), {"name": "Xero", "subsidiary": pk}).content.decode() for pk in (foreign.pk, 999_999)]
    assert all("Select a valid choice" in answer for answer in answers)
    assert stored(agency).subsidiary_id is None


def test_a_subsidiary_that_has_its_exporter_cannot_be_taken(world: World, admin: Client) -> None:
    north, south = make_subsidiaries(world.organization, "North", "South")
    first, second = make_agency(world.organization, name="N", subsidiary=north), make_integration(world.organization, "S", subsidiary=south)
    for integration in (first, second):
        admin.post(url(integration, "scope"), {"name": integration.name, "subsidiary": integration.subsidiary_id})
    refused = admin.post(url(second, "scope"), {"name": "S", "subsidiary": north.pk})
    assert "Invoices of North already go to N." in refused.content.decode()
    assert stored(second).subsidiary_id == south.pk
    assert set(Route.everywhere.filter(integration=second).values_list("subsidiary", flat=True)) == {south.pk}
