"""The check against descriptions has to fail on whatever a description does not allow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from integrations.sandbox.exchange import Delivery, Exchange, Reply, Request
from integrations.sandbox.faults import Fault
from tests.contract.specs import Description, Spec, Undescribed, Violation, assert_conforms

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.0",
    "paths": {
        "/Bills": {
            "parameters": [{"$ref": "#/components/parameters/tenant"}],
            "get": {
                "parameters": [
                    {"in": "query", "name": "page", "schema": {"type": "integer", "minimum": 1}},
                    {"in": "query", "name": "ids", "schema": {"type": "array", "items": {"type": "string", "format": "uuid"}}},
                    {"in": "query", "name": "open", "schema": {"type": "boolean"}},
                    {"in": "header", "name": "If-Modified-Since", "schema": {"type": "string", "format": "date-time"}},
                ],
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Bills"}}}}},
            },
            "put": {
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Bills"}}}},
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Bills"}}}}, "204": {}},
            },
        },
        "/Bills/{BillID}": {"get": {"responses": {"200": {"$ref": "#/components/responses/one"}}}},
    },
    "components": {
        "parameters": {"tenant": {"in": "header", "name": "Tenant", "required": True, "schema": {"type": "string"}}},
        "responses": {"one": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Bills"}}}}},
        "schemas": {
            "Bills": {"type": "object", "properties": {"Bills": {"type": "array", "items": {"$ref": "#/components/schemas/Bill"}}}},
            "Bill": {
                "type": "object",
                "required": ["Number"],
                "properties": {
                    "Number": {"type": "string", "maxLength": 10},
                    "Amount": {"type": "number"},
                    "Status": {"type": "string", "enum": ["DRAFT", "PAID"]},
                    "Due": {"type": "number", "readOnly": True},
                    "Parent": {"$ref": "#/components/schemas/Bill"},
                },
            },
        },
    },
}
GOOD = {"Number": "B-1", "Amount": 1.5, "Status": "DRAFT"}


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    (tmp_path / "bills.yaml").write_text(yaml.safe_dump(DOCUMENT, sort_keys=False))
    more = {"Bills": ("Id",)}
    undescribed = {429: Undescribed("It comes from the gateway.")}
    return Description("bills.yaml", "/api", more_fields=more, undescribed=undescribed).load(tmp_path)


def exchange(method: str = "PUT", path: str = "/api/Bills", sent: Any = None, got: Any = None, **parts: Any) -> Exchange:
    headers = {"tenant": "t", **({"content-type": "application/json"} if sent is not None else {}), **parts.pop("headers", {})}
    body = b"" if sent is None else json.dumps({"Bills": [sent]}).encode()
    answer = json.dumps({"Id": "1", "Bills": [GOOD if got is None else got]}).encode()
    reply = Reply(parts.pop("status", 200), parts.pop("answer", answer), parts.pop("content_type", "application/json"))
    return Exchange(Request(method, path, parts.pop("query", ""), headers, body, **parts), reply)


def test_what_is_described_passes(spec: Spec) -> None:
    assert_conforms(exchange(sent=GOOD, got={**GOOD, "Due": 1, "Parent": GOOD}), spec)
    assert_conforms(exchange("GET", query="page=2&open=true", headers={"if-modified-since": "2026-11-20T10:15:00"}), spec)
    assert_conforms(exchange("GET", "/api/bills/7"), spec)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({**GOOD, "Amount": "1.5"}, "is not of type 'number'"),
        ({"Amount": 1}, "'Number' is a required property"),
        ({**GOOD, "Status": "OPEN"}, "'OPEN' is not one of"),
        ({**GOOD, "Colour": "red"}, "'Colour' was unexpected"),
        ({**GOOD, "Parent": {"Number": "B-0", "Colour": "red"}}, "'Colour' was unexpected"),
        ({**GOOD, "Number": "B-12345678901"}, "is too long"),
        ({**GOOD, "Due": 1}, "read-only"),
    ],
)
def test_a_body_that_is_not_as_described_is_found(spec: Spec, sent: dict[str, Any], words: str) -> None:
    with pytest.raises(Violation, match="request") as found:
        assert_conforms(exchange(sent=sent), spec)
    assert words in str(found.value)


@pytest.mark.parametrize("got", [{**GOOD, "Amount": "1.5"}, {"Amount": 1}, {**GOOD, "Status": "OPEN"}, {**GOOD, "Colour": "red"}])
def test_an_answer_that_is_not_as_described_is_found(spec: Spec, got: dict[str, Any]) -> None:
    with pytest.raises(Violation, match="answer"):
        assert_conforms(exchange(sent=GOOD, got=got), spec)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"query": "page=first"}, "is no integer"),
        ({"query": "page=0"}, "less than the minimum"),
        ({"query": "open=maybe"}, "is no boolean"),
        ({"query": "ids=17"}, "is not a 'uuid'"),
        ({"query": "colour=red"}, "query parameter colour is not described"),
        ({"headers": {"if-modified-since": "yesterday"}}, "is not a 'date-time'"),
        ({"path": "/api/Debts"}, "is not described"),
        ({"method": "DELETE"}, "is not described"),
    ],
)
def test_a_question_that_is_not_as_described_is_found(spec: Spec, parts: dict[str, Any], words: str) -> None:
    with pytest.raises(Violation) as found:
        assert_conforms(exchange(**{"method": "GET", **parts}), spec)
    assert words in str(found.value)


def test_a_missing_header_is_found(spec: Spec) -> None:
    asked = exchange("GET")
    del asked.request.headers["tenant"]  # type: ignore[attr-defined]
    with pytest.raises(Violation, match="header parameter Tenant is missing"):
        assert_conforms(asked, spec)


def test_a_missing_body_and_one_of_another_type_are_found(spec: Spec) -> None:
    with pytest.raises(Violation, match="the body is missing"):
        assert_conforms(exchange(), spec)
    with pytest.raises(Violation, match="a body of type text/csv is not described"):
        assert_conforms(exchange(sent=GOOD, headers={"content-type": "text/csv"}), spec)


def test_an_answer_of_another_status_type_or_shape_is_found(spec: Spec) -> None:
    assert_conforms(exchange(sent=GOOD, status=429), spec)
    assert_conforms(exchange(sent=GOOD, status=204, answer=b""), spec)
    for wrong, words in (
        ({"status": 418}, "status 418"),
        ({"content_type": "text/html"}, "type text/html"),
        ({"answer": b"{"}, "no JSON"),
        ({"status": 204}, "has a body"),
    ):
        with pytest.raises(Violation, match=words):
            assert_conforms(exchange(sent=GOOD, **wrong), spec)


def test_a_question_that_is_wrong_on_purpose_still_needs_a_right_answer(spec: Spec) -> None:
    wrong = {**GOOD, "Colour": "red"}
    assert_conforms(exchange(sent=wrong), spec, with_request=False)
    with pytest.raises(Violation, match="answer"):
        assert_conforms(exchange(sent=wrong, got=wrong), spec, with_request=False)


def test_an_answer_that_was_spoilt_on_purpose_is_not_looked_at(spec: Spec) -> None:
    spoilt = exchange(sent=GOOD, answer=b"<html>", faults={"not_json": Fault(kind="not_json")})
    assert_conforms(spoilt, spec)
    dropped = exchange(sent=GOOD, answer=b"")
    dropped.reply.delivery = Delivery.DROPPED
    assert_conforms(dropped, spec)


def test_every_correction_of_xero_s_description_still_corrects_something(specs: Path) -> None:
    from tests.providers.xero.descriptions import ACCOUNTING

    with (specs / ACCOUNTING.file).open("rb") as file:
        original = yaml.load(file, yaml.CSafeLoader)
    amended = ACCOUNTING.load(specs).document
    assert original["paths"]["/Payments"]["post"] != amended["paths"]["/Payments"]["post"]
    for name, fields in ACCOUNTING.more_fields.items():
        assert not set(fields) & original["components"]["schemas"][name]["properties"].keys()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"LineItems": "none"}, "is not of type 'array'"),
        ({"Status": "APPROVED"}, "'APPROVED' is not one of"),
        ({"Total": 10}, "read-only"),
        ({"Colour": "red"}, "'Colour' was unexpected"),
        ({"LineItems": [{"Account": "200"}]}, "'Account' was unexpected"),
    ],
)
def test_xero_s_description_finds_an_invented_invoice(specs: Path, change: dict[str, Any], words: str) -> None:
    from tests.providers.xero.descriptions import ACCOUNTING

    body = json.dumps({"Invoices": [{"Type": "ACCREC", **change}]}).encode()
    headers = {"xero-tenant-id": "t", "content-type": "application/json"}
    put = Exchange(Request("PUT", "/api.xro/2.0/Invoices", "", headers, body), Reply(429))
    with pytest.raises(Violation) as found:
        assert_conforms(put, ACCOUNTING.load(specs))
    assert words in str(found.value)
