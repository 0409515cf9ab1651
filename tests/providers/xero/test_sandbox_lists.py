"""What the simulated Xero lists: settings, filters, order, pages, changes since."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest

from tests.contract.sandboxes import Witness
from tests.providers.xero.app import App, invoice, line, offered

Later = Callable[[float], None]


# Settings --------------------------------------------------------------------------------------------------------------


def test_the_organisation_tells_its_currency_and_country(stranger_app: App) -> None:
    tenants = offered(stranger_app.consent())
    stranger_app.allow()
    seen = []
    for stranger_app.tenant in tenants:
        (row,) = stranger_app.get("Organisation")
        seen.append(
            (row["OrganisationID"] == stranger_app.tenant, row["BaseCurrency"], row["CountryCode"], row["Version"], row["IsDemoCompany"])
        )
    assert seen == [(True, "EUR", "DE", "GLOBAL", True), (True, "GBP", "GB", "UK", True), (True, "USD", "US", "US", True)]


def test_the_chart_of_accounts_has_everything_a_mapping_meets(app: App) -> None:
    rows = app.get("Accounts")
    assert {row["Class"] for row in rows} == {"ASSET", "EQUITY", "EXPENSE", "LIABILITY", "REVENUE"}
    assert {row["Status"] for row in rows} == {"ACTIVE", "ARCHIVED"}
    assert [row["Name"] for row in rows if "Code" not in row] == ["Card Payments Clearing"]
    assert {row["SystemAccount"] for row in rows if "SystemAccount" in row} >= {"DEBTORS", "CREDITORS", "GST"}
    (sales,) = [row for row in rows if row.get("Code") == "200"]
    assert (sales["Type"], sales["Class"], sales["TaxType"], sales["EnablePaymentsToAccount"]) == ("REVENUE", "REVENUE", "OUTPUT", False)
    assert app.get(f"Accounts/{sales['AccountID']}") == [sales]


def test_charts_differ_between_organisations(stranger_app: App) -> None:
    stranger_app.allow()
    charts = []
    for row in stranger_app.connections():
        stranger_app.tenant = row["tenantId"]
        charts.append({account.get("Code") for account in stranger_app.get("Accounts", where='Class=="REVENUE"')})
    assert all(charts)
    assert not charts[0] & charts[1]
    assert not charts[1] & charts[2]


def test_tax_rates_are_for_sales_purchases_or_both(app: App) -> None:
    rows = {row["TaxType"]: row for row in app.get("TaxRates")}
    uses = {key: (row["CanApplyToRevenue"], row["CanApplyToExpenses"]) for key, row in rows.items()}
    assert (uses["OUTPUT"], uses["INPUT"], uses["NONE"]) == ((True, False), (False, True), (True, True))
    assert (rows["OUTPUT"]["EffectiveRate"], rows["OUTPUT"]["TaxComponents"][0]["Rate"]) == (19, 19)
    assert rows["TAX004"]["Status"] == "ARCHIVED"
    assert app.get("TaxRates/OUTPUT") == [rows["OUTPUT"]]
    assert [
        row["TaxType"] for row in app.get("TaxRates", where='Status=="ACTIVE" AND CanApplyToRevenue==true', order="EffectiveRate DESC")
    ][:2] == ["OUTPUT", "TAX001"]


def test_the_other_lists_are_there(app: App) -> None:
    assert [row["Name"] for row in app.get("TrackingCategories")] == ["Department", "Region"]
    assert [option["Name"] for option in app.get("TrackingCategories")[0]["Options"]] == ["Design", "Development", "Strategy"]
    assert {row["Code"] for row in app.get("Currencies")} == {"EUR", "USD", "GBP", "CHF"}
    assert [row["Name"] for row in app.get("BrandingThemes")] == ["Standard", "Special Projects"]


def test_more_organisations_can_be_had(app: App) -> None:
    app.control("reset", {"organisations": 7})
    names = [row["Name"] for row in app.control("state")["records"]["organisations"]]
    assert names[3:] == ["Demo Company (Global) 2", "Demo Company (UK) 2", "Demo Company (US) 2", "Demo Company (Global) 3"]
    assert len(set(names)) == 7


# Filters ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def several(app: App) -> dict[str, dict[str, Any]]:
    """Five invoices, by number."""
    rows = app.put(
        "Invoices",
        invoice(InvoiceNumber="A-1", Reference='Say "hi"', Date="2026-10-01"),
        invoice(InvoiceNumber="A-2", Status="DRAFT", Date="2026-10-15"),
        invoice(InvoiceNumber="B-1", Contact={"Name": "Bravo Ltd"}, Date="2026-11-01", LineItems=[line(Quantity=1)]),
        invoice(InvoiceNumber="B-2", Contact={"Name": "Bravo Ltd"}, CurrencyCode="USD"),
        invoice(Type="ACCPAY", InvoiceNumber="C-1", LineItems=[line(AccountCode="310", TaxType="INPUT")]),
    )
    return {row["InvoiceNumber"]: row for row in rows}


def numbers(app: App, **params: Any) -> list[str]:
    return [row["InvoiceNumber"] for row in app.get("Invoices", **params)]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ('Type=="ACCREC"', ["A-1", "A-2", "B-1", "B-2"]),
        ('Type=="ACCREC" AND Status=="AUTHORISED"', ["A-1", "B-1", "B-2"]),
        ('Type=="ACCPAY" OR Status=="DRAFT"', ["A-2", "C-1"]),
        ('Type=="ACCPAY" || Status=="DRAFT" && Type=="ACCREC"', ["A-2", "C-1"]),
        ('(Type=="ACCPAY" || Status=="DRAFT") && Type=="ACCREC"', ["A-2"]),
        ('!(Type=="ACCREC")', ["C-1"]),
        ("Date>=DateTime(2026, 10, 15) AND Date<DateTime(2026,11,1)", ["A-2"]),
        ('Date>=DateTime(2026,10,15,0,0,1) AND Type=="ACCREC"', ["B-1", "B-2"]),
        ("AmountDue<200", ["B-1"]),
        ("AmountDue>-1.5 AND AmountDue <= 113.65", ["B-1"]),
        ('Contact.Name=="Bravo Ltd"', ["B-1", "B-2"]),
        ('InvoiceNumber.StartsWith("a-")', ["A-1", "A-2"]),
        ('InvoiceNumber.EndsWith("-2")', ["A-2", "B-2"]),
        ('Contact.Name.Contains("rav")', ["B-1", "B-2"]),
        ('Contact.Name.ToLower()=="bravo ltd" AND Contact.Name.ToUpper()!="x"', ["B-1", "B-2"]),
        ('Reference=="Say \\"hi\\""', ["A-1"]),
        ('Reference=="Say ""hi"""', ["A-1"]),
        ('FullyPaidOnDate==null AND Type=="ACCPAY"', ["C-1"]),
        ('SentToContact==false AND NOT CurrencyCode=="EUR"', ["B-2"]),
        ("Url!=null", []),
        ('Url.Contains("x")', []),
    ],
)
def test_where_finds(app: App, several: dict[str, dict[str, Any]], where: str, found: list[str]) -> None:
    assert numbers(app, where=where) == found


