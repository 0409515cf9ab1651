"""Bad input: every sort of it gets a reason with a cure, at its place, and stops nothing else."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.records.loading.files import NothingToLoad
from integrations.records.loading.load import load_files
from integrations.records.models import Company, Invoice, LineItem
from tests.conftest import World
from tests.integrations.records.conftest import document, resource

Loader = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("scoped")

GOOD = resource("companies", 1, {"name": "Acme"})


@pytest.mark.parametrize(
    ("attribute", "value", "reason"),
    [
        ("invoiced_on", "31.05.2024", "“31.05.2024” is not a date: write it as 2024-05-31."),
        ("invoiced_on", "2024-02-30", "is not a date"),
        ("invoiced_on", 20240531, "is not a date"),
        ("created_at", "yesterday", "is not a date and time: write it as 2024-05-31T10:00:00+02:00."),
        ("created_at", "0001-01-01T00:00:00+14:00", "is not a date and time"),
        ("payment_terms", "thirty", "is not a number: write digits with a decimal point"),
        ("payment_terms", "30.5", "is not a whole number: leave out the decimals."),
        ("payment_terms", 2**31, "is too large: at most 2147483647 fits."),
        ("payment_terms", "1E+1000000", "is too large"),
        ("discount", "2,5", "“2,5” is not a number: write digits with a decimal point and nothing between thousands"),
        ("discount", "NaN", "is not a number"),
        ("discount", True, "is not a number"),
        ("discount", "1_000", "is not a number"),
        ("discount", "9" * 30, "is too large: at most 11 digits fit before the decimal point."),
        ("amount", "12.34.56", "is not a number"),
        ("amount", [], "is not a number"),
        ("amount", "1" * 20, "is too large"),
        ("amount", "0.123", "is finer than four decimals: round it."),
        ("amount", {"amount": "10", "currency": "USD"}, "The amount is not in the record's currency EUR: use one currency."),
        ("currency", "EURO", "“EURO” is not a currency: write its three letters of ISO 4217, such as EUR."),
        ("invoice_type_id", 7, "“7” is none of the values: 1 (Invoice), 2 (Credit note)."),
        ("invoice_type_id", "first", "is none of the values"),
        ("exported", "perhaps", "is neither true nor false: write one of the two."),
        ("exported", 2, "is neither true nor false"),
        ("number", "9" * 300, "The text has 300 characters and 255 fit: shorten it."),
        ("number", {"a": 1}, "is not a text: give one in quotes."),
        ("subject", "a\x00b", "The text holds a NUL character: take it out."),
        ("custom_fields", ["a"], "is not an object with names and values: write it as JSON."),
        ("custom_fields", {"a": "b\x00"}, "NUL"),
        ("tag_list", "retainer", "“retainer” is not a list: write it as JSON."),
        ("company_id", {}, "is not an id: give Productive's id, such as 1234."),
        ("company_id", "1" * 40, "The text has 40 characters and 32 fit"),
    ],
)
def test_a_bad_value_fails_its_row_alone(load: Loader, attribute: str, value: object, reason: str) -> None:
    bad = resource("invoices", 17, {"currency": "EUR", "subject": "May", attribute: value})
    report = load(document(bad, GOOD))
    assert (report["failed"], report["created"], report["by_kind"]["invoice"]["failed"]) == (1, 1, 1)
    (error,) = report["errors"]
    assert reason in error["reason"]
    assert error == {
        "file": "0.json", "pointer": "/data/0", "kind": "invoice", "id": "17", "field": attribute, "reason": error["reason"],
    }  # fmt: skip
    assert not Invoice.objects.exists()


def test_every_bad_value_of_a_row_is_told(load: Loader) -> None:
    bad = resource("invoices", 17, {"invoiced_on": "soon", "amount": "x", "currency": "EUR", "exported": "y"})
    report = load(document(GOOD, included=[bad]))
    assert [(error["pointer"], error["field"]) for error in report["errors"]] == [
        ("/included/0", "invoiced_on"),
        ("/included/0", "exported"),
    ]
    bad["attributes"] |= {"invoiced_on": None, "exported": None}
    assert [error["field"] for error in load(document(bad))["errors"]] == ["amount"]


def test_amounts_need_a_currency(load: Loader) -> None:
    (error,) = load(document(resource("invoices", 17, {"amount": "100"})))["errors"]
    assert (error["field"], error["reason"]) == (
        "currency",
        "The amounts cannot be read without the record's currency: add a currency, such as EUR.",
    )
    assert load(document(resource("invoices", 17, {"amount": None, "subject": "May"})))["errors"] == []


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({"type": "companies", "attributes": {"name": "x"}}, "id", "is not an id: give Productive's id"),
        ({"type": "companies", "id": " "}, "id", "is not an id"),
        ({"type": "companies", "id": True}, "id", "is not an id"),
        ({"type": "companies", "id": 1.5}, "id", "is not an id"),
        ({"id": "5"}, "type", "The resource has no type: add one, such as “invoices”."),
        ({"type": 5, "id": "5"}, "type", "The resource has no type"),
        ({"type": "companies", "id": "5", "attributes": []}, "attributes", "“[]” is not an object with names and values."),
        ({"type": "companies", "id": "5", "relationships": "x"}, "relationships", "is not an object"),
        ({"type": "companies", "id": "5", "relationships": {"parent_company": "2"}}, "parent_company", 'write {"data"'),
        ({"type": "people", "id": "5", "relationships": {"company": {"data": {"id": "2"}}}}, "company", "does not belong here"),
        (
            {"type": "people", "id": "5", "relationships": {"company": {"data": {"type": "people", "id": "2"}}}},
            "company",
            "must be “companies”",
        ),
        ({"type": "people", "id": "5", "relationships": {"company": {"data": {"type": "companies"}}}}, "company", "does not name a record"),
        ({"type": "people", "id": "5", "relationships": {"company": {"data": [1]}}}, "company", "does not name a record"),
        (
            {"type": "invoices", "id": "5", "relationships": {"line_items": {"data": {"type": "line_items", "id": "1"}}}},
            "line_items",
            "as a list",
        ),
        ("companies", "", "“companies” is not a resource object: write {…} with type, id and attributes."),
        (None, "", "“None” is not a resource object"),
        ([], "", "is not a resource object"),
    ],
)
def test_a_malformed_resource_fails_alone(load: Loader, given: Any, field: str, reason: str) -> None:
    report = load(document(GOOD, given, resource("companies", 2, {"name": "Bolt"})))
    assert (report["created"], report["failed"]) == (2, 1)
    (error,) = report["errors"]
    assert (error["pointer"], error["field"]) == ("/data/1", field)
    assert reason in error["reason"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty: get it again, or take it away."),
        (b"   \n", "cannot be read on"),
        (b"hello", "cannot be read on"),
        (b"[]", 'This is not a JSON:API document: it must be an object with "data".'),
        (b"[1, [2]]", "it must be an object"),
        (b"7", "it must be an object"),
        (b"{}", 'it has neither "data" nor "included".'),
        (b'{"meta": {"data": []}}', "it has neither"),
        (
            b'{"errors": [{"status": "401", "title": "Unauthenticated"}]}',
            "an error answer of the API and not records (401 Unauthenticated)",
        ),
        ('{"data": []}'.encode("utf-16"), "The file is UTF-16: save it as UTF-8."),
        ('{"data": [{"type": "companies", "id": "1", "attributes": {"name": "Müller"}}]}'.encode("latin-1"), "invalid bytes in UTF8"),
        (b'{"data": [{"type": "companies", "id": ' + b"9" * 5000 + b"}]}", "cannot be read on"),
        (b'{"data": NaN}', "cannot be read on"),
    ],
)
def test_a_file_that_is_no_document_is_told_and_others_are_read(load: Loader, content: bytes, reason: str) -> None:
    report = load(**{"a.json": content, "b.json": document(GOOD)})
    assert (report["created"], report["failed"]) == (1, 1)
    (error,) = report["errors"]
    assert (error["file"], error["kind"], error["id"]) == ("a.json", "", "")
    assert reason in error["reason"]


@pytest.mark.parametrize(
    ("cut", "kept", "pointer"), [(b'"}, "relation', 49, "/data/49"), (b'], "links"', 50, "/included"), (b"}}, {", 48, "/data/48")]
)
def test_what_stood_before_a_break_is_kept_and_the_place_named(load: Loader, cut: bytes, kept: int, pointer: str) -> None:
    whole = json.dumps(document(*(resource("companies", number, {"name": "x"}) for number in range(50)))).encode()
    report = load(**{"a.json": whole[: whole.rindex(cut)]})
    assert report["created"] == Company.objects.count() == kept
    (error,) = report["errors"]
    assert error["pointer"] == pointer
    assert "What stood before was read: mend the file." in error["reason"]


def test_nonsense_in_the_middle_keeps_what_stood_before(load: Loader) -> None:
    report = load(**{"a.json": b'{"data": [' + json.dumps(GOOD).encode() + b', {"type": oops}]}'})
    assert (report["created"], report["errors"][0]["pointer"]) == (1, "/data/1")


def test_nonsense_behind_the_document_is_told(load: Loader) -> None:
    report = load(**{"a.json": json.dumps(document(GOOD)).encode() + b" and so on"})
    assert (report["created"], report["failed"]) == (1, 1)


def test_a_broken_archive_is_told(load: Loader) -> None:
    packed = gzip.compress(json.dumps(document(GOOD)).encode())
    report = load(**{"a.json.gz": packed[:-10], "b.json.gz": b"not packed", "c.json": document(resource("companies", 2, {}))})
    assert report["failed"] == 2
    assert report["created"] >= 1
    assert all("The file cannot be read on" in error["reason"] for error in report["errors"])


def test_a_type_that_is_no_record_here_is_told_once_with_its_count(load: Loader) -> None:
    report = load(document(*(resource("workflows", number) for number in range(5)), GOOD, resource("organizations", 1)))
    assert (report["created"], report["failed"], report["unknown_types"]) == (1, 0, {"workflows": 5, "organizations": 1})
    assert [(error["pointer"], error["kind"], error["field"]) for error in report["errors"]] == [
        ("/data/0", "workflows", "type"),
        ("/data/6", "organizations", "type"),
    ]
    assert "“workflows” is no kind of record here: 5 rows were left out." in report["errors"][0]["reason"]


def test_the_same_record_twice_with_different_values_keeps_the_first(load: Loader) -> None:
    twice = document(resource("companies", 1, {"name": "Acme", "vat": "1"}), resource("companies", 1, {"name": "Bolt", "vat": "2"}))
    report = load(twice)
    assert (report["created"], report["failed"], Company.objects.get().name) == (1, 1, "Acme")
    assert [(error["pointer"], error["id"], error["field"]) for error in report["errors"]] == [
        ("/data/1", "1", "name"),
        ("/data/1", "1", "vat"),
    ]
    assert "The record stands here a second time with another value: the first one was kept" in report["errors"][0]["reason"]
    again = load(twice)
    assert (again["unchanged"], again["updated"], again["failed"], Company.objects.get().revision) == (1, 0, 1, 1)


def test_the_same_line_for_two_invoices_keeps_the_first(load: Loader) -> None:
    report = load(document(*(resource("line_items", 1, {}, invoice=("invoices", number)) for number in (17, 18)), resource("invoices", 18)))
    assert (report["failed"], report["errors"][0]["field"]) == (1, "invoice_id")
    assert LineItem.objects.get().invoice is None


def test_what_is_nested_without_end_is_refused(load: Loader) -> None:
    deep = '{"a":' * 500 + "1" + "}" * 500
    attributes = '{"custom_fields": %s, "unknown": %s}' % (deep, "[" * 5000 + "]" * 5000)  # noqa: UP031
    report = load(
        **{"a.json": f'{{"data": [{{"type": "companies", "id": "1", "attributes": {attributes}}}, {json.dumps(GOOD | {"id": "2"})}]}}'}
    )
    assert (report["created"], report["failed"]) == (1, 1)
    assert "nested deeper than 20 levels" in report["errors"][0]["reason"]


@pytest.mark.parametrize(
    ("name", "content", "line", "field", "reason"),
    [
        ("companies.csv", "id,name\n1,Acme\n2\n3,Bolt\n", 3, "", "The line has 1 cells and the header 2: check separators and quotes."),
        ("companies.csv", "id,name\n1,Acme\n2,a,b\n3,Bolt\n", 3, "", "The line has 3 cells and the header 2"),
        ("companies.csv", "id,due_days\n1,30\n2,soon\n3,\n", 3, "due_days", "“soon” is not a number"),
        ("companies.csv", "id,name\n1,Acme\n,Bolt\n3,Bolt\n", 3, "id", "is not an id"),
        ("companies.csv", 'id,name\n1,"Ac\nme"\n2,"x" y\n3,Bolt\n', 4, "", "The line cannot be read"),
        ("companies.csv", "id,custom_fields\n1,{}\n2,{a}\n3,\n", 3, "custom_fields", "The cell is not JSON"),
        ("companies.csv", b"id,name\n1,Acme\n2,M\xfcller\n3,Bolt\n", 3, "name", "The text is not valid UTF-8: save the file as UTF-8."),
        ("payments.csv", 'id,currency,amount\n1,EUR,1.5\n2,EUR,"1,234.50"\n3,EUR,2\n', 3, "amount", "nothing between thousands"),
        ("rest.csv", "id,type,name\n1,companies,A\n2,,B\n3,company,C\n", 3, "type", "is no kind of record here"),
    ],
)
def test_a_bad_line_of_a_table_fails_alone(load: Loader, name: str, content: str | bytes, line: int, field: str, reason: str) -> None:
    report = load(**{name: content})
    (error,) = report["errors"]
    assert (error["file"], error["line"], error["field"]) == (name, line, field)
    assert reason in error["reason"]
    assert report["created"] == 2


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("companies.csv", "\n\n", "The table has no header: name the columns in the first line."),
        ("companies.csv", "name,vat\nAcme,1\n", "The table has no column “id”: add one with Productive's ids."),
        ("companies.csv", "id,name,name\n1,a,b\n", "The header names name twice: every column needs a name of its own."),
        ("clients.csv", "id,name\n1,a\n", "The file's name is no kind of record and there is no column “type”"),
        ("companies.csv", "id,name\n1,a\n".encode("utf-16"), "The file is UTF-16: save it as UTF-8."),
        ("companies.csv", "", "The file is empty"),
    ],
)
def test_a_table_that_cannot_be_read_is_told(load: Loader, name: str, content: str | bytes, reason: str) -> None:
    report = load(**{name: content, "z.json": document(resource("people", 1))})
    assert (report["created"], report["failed"]) == (1, 1)
    assert reason in report["errors"][0]["reason"]


def test_columns_that_are_not_kept_are_counted(load: Loader) -> None:
    report = load(**{"companies.csv": "id,name,revision,organization_id,shoe_size\n1,Acme,99,5,44\n"})
    assert report["unknown_attributes"] == {"company": {"revision": 1, "organization_id": 1, "shoe_size": 1}}
    assert Company.objects.get().revision == 1


def test_a_table_may_hold_long_cells(load: Loader) -> None:
    report = load(**{"companies.csv": f"id,avatar_url\n1,{'x' * 200_000}\n2,y\n"})
    assert report["created"] == 2


def test_more_errors_than_a_report_lists_are_counted(load: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.records.loading.report.LISTED", 3)
    report = load(document(*(resource("companies", number, {"due_days": "x"}) for number in range(10))))
    assert (report["failed"], len(report["errors"]), report["errors_left_out"]) == (10, 3, 7)


@pytest.mark.parametrize("made", ["missing", "empty", "other.txt"])
def test_a_path_without_anything_to_load_is_told(world: World, tmp_path: Path, made: str) -> None:
    path = tmp_path / made
    if made == "empty":
        path.mkdir()
    elif made != "missing":
        path.write_text("x")
    reasons = {"missing": "does not exist: check the path", "empty": "holds no file to load", "other.txt": "must end in .json"}
    with pytest.raises(NothingToLoad, match=reasons[made]):
        load_files(path, world.organization)


def test_a_file_that_may_not_be_read_is_told(load: Loader, tmp_path: Path, world: World) -> None:
    (tmp_path / "a.json").symlink_to(tmp_path / "nowhere.json")
    (tmp_path / "b.json").write_text(json.dumps(document(GOOD)))
    report = load_files(tmp_path, world.organization).as_json()
    assert report["created"] == 1
