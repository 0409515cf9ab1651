"""Books to test with: an organization's customers, service types, tax rates and invoices, made in bulk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from accounts.models import Organization
from integrations.providers.xero.models import InvoiceStatus, XeroIntegration
from integrations.records.models import Company, Invoice, LineItem, ServiceType, Subsidiary, TaxRate

FIRST_DAY = date(2026, 9, 1)


@dataclass(frozen=True)
class Books:
    organization: Organization
    subsidiary: Subsidiary
    tax_rate: TaxRate
    unmapped_tax_rate: TaxRate
    service_type: ServiceType
    companies: list[Company]


def make_books(organization: Organization, *, companies: int = 3) -> Books:
    own = {"organization": organization}
    return Books(
        organization=organization,
        subsidiary=Subsidiary.everywhere.create(**own, name=f"{organization.name} GmbH"),
        tax_rate=TaxRate.everywhere.create(**own, name="VAT 19 %", primary_component_value=Decimal(19)),
        unmapped_tax_rate=TaxRate.everywhere.create(**own, name="VAT 16 %", primary_component_value=Decimal(16)),
        service_type=ServiceType.everywhere.create(**own, name="Design"),
        companies=[
            Company.everywhere.create(**own, productive_id=str(100 + n), name=f"Customer {n}", vat=f"DE{n:09}", default_currency="EUR")
            for n in range(companies)
        ],
    )


def make_invoices(
    books: Books, count: int, *, lines: int = 1, first: int = 1, kind: int = 1, tax_rate: TaxRate | None = None
) -> list[Invoice]:
    """`count` finalised invoices of 100.00 net a line, numbered from `first` on, spread over the books' companies."""
    net = Decimal(100) * lines
    invoices = Invoice.everywhere.bulk_create(
        [
            Invoice(
                organization=books.organization,
                subsidiary=books.subsidiary,
                company=books.companies[n % len(books.companies)],
                invoice_type_id=kind,
                number=f"{'R' if kind == 1 else 'G'}-{n:05}",
                subject=f"Work of period {n}",
                currency="EUR",
                invoiced_on=FIRST_DAY + timedelta(days=n % 60),
                pay_on=FIRST_DAY + timedelta(days=n % 60 + 14),
                finalized_on=FIRST_DAY + timedelta(days=n % 60),
                amount=net,
                amount_tax=net * Decimal("0.19"),
                amount_with_tax=net * Decimal("1.19"),
            )
            for n in range(first, first + count)
        ],
        batch_size=500,
    )
    LineItem.everywhere.bulk_create(
        [
            LineItem(
                organization=books.organization,
                invoice=invoice,
                position=position,
                description=f"Design, part {position + 1}",
                quantity=Decimal(4),
                unit_price=Decimal(25),
                currency="EUR",
                service_type=books.service_type,
                tax_rate=tax_rate or books.tax_rate,
            )
            for invoice in invoices
            for position in range(lines)
        ],
        batch_size=1000,
    )
    return invoices


def make_xero(books: Books, **values: object) -> XeroIntegration:
    """A Xero integration, not connected, with everything mapped for the sandbox's first organisation but the unmapped tax rate."""
    settled = {
        "payments_import": True,
        "export_number": True,
        "xero_invoice_status_id": InvoiceStatus.APPROVED,
        "account_code": "200",
        "tax_rate_mapping": {str(books.tax_rate.pk): "OUTPUT"},
        **values,
    }
    integration: XeroIntegration = XeroIntegration.everywhere.create(
        organization=books.organization, provider="xero", name=f"Xero of {books.organization.name}", **settled
    )
    return integration
