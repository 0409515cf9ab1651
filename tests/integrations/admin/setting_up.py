"""An agency about to set up its accounting: service types and tax rates in use, and what the vendor has to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Organization
from integrations import clock
from integrations.models import Integration, Option, OptionList
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Company, Invoice, LineItem, ServiceType, TaxRate
from tests.integrations.admin.scenes import make_integration

ACCOUNTS = {
    "200": "Sales",
    "201": "Sales – Development",
    "210": "Sales – Consulting",
    "220": "Sales – Design",
    "260": "Media",
    "400": "Advertising",
}
TAX_RATES = {
    "OUTPUT2": ("20% VAT on income", "20"),
    "RROUTPUT": ("5% reduced VAT", "5"),
    "ZERORATEDOUTPUT": ("Zero rated income", "0"),
    "INPUT2": ("20% VAT on expenses", "20"),
}
SERVICES = {"Design": 9, "Strategy": 6, "Development": 14, "Travel": 4, "Media buying": 2}
"""And how many lines there are of each, beside one of design and one of media buying."""


def make_options(integration: Integration, source: str, rows: Sequence[tuple[str, str]], **fields: Any) -> list[Option]:
    """Options of a list that was read four minutes ago."""
    scope = {
        "organization_id": integration.organization_id,
        "integration_id": integration.pk,
        "realm_id": integration.realm_id,
        "source": source,
    }
    OptionList.everywhere.update_or_create(
        **{key: value for key, value in scope.items() if key != "organization_id"},
        defaults={"fetched_at": clock.now() - timedelta(minutes=4)},
        create_defaults={"organization_id": integration.organization_id, "fetched_at": clock.now() - timedelta(minutes=4)},
    )
    given = {"uses": ["sales"], **fields}
    options = [
        Option(**scope, value=value, label=label, position=number, **{"code": value, **given}) for number, (value, label) in enumerate(rows)
    ]
    return list(Option.everywhere.bulk_create(options))


def make_lists(integration: Integration) -> None:
    """Accounts and tax rates; one account is for purchases only, and one tax rate too."""
    sales = [(code, label) for code, label in ACCOUNTS.items() if code != "400"]
    make_options(integration, "accounts", sales)
    make_options(integration, "accounts", [("400", ACCOUNTS["400"])], uses=["purchases"])
    for value, (label, rate) in TAX_RATES.items():
        make_options(integration, "tax_rates", [(value, label)], uses=["purchases" if value == "INPUT2" else "sales"], facts={"rate": rate})


def make_service_types(organization: Organization, *names: str) -> list[ServiceType]:
    return list(ServiceType.everywhere.bulk_create([ServiceType(organization=organization, name=name) for name in names]))


def make_tax_rate(organization: Organization, name: str, percent: str) -> TaxRate:
    return TaxRate.everywhere.create(organization=organization, name=name, primary_component_value=Decimal(percent))


def make_invoice(
    organization: Organization, number: str, lines: Sequence[tuple[ServiceType | None, TaxRate | None, str]], **fields: Any
) -> Invoice:
    """A finalised invoice of Contoso GmbH with a line for each (service type, tax rate, amount)."""
    company, _new = Company.everywhere.get_or_create(organization=organization, name="Contoso GmbH")
    total = sum((Decimal(amount) for _service, _tax, amount in lines), Decimal(0))
    today = clock.now().date()
    given = {
        "number": number,
        "subject": "Retainer",
        "currency": "EUR",
        "company": company,
        "invoiced_on": today,
        "finalized_on": today,
        "pay_on": today,
        "amount": total,
        "amount_with_tax": total,
        **fields,
    }
    invoice = Invoice.everywhere.create(organization=organization, **given)
    LineItem.everywhere.bulk_create(
        [
            LineItem(
                organization=organization,
                invoice=invoice,
                description=service.name if service else "Something",
                quantity=Decimal(12),
                unit_price=Decimal(amount) / 12,
                amount=Decimal(amount),
                service_type=service,
                tax_rate=tax,
                position=position,
            )
            for position, (service, tax, amount) in enumerate(lines)
        ]
    )
    return invoice


def make_agency(organization: Organization, **fields: Any) -> XeroIntegration:
    """An integration halfway through its set-up: tax rates mapped, one service type's account gone, one on the default."""
    integration = make_integration(organization, realm_name="Northwind Ltd", **fields)
    make_lists(integration)
    services = dict(zip(SERVICES, make_service_types(organization, *SERVICES), strict=True))
    vat = make_tax_rate(organization, "VAT 20%", "20")
    for number, (name, count) in enumerate(SERVICES.items(), 1):
        make_invoice(organization, f"2026-{number:04}", [(services[name], vat, "95.00")] * count)
    make_invoice(organization, "2026-0412", [(services["Design"], vat, "1140.00"), (services["Media buying"], vat, "4200.00")])
    mapped = {"Design": "220", "Strategy": "210", "Development": "201", "Media buying": "260"}
    integration.account_code = "200"
    integration.account_code_mapping = {str(services[name].pk): code for name, code in mapped.items()}
    integration.tax_rate_mapping = {str(vat.pk): "OUTPUT2"}
    integration.save()
    Option.everywhere.filter(integration=integration, value="260").update(gone_at=clock.now())
    return integration
