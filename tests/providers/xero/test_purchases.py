"""Expenses to bills and purchase orders to Xero's: every setting changes what it says it changes, and what is missing is said in words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from integrations.errors import ConfigProblem, Rejected
from integrations.http.client import encode
from integrations.provider import Copy, RemoteOption
from integrations.providers.xero import payloads, purchases
from integrations.providers.xero.client import Document
from integrations.providers.xero.models import InvoiceStatus, XeroIntegration
from integrations.records.models import Expense, ExpenseLineItem, PurchaseOrder, ServiceType
from integrations.sandbox.exchange import Exchange, Reply, Request
from tests.conftest import World
from tests.contract.house import House
from tests.contract.specs import assert_conforms
from tests.providers.xero.descriptions import ACCOUNTING

CONTACT = "e8b1f2c0-0000-4000-a000-000000000001"
COPY = "https://patchbay.example/records/expense/1/"
RATES = {
    "INPUT": RemoteOption(value="INPUT", label="Tax on Purchases 19%", uses=("purchases",)),
    "OUTPUT": RemoteOption(value="OUTPUT", label="Tax on Sales 19%", uses=("sales",)),
}
Build = Callable[..., tuple[dict[str, Any], dict[str, Decimal]]]
PLURALS: dict[Build, str] = {purchases.build_bill: "Invoices", purchases.build_purchase_order: "PurchaseOrders"}


@pytest.fixture
def house(scoped: World) -> House:
    return House(scoped.organization)


@pytest.fixture
def xero(house: House) -> XeroIntegration:
    """An integration with everything that is required."""
    integration: XeroIntegration = XeroIntegration.everywhere.create(
        organization=house.organization,
        provider="xero",
        name="Xero",
        tax_rate_mapping={str(house.purchase_tax_rate.pk): "INPUT", str(house.tax_rate.pk): "OUTPUT"},
        xero_default_expense_account_code="400",
        xero_default_purchase_order_account_code="310",
        xero_expense_status_id=InvoiceStatus.APPROVED,
        xero_purchase_order_status_id=InvoiceStatus.SUBMITTED,
    )
    return integration


@pytest.fixture
def expense(house: House) -> Expense:
    sample: Expense = house.sample("expense")
    return sample


@pytest.fixture
def order(house: House) -> PurchaseOrder:
    sample: PurchaseOrder = house.sample("purchase_order")
    return sample


def copy_for(integration: XeroIntegration, *, remote_id: str = "", **choices: str) -> Copy:
    return Copy(
        integration=integration,
        reference="tag-expense-1-1",
        address=COPY,
        choices=choices,
        linked=lambda kind, record_id: CONTACT,
        option=lambda source, value: RATES.get(value) if source == "tax_rates" else None,
        remote_id=remote_id,
    )


def payload(build: Build, integration: XeroIntegration, record: Any, *, remote_id: str = "", **choices: str) -> dict[str, Any]:
    """What would be sent, held against Xero's own description where that is there."""
    built, _expected = build(copy_for(integration, remote_id=remote_id, **choices), record)
    folder: Path | None = settings.SPECS_DIR
    if folder is not None and folder.is_dir():
        headers = {"xero-tenant-id": "t", "content-type": "application/json"}
        request = Request("PUT", f"/api.xro/2.0/{PLURALS[build]}", "summarizeErrors=false", headers, encode({PLURALS[build]: [built]}))
        assert_conforms(Exchange(request, Reply(429)), ACCOUNTING.load(folder))
    return built


def refusal(integration: XeroIntegration, build: Build, record: Any) -> Rejected | ConfigProblem:
    with pytest.raises((Rejected, ConfigProblem)) as refused:
        build(copy_for(integration), record)
    assert refused.value.message
    assert refused.value.advice
    return refused.value


# Expenses


def test_a_bill_says_whose_when_what_and_how_much(xero: XeroIntegration, expense: Expense) -> None:
    assert payload(purchases.build_bill, xero, expense) == {
        "Type": "ACCPAY",
        "Contact": {"ContactID": CONTACT},
        "InvoiceNumber": f"EXP-{expense.pk}",
        "Date": "2026-09-02",
        "DueDate": "2026-09-16",
        "Url": f"{COPY}?copy=tag-expense-1-1",
        "LineAmountTypes": "Exclusive",
        "LineItems": [
            {
                "Description": "Flyers 1",
                "Quantity": Decimal("2.00"),
                "UnitAmount": Decimal("50.05"),
                "AccountCode": "400",
                "TaxType": "INPUT",
            }
        ],
        "Status": "AUTHORISED",
        "CurrencyCode": "EUR",
    }


def test_the_totals_of_a_bill_that_are_expected_are_our_own(xero: XeroIntegration, expense: Expense) -> None:
    _built, expected = purchases.build_bill(copy_for(xero), expense)
    assert expected == {"net": Decimal("100.10"), "tax": Decimal("19.02"), "total": Decimal("119.12")}