def test_where_finds_by_id(app: App, several: dict[str, dict[str, Any]]) -> None:
    row = several["B-1"]
    assert numbers(app, where=f'InvoiceID==guid("{row["InvoiceID"]}")') == ["B-1"]
    assert numbers(app, where=f'InvoiceID=Guid("{row["InvoiceID"].upper()}")') == ["B-1"]
    assert numbers(app, where=f'Contact.ContactID.ToString()=="{row["Contact"]["ContactID"]}"') == ["B-1", "B-2"]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ('Colour=="red"', "No property or field 'Colour' exists in type 'Invoice'"),
        ('Status="DRAFT" AND', "Expression expected (at index 18)"),
        ("Status=='DRAFT'", "Syntax error ''' (at index 8)"),
        ('(Status=="DRAFT"', "')' expected (at index 16)"),
        ('Status=="DRAFT" Type', "Syntax error (at index 20)"),
        ("Status>7", "Operator '>' incompatible with operand types"),
        ('SentToContact=="no"', "Operator '==' incompatible with operand types"),
        ('Status.Reverse()=="x"', "No applicable method 'Reverse' exists in type 'String'"),
        ("Date>DateTime(2026,13,1)", "No applicable constructor exists in type 'datetime'"),
        ('-Status=="x"', "Operator '-' incompatible with operand type"),
        ("Status.7", "Identifier expected (at index 8)"),
        ("(" * 4000, "The expression is too deep"),
    ],
)
def test_a_where_that_cannot_be_read_is_refused(app: App, several: dict[str, dict[str, Any]], where: str, words: str) -> None:
    answer = app.call("GET", "Invoices", params={"where": where})
    assert answer.status_code == 400
    assert answer.json() == {"ErrorNumber": 16, "Type": "QueryParseException", "Message": words}


