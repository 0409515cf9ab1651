"""The organisations that the sandbox has to offer: charts of accounts, tax rates and lists as Xero's demo companies have them.

Ids are made of names, so that they are the same whenever the sandbox starts.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.providers.xero.sandbox.wire import Row

NAMESPACE = uuid.UUID("7f0c4b52-3b0f-4f43-9a5e-0d9f6f3c1a10")
CLASSES = {
    "BANK": "ASSET",
    "CURRENT": "ASSET",
    "FIXED": "ASSET",
    "PREPAYMENT": "ASSET",
    "CURRLIAB": "LIABILITY",
    "TERMLIAB": "LIABILITY",
    "EQUITY": "EQUITY",
    "EXPENSE": "EXPENSE",
    "OVERHEADS": "EXPENSE",
    "DIRECTCOSTS": "EXPENSE",
    "REVENUE": "REVENUE",
    "SALES": "REVENUE",
    "OTHERINCOME": "REVENUE",
}
PER_EURO = {
    code: Decimal(rate)
    for code, rate in {
        "EUR": "1",
        "GBP": "0.86",
        "USD": "1.09",
        "CHF": "0.95",
        "SEK": "11.3",
        "DKK": "7.46",
        "NZD": "1.79",
        "AUD": "1.66",
    }.items()
}
CURRENCIES = {
    "EUR": "Euro",
    "GBP": "British Pound",
    "USD": "United States Dollar",
    "CHF": "Swiss Franc",
    "SEK": "Swedish Krona",
    "DKK": "Danish Krone",
    "NZD": "New Zealand Dollar",
    "AUD": "Australian Dollar",
}
EVERYWHERE, SALES, PURCHASES = "sales and purchases", "sales", "purchases"


@dataclass(frozen=True)
class Pattern:
    """What one kind of demo company looks like.

    An account is (code, name, type, tax type, what is special: `payments`, `archived` or the name of a system account); a rate is
    (tax type, name, percent or its components, what it applies to, report type, status).
    """

    name: str
    version: str
    country: str
    currency: str
    timezone: str
    currencies: tuple[str, ...]
    accounts: tuple[tuple[str, str, str, str, str], ...]
    rates: tuple[tuple[str, str, str, str, str, str], ...]
    tracking: tuple[tuple[str, tuple[str, ...]], ...]
    contacts: tuple[str, ...]


def _accounts(sales_tax: str, purchase_tax: str, *rows: tuple[str, str, str, str]) -> tuple[tuple[str, str, str, str, str], ...]:
    """Give each (code, name, type, special) the tax type that its type has by default."""
    defaults = {"REVENUE": sales_tax, "SALES": sales_tax, "OTHERINCOME": sales_tax}
    defaults |= dict.fromkeys(("EXPENSE", "OVERHEADS", "DIRECTCOSTS", "FIXED"), purchase_tax)
    return tuple((code, name, kind, defaults.get(kind, "NONE"), special) for code, name, kind, special in rows)


PATTERNS = (
    Pattern(
        name="Demo Company (Global)",
        version="GLOBAL",
        country="DE",
        currency="EUR",
        timezone="WEUROPESTANDARDTIME",
        currencies=("EUR", "USD", "GBP", "CHF"),
        accounts=_accounts(
            "OUTPUT",
            "INPUT",
            ("090", "Business Bank Account", "BANK", ""),
            ("", "Card Payments Clearing", "BANK", ""),
            ("200", "Sales", "REVENUE", ""),
            ("205", "Consulting", "REVENUE", ""),
            ("210", "Design", "REVENUE", ""),
            ("215", "Development", "REVENUE", ""),
            ("220", "Project Management", "REVENUE", ""),
            ("225", "Retainers", "REVENUE", ""),
            ("230", "Recharged Expenses", "REVENUE", ""),
            ("240", "Print Production", "REVENUE", "archived"),
            ("260", "Other Revenue", "OTHERINCOME", ""),
            ("310", "Freelancers", "DIRECTCOSTS", ""),
            ("400", "Advertising", "EXPENSE", ""),
            ("404", "Bank Fees", "EXPENSE", ""),
            ("420", "Entertainment", "EXPENSE", ""),
            ("461", "Software and Subscriptions", "EXPENSE", ""),
            ("493", "Travel", "EXPENSE", ""),
            ("610", "Accounts Receivable", "CURRENT", "DEBTORS"),
            ("620", "Prepayments", "CURRENT", ""),
            ("710", "Office Equipment", "FIXED", ""),
            ("800", "Accounts Payable", "CURRLIAB", "CREDITORS"),
            ("820", "Sales Tax", "CURRLIAB", "GST"),
            ("860", "Rounding", "CURRLIAB", "ROUNDING"),
            ("880", "Owner A Drawings", "EQUITY", "payments"),
            ("960", "Retained Earnings", "EQUITY", "RETAINEDEARNINGS"),
        ),
        rates=(
            ("OUTPUT", "Tax on Sales 19%", "19", SALES, "OUTPUT", "ACTIVE"),
            ("TAX001", "Reduced Tax on Sales 7%", "7", SALES, "OUTPUT", "ACTIVE"),
            ("TAX002", "Reverse Charge Services EU", "0", SALES, "OUTPUT", "ACTIVE"),
            ("INPUT", "Tax on Purchases 19%", "19", PURCHASES, "INPUT", "ACTIVE"),
            ("TAX003", "Reduced Tax on Purchases 7%", "7", PURCHASES, "INPUT", "ACTIVE"),
            ("GSTONIMPORTS", "Sales Tax on Imports", "0", PURCHASES, "GSTONIMPORTS", "ACTIVE"),
            ("NONE", "Tax Exempt", "0", EVERYWHERE, "NONE", "ACTIVE"),
            ("TAX004", "Tax on Sales 16% (2020)", "16", SALES, "OUTPUT", "ARCHIVED"),
        ),
        tracking=(("Department", ("Design", "Development", "Strategy")), ("Region", ("North", "South"))),
        contacts=("Adler Werkzeuge GmbH", "Brücke & Sohn KG", "Café Mondial", "Delta Logistik AG", "Elbe Energie SE"),
    ),
    Pattern(
        name="Demo Company (UK)",
        version="UK",
        country="GB",
        currency="GBP",
        timezone="GMTSTANDARDTIME",
        currencies=("GBP", "EUR", "USD"),
        accounts=_accounts(
            "OUTPUT2",
            "INPUT2",
            ("090", "Current Account", "BANK", ""),
            ("091", "Savings Account", "BANK", ""),
            ("", "Euro Account", "BANK", ""),
            ("4000", "Sales - Consultancy", "SALES", ""),
            ("4010", "Sales - Creative", "SALES", ""),
            ("4020", "Sales - Technology", "SALES", ""),
            ("4900", "Sales - Legacy", "SALES", "archived"),
            ("4950", "Interest Income", "OTHERINCOME", ""),
            ("5000", "Subcontractors", "DIRECTCOSTS", ""),
            ("6201", "Advertising and Marketing", "OVERHEADS", ""),
            ("7400", "Travel - National", "OVERHEADS", ""),
            ("7500", "Postage and Stationery", "EXPENSE", ""),
            ("610", "Accounts Receivable", "CURRENT", "DEBTORS"),
            ("800", "Accounts Payable", "CURRLIAB", "CREDITORS"),
            ("820", "VAT", "CURRLIAB", "GST"),
            ("835", "Directors' Loan Account", "CURRLIAB", "payments"),
            ("960", "Retained Earnings", "EQUITY", "RETAINEDEARNINGS"),
        ),
        rates=(
            ("OUTPUT2", "20% (VAT on Income)", "20", SALES, "OUTPUT", "ACTIVE"),
            ("RROUTPUT", "5% (VAT on Income)", "5", SALES, "OUTPUT", "ACTIVE"),
            ("ZERORATEDOUTPUT", "Zero Rated Income", "0", SALES, "ZERORATEDOUTPUT", "ACTIVE"),
            ("EXEMPTOUTPUT", "Exempt Income", "0", SALES, "EXEMPTOUTPUT", "ACTIVE"),
            ("INPUT2", "20% (VAT on Expenses)", "20", PURCHASES, "INPUT", "ACTIVE"),
            ("RRINPUT", "5% (VAT on Expenses)", "5", PURCHASES, "INPUT", "ACTIVE"),
            ("EXEMPTINPUT", "Exempt Expenses", "0", PURCHASES, "EXEMPTINPUT", "ACTIVE"),
            ("NONE", "No VAT", "0", EVERYWHERE, "NONE", "ACTIVE"),
            ("SROUTPUT", "17.5% (VAT on Income)", "17.5", SALES, "SROUTPUT", "ARCHIVED"),
        ),
        tracking=(("Office", ("London", "Leeds")),),
        contacts=("Ashdown Partners LLP", "Bristol Bakery Ltd", "Camden Theatre Trust", "Dover Marine plc", "Ealing Studios Cafe"),
    ),
    Pattern(
        name="Demo Company (US)",
        version="US",
        country="US",
        currency="USD",
        timezone="EASTERNSTANDARDTIME",
        currencies=("USD", "EUR"),
        accounts=_accounts(
            "OUTPUT",
            "INPUT",
            ("090", "Checking Account", "BANK", ""),
            ("", "Payment Processor Clearing", "BANK", ""),
            ("400", "Service Revenue", "REVENUE", ""),
            ("410", "Media Commissions", "REVENUE", ""),
            ("420", "Licensing", "REVENUE", ""),
            ("490", "Discontinued Lines", "REVENUE", "archived"),
            ("500", "Cost of Services", "DIRECTCOSTS", ""),
            ("600", "Advertising", "EXPENSE", ""),
            ("640", "Travel", "EXPENSE", ""),
            ("120", "Accounts Receivable", "CURRENT", "DEBTORS"),
            ("200", "Accounts Payable", "CURRLIAB", "CREDITORS"),
            ("220", "Sales Tax", "CURRLIAB", "GST"),
            ("320", "Retained Earnings", "EQUITY", "RETAINEDEARNINGS"),
        ),
        rates=(
            ("OUTPUT", "Tax on Sales 8.375%", "State 4.375 + City 4", SALES, "USSALESTAX", "ACTIVE"),
            ("TAX001", "Out of State 4%", "4", EVERYWHERE, "USSALESTAX", "ACTIVE"),
            ("INPUT", "Tax on Purchases 8.375%", "8.375", PURCHASES, "INPUT", "ACTIVE"),
            ("NONE", "Tax Exempt", "0", EVERYWHERE, "NONE", "ACTIVE"),
            ("TAX002", "Former City Tax 3%", "3", SALES, "USSALESTAX", "DELETED"),
        ),
        tracking=(("Practice", ("Brand", "Digital")),),
        contacts=("Atlas Outfitters Inc", "Blue Ridge Clinics", "Cobalt Software LLC", "Dakota Foods Co", "Evergreen Parks"),
    ),
)


def fixed_id(*names: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "/".join(names)))


def company_name(number: int) -> str:
    pattern = PATTERNS[number % len(PATTERNS)]
    again = number // len(PATTERNS)
    return f"{pattern.name} {again + 1}" if again else pattern.name


def contact_names(pattern: Pattern, count: int) -> Iterable[str]:
    known = pattern.contacts
    return (known[index] if index < len(known) else f"{known[index % len(known)]} {index // len(known) + 1}" for index in range(count))


def account_rows(pattern: Pattern, company: str, updated: str) -> list[Row]:
    rows: list[Row] = []
    for code, name, kind, tax_type, special in pattern.accounts:
        row: Row = {
            "AccountID": fixed_id(company, "account", code, name),
            **({"Code": code} if code else {}),
            "Name": name,
            "Status": "ARCHIVED" if special == "archived" else "ACTIVE",
            "Type": kind,
            "TaxType": tax_type,
            "Class": CLASSES[kind],
            "EnablePaymentsToAccount": special == "payments",
            "ShowInExpenseClaims": kind in ("EXPENSE", "OVERHEADS"),
        }
        if kind == "BANK":
            row |= {"BankAccountNumber": f"DE00{len(rows):014d}", "BankAccountType": "BANK", "CurrencyCode": pattern.currency}
        if special not in ("", "archived", "payments"):
            row["SystemAccount"] = special
        rows.append(
            {**row, "ReportingCode": CLASSES[kind][:3], "HasAttachments": False, "UpdatedDateUTC": updated, "AddToWatchlist": False}
        )
    return rows


def tax_rate_rows(pattern: Pattern) -> list[Row]:
    return [_tax_rate(rate) for rate in pattern.rates]


def _tax_rate(rate: tuple[str, str, str, str, str, str]) -> Row:
    tax_type, name, percent, applies, report, status = rate
    parts: list[tuple[str, Decimal]] = []
    for part in percent.split(" + "):
        label, _, number = part.rpartition(" ")
        parts.append((label or "Tax", Decimal(number)))
    total = sum((rate for _, rate in parts), Decimal(0))
    sales, purchases = applies != PURCHASES, applies != SALES
    return {
        "Name": name,
        "TaxType": tax_type,
        "ReportTaxType": report,
        "CanApplyToAssets": purchases or sales,
        "CanApplyToEquity": purchases or sales,
        "CanApplyToExpenses": purchases,
        "CanApplyToLiabilities": True,
        "CanApplyToRevenue": sales,
        "DisplayTaxRate": total,
        "EffectiveRate": total,
        "Status": status,
        "TaxComponents": [{"Name": label, "Rate": rate, "IsCompound": False, "IsNonRecoverable": False} for label, rate in parts],
    }


def tracking_rows(pattern: Pattern, company: str) -> list[Row]:
    return [
        {
            "Name": name,
            "Status": "ACTIVE",
            "TrackingCategoryID": fixed_id(company, "tracking", name),
            "Options": [
                {"TrackingOptionID": fixed_id(company, "tracking", name, option), "Name": option, "Status": "ACTIVE"} for option in options
            ],
        }
        for name, options in pattern.tracking
    ]


def organisation_row(pattern: Pattern, company: str, number: int, created: str, locks: dict[str, Any]) -> Row:
    return {
        "Name": company,
        "LegalName": company,
        "PaysTax": True,
        "Version": pattern.version,
        "OrganisationType": "COMPANY",
        "BaseCurrency": pattern.currency,
        "CountryCode": pattern.country,
        "IsDemoCompany": True,
        "OrganisationStatus": "ACTIVE",
        "TaxNumber": f"{pattern.country}123456{number:03d}",
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 12,
        "SalesTaxBasis": "ACCRUALS",
        "SalesTaxPeriod": "QUARTERLY",
        "DefaultSalesTax": "Tax Exclusive",
        "DefaultPurchasesTax": "Tax Exclusive",
        **locks,
        "CreatedDateUTC": created,
        "OrganisationEntityType": "COMPANY",
        "Timezone": pattern.timezone,
        "ShortCode": f"!demo{number}",
        "OrganisationID": fixed_id(company),
        "Edition": "BUSINESS",
        "Class": "DEMO",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }
