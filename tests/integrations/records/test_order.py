"""Order does not matter: neither within a file nor across files nor across loads."""

from __future__ import annotations

import json
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Organization
from integrations.records.base import content_fields
from integrations.records.loading.load import load_files
from integrations.records.loading.shapes import in_order
from integrations.records.models import PendingReference
from tests.integrations.records.conftest import document, resource

RESOURCES = [
    resource("subsidiaries", 1, {"name": "North"}, bill_from=("contact_entries", 2), default_tax_rate=("tax_rates", 1)),
    resource("contact_entries", 2, {"type": "bill_from"}, subsidiary=("subsidiaries", 1)),
    resource("companies", 3, {"name": "Acme", "parent_company_id": "4", "default_subsidiary_id": "1"}),
    resource("companies", 4, {"name": "Holding"}),
    resource("people", 5, {"first_name": "Ana"}, company=("companies", 3), manager=("people", 6)),
    resource("people", 6, {"first_name": "Eva"}, subsidiary=("subsidiaries", 1)),
    resource("deals", 7, {"budget": True, "currency": "JPY", "revenue": "500"}, company=("companies", 3), services=[("services", 8)]),
    resource("services", 8, {"price": "12345"}, service_type=("service_types", 9)),
    resource("service_types", 9, {"name": "Design"}),
    resource("tax_rates", 1, {"name": "VAT"}, subsidiary=("subsidiaries", 1)),
    resource("invoices", 10, {"currency": "EUR"}, company=("companies", 3), line_items=[("line_items", 12), ("line_items", 14)]),
    resource("invoices", 11, {"invoice_type_id": 2}, parent_invoice=("invoices", 10), company=("companies", 99)),
    resource("line_items", 12, {"unit_price": "5"}, tax_rate=("tax_rates", 1), service=("services", 8)),
    resource("line_items", 13, {"unit_price": "7"}, invoice=("invoices", 11)),
    resource("expense_line_items", 15, {"unit_price": "9"}, expense=("expenses", 16)),
    resource("expenses", 16, {"currency": "KWD", "amount": "1000"}, deal=("deals", 7), vendor=("companies", 4)),
    resource("payments", 17, {"amount": "50"}, invoice=("invoices", 10)),
]  # fmt: skip


def contents(organization: Organization, with_revisions: bool = True) -> dict[str, Any]:
    """All that is stored, with Productive's ids in the place of primary keys."""
    told: dict[str, Any] = {}
    for model in in_order():
        for record in model.everywhere.filter(organization=organization):
            values = {}
            for field in content_fields(model):
                value = getattr(record, field.name)
                values[field.name] = getattr(value, "productive_id", value) if field.is_relation else value
            told[f"{model.__name__} {record.productive_id}"] = values | ({"revision": record.revision} if with_revisions else {})
    waiting = PendingReference.everywhere.filter(organization=organization)
    return told | {"waiting": sorted(waiting.values_list("holder_model", "holder_id", "field", "target_id"))}


def load_into_new_organization(files: list[list[dict[str, Any]]], loads: int = 1) -> tuple[Organization, list[dict[str, Any]]]:
    organization = Organization.objects.create(name="Order", slug=uuid4().hex)
    reports = []
    for part in range(loads):
        with tempfile.TemporaryDirectory() as folder:
            for number, resources in enumerate(files[part::loads]):
                half = len(resources) // 2
                (Path(folder) / f"{number}.json").write_text(json.dumps(document(*resources[:half], included=resources[half:])))
            if files[part::loads]:
                reports.append(load_files(Path(folder), organization).as_json())
    return organization, reports


def split(resources: list[dict[str, Any]], cuts: list[int]) -> list[list[dict[str, Any]]]:
    edges = [0, *sorted(cuts), len(resources)]
    return [resources[start:end] for start, end in pairwise(edges)]


ORDERS = st.tuples(st.permutations(RESOURCES), st.lists(st.integers(0, len(RESOURCES)), max_size=3), st.sampled_from([1, 2, 5, 2000]))
QUIET = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], derandomize=True
)


@pytest.fixture
def expected(db: None) -> tuple[Organization, dict[str, Any]]:
    """What the resources as they stand above lead to."""
    organization, (report,) = load_into_new_organization([RESOURCES])
    return organization, report


@QUIET
@given(ORDERS)
def test_in_one_load_every_order_stores_and_tells_the_same(
    expected: tuple[Organization, dict[str, Any]], order: tuple[list[dict[str, Any]], list[int], int]
) -> None:
    resources, cuts, batch = order
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("integrations.records.loading.writing.BATCH", batch)
        organization, (report,) = load_into_new_organization(split(resources, cuts))
    assert contents(organization) == contents(expected[0])
    told = ("created", "updated", "by_kind", "unresolved")
    assert [report[name] for name in told] == [expected[1][name] for name in told]
    assert {values["revision"] for values in contents(organization).values() if isinstance(values, dict)} == {1}


@QUIET
@given(ORDERS)
def test_across_loads_every_order_stores_the_same(
    expected: tuple[Organization, dict[str, Any]], order: tuple[list[dict[str, Any]], list[int], int]
) -> None:
    resources, cuts, _batch = order
    organization, _ = load_into_new_organization(split(resources, cuts), loads=2)
    assert contents(organization, with_revisions=False) == contents(expected[0], with_revisions=False)


def test_what_is_expected_is_there(expected: tuple[Organization, dict[str, Any]]) -> None:
    organization, report = expected
    told = contents(organization)
    assert (report["created"], report["failed"], report["unresolved"]) == (len(RESOURCES), 0, 2)
    assert told["waiting"] == [("invoice", "11", "company", "99"), ("lineitem", "14", "invoice", "10")]
    assert (told["Service 8"]["currency"], told["Service 8"]["price"], told["Service 8"]["deal"]) == ("JPY", 12345, "7")
    assert (str(told["ExpenseLineItem 15"]["unit_price"]), told["LineItem 12"]["invoice"]) == ("0.0090", "10")
    assert (told["LineItem 13"]["currency"], str(told["LineItem 13"]["unit_price"])) == ("XXX", "0.0700")
    assert (told["Payment 17"]["currency"], str(told["Payment 17"]["amount"])) == ("EUR", "0.5000")