def test_the_short_filters_do_what_they_say(app: App, several: dict[str, dict[str, Any]]) -> None:
    ids = [several[number]["InvoiceID"] for number in ("B-2", "A-1")]
    assert sorted(numbers(app, IDs=",".join(ids))) == ["A-1", "B-2"]
    assert sorted(numbers(app, InvoiceNumbers="A-1,b-1,Z-9")) == ["A-1", "B-1"]
    assert numbers(app, ContactIDs=several["B-1"]["Contact"]["ContactID"]) == ["B-1", "B-2"]
    assert numbers(app, Statuses="DRAFT,SUBMITTED") == ["A-2"]
    assert numbers(app, searchTerm="say") == ["A-1"]


def test_an_app_may_ask_for_what_it_made_itself(app: App, several: dict[str, dict[str, Any]]) -> None:
    other = App(app.url, app.http, client_id="app-2")
    other.allow(app.tenant)
    other.put("Invoices", invoice(InvoiceNumber="D-1"))
    assert numbers(other, createdByMyApp="true") == ["D-1"]
    assert len(numbers(other)) == 6


def test_order_sorts_by_several_fields(app: App, several: dict[str, dict[str, Any]]) -> None:
    assert numbers(app, order="InvoiceNumber DESC") == ["C-1", "B-2", "B-1", "A-2", "A-1"]
    assert numbers(app, order="Contact.Name, Date DESC")[:3] == ["C-1", "A-2", "A-1"]
    assert numbers(app, order="Total ASC")[0] == "B-1"
    for wrong in ("Colour", "Total SIDEWAYS", "Contact"):
        assert app.call("GET", "Invoices", params={"order": wrong}).json()["Type"] == "QueryParseException"


# Pages -----------------------------------------------------------------------------------------------------------------


def test_a_list_without_pages_has_no_lines(app: App, several: dict[str, dict[str, Any]]) -> None:
    answer = app.call("GET", "Invoices").json()
    assert "pagination" not in answer
    assert {len(row["LineItems"]) for row in answer["Invoices"]} == {0}
    assert [len(row["LineItems"]) for row in app.get("Invoices", page=1)] == [1] * 5
    assert len(app.get(f"Invoices/{several['A-1']['InvoiceID']}")[0]["LineItems"]) == 1


def test_a_list_in_a_page_shows_little_of_the_contact_and_one_document_all(app: App, several: dict[str, dict[str, Any]]) -> None:
    assert "ContactStatus" not in app.get("Invoices", page=1)[0]["Contact"]
    assert app.get("Invoices/A-1")[0]["Contact"]["ContactStatus"] == "ACTIVE"


