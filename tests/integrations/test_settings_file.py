"""Settings travel as documents: nothing secret in them, nothing lost on the way, nothing half applied."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Organization
from integrations.crypto import EncryptedJSONField, EncryptedTextField
from integrations.mappings.fields import FieldMapping, FixedValues, Ours, Theirs, ValueMapping
from integrations.models import Credential, Integration, Option, OptionList, Route, Stream
from integrations.providers.xero.models import XeroIntegration
from integrations.records.base import Record
from integrations.records.models import Deal, DealStatus, ServiceType, Subsidiary, TaxRate
from integrations.registry import all_providers
from integrations.settings_file import Change, apply, as_document, changes
from integrations.settings_file.shapes import Shape, shape_of
from integrations.sync.offers import Offers
from tests.conftest import World

Books = XeroIntegration


def put(model: type[Record], world: World, name: str, productive_id: str | None = None, **columns: Any) -> Any:
    return model.everywhere.create(organization=world.organization, name=name, productive_id=productive_id, **columns)


def make_books(organization: Organization, **columns: Any) -> Books:
    return Books.everywhere.create(organization=organization, provider="xero", name="Books", **columns)


@pytest.fixture
def books(world: World) -> Books:
    """An integration with a bit of everything set."""
    vat, export = put(TaxRate, world, "19 % VAT", "71"), put(TaxRate, world, "Export")
    design = put(ServiceType, world, "Design", "81")
    return make_books(
        world.organization,
        subsidiary=put(Subsidiary, world, "Northwind GmbH", "91"),
        export_number=True,
        xero_invoice_status_id=3,
        account_code="200",
        tax_rate_mapping={str(vat.pk): "OUTPUT", str(export.pk): "NONE"},
        account_code_mapping={str(design.pk): "210"},
    )


def problems(found: list[Change]) -> dict[str, str]:
    return {change.place: change.problem for change in found if change.problem}


def stored(integration: Integration) -> dict[str, Any]:
    return Books.everywhere.filter(pk=integration.pk).values().get()


def offer(integration: Integration, source: str, **uses_by_value: list[str]) -> None:
    mine = {"organization": integration.organization, "integration": integration, "source": source, "realm_id": integration.realm_id}
    OptionList.everywhere.create(**mine, fetched_at=timezone.now())
    for value, uses in uses_by_value.items():
        Option.everywhere.create(**mine, value=value.removeprefix("_"), label=value, uses=uses)


# Out ------------------------------------------------------------------------------------------------------------------


def test_a_document_names_settings_by_field_and_records_by_productive_id_and_name(books: Books) -> None:
    document = as_document(books)
    assert document["provider"] == "xero"
    assert document["name"] == "Books"
    assert document["subsidiary"] == {"name": "Northwind GmbH", "productive_id": "91"}
    assert document["settings"]["export_number"] is True
    assert document["settings"]["xero_invoice_status_id"] == 3
    assert document["settings"]["account_code"] == "200"
    assert document["settings"]["tax_rate_mapping"] == [
        {"from": {"name": "19 % VAT", "productive_id": "71"}, "to": "OUTPUT"},
        {"from": {"name": "Export"}, "to": "NONE"},
    ]


def test_the_settings_are_those_of_the_sections_in_their_order(books: Books) -> None:
    names = [name for section in books.declaration.sections for name in section.fields]
    assert list(as_document(books)["settings"]) == names


def test_a_document_is_json_and_holds_nothing_secret(books: Books) -> None:
    Credential.everywhere.create(organization=books.organization, integration=books, payload={"access_token": "canary-token"})
    Books.everywhere.filter(pk=books.pk).update(request_token="canary-request", client_id="canary-client", realm_id="canary-realm")
    books.refresh_from_db()
    assert "canary" not in json.dumps(as_document(books))


@pytest.mark.parametrize("slug", all_providers())
def test_no_section_of_a_provider_names_a_secret(slug: str) -> None:
    model = next(model for model in apps.get_app_config(slug).get_models() if issubclass(model, Integration))
    for section in all_providers()[slug].sections:
        for name in section.fields:
            assert not isinstance(model._meta.get_field(name), EncryptedTextField | EncryptedJSONField), name


def test_rows_of_records_that_are_gone_are_left_out(books: Books) -> None:
    TaxRate.everywhere.get(name="Export").delete()
    assert [row["to"] for row in as_document(books)["settings"]["tax_rate_mapping"]] == ["OUTPUT"]


# Back -----------------------------------------------------------------------------------------------------------------


def test_a_document_changes_nothing_where_it_comes_from(books: Books) -> None:
    before = stored(books)
    document = json.loads(json.dumps(as_document(books)))
    assert changes(books, document) == []
    assert apply(books, document) == []
    assert stored(books) == before


def test_a_document_sets_another_organization_up_with_records_of_its_own(books: Books, stranger: World) -> None:
    put(Subsidiary, stranger, "Northwind GmbH")
    vat, export = put(TaxRate, stranger, "Umsatzsteuer", "71"), put(TaxRate, stranger, "Export", "5")
    design = put(ServiceType, stranger, "Design")
    other = make_books(stranger.organization)
    assert problems(apply(other, json.loads(json.dumps(as_document(books))))) == {}
    other = Books.everywhere.get(pk=other.pk)
    assert other.subsidiary.organization == stranger.organization
    assert other.tax_rate_mapping == {str(vat.pk): "OUTPUT", str(export.pk): "NONE"}
    assert other.account_code_mapping == {str(design.pk): "210"}
    assert (other.export_number, other.xero_invoice_status_id, other.account_code) == (True, 3, "200")


def test_changes_are_told_in_words(books: Books) -> None:
    document = {
        "provider": "xero",
        "name": "Ledger",
        "subsidiary": None,
        "settings": {
            "export_number": False,
            "xero_invoice_status_id": 1,
            "account_code": "",
            "tax_rate_mapping": [{"from": {"name": "19 % VAT"}, "to": "OUTPUT2"}],
        },
    }
    told = [(change.field, change.row, change.old, change.new) for change in changes(books, document)]
    assert told == [
        ("name", "", "Books", "Ledger"),
        ("subsidiary", "", "Northwind GmbH", ""),
        ("tax_rate_mapping", "19 % VAT", "OUTPUT", "OUTPUT2"),
        ("tax_rate_mapping", "Export", "NONE", ""),
        ("export_number", "", "on", "off"),
        ("xero_invoice_status_id", "", "Approved", "Draft"),
        ("account_code", "", "200", ""),
    ]
    assert stored(books)["name"] == "Books"
    apply(books, document)
    row = stored(books)
    assert (row["name"], row["subsidiary_id"], row["export_number"], row["account_code"]) == ("Ledger", None, False, "")
    assert list(row["tax_rate_mapping"].values()) == ["OUTPUT2"]


def test_what_a_document_leaves_out_stays_as_it_is(books: Books) -> None:
    before = stored(books)
    assert len(apply(books, {"provider": "xero", "settings": {"import_number": False, "payments_import": True}})) == 1
    assert stored(books) == before | {"payments_import": True}


def test_only_what_changed_is_written_so_that_a_working_engine_is_not_set_back(books: Books) -> None:
    with CaptureQueriesContext(connection) as queries:
        apply(books, {"provider": "xero", "settings": {"payments_import": True}})
    (written,) = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    assert "payments_import" in written
    assert not any(name in written for name in ("waiting_count", "account_code", "connection"))


def test_what_somebody_else_saved_in_the_meantime_is_compared_with(books: Books) -> None:
    document = {"provider": "xero", "settings": {"account_code": "205"}}
    Books.everywhere.filter(pk=books.pk).update(account_code="220")
    assert books.account_code == "200"
    assert [(change.old, change.new) for change in apply(books, document)] == [("220", "205")]
    assert books.account_code == "205"


# Records --------------------------------------------------------------------------------------------------------------


def map_tax(books: Books, reference: Any) -> list[Change]:
    rows = [{"from": {"name": "19 % VAT"}, "to": "OUTPUT"}, {"from": {"name": "Export"}, "to": "NONE"}, {"from": reference, "to": "TAX9"}]
    return changes(books, {"provider": "xero", "settings": {"tax_rate_mapping": rows}})


def test_the_productive_id_tells_more_than_the_name(books: Books, world: World) -> None:
    put(TaxRate, world, "Reduced", "72")
    put(TaxRate, world, "Luxury", "73")
    assert [change.row for change in map_tax(books, {"productive_id": "73", "name": "Reduced"})] == ["Luxury"]
    assert [change.row for change in map_tax(books, {"productive_id": 73})] == ["Luxury"]


def test_the_name_helps_where_the_productive_id_is_another_installation_s(books: Books, world: World) -> None:
    put(TaxRate, world, "Reduced", "72")
    assert [change.row for change in map_tax(books, {"productive_id": "900", "name": "Reduced"})] == ["Reduced"]


def test_a_name_of_several_records_is_a_problem(books: Books, world: World) -> None:
    put(TaxRate, world, "Reduced", "72")
    put(TaxRate, world, "Reduced", "73")
    cure = "Several tax rates are called “Reduced”. Give the Productive id of the one that is meant."
    assert problems(map_tax(books, {"name": "Reduced"})) == {"Tax rates (Reduced)": cure}


def test_a_record_that_is_not_there_is_a_problem(books: Books) -> None:
    assert problems(map_tax(books, {"name": "Reduced"})) == {
        "Tax rates (Reduced)": "There is no tax rate “Reduced” here. Create it first, or correct the name."
    }
    assert problems(map_tax(books, {"productive_id": "404"})) == {
        "Tax rates (404)": "There is no tax rate with the Productive id 404 here. Correct it, or give the name."
    }


def test_a_record_that_productive_deleted_is_found_by_its_id_only(books: Books, world: World) -> None:
    put(TaxRate, world, "Old", "74", remote_deleted_at=timezone.now())
    assert not problems(map_tax(books, {"productive_id": "74"}))
    assert "There is no tax rate “Old” here" in str(problems(map_tax(books, {"name": "Old"})))


@pytest.mark.parametrize("reference", [{"name": "Canary tax"}, {"productive_id": "75"}, {"name": "Canary tax", "productive_id": "75"}])
def test_a_record_of_another_organization_is_not_there(books: Books, stranger: World, reference: dict[str, str]) -> None:
    put(TaxRate, stranger, "Canary tax", "75")
    (problem,) = problems(map_tax(books, reference)).values()
    assert problem.startswith("There is no tax rate")


def test_a_subsidiary_of_another_organization_is_not_there(books: Books, stranger: World) -> None:
    put(Subsidiary, stranger, "Canary Holding", "95")
    document = {"provider": "xero", "subsidiary": {"name": "Canary Holding", "productive_id": "95"}}
    assert "There is no subsidiary “Canary Holding” here" in problems(apply(books, document))["subsidiary"]
    assert books.subsidiary.name == "Northwind GmbH"


def test_records_of_the_same_name_elsewhere_are_never_confused(books: Books, stranger: World) -> None:
    put(TaxRate, stranger, "19 % VAT", "71")
    put(Subsidiary, stranger, "Northwind GmbH", "91")
    assert changes(books, as_document(books)) == []


@pytest.mark.parametrize(
    "reference", ["19 % VAT", 71, None, [], {}, {"name": ""}, {"name": 3.5}, {"pk": 1}, {"name": "Export", "pk": 1}, {"name": True}]
)
def test_a_reference_of_another_shape_is_a_problem(books: Books, reference: Any) -> None:
    assert "A record is an object with its “name”, its “productive_id”, or both." in problems(map_tax(books, reference)).values()


# Problems -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "place", "said"),
    [
        (None, "The settings file", "A settings file is an object with provider, name, subsidiary, settings"),
        ([], "The settings file", "A settings file is an object"),
        ({"provider": "xero", "settings": []}, "The settings file", "“settings” is an object itself"),
        ({"settings": {}}, "The settings file", "for “None”, this integration is one of “xero”"),
        ({"provider": "other"}, "The settings file", "for “other”, this integration is one of “xero”. Choose another file."),
        ({"provider": "xero", "token": "x"}, "The settings file", "A settings file has no token. It has: provider, name"),
        ({"provider": "xero", "settings": {"colour": "red"}}, "colour", "There is no such setting. The settings are: use_invoices_export"),
        ({"provider": "xero", "settings": {"name": "x"}}, "name", "There is no such setting"),
        ({"provider": "xero", "settings": {"realm_id": "x"}}, "realm_id", "There is no such setting"),
        ({"provider": "xero", "name": None}, "name", "It needs a value"),
        ({"provider": "xero", "name": ""}, "name", "This field cannot be blank."),
        ({"provider": "xero", "name": 5}, "name", "It is a text in quotes."),
        ({"provider": "xero", "name": "x" * 201}, "name", "at most 200 characters"),
        ({"provider": "xero", "settings": {"payments_import": "yes"}}, "Bring payments back", "true or false, without quotes"),
        ({"provider": "xero", "settings": {"payments_import": 1}}, "Bring payments back", "true or false, without quotes"),
        ({"provider": "xero", "settings": {"payments_import": None}}, "Bring payments back", "It needs a value"),
        ({"provider": "xero", "settings": {"account_code": 200}}, "Default account", "It is a text in quotes."),
        ({"provider": "xero", "settings": {"account_code": {}}}, "Default account", "It is a text in quotes."),
        (
            {"provider": "xero", "settings": {"xero_invoice_status_id": "3"}},
            "Status of new invoices",
            "It is a whole number, without quotes.",
        ),
        ({"provider": "xero", "settings": {"xero_invoice_status_id": True}}, "Status of new invoices", "It is a whole number"),
        (
            {"provider": "xero", "settings": {"xero_invoice_status_id": 9}},
            "Status of new invoices",
            "9 is none of the choices: 1 (Draft), 2 (",
        ),
        (
            {"provider": "xero", "settings": {"xero_reference": "memo"}},
            "Reference",
            "memo is none of the choices: subject (Subject of the invoice)",
        ),
        ({"provider": "xero", "settings": {"tax_rate_mapping": {}}}, "Tax rates", "It is a list of rows: [{“from”: …, “to”: …}]."),
        ({"provider": "xero", "settings": {"tax_rate_mapping": None}}, "Tax rates", "It is a list of rows"),
        ({"provider": "xero", "settings": {"tax_rate_mapping": ["x"]}}, "Tax rates (row 1)", "A row is an object with “from” and “to”"),
        (
            {"provider": "xero", "settings": {"tax_rate_mapping": [{"from": {"name": "Export"}}]}},
            "Tax rates (Export)",
            "A row is an object with “from” and “to”",
        ),
        (
            {"provider": "xero", "settings": {"tax_rate_mapping": [{"from": {"name": "Export"}, "to": 7}]}},
            "Tax rates (Export)",
            "The vendor's value is a text in quotes.",
        ),
        (
            {"provider": "xero", "settings": {"tax_rate_mapping": [{"from": {"name": "Export"}, "to": ""}]}},
            "Tax rates (Export)",
            "The vendor's value is a text in quotes.",
        ),
        (
            {"provider": "xero", "settings": {"tax_rate_mapping": [{"from": {"name": "Export"}, "to": to} for to in ("A", "B")]}},
            "Tax rates (Export)",
            "It is mapped twice. Remove one of the rows.",
        ),
        ({"provider": "xero", "settings": {"import_number": True}}, "Take their number", "Switch one of the two off."),
    ],
)
def test_every_problem_names_its_place_and_the_cure_and_nothing_is_applied(books: Books, document: Any, place: str, said: str) -> None:
    before = stored(books)
    found = apply(books, document)
    assert said in problems(found)[place]
    assert changes(books, document) == found
    assert stored(books) == before


def test_nothing_is_half_applied(books: Books) -> None:
    before = stored(books)
    document = as_document(books) | {"name": "Ledger"}
    document["settings"] |= {"account_code": "260", "payments_import": True, "xero_invoice_status_id": 12}
    assert len(problems(apply(books, document))) == 1
    assert stored(books) == before


def test_all_problems_are_told_at_once(books: Books) -> None:
    settings = {"colour": "red", "payments_import": "yes", "tax_rate_mapping": [{"from": {"name": name}, "to": "X"} for name in ("A", "B")]}
    found = problems(changes(books, {"provider": "xero", "settings": settings}))
    assert list(found) == ["colour", "Bring payments back", "Tax rates (A)", "Tax rates (B)"]


def test_two_integrations_of_an_organization_cannot_have_one_name(books: Books, stranger: World) -> None:
    make_books(books.organization, subsidiary=None)
    make_books(stranger.organization)
    other = Books.everywhere.create(organization=books.organization, provider="xero", name="Ledger")
    found = apply(other, {"provider": "xero", "name": "books"})
    assert problems(found) == {"name": "Another connection has this name already. Choose a name that tells the two apart."}


# What else follows from settings ----------------------------------------------------------------------------------------


def routed(integration: Integration) -> set[tuple[str, int | None]]:
    return set(Route.everywhere.filter(integration=integration).values_list("kind", "subsidiary_id"))


def test_what_the_settings_switch_on_is_nobody_else_s_from_then_on(books: Books) -> None:
    apply(books, as_document(books))
    assert routed(books) == {("invoice", books.subsidiary_id), ("credit_note", books.subsidiary_id)}
    apply(books, {"provider": "xero", "subsidiary": None})
    assert routed(books) == {("invoice", None), ("credit_note", None)}
    apply(books, {"provider": "xero", "settings": {"use_invoices_export": False}})
    assert routed(books) == set()


def test_what_another_integration_exports_already_cannot_be_switched_on(books: Books) -> None:
    apply(books, as_document(books))
    other = Books.everywhere.create(
        organization=books.organization, provider="xero", name="Other", subsidiary=books.subsidiary, use_invoices_export=False
    )
    found = apply(other, {"provider": "xero", "settings": {"use_invoices_export": True, "payments_import": True}})
    refused = {change.problem for change in found if change.problem}
    assert set(problems(found)) == {"Copy invoices"}
    assert refused == {f"{kind} of Northwind GmbH already go to Books. Switch it off there first." for kind in ("Invoices", "Credit notes")}
    assert not Books.everywhere.get(pk=other.pk).payments_import
    assert problems(apply(other, {"provider": "xero", "settings": {"payments_import": True}})) == {}


def test_imports_that_a_connected_integration_is_given_begin(books: Books) -> None:
    apply(books, {"provider": "xero", "settings": {"payments_import": True}})
    assert not Stream.everywhere.filter(integration=books).exists()
    Books.everywhere.filter(pk=books.pk).update(connection="connected", payments_import=False)
    apply(books, {"provider": "xero", "settings": {"payments_import": True}})
    assert Stream.everywhere.filter(integration=books, kind="payment").exists()


# What the vendor offers -----------------------------------------------------------------------------------------------


def test_values_are_taken_on_trust_until_the_vendor_s_lists_are_known(books: Books) -> None:
    assert not problems(changes(books, {"provider": "xero", "settings": {"account_code": "999"}}))


def test_a_value_that_the_vendor_does_not_offer_is_a_problem(books: Books) -> None:
    offer(books, "accounts", _200=["sales"], _400=["purchases"])
    cure = "is not offered here. Refresh the list “Accounts”, or choose a value from it."
    for code in ("999", "400"):
        found = changes(books, {"provider": "xero", "settings": {"account_code": code}})
        assert problems(found) == {"Default account": f"“{code}” {cure}"}
        rows = [{"from": {"name": "Design"}, "to": code}]
        found = changes(books, {"provider": "xero", "settings": {"account_code_mapping": rows}})
        assert problems(found) == {"Accounts by service type (Design)": f"“{code}” {cure}"}


def test_a_value_that_disappeared_there_is_no_problem_while_it_is_not_chosen_anew(books: Books) -> None:
    offer(books, "accounts", _205=["sales"])
    assert changes(books, as_document(books)) == []
    assert not problems(changes(books, {"provider": "xero", "settings": {"account_code": "205"}}))
    assert not problems(changes(books, {"provider": "xero", "settings": {"account_code": ""}}))


def test_lists_of_another_account_at_the_vendor_do_not_count(books: Books) -> None:
    offer(books, "accounts", _205=["sales"])
    Books.everywhere.filter(pk=books.pk).update(realm_id="another")
    assert not problems(apply(books, {"provider": "xero", "settings": {"account_code": "999"}}))


def test_what_is_offered_is_told_by_its_name(books: Books) -> None:
    offer(books, "accounts", _200=["sales"], _205=["sales"])
    Option.everywhere.filter(value="205").update(label="Consulting", code="205")
    (change,) = changes(books, {"provider": "xero", "settings": {"account_code": "205"}})
    assert (change.old, change.new) == ("_200", "205 · Consulting")


# The shapes that no installed provider's settings have yet --------------------------------------------------------------


def shape(integration: Integration, field: models.Field[Any, Any], name: str = "setting") -> Shape:
    field.set_attributes_from_name(name)
    return shape_of(field, Offers(integration))


def test_stages_of_theirs_lead_to_statuses_of_ours(books: Books, world: World) -> None:
    lead, won = put(DealStatus, world, "Lead", "31"), put(DealStatus, world, "Won", "32")
    mapping = shape(books, ValueMapping(of=Theirs("stages"), to=Ours("deal_status")))
    value = {"appointment": str(lead.pk), "closed": str(won.pk)}
    written = mapping.write(value)
    assert written[0] == {"from": "appointment", "to": {"name": "Lead", "productive_id": "31"}}
    assert mapping.compare({}, written)[0] == value
    new, found = mapping.compare(value, [{"from": "appointment", "to": {"name": "Won"}}, {"from": "open", "to": {"name": "Lead"}}])
    assert new == {"appointment": str(won.pk), "open": str(lead.pk)}
    assert [(change.row, change.old, change.new) for change in found] == [
        ("appointment", "Lead", "Won"),
        ("closed", "Won", ""),
        ("open", "", "Lead"),
    ]


def test_what_is_mapped_from_the_vendor_s_side_has_to_be_offered_too(books: Books, world: World) -> None:
    put(DealStatus, world, "Lead", "31")
    offer(books, "accounts", _200=[])
    mapping = shape(books, ValueMapping(of=Theirs("accounts"), to=Ours("deal_status")))
    (right, wrong) = (mapping.compare({}, [{"from": code, "to": {"name": "Lead"}}])[1][0] for code in ("200", "999"))
    assert right.problem == ""
    assert wrong.problem == "“999” is not offered here. Refresh the list “Accounts”, or choose a value from it."


def test_nothing_is_mapped_to_a_record_that_productive_deleted(books: Books, world: World) -> None:
    put(DealStatus, world, "Lead", "31", remote_deleted_at=timezone.now())
    mapping = shape(books, ValueMapping(of=Theirs("accounts"), to=Ours("deal_status")))
    (change,) = mapping.compare({}, [{"from": "200", "to": {"productive_id": "31"}}])[1]
    assert change.problem == "“Lead” is archived or deleted. Choose another one."


def test_fields_of_theirs_are_filled_by_attributes_of_ours(books: Books) -> None:
    mapping = shape(books, FieldMapping(theirs=Theirs("fields"), kind="invoice"))
    assert mapping.write({"memo": "subject"}) == {"memo": "subject"}
    assert mapping.compare({}, {"memo": "subject", "state": "is_finalized"})[0] == {"memo": "subject", "state": "is_finalized"}
    for wrong in ("save", "colour", "pk__in"):
        assert mapping.compare({}, {"memo": wrong})[1][0].problem == f"“{wrong}” is no attribute of the kind invoice. Correct it."
    assert mapping.compare({}, ["memo"])[1][0].problem.startswith("It is an object of texts")
    assert mapping.compare({}, {"memo": None})[1][0].problem == "It needs a text in quotes; remove the row to map nothing."


def test_fields_of_theirs_take_constants(books: Books) -> None:
    mapping = shape(books, FixedValues())
    new, found = mapping.compare({"terms": "30", "class": "A"}, {"terms": "14"})
    assert new == {"terms": "14"}
    assert [(change.row, change.old, change.new) for change in found] == [("terms", "30", "14"), ("class", "A", "")]


def test_a_setting_may_name_a_record(books: Books, world: World) -> None:
    budget = put(Deal, world, "Relaunch", "61", budget=True)
    deal = shape(books, models.ForeignKey(Deal, models.PROTECT, null=True, related_name="+"), "deal")
    deal.field.remote_field.model = Deal
    assert deal.write(budget) == {"name": "Relaunch", "productive_id": "61"}
    assert deal.compare(None, {"name": "Relaunch"})[0] == budget
    assert deal.compare(budget, None)[0] is None


def test_numbers_lists_and_days_are_json_of_their_own(books: Books) -> None:
    assert shape(books, models.JSONField()).compare([], ["a", 1])[0] == ["a", 1]
    assert shape(books, models.IntegerField()).compare(1, 2)[0] == 2
    days = shape(books, models.DateField())
    assert days.write(days.compare(None, "2026-03-01")[0]) == "2026-03-01"
    assert "invalid date" in days.compare(None, "2026-31-31")[1][0].problem
