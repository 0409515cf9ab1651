"""Xero's official descriptions, and the short list of what they get wrong or leave out, each with its reason."""

from __future__ import annotations

from typing import Any

from tests.contract.specs import Description, Undescribed

ENVELOPE = ("Id", "Status", "ProviderName", "DateTimeUTC")  # every example of an answer has them, no schema does
DATES_AS_TEXT = ("DateString", "DueDateString")  # likewise
PROBLEM = "#/components/schemas/GatewayProblem"
OAUTH_ERROR = "#/components/schemas/OAuthError"
GATEWAY = "It comes from the gateway in front of the API, which no Xero description covers."


def amend_accounting(document: dict[str, Any]) -> None:
    schemas, paths, parameters = document["components"]["schemas"], document["paths"], document["components"]["parameters"]
    # The schema of this body is one Payment; its own example, and Xero's own SDKs, send a list of them.
    _body(paths["/Payments"]["post"])["schema"] = {"$ref": "#/components/schemas/Payments"}
    # The schema is `{"Status": ...}`; its own example wraps it in a list of Payments. Xero takes both.
    wrapped = {
        "type": "object",
        "required": ["Payments"],
        "properties": {"Payments": {"type": "array", "items": dict(schemas["PaymentDelete"])}},
    }
    _body(paths["/Payments/{PaymentID}"]["post"])["schema"] = {"anyOf": [{"$ref": "#/components/schemas/PaymentDelete"}, wrapped]}
    # The documentation of these resources allows the document's number in place of its id.
    for name in ("InvoiceID", "CreditNoteID"):
        del parameters[name]["schema"]["format"]
    schemas["GatewayProblem"] = {
        "type": "object",
        "required": ["Title", "Status", "Detail", "Instance"],
        "properties": {
            "Type": {"type": "string", "nullable": True},
            "Title": {"type": "string", "enum": ["Unauthorized", "Forbidden"]},
            "Status": {"type": "integer"},
            "Detail": {"type": "string"},
            "Instance": {"type": "string", "format": "uuid"},
            "Extensions": {"type": "object"},
        },
    }


def amend_identity(document: dict[str, Any]) -> None:
    # The file has the schema of the tokens and not the address that gives them out; revocation is not in it at all.
    token = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/AccessToken"}}}}}
    form = {"content": {"application/x-www-form-urlencoded": {}}}
    document["paths"]["/connect/token"] = {"post": {"requestBody": form, "responses": token}}
    document["paths"]["/connect/revocation"] = {"post": {"requestBody": form, "responses": {"200": {}}}}
    document["components"]["schemas"]["OAuthError"] = {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
    }


def _body(operation: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = operation["requestBody"]["content"]["application/json"]
    return body


ACCOUNTING = Description(
    file="xero/xero_accounting.yaml",
    base="/api.xro/2.0",
    amend=amend_accounting,
    more_fields={
        **dict.fromkeys(("Contacts", "Payments", "Accounts", "TaxRates", "Organisations", "TrackingCategories", "Currencies"), ENVELOPE),
        **dict.fromkeys(("Invoices", "CreditNotes", "PurchaseOrders", "BrandingThemes"), ENVELOPE),
        **dict.fromkeys(("Attachments", "HistoryRecords", "Allocations"), ENVELOPE),
        "HistoryRecord": ("DateUTCString", "ValidationErrors"),  # every example has them
        "Invoice": DATES_AS_TEXT,
        "CreditNote": (*DATES_AS_TEXT, "ID"),  # every example has ID beside CreditNoteID
        "PurchaseOrder": ("DateString", "DeliveryDateString", "ExpectedArrivalDateString"),  # likewise
        "LineItem": ("ValidationErrors",),  # every example has it
    },
    open_schemas=frozenset({"Element"}),  # a refused element is sent back whole, whatever it was
    undescribed={
        400: Undescribed(
            "The operations that read describe no refusal; it is the same as for those that write.", "#/components/schemas/Error"
        ),
        401: Undescribed(GATEWAY, PROBLEM),
        403: Undescribed(GATEWAY, PROBLEM),
        404: Undescribed("Not described; a text, not JSON: https://github.com/XeroAPI/Xero-OpenAPI/issues/163"),
        413: Undescribed(GATEWAY),
        429: Undescribed(GATEWAY),
        500: Undescribed("Not described: what a failing server says is not promised."),
        503: Undescribed(GATEWAY),
    },
)
IDENTITY = Description(
    file="xero/xero-identity.yaml",
    base="",
    amend=amend_identity,
    more_fields={"AccessToken": ("scope",)},  # RFC 6749, section 5.1
    undescribed={
        400: Undescribed("Errors of the token address are those of RFC 6749, section 5.2.", OAUTH_ERROR),
        401: Undescribed(GATEWAY),
        429: Undescribed(GATEWAY),
        500: Undescribed("Not described: what a failing server says is not promised."),
        503: Undescribed(GATEWAY),
    },
)
DESCRIPTIONS = [ACCOUNTING, IDENTITY]