def test_pages_go_on_until_they_are_empty(app: App, several: dict[str, dict[str, Any]]) -> None:
    pages = [app.call("GET", "Invoices", params={"page": page, "pageSize": 2}).json() for page in (1, 2, 3, 4)]
    assert [len(page["Invoices"]) for page in pages] == [2, 2, 1, 0]
    assert pages[2]["pagination"] == {"page": 3, "pageSize": 2, "pageCount": 3, "itemCount": 5}
    assert app.call("GET", "Invoices", params={"pageSize": 3}).json()["pagination"]["page"] == 1


@pytest.mark.parametrize("params", [{"page": "0"}, {"page": "first"}, {"page": "9" * 5000}, {"page": 1, "pageSize": 1001}, {"pageSize": 0}])
def test_a_page_that_cannot_be_is_refused(app: App, witness: Witness, params: dict[str, Any]) -> None:
    with witness.deliberately_wrong():
        answer = app.call("GET", "Invoices", params=params)
    assert (answer.status_code, answer.json()["Type"]) == (400, "ValidationException")


def test_a_summary_has_pages_and_nothing_heavy(app: App, several: dict[str, dict[str, Any]]) -> None:
    answer = app.call("GET", "Invoices", params={"summaryOnly": "true"}).json()
    assert answer["pagination"]["itemCount"] == 5
    assert not {"LineItems", "Payments", "CreditNotes"} & answer["Invoices"][0].keys()


def test_credit_notes_have_pages_too(app: App) -> None:
    note = {"Type": "ACCRECCREDIT", "Contact": {"Name": "Acme GmbH"}, "LineItems": [line()]}
    app.put("CreditNotes", *[note] * 3)
    answer = app.call("GET", "CreditNotes", params={"page": 1, "pageSize": 2, "order": "CreditNoteNumber DESC"}).json()
    assert [row["CreditNoteNumber"] for row in answer["CreditNotes"]] == ["CN-0003", "CN-0002"]
    assert answer["pagination"]["pageCount"] == 2


# Changes since ---------------------------------------------------------------------------------------------------------


def http_date(answer: httpx2.Response) -> str:
    """When the sandbox answered, by its own clock."""
    return str(answer.headers["date"])


def test_only_what_changed_since_is_listed(app: App, several: dict[str, dict[str, Any]], later: Later) -> None:
    later(600)
    app.post("Invoices", {"InvoiceID": several["A-2"]["InvoiceID"], "Reference": "new"})
    since = app.get("Invoices/A-2")[0]["UpdatedDateUTCString"]
    for form in (since, since.removesuffix("Z"), since.replace("Z", "+00:00"), since.replace("Z", ".999Z")):
        assert [row["InvoiceNumber"] for row in app.get("Invoices", {"If_Modified_Since": form})] == ["A-2"]
    later(2)
    assert app.get("Contacts", {"If_Modified_Since": since}) == []
    assert app.get("CreditNotes", {"If_Modified_Since": since}) == []
    assert len(app.get("Invoices", {"If_Modified_Since": "2026-01-01T00:00:00"})) == 5


def test_an_http_date_is_understood_and_nonsense_is_ignored(
    app: App, several: dict[str, dict[str, Any]], later: Later, witness: Witness
) -> None:
    later(600)
    date = http_date(app.call("GET", "Organisation"))
    with witness.deliberately_wrong():
        assert app.get("Invoices", {"If_Modified_Since": date}) == []
        assert len(app.get("Invoices", {"If_Modified_Since": "yesterday"})) == 5


def test_an_account_that_was_archived_has_changed(app: App, later: Later) -> None:
    (sales,) = app.get("Accounts", where='Code=="200"')
    later(600)
    since = parsedate_to_datetime(http_date(app.call("GET", "Organisation"))).isoformat()
    app.http.post(f"{app.url}/pages/account", data={"org": app.tenant, "account": sales["AccountID"]})
    (changed,) = app.get("Accounts", {"If_Modified_Since": since})
    assert (changed["Code"], changed["Status"]) == ("200", "ARCHIVED")