def test_a_bill_is_the_cost_whatever_the_markup(xero: XeroIntegration, expense: Expense) -> None:
    expense.markup, expense.billable_amount = Decimal(25), Decimal("125.13")
    (line,) = payload(purchases.build_bill, xero, expense)["LineItems"]
    assert line["Quantity"] * line["UnitAmount"] == expense.total_amount


@pytest.mark.parametrize(("number", "sent"), [("R-2026-7", "R-2026-7"), ("", "EXP-4711")])
def test_a_bill_is_known_by_the_vendor_s_reference_or_by_the_expense(
    xero: XeroIntegration, expense: Expense, number: str, sent: str
) -> None:
    expense.company_reference_id, expense.productive_id = number, "4711"
    assert payload(purchases.build_bill, xero, expense)["InvoiceNumber"] == sent


@pytest.mark.parametrize(
    ("status", "sent"),
    [(InvoiceStatus.DRAFT, "DRAFT"), (InvoiceStatus.SUBMITTED, "SUBMITTED"), (InvoiceStatus.APPROVED, "AUTHORISED")],
)
def test_the_status_of_a_new_bill_is_that_of_the_setting(xero: XeroIntegration, expense: Expense, status: int, sent: str) -> None:
    xero.xero_expense_status_id = status
    assert payload(purchases.build_bill, xero, expense)["Status"] == sent
    assert payload(purchases.build_bill, xero, expense, status="DRAFT")["Status"] == "DRAFT"


def test_the_status_of_a_bill_that_is_there_is_left_alone(xero: XeroIntegration, expense: Expense) -> None:
    built = payload(purchases.build_bill, xero, expense, remote_id=CONTACT)
    assert built["InvoiceID"] == CONTACT
    assert "Status" not in built


def test_the_account_of_a_bill_is_that_of_the_service_type_else_the_default(xero: XeroIntegration, expense: Expense, house: House) -> None:
    xero.expense_account_code_mapping = {str(house.service_type.pk): "493"}
    assert payload(purchases.build_bill, xero, expense)["LineItems"][0]["AccountCode"] == "493"
    expense.service_type = ServiceType.everywhere.create(organization=house.organization, name="Travel")
    assert payload(purchases.build_bill, xero, expense)["LineItems"][0]["AccountCode"] == "400"
    xero.xero_default_expense_account_code = ""
    refused = refusal(xero, purchases.build_bill, expense)
    assert (refused.field, refused.value) == ("expense_account_code_mapping", str(expense.service_type.pk))


@pytest.mark.parametrize(
    ("column", "nothing"), [("vendor", None), ("date", None), ("pay_on", None), ("tax_rate", None), ("total_amount", None), ("name", " ")]
)
def test_what_a_bill_needs_is_named_when_it_is_missing(xero: XeroIntegration, expense: Expense, column: str, nothing: Any) -> None:
    setattr(expense, column, nothing)
    assert refusal(xero, purchases.build_bill, expense).field == column


def test_an_expense_goes_unapproved_only_where_its_budget_asks_for_no_approval(
    xero: XeroIntegration, expense: Expense, house: House
) -> None:
    payload(purchases.build_bill, xero, expense)
    assert expense.deal
    expense.deal.expense_approval = True
    assert refusal(xero, purchases.build_bill, expense).field == "approved"
    expense.approved = True
    payload(purchases.build_bill, xero, expense)


def test_a_tax_rate_for_sales_is_refused_on_a_purchase_and_the_other_way_round(
    xero: XeroIntegration, expense: Expense, house: House
) -> None:
    expense.tax_rate = house.tax_rate
    refused = refusal(xero, purchases.build_bill, expense)
    assert (refused.field, refused.value) == ("tax_rate_mapping", str(house.tax_rate.pk))
    assert "Tax on Sales 19%" in refused.message
    assert "for purchases" in refused.advice
    xero.account_code, xero.tax_rate_mapping = "200", {str(house.tax_rate.pk): "INPUT"}
    refused = refusal(xero, payloads.build_invoice, house.sample("invoice"))
    assert "does not allow on sales" in refused.message


def parts(expense: Expense, *priced: tuple[str, str]) -> None:
    for position, (quantity, price) in enumerate(priced):
        ExpenseLineItem.everywhere.create(
            organization=expense.organization,
            expense=expense,
            position=position,
            name=f"Part {position + 1}",
            quantity=Decimal(quantity),
            unit_price=Decimal(price),
        )


def amounts(built: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(line["Description"], str(line["Quantity"]), str(line["UnitAmount"])) for line in built["LineItems"]]


