"""Productive's own pages in the sandbox: every record is shown, an invoice is drafted, finalised, and told of."""

from __future__ import annotations

import httpx2
import pytest

from integrations.providers.productive.sandbox import ProductiveSandbox
from integrations.providers.productive.sandbox.tables import TABLES
from tests.providers.productive.agency import Agency


@pytest.fixture
def root(agency: Agency) -> str:
    return f"{agency.server.url}/productive"


def invoices(productive: ProductiveSandbox) -> list[dict]:
    return [invoice.attributes for invoice in productive.store.of("invoices").values()]


def test_every_kind_and_every_record_has_its_page(agency: Agency, root: str) -> None:
    store = agency.productive.store
    for path in (path for path in TABLES if store.of(path)):
        shown = httpx2.get(f"{root}/", params={"tab": path})
        assert shown.status_code == 200
        assert "aria-current" in shown.text
        for remote_id in list(store.of(path))[:2]:
            assert httpx2.get(f"{root}/{agency.productive.organization_id}/{path}/{remote_id}").status_code == 200
    assert agency.productive.token in httpx2.get(f"{root}/").text
    for wrong in ("invoices/9", "nothing/1"):
        assert httpx2.get(f"{root}/{agency.productive.organization_id}/{wrong}").status_code == 404


def test_an_invoice_is_drafted_like_the_company_s_last_one_and_finalised_with_the_next_number(agency: Agency, root: str) -> None:
    store = agency.productive.store
    company = next(company for company in store.of("companies").values() if company.attributes["name"] == "Borealis Films")
    assert httpx2.post(f"{root}/pages/draft", data={"company": company.id, "amount": "800.50"}).status_code == 303
    invoice = list(store.of("invoices").values())[-1]
    assert invoice.links["company"] == company.id
    assert {name: invoice.attributes[name] for name in ("number", "amount", "amount_tax", "amount_unpaid")} == {
        "number": "",
        "amount": 80050,
        "amount_tax": 15209,
        "amount_unpaid": 95259,
    }
    (line,) = [line for line in store.of("line_items").values() if line.links["invoice"] == invoice.id]
    assert (line.attributes["amount_with_tax"], line.attributes["tax_value"]) == (95259, "19.0")
    for _twice in range(2):
        assert httpx2.post(f"{root}/pages/finalise", data={"invoice": invoice.id}).status_code == 303
    assert invoice.attributes["number"] == "2026-004"
    assert invoice.attributes["sent_on"] == invoice.attributes["finalized_on"]
    agency.bring("invoice")


@pytest.mark.parametrize(("field", "value"), [("company", "9"), ("amount", "much"), ("amount", "1.005")])
def test_a_draft_that_cannot_be_is_refused_in_words(agency: Agency, root: str, field: str, value: str) -> None:
    company = next(iter(agency.productive.store.of("invoices").values())).links["company"]
    answer = httpx2.post(f"{root}/pages/draft", data={"company": company, "amount": "1", field: value})
    assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)
    assert len(invoices(agency.productive)) == 3
