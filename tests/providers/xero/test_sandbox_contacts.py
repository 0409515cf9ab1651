"""Contacts of the simulated Xero."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandboxes import Witness
from tests.providers.xero.app import App, errors, invoice, line

NO_ID = "00000000-0000-0000-0000-000000000000"
ACME = {
    "Name": "Acme GmbH",
    "ContactNumber": "CUST-42",
    "EmailAddress": "ap@acme.example",
    "TaxNumber": "DE123456789",
    "DefaultCurrency": "EUR",
    "Addresses": [{"AddressType": "POBOX", "AddressLine1": "Weg 1", "City": "Berlin", "PostalCode": "10115", "Country": "Germany"}],
    "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "5551234"}],
}


def test_a_contact_has_one_address_and_phone_of_each_kind(app: App) -> None:
    (row,) = app.put("Contacts", ACME)
    assert row["ContactStatus"] == "ACTIVE"
    assert [address["AddressType"] for address in row["Addresses"]] == ["STREET", "POBOX"]
    assert row["Addresses"][1] == ACME["Addresses"][0]
    assert [phone["PhoneType"] for phone in row["Phones"]] == ["DDI", "DEFAULT", "FAX", "MOBILE"]
    assert row["Phones"][1] == {"PhoneType": "DEFAULT", "PhoneNumber": "5551234", "PhoneAreaCode": "", "PhoneCountryCode": ""}
    assert {key: row[key] for key in ("Name", "ContactNumber", "EmailAddress", "TaxNumber", "DefaultCurrency")} == {
        key: ACME[key] for key in ("Name", "ContactNumber", "EmailAddress", "TaxNumber", "DefaultCurrency")
    }


def test_put_creates_only_and_names_are_unique_whatever_their_case(app: App) -> None:
    app.put("Contacts", ACME)
    (row,) = app.put("Contacts", {"Name": "ACME gmbh"})
    assert (row["ContactID"], row["StatusAttributeString"], row["HasValidationErrors"]) == (NO_ID, "ERROR", True)
    assert errors(row) == [
        "The contact name ACME gmbh is already assigned to another contact. The contact name must be unique across all active contacts."
    ]
    assert errors(app.put("Contacts", {"Name": "Other", "ContactNumber": "CUST-42"})[0]) == [
        "Another contact has this contact number. Please enter a different contact number."
    ]
    same = app.put("Contacts", {"Name": "Twin"}, {"Name": "Twin"})
    assert [row["StatusAttributeString"] for row in same] == ["OK", "ERROR"]


def test_post_finds_by_id_number_and_name(app: App) -> None:
    (row,) = app.put("Contacts", ACME)
    for found_by in ({"ContactID": row["ContactID"]}, {"ContactNumber": "CUST-42"}, {"Name": "Acme GmbH"}):
        (after,) = app.post("Contacts", {**found_by, "AccountNumber": str(len(found_by))})
        assert after["ContactID"] == row["ContactID"]
    (after,) = app.call("POST", f"Contacts/{row['ContactID']}", {"Contacts": [{"Name": "Acme SE"}]}).json()["Contacts"]
    assert (after["ContactID"], after["Name"], after["TaxNumber"]) == (row["ContactID"], "Acme SE", "DE123456789")
    assert errors(app.put("Contacts", {"Name": "Acme GmbH"})[0]) == []


def test_an_id_that_does_not_exist_answers_the_whole_request_with_404(app: App) -> None:
    assert app.call("POST", "Contacts", {"Contacts": [{"Name": "New"}, {"ContactID": NO_ID, "Name": "X"}]}).status_code == 404
    assert app.get("Contacts", where='Name=="New"') == []


def test_an_update_replaces_the_address_of_its_kind_and_keeps_the_other(app: App) -> None:
    app.put("Contacts", ACME)
    (after,) = app.post("Contacts", {"ContactNumber": "CUST-42", "Addresses": [{"AddressType": "STREET", "City": "Bonn"}]})
    assert [address.get("City") for address in after["Addresses"]] == ["Bonn", "Berlin"]


def test_an_archived_contact_is_hidden_locked_and_gives_its_name_free(app: App) -> None:
    (row,) = app.put("Contacts", ACME)
    archived = {"ContactID": row["ContactID"], "ContactStatus": "ARCHIVED"}
    assert errors(app.post("Contacts", archived)[0]) == []
    assert errors(app.post("Contacts", archived)[0]) == [
        "The specified contact details matched an archived contact. Archived contacts cannot currently be edited via the API."
    ]
    assert app.get("Contacts", where='Name=="Acme GmbH"') == []
    assert len(app.get("Contacts", where='Name=="Acme GmbH"', includeArchived="true")) == 1
    assert app.get("Contacts", IDs=row["ContactID"])[0]["ContactStatus"] == "ARCHIVED"
    assert errors(app.put("Contacts", {"Name": "Acme GmbH"})[0]) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Name": ""}, "The Contact Name must be specified."),
        ({"EmailAddress": "nonsense"}, "Email address must be valid."),
        ({"Name": "x" * 256}, "The Name field has more than 255 characters."),
        ({"ContactNumber": "x" * 51}, "The ContactNumber field has more than 50 characters."),
        ({"DefaultCurrency": "SEK"}, "Organisation is not subscribed to currency SEK"),
    ],
)
def test_xero_says_what_is_wrong(app: App, witness: Witness, change: dict[str, Any], words: str) -> None:
    with witness.deliberately_wrong():
        answer = app.call("PUT", "Contacts", {"Contacts": [{**ACME, **change}]})
    assert answer.status_code == 400
    assert errors(answer.json()["Elements"][0]) == [words]


@pytest.mark.parametrize("body", [b'{"Contacts": [{"ContactStatus": "GONE"}]}', b'{"Contacts": [{"Name": "a", "Phones": 1}]}'])
def test_a_body_that_cannot_be_read_is_refused_whole(app: App, witness: Witness, body: bytes) -> None:
    with witness.deliberately_wrong():
        assert app.call("PUT", "Contacts", body).json()["Type"] == "PostDataInvalidException"


def test_a_contact_is_read_by_id_or_number_with_its_balances(app: App) -> None:
    (row,) = app.put("Contacts", ACME)
    app.put("Invoices", invoice(Contact={"ContactNumber": "CUST-42"}, DueDate="2026-11-02"), invoice(Contact={"ContactNumber": "CUST-42"}))
    bill = invoice(Type="ACCPAY", Contact={"ContactNumber": "CUST-42"}, LineItems=[line(AccountCode="310", TaxType="INPUT", Quantity=1)])
    app.put("Invoices", bill)
    (by_number,) = app.get("Contacts/CUST-42")
    assert by_number["ContactID"] == row["ContactID"]
    assert by_number["Balances"]["AccountsReceivable"]["Outstanding"] == 2272.9
    assert by_number["Balances"]["AccountsPayable"]["Outstanding"] == 113.65
    assert (by_number["IsCustomer"], by_number["IsSupplier"]) == (True, True)


def test_a_search_looks_through_the_words_of_a_contact(app: App) -> None:
    app.put("Contacts", ACME)
    assert [row["Name"] for row in app.get("Contacts", searchTerm="ACME.exam")] == ["Acme GmbH"]
    assert app.get("Contacts", searchTerm="nowhere") == []


def test_a_summary_is_short_and_paged(app: App) -> None:
    app.put("Contacts", ACME)
    answer = app.call("GET", "Contacts", params={"summaryOnly": "true", "where": 'Name=="Acme GmbH"'}).json()
    assert "Addresses" not in answer["Contacts"][0]
    assert answer["pagination"] == {"page": 1, "pageSize": 100, "pageCount": 1, "itemCount": 1}


def test_a_renamed_contact_is_renamed_on_its_documents(app: App) -> None:
    (row,) = app.put("Invoices", invoice())
    app.post("Contacts", {"ContactID": row["Contact"]["ContactID"], "Name": "Acme SE"})
    assert app.get("Invoices", page=1)[0]["Contact"]["Name"] == "Acme SE"


def test_there_may_be_as_many_as_a_test_needs(app: App) -> None:
    app.control("reset", {"keep_connections": True, "contacts": 1200, "organisations": 1})
    assert app.control("state")["counts"]["contacts"] == 1200
    pages = [app.call("GET", "Contacts", params={"page": page, "pageSize": 500}).json() for page in (1, 2, 3, 4)]
    assert [len(page["Contacts"]) for page in pages] == [500, 500, 200, 0]
    assert len({row["ContactID"] for page in pages for row in page["Contacts"]}) == 1200
