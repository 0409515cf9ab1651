"""Receipts follow their bill: each once, whatever goes wrong, and without repeating the bill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.models import ItemState, OutboxItem
from integrations.providers.xero.sandbox import XeroSandbox
from integrations.providers.xero.sandbox.books import INVOICE, Document
from integrations.records import files
from integrations.records.models import Attachment, Expense
from integrations.registry import get
from integrations.sandbox.pages import STYLE_ADDRESS
from tests.contract.harness import Harness, harnessed


@pytest.fixture
def harness(db: None, settings: Any, tmp_path: Any, later: Callable[[float], None]) -> Iterator[Harness]:
    settings.MEDIA_ROOT = tmp_path
    with harnessed(get("xero"), settings, later) as connectable:
        connectable.set_up()
        connectable.integration.export_expense_attachment = True
        connectable.integration.save()
        yield connectable


@pytest.fixture
def expense(harness: Harness) -> Expense:
    sample: Expense = harness.house.sample("expense")
    sample.attachments.all().delete()
    sample.refresh_from_db()
    return sample


def receipt(expense: Expense, name: str, content: bytes) -> Attachment:
    kept = files.keep(expense.organization_id, content)
    attachment: Attachment = Attachment.everywhere.create(organization=expense.organization, expense=expense, name=name, digest=kept)
    return attachment


def bills(harness: Harness) -> list[Document]:
    assert isinstance(harness.sandbox, XeroSandbox)
    books = next(iter(harness.sandbox.books.values()))
    return [document for document in books.documents[INVOICE.name].values() if document.type == "ACCPAY"]


def attached(harness: Harness) -> dict[str, bytes]:
    (bill,) = bills(harness)
    return {name: content for name, (_row, content) in bill.files.items()}


def uploads(harness: Harness) -> list[str]:
    requests = [exchange.request for exchange in harness.exchanges if "/Attachments/" in exchange.request.path]
    return [request.path.rpartition("/")[2] for request in requests]


def step(harness: Harness, expense: Expense) -> OutboxItem:
    found = OutboxItem.everywhere.filter(integration=harness.integration, step="receipts", record_id=expense.pk).order_by("-pk").first()
    assert found is not None
    return found


def test_all_receipts_of_an_expense_are_attached_to_its_bill(harness: Harness, expense: Expense) -> None:
    receipt(expense, "scan.pdf", b"%PDF front")
    receipt(expense, "scan.pdf", b"%PDF back")
    expense.attachment = receipt(expense, "mail.txt", b"Thank you")
    expense.save()
    harness.export("expense", expense)
    assert attached(harness) == {"scan.pdf": b"%PDF front", "scan (2).pdf": b"%PDF back", "mail.txt": b"Thank you"}
    assert step(harness, expense).state == ItemState.SUCCEEDED


def test_a_receipt_that_is_not_kept_here_is_fetched_from_its_address(harness: Harness, expense: Expense) -> None:
    Attachment.everywhere.create(
        organization=expense.organization, expense=expense, name="style.css", url=f"{harness.server.url}{STYLE_ADDRESS}"
    )
    harness.export("expense", expense)
    assert b"{" in attached(harness)["style.css"]


def test_without_the_setting_or_without_files_nothing_follows(harness: Harness, expense: Expense) -> None:
    harness.export("expense", expense)
    assert step(harness, expense).state == ItemState.SUCCEEDED
    assert uploads(harness) == []
    harness.integration.export_expense_attachment = False
    harness.integration.save()
    other = harness.house.sample("expense")
    harness.export("expense", other)
    assert not OutboxItem.everywhere.filter(step="receipts", record_id=other.pk).exists()


def test_a_receipt_that_cannot_be_fetched_is_refused_in_words_and_repeats_no_bill(harness: Harness, expense: Expense) -> None:
    Attachment.everywhere.create(organization=expense.organization, expense=expense, name="gone.pdf", url=f"{harness.server.url}/nowhere")
    harness.export("expense", expense)
    refused = step(harness, expense)
    assert (refused.state, refused.field) == (ItemState.REJECTED, "attachments")
    assert "gone.pdf" in refused.message
    assert refused.advice
    assert harness.item("expense", expense).state == ItemState.SUCCEEDED
    Attachment.everywhere.all().delete()
    receipt(expense, "found.pdf", b"%PDF")
    harness.export("expense", expense)
    assert list(attached(harness)) == ["found.pdf"]


@pytest.mark.parametrize("fault", ["lost_answer", "timeout", "truncated"])
def test_an_upload_whose_answer_is_lost_leaves_each_receipt_there_once(
    harness: Harness, expense: Expense, settings: Any, fault: str
) -> None:
    settings.HTTP_TIMEOUT_SECONDS = 2
    receipt(expense, "one.pdf", b"%PDF one")
    receipt(expense, "two.pdf", b"%PDF two")
    harness.misbehave({"kind": fault, "method": "POST", "path": "/api.xro/2.0/Invoices/*/Attachments/*", "skip": 1, "times": 1})
    harness.export("expense", expense)
    assert attached(harness) == {"one.pdf": b"%PDF one", "two.pdf": b"%PDF two"}
    assert uploads(harness).count("one.pdf") == 1
    assert step(harness, expense).state == ItemState.SUCCEEDED
    assert len(bills(harness)) == 1


def test_a_receipt_that_is_added_later_follows_alone(harness: Harness, expense: Expense) -> None:
    receipt(expense, "one.pdf", b"%PDF one")
    harness.export("expense", expense)
    receipt(expense, "two.pdf", b"%PDF two")
    harness.export("expense")
    assert uploads(harness) == ["one.pdf", "two.pdf"]
    assert list(attached(harness)) == ["one.pdf", "two.pdf"]


def test_a_second_copy_gets_its_receipts_too(harness: Harness, expense: Expense) -> None:
    receipt(expense, "one.pdf", b"%PDF one")
    harness.export("expense", expense)
    harness.export("expense", expense, create_new=True)
    assert [list(bill.files) for bill in bills(harness)] == [["one.pdf"], ["one.pdf"]]
