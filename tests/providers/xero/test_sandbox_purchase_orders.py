"""Purchase orders of the simulated Xero: what an order needs, how it is numbered, found by its date, and followed by its status."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.xero.app import App, errors, line


def order(**changes: Any) -> dict[str, Any]:
    whole = {
        "Contact": {"Name": "Paper & Ink"},
        "Date": "2026-11-01",
        "Status": "SUBMITTED",
        "LineItems": [line(AccountCode="400", TaxType="INPUT")],
    }
    return {**whole, **changes}


def test_an_order_is_numbered_and_computed(app: App) -> None:
    first, second = app.put("PurchaseOrders", order(), order())
    assert [row["PurchaseOrderNumber"] for row in (first, second)] == ["PO-0001", "PO-0002"]
    assert (first["Status"], first["SubTotal"], first["Total"]) == ("SUBMITTED", 955.0, first["SubTotal"] + first["TotalTax"])
    assert app.get(f"PurchaseOrders/{first['PurchaseOrderID']}")[0]["PurchaseOrderNumber"] == "PO-0001"


def test_a_number_is_taken_once(app: App) -> None:
    app.put("PurchaseOrders", order(PurchaseOrderNumber="B-1"))
    (row,) = app.put("PurchaseOrders", order(PurchaseOrderNumber="B-1"))
    assert row["StatusAttributeString"] == "ERROR"
    assert any("unique" in message for message in errors(row))


@pytest.mark.parametrize("changes", [{"Contact": {}}, {"LineItems": [line(AccountCode="9999")]}, {"LineItems": [line(TaxType="NOWHERE")]}])
def test_what_is_wrong_is_refused_and_nothing_is_kept(app: App, changes: dict[str, Any]) -> None:
    (row,) = app.put("PurchaseOrders", order(**changes))
    assert (row["StatusAttributeString"], bool(errors(row))) == ("ERROR", True)
    assert app.get("PurchaseOrders") == []


def test_an_order_is_changed_in_its_place(app: App) -> None:
    (made,) = app.put("PurchaseOrders", order())
    (changed,) = app.post("PurchaseOrders", order(PurchaseOrderID=made["PurchaseOrderID"], Reference="Second thought"))
    assert (changed["PurchaseOrderID"], changed["PurchaseOrderNumber"]) == (made["PurchaseOrderID"], made["PurchaseOrderNumber"])
    assert [row["Reference"] for row in app.get("PurchaseOrders")] == ["Second thought"]


def test_orders_are_found_by_their_date(app: App) -> None:
    app.put("PurchaseOrders", *(order(Date=f"2026-{month:02}-15", Reference=str(month)) for month in (9, 10, 11)))
    found = app.get("PurchaseOrders", DateFrom="2026-10-01", DateTo="2026-10-31", order="Date ASC")
    assert [row["Reference"] for row in found] == ["10"]
