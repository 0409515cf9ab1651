"""Invoices as PDFs, and the files that are kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.documents.invoices import READS, invoice_file_name, invoice_pdf
from integrations.records import files
from integrations.records.kinds import get_kind
from integrations.records.models import Attachment, Company, Invoice, LineItem
from tests.conftest import World


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def invoice(scoped: World) -> Any:
    own = {"organization": scoped.organization}
    company = Company.everywhere.create(**own, name="Ąžuolas Ελλάδα Київ", vat="LT1")
    amounts = {"amount": Decimal(3000), "amount_tax": Decimal(570), "amount_with_tax": Decimal(3570)}
    made = Invoice.everywhere.create(
        **own, company=company, number="R/7 1", subject="Œuvre", invoiced_on=date(2026, 11, 1), currency="EUR", **amounts
    )
    for position in range(60):
        LineItem.everywhere.create(**own, invoice=made, position=position, description="Design " * 20, unit_price=Decimal(50))
    (loaded,) = get_kind("invoice").load([made.pk], READS)
    return loaded


def test_the_same_invoice_makes_the_same_bytes_and_another_makes_others(invoice: Any) -> None:
    first = invoice_pdf(invoice)
    assert first.startswith(b"%PDF-")
    assert invoice_pdf(invoice) == first
    invoice.subject = "Another"
    assert invoice_pdf(invoice) != first


def test_an_invoice_of_many_lines_goes_over_several_pages(invoice: Any) -> None:
    assert invoice_pdf(invoice).count(b"/Type /Page\n") > 1


def test_an_endless_description_goes_on_and_the_next_line_stands_below_it(invoice: Any) -> None:
    first, *rest = invoice.line_items.all()
    invoice._prefetched_objects_cache["line_items"] = [first]
    pages = invoice_pdf(invoice).count(b"/Type /Page\n")
    first.description = "Design and development\n" * 150
    invoice._prefetched_objects_cache["line_items"] = [first, *rest[:2]]
    assert pages == 1
    assert invoice_pdf(invoice).count(b"/Type /Page\n") == 4


def test_the_name_of_the_file_is_one_that_every_system_takes(invoice: Any) -> None:
    assert invoice_file_name(invoice) == "Invoice-R-7-1.pdf"


def test_a_kept_file_is_had_back_by_its_digest_in_its_organization_only(scoped: World, media: None) -> None:
    digest = files.keep(scoped.organization.pk, b"content")
    assert files.keep(scoped.organization.pk, b"content") == digest
    assert files.read(scoped.organization.pk, digest) == b"content"
    for organization_id, asked in ((scoped.organization.pk + 1, digest), (scoped.organization.pk, "../secret"), (1, "")):
        with pytest.raises(files.Missing):
            files.read(organization_id, asked)


def test_a_file_is_served_to_those_who_may_see_it_and_is_missing_for_others(world: World, stranger: World, client: Client) -> None:
    pk = world.organization.pk
    kept = Attachment.everywhere.create(organization_id=pk, name="Invoice.pdf", digest=files.keep(pk, b"%PDF-1.4"))
    elsewhere = Attachment.everywhere.create(organization_id=pk, name="At Productive.pdf")
    client.force_login(world.admin)
    answer = client.get(reverse("admin:file", args=[kept.pk]))
    assert b"".join(answer.streaming_content) == b"%PDF-1.4"  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == 'attachment; filename="Invoice.pdf"'
    assert client.get(reverse("admin:file", args=[elsewhere.pk])).status_code == 404
    client.force_login(stranger.admin)
    assert client.get(reverse("admin:file", args=[kept.pk])).status_code == 404