def test_lines_of_an_expense_are_lines_of_the_bill(xero: XeroIntegration, expense: Expense) -> None:
    parts(expense, ("2", "25.05"), ("1", "50"))
    built = payload(purchases.build_bill, xero, expense)
    assert built["LineAmountTypes"] == "Exclusive"
    assert amounts(built) == [("Part 1", "2.00", "25.05"), ("Part 2", "1.00", "50.00")]


def test_lines_that_include_their_tax_say_so(xero: XeroIntegration, expense: Expense) -> None:
    parts(expense, ("1", "100"), ("1", "19.12"))
    expense.tax_inclusion = True
    built = payload(purchases.build_bill, xero, expense)
    assert built["LineAmountTypes"] == "Inclusive"
    assert amounts(built) == [("Part 1", "1.00", "100.00"), ("Part 2", "1.00", "19.12")]


def test_lines_that_do_not_add_up_to_the_cost_give_way_to_it(xero: XeroIntegration, expense: Expense) -> None:
    parts(expense, ("1", "99"))
    assert amounts(payload(purchases.build_bill, xero, expense)) == [("Flyers 1", "2.00", "50.05")]
    expense.quantity = Decimal(3)
    assert amounts(payload(purchases.build_bill, xero, expense)) == [("Flyers 1", "1.00", "100.10")]


# Purchase orders


def test_a_purchase_order_says_whose_when_what_and_how_much(xero: XeroIntegration, order: PurchaseOrder) -> None:
    built = payload(purchases.build_purchase_order, xero, order)
    assert {name: built[name] for name in built if name != "LineItems"} == {
        "Contact": {"ContactID": CONTACT},
        "Date": "2026-09-02",
        "LineAmountTypes": "Exclusive",
        "DeliveryDate": "2026-09-23",
        "Reference": "Catalogue 1",
        "CurrencyCode": "EUR",
        "Status": "SUBMITTED",
    }
    line = {
        "Description": "Flyers 1",
        "Quantity": Decimal("2.00"),
        "UnitAmount": Decimal("50.05"),
        "AccountCode": "310",
        "TaxType": "INPUT",
    }
    assert built["LineItems"] == [line, line]


def test_its_number_is_sent_only_where_the_setting_says_so(xero: XeroIntegration, order: PurchaseOrder) -> None:
    assert "PurchaseOrderNumber" not in payload(purchases.build_purchase_order, xero, order)
    xero.export_purchase_order_number = True
    assert payload(purchases.build_purchase_order, xero, order)["PurchaseOrderNumber"] == "PO-0001"
    order.number = ""
    assert refusal(xero, purchases.build_purchase_order, order).field == "number"


def test_its_status_is_that_of_the_setting_and_left_alone_later(xero: XeroIntegration, order: PurchaseOrder) -> None:
    xero.xero_purchase_order_status_id = InvoiceStatus.APPROVED
    assert payload(purchases.build_purchase_order, xero, order)["Status"] == "AUTHORISED"
    built = payload(purchases.build_purchase_order, xero, order, remote_id=CONTACT)
    assert built["PurchaseOrderID"] == CONTACT
    assert "Status" not in built


def test_the_account_of_a_position_is_that_of_its_service_type_else_the_default(
    xero: XeroIntegration, order: PurchaseOrder, house: House
) -> None:
    xero.purchase_order_account_code_mapping = {str(house.service_type.pk): "461"}
    assert {line["AccountCode"] for line in payload(purchases.build_purchase_order, xero, order)["LineItems"]} == {"461"}


@pytest.mark.parametrize("column", ["vendor", "issued_on"])
def test_what_a_purchase_order_needs_is_named_when_it_is_missing(xero: XeroIntegration, order: PurchaseOrder, column: str) -> None:
    setattr(order, column, None)
    assert refusal(xero, purchases.build_purchase_order, order).field == column


def test_an_order_of_nothing_is_refused(xero: XeroIntegration, order: PurchaseOrder) -> None:
    order.expenses.all().delete()
    assert refusal(xero, purchases.build_purchase_order, order).field == "expenses"


def test_a_price_with_more_than_two_decimals_goes_as_the_total_of_its_position(xero: XeroIntegration, order: PurchaseOrder) -> None:
    first = order.expenses.all()[0]
    first.quantity, first.amount, first.total_amount = Decimal(1000), Decimal("0.0125"), Decimal("12.50")
    first.save()
    assert amounts(payload(purchases.build_purchase_order, xero, order))[0] == ("Flyers 1", "1.00", "12.50")


# Back


@pytest.mark.parametrize(("status", "paid_on"), [("PAID", "2026-11-22"), ("AUTHORISED", None)])
def test_a_bill_is_paid_on_the_day_of_its_last_payment(status: str, paid_on: str | None) -> None:
    bill = Document(invoice_id="b-1", type="ACCPAY", status=status, paid="/Date(1795305600000+0000)/")
    read = purchases.read_bill(bill)
    assert (read.remote_id, read.values["paid_on"] and read.values["paid_on"].isoformat()) == ("b-1", paid_on)
