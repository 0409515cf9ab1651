"""What an integration says is missing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Organization
from integrations import clock
from integrations.models import Connection, Option, OptionList
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Invoice, LineItem, ServiceType, TaxRate
from integrations.sync.readiness import Missing, missing
from integrations.sync.routes import write_routes
from integrations.sync.usage import uses
from tests.conftest import World
from tests.integrations.admin.scenes import make_integration, make_subsidiaries
from tests.integrations.admin.setting_up import make_agency, make_invoice, make_lists, make_service_types, make_tax_rate

pytestmark = pytest.mark.usefixtures("scoped")


@pytest.fixture
def organization(world: World) -> Organization:
    return world.organization


def texts(found: list[Missing]) -> list[tuple[str, str, str]]:
    return [(one.section, one.field, one.text) for one in found]


def test_a_complete_integration_misses_nothing(organization: Organization) -> None:
    integration = make_agency(organization)
    Option.everywhere.update(gone_at=None)
    assert missing(integration) == []


@pytest.mark.parametrize(
    ("connection", "text"),
    [
        (Connection.NEVER, "Connect it to Xero."),
        (Connection.NEEDS_RECONNECT, "Xero refuses the connection: make it anew."),
        (Connection.DISCONNECTED, "It is disconnected from Xero. Connect it again to move records."),
    ],
)
def test_without_a_connection_nothing_moves(connection: str, text: str, organization: Organization) -> None:
    integration = make_integration(organization, connection=connection, use_invoices_export=False)
    assert texts(missing(integration)) == [("account", "connection", text)]


def test_pausing_is_no_lack(organization: Organization) -> None:
    assert missing(make_integration(organization, connection=Connection.PAUSED, use_invoices_export=False)) == []


def test_what_is_in_use_and_unmapped_is_named(organization: Organization) -> None:
    integration = make_integration(organization, account_code="200")
    make_lists(integration)
    used, unused = make_tax_rate(organization, "VAT 20%", "20"), make_tax_rate(organization, "VAT 5%", "5")
    make_invoice(organization, "1", [(None, used, "10.00")])
    assert missing(integration) == [
        Missing("tax_rates", "tax_rate_mapping", "“VAT 20%” is in use and has no tax rate in Xero.", str(used.pk)),
    ]
    integration.tax_rate_mapping = {str(used.pk): "OUTPUT2"}
    assert missing(integration) == []
    assert unused.pk


def test_drafts_and_old_invoices_need_no_mapping(organization: Organization) -> None:
    integration = make_integration(organization, account_code="200")
    make_lists(integration)
    rate = make_tax_rate(organization, "VAT 20%", "20")
    long_ago = clock.now().date() - timedelta(days=91)
    make_invoice(organization, "1", [(None, rate, "10.00")], finalized_on=None)
    make_invoice(organization, "2", [(None, rate, "10.00")], invoiced_on=long_ago)
    assert missing(integration) == []


def test_a_required_field_that_is_empty_is_named(organization: Organization) -> None:
    integration = make_integration(organization)
    make_lists(integration)
    assert texts(missing(integration)) == [("accounts", "account_code", "“Default account” is not set.")]


def test_options_that_disappeared_are_named(organization: Organization) -> None:
    integration = make_agency(organization)
    Option.everywhere.filter(value="200").update(gone_at=clock.now())
    assert texts(missing(integration)) == [
        ("accounts", "account_code", "“Default account”: 200 · Sales is gone at Xero. Choose another one."),
        ("accounts", "account_code_mapping", "“Media buying” is mapped to 260 · Media, which is gone at Xero. Choose another one."),
    ]


def test_an_option_that_may_not_be_used_here_any_more_counts_as_gone(organization: Organization) -> None:
    integration = make_integration(organization, account_code="400")
    make_lists(integration)
    assert [found.field for found in missing(integration)] == ["account_code"]


def test_nothing_is_called_gone_before_the_list_was_read(organization: Organization) -> None:
    integration = make_agency(organization)
    OptionList.everywhere.update(fetched_at=None)
    Option.everywhere.all().delete()
    assert missing(integration) == []


def test_deleted_values_of_ours_need_nothing(organization: Organization) -> None:
    integration = make_agency(organization)
    ServiceType.everywhere.filter(name="Media buying").delete()
    assert missing(integration) == []


def test_what_is_switched_off_needs_nothing(organization: Organization) -> None:
    integration = make_integration(organization, use_invoices_export=False)
    make_invoice(organization, "1", [(None, make_tax_rate(organization, "VAT", "20"), "1.00")])
    assert missing(integration) == []


def test_another_integration_that_does_the_same_is_named(organization: Organization) -> None:
    first, second = make_integration(organization, "Old books"), make_integration(organization, "New books", account_code="200")
    for integration in (first, second):
        write_routes(integration)
    assert texts(missing(second)) == [
        ("options", "use_invoices_export", "Invoices of the subsidiaries without a connection of their own already go to Old books."),
        ("options", "use_invoices_export", "Credit notes of the subsidiaries without a connection of their own already go to Old books."),
    ]


def test_a_thousand_values_take_a_fixed_number_of_queries(organization: Organization, django_assert_num_queries) -> None:
    integration = make_integration(organization)
    make_lists(integration)
    for number in range(20):
        make_invoice(
            organization, str(number), [(None, make_tax_rate(organization, f"VAT {number}-{row}", "20"), "1.00") for row in range(50)]
        )
    with django_assert_num_queries(4):
        assert len(missing(integration)) == 1001


# How often a value is used ------------------------------------------------------------------------------------------------


def counted(integration: XeroIntegration, name: str) -> dict[str, int]:
    section = next(section for section in integration.declaration.sections if name in section.fields)
    return dict(uses(integration, integration._meta.get_field(name), section) or {})  # type: ignore[arg-type]


def test_lines_of_finalised_invoices_and_credit_notes_are_counted(organization: Organization) -> None:
    integration = make_integration(organization)
    (service,) = make_service_types(organization, "Design")
    make_invoice(organization, "1", [(service, None, "1.00"), (service, None, "2.00"), (None, None, "3.00")])
    make_invoice(organization, "2", [(service, None, "1.00")], invoice_type_id=2)
    make_invoice(organization, "3", [(service, None, "1.00")], finalized_on=None)
    gone = make_invoice(organization, "4", [(service, None, "1.00")])
    Invoice.everywhere.filter(pk=gone.pk).update(remote_deleted_at=timezone.now())
    LineItem.everywhere.filter(amount="2.00").update(remote_deleted_at=timezone.now())
    assert counted(integration, "account_code_mapping") == {str(service.pk): 2}


def test_only_the_subsidiary_of_the_integration_counts(organization: Organization) -> None:
    ours, other = make_subsidiaries(organization, "Ours", "Other")
    rate = make_tax_rate(organization, "VAT", "20")
    make_invoice(organization, "1", [(None, rate, "1.00")], subsidiary=ours)
    make_invoice(organization, "2", [(None, rate, "1.00")] * 5, subsidiary=other)
    assert counted(make_integration(organization, subsidiary=ours), "tax_rate_mapping") == {str(rate.pk): 1}


def test_another_organizations_lines_do_not_count(organization: Organization, stranger: World) -> None:
    rate = make_tax_rate(stranger.organization, "VAT", "20")
    make_invoice(stranger.organization, "1", [(None, rate, "1.00")])
    assert counted(make_integration(organization), "tax_rate_mapping") == {}
    assert TaxRate.everywhere.count() == 1
