"""The preview of one record and the dry run of all: what is shown is what would be sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.admin.integration import dry_run
from integrations.models import OutboxItem
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Company, Invoice, ServiceType, TaxRate
from integrations.sync.building import build, digest, encode
from tests.conftest import World
from tests.integrations.admin.scenes import make_integration, make_links
from tests.integrations.admin.setting_up import make_agency, make_invoice, make_tax_rate


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    return make_agency(world.organization)


def preview_url(integration: XeroIntegration, **query: Any) -> str:
    return reverse("admin:integration-section", args=[integration.pk, "preview"]) + "?" + "&".join(f"{k}={v}" for k, v in query.items())


def dry_run_url(integration: XeroIntegration, query: str = "") -> str:
    return reverse("admin:integration-section", args=[integration.pk, "dry-run"]) + query


def preview(response: Any) -> Any:
    return response.context["this"]["preview"]


def test_the_payload_is_exactly_what_would_be_sent(world: World, scoped: World, agency: XeroIntegration, admin: Client) -> None:
    """The golden test: byte for byte, but for the spaces."""
    invoice = Invoice.everywhere.get(number="2026-0412")
    shown = preview(admin.get(preview_url(agency, kind="invoice", number="2026-0412")))
    export = agency.declaration.export("invoice")
    item = OutboxItem(pk=1, integration=agency, kind="invoice", record_id=invoice.pk)
    (draft,) = build(agency, export, [item], dry=True).drafts
    (frozen,) = json.loads(encode([draft]), parse_float=str)
    assert json.loads(shown.payload, parse_float=str) == frozen["payload"]
    assert frozen["payload"]["LineItems"][0] == {
        "Description": "Design",
        "Quantity": "12.00",
        "AccountCode": "220",
        "TaxType": "OUTPUT2",
        "UnitAmount": "95.00",
    }
    compact = encode([draft])
    assert "".join(shown.payload.split()) in "".join(compact.split())


def test_the_newest_record_is_shown_until_one_is_named(agency: XeroIntegration, admin: Client) -> None:
    assert preview(admin.get(preview_url(agency))).number == "2026-0412"
    assert preview(admin.get(preview_url(agency, kind="invoice", number="2026-0003"))).number == "2026-0003"
    assert preview(admin.get(preview_url(agency, kind="company", number="contoso gmbh"))).record.name == "Contoso GmbH"


def test_another_one_is_the_next_older_and_behind_the_last_the_newest(agency: XeroIntegration, admin: Client) -> None:
    seen, record = [], Invoice.everywhere.get(number="2026-0412").pk
    for _click in range(6):
        shown = preview(admin.get(preview_url(agency, kind="invoice", record=record, another=1)))
        seen.append(shown.number)
        record = shown.record.pk
    assert seen == ["2026-0005", "2026-0004", "2026-0003", "2026-0002", "2026-0001", "2026-0412"]


def test_a_number_that_does_not_exist_is_said_so(stranger: World, agency: XeroIntegration, admin: Client) -> None:
    make_invoice(stranger.organization, "CANARY-1", [])
    for number in ("CANARY-1", "nothing"):
        page = admin.get(preview_url(agency, kind="invoice", number=number))
        assert f"There is no invoice “{number}”." in page.content.decode()
        assert preview(page) is None


def test_lines_tell_what_the_mappings_make_of_them(world: World, agency: XeroIntegration, admin: Client) -> None:
    lines = {line.text: (line.codes, line.lacks) for line in preview(admin.get(preview_url(agency, number="2026-0412"))).lines}
    assert lines == {"Design": (["OUTPUT2", "220"], []), "Media buying": (["OUTPUT2"], ["260 is gone at Xero"])}


def test_what_keeps_a_record_back_is_said_with_the_way_to_the_row(world: World, agency: XeroIntegration, admin: Client) -> None:
    make_invoice(
        world.organization,
        "2026-0500",
        [(ServiceType.everywhere.get(name="Design"), make_tax_rate(world.organization, "VAT 16%", "16"), "1.00")],
    )
    page = admin.get(preview_url(agency, kind="invoice", number="2026-0500"))
    shown = preview(page)
    assert shown.error.message == "The tax rate “VAT 16%” has no tax rate in Xero."
    key = TaxRate.everywhere.get(name="VAT 16%").pk
    assert shown.fix_url == f"{reverse('admin:integration-section', args=[agency.pk, 'tax_rates'])}?row={key}#set-tax_rate_mapping-{key}"
    assert f'id="set-tax_rate_mapping-{key}"' in admin.get(shown.fix_url).content.decode()
    assert "Nothing would be sent." in page.content.decode()
    assert str(shown.chip.text) == "would be refused"


def test_a_draft_invoice_is_not_ready(world: World, agency: XeroIntegration, admin: Client) -> None:
    make_invoice(world.organization, "D-1", [], finalized_on=None)
    assert preview(admin.get(preview_url(agency, kind="invoice", number="D-1"))).error.message == "It is not finalised yet."


def test_what_the_record_needs_is_there_or_is_looked_for(agency: XeroIntegration, admin: Client) -> None:
    (need,) = preview(admin.get(preview_url(agency, number="2026-0412"))).needs
    assert (need.label, need.name, str(need.chip.text)) == ("Company", "Contoso GmbH", "is looked for first")
    (link,) = make_links(agency, [Company.everywhere.get()])  # type: ignore[list-item]
    type(link).everywhere.update(kind="company")
    (need,) = preview(admin.get(preview_url(agency, number="2026-0412"))).needs
    assert str(need.chip.text) == "exists at Xero"


def test_an_update_and_a_copy_that_is_as_it_should_be_say_so(scoped: World, agency: XeroIntegration, admin: Client) -> None:
    invoice = Invoice.everywhere.get(number="2026-0412")
    (link,) = make_links(agency, [invoice])
    assert str(preview(admin.get(preview_url(agency, number="2026-0412"))).chip.text) == "would be updated"
    item = OutboxItem(pk=1, integration=agency, kind="invoice", record_id=invoice.pk)
    export = agency.declaration.export("invoice")
    (draft,) = build(agency, export, [item], dry=True).drafts
    type(link).everywhere.update(digest=digest(export, draft.payload))
    assert str(preview(admin.get(preview_url(agency, number="2026-0412"))).chip.text) == "nothing to change"


def test_a_section_gets_its_preview_after_the_page(agency: XeroIntegration, admin: Client) -> None:
    page = admin.get(reverse("admin:integration-section", args=[agency.pk, "accounts"])).content.decode()
    assert f'data-fragment="{preview_url(agency, kind="invoice")}&amp;fragment=1"' in page
    fragment = admin.get(preview_url(agency, kind="invoice", fragment=1)).content.decode()
    assert fragment.strip().startswith('<section class="card"')
    assert "<html" not in fragment
    assert "data-fragment" not in admin.get(reverse("admin:integration-section", args=[agency.pk, "options"])).content.decode()


def test_nothing_is_kept_by_looking(agency: XeroIntegration, admin: Client) -> None:
    admin.get(preview_url(agency, number="2026-0412"))
    admin.get(dry_run_url(agency))
    assert not OutboxItem.everywhere.exists()


def test_without_records_the_page_teaches(world: World, admin: Client) -> None:
    integration = make_integration(world.organization)
    assert "No invoices to copy" in admin.get(preview_url(integration)).content.decode()
    assert "It is not finalised yet." in admin.get(dry_run_url(integration)).content.decode()
    XeroIntegration.everywhere.update(use_invoices_export=False, use_companies_export=False)
    assert "Nothing is copied" in admin.get(preview_url(integration)).content.decode()
    assert "Nothing is copied" in admin.get(dry_run_url(integration)).content.decode()


# All of them ------------------------------------------------------------------------------------------------------------------


def test_a_dry_run_tells_for_each_record_what_would_become_of_it(world: World, agency: XeroIntegration, admin: Client) -> None:
    make_invoice(world.organization, "2026-0500", [(None, make_tax_rate(world.organization, "VAT 16%", "16"), "1.00")])
    make_links(agency, [Invoice.everywhere.get(number="2026-0001")])
    page = admin.get(dry_run_url(agency))
    assert [(str(chip.display), chip.count) for chip in page.context["chips"]] == [
        ("All", 7),
        ("To create", 5),
        ("To update", 1),
        ("Unchanged", 0),
        ("Refused", 1),
    ]
    assert [row.face.label for row in page.context["rows"]][:2] == ["2026-0500", "2026-0412"]
    (refused,) = admin.get(dry_run_url(agency, "?show=reject")).context["rows"]
    assert (refused.face.label, refused.error) == ("2026-0500", "The tax rate “VAT 16%” has no tax rate in Xero. Map it.")


def test_a_dry_run_comes_in_pages(world: World, agency: XeroIntegration, admin: Client) -> None:
    for number in range(60):
        make_invoice(world.organization, f"B-{number:02}", [])
    page = admin.get(dry_run_url(agency, "?kind=invoice&page=2"))
    assert len(page.context["rows"]) == 16
    assert "51–66 of 66" in page.content.decode()


def test_of_very_many_records_only_those_of_the_page_are_built(world: World, agency: XeroIntegration, admin: Client) -> None:
    company = Company.everywhere.get()
    today = Invoice.everywhere.get(number="2026-0412").invoiced_on
    rows = [
        Invoice(organization=world.organization, number=f"M-{number}", company=company, invoiced_on=today, finalized_on=today)
        for number in range(dry_run.COUNTED_AT_ONCE)
    ]
    Invoice.everywhere.bulk_create(rows)
    page = admin.get(dry_run_url(agency))
    assert page.context["chips"] == []
    assert len(page.context["rows"]) == dry_run.ROWS_A_PAGE
    assert "These are 1,006 records, so only those of each page are built." in page.content.decode()


def test_what_is_chosen_for_each_copy_is_taken_for_granted_and_said(agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(xero_invoice_status_id=4)
    page = admin.get(preview_url(agency, number="2026-0412"))
    assert json.loads(preview(page).payload)["Status"] == "DRAFT"
    assert "“Status in Xero” is taken to be “Draft”." in page.content.decode()
    page = admin.get(dry_run_url(agency))
    assert {str(row.chip.text) for row in page.context["rows"]} == {"would be created"}
    assert "“Status in Xero” is taken to be “Draft”." in page.content.decode()
